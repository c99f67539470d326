"""A start of the WebAssembly compiles the modules of all functions that are new, and never half of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import artifact, pyodide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class Starts(list[list[str]]):
    """What each start was to compile, by the modules' texts; it writes what `compile.mjs` writes, unless it fails."""

    fails = False

    def __call__(self, folders: Iterable[Path], place: str) -> bool:
        assert place == artifact.FUNCTION
        self.append(sorted((folder / "app.py").read_text() for folder in folders))
        for folder in folders:
            (folder / "__pycache__").mkdir()
            (folder / "__pycache__" / "app.pyc").write_text("compiled " + (folder / "app.py").read_text())
        return not self.fails


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starts:
    found = Starts()
    monkeypatch.setattr(pyodide, "run", found)
    monkeypatch.setattr(pyodide, "COMPILED", tmp_path / "compiled")
    monkeypatch.setattr(pyodide, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(pyodide, "FUNCTIONS", tmp_path / "functions")
    return found


@pytest.fixture
def built(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a function's module where SAM would copy it, and in the sources; return SAM's folder."""

    def build(name: str, text: str) -> Path:
        folders = [tmp_path / "functions" / name, tmp_path / "artifacts" / name]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "app.py").write_text(text)
        return folders[1]

    return build


def what_ships(folder: Path) -> str:
    return (folder / "__pycache__" / "app.pyc").read_text()


def test_the_first_function_has_all_of_them_compiled_and_a_later_build_only_what_changed(
    starts: Starts, built: Callable[[str, str], Path]
) -> None:
    one, two = built("one", "1"), built("two", "2")
    for folder in (one, two):
        assert pyodide.compile_function(folder, artifact.FUNCTION)
    assert (what_ships(one), what_ships(two), starts) == ("compiled 1", "compiled 2", [["1", "2"]])
    two = built("two", "3")
    assert pyodide.compile_function(two, artifact.FUNCTION)
    assert (what_ships(two), starts[1:]) == ("compiled 3", [["3"]])


def test_after_a_start_that_failed_all_is_compiled_again(starts: Starts, built: Callable[[str, str], Path]) -> None:
    one = built("one", "1")
    starts.fails = True
    assert not pyodide.compile_function(one, artifact.FUNCTION)
    assert not (one / "__pycache__").exists()
    starts.fails = False
    assert pyodide.compile_function(one, artifact.FUNCTION)
    assert (what_ships(one), starts) == ("compiled 1", [["1"], ["1"]])
