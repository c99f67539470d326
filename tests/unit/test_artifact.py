"""What ships is compiled for Lambda's Python, or the build says loudly that it is not."""

from __future__ import annotations

import json
import re
import sys
from itertools import product
from pathlib import Path

import pytest

from local import artifact, pyodide
from tests.support.artifacts import UNCHECKED, compiled
from tests.support.tables import template

ROOT = Path(__file__).parents[2]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("def where(): return where.__code__.co_filename\n")
    return tmp_path


def test_each_module_is_compiled_unchecked_under_the_path_that_it_has_in_lambda(folder: Path) -> None:
    artifact.compile_all(folder, HERE, artifact.LAYER)
    (module,) = compiled(folder)
    assert module.source == folder / "package" / "module.py"
    assert (module.magic, module.flags) == (artifact.MAGIC[HERE], UNCHECKED)
    assert module.is_of_its_source
    assert b"/opt/package/module.py" in module.path.read_bytes()


def test_without_a_compiler_nothing_is_compiled_and_the_build_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifact, "compiler", lambda *_: None)
    artifact.compile_all(folder, "3.12", artifact.LAYER)
    assert compiled(folder) == []
    assert "NOT COMPILED: no Python 3.12 was found" in capsys.readouterr().out


def test_a_compiler_that_fails_leaves_no_half_of_its_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact.compile_all(folder, HERE, artifact.LAYER)
    monkeypatch.setattr(artifact, "compiler", lambda *_: [sys.executable, "-c", "raise SystemExit(1)"])
    artifact.compile_all(folder, HERE, artifact.LAYER)
    assert compiled(folder) == []
    assert "NOT COMPILED" in capsys.readouterr().out


def test_a_python_that_writes_another_bytecode_is_no_compiler(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(artifact, "find", lambda _: None)
    monkeypatch.setattr(artifact, "find_with_uv", lambda _: None)
    assert artifact.compiler(HERE, folder, artifact.LAYER) is not None
    monkeypatch.setattr(artifact, "magic", lambda _: artifact.MAGIC[HERE] - 1)
    monkeypatch.setattr(pyodide, "fetch", lambda: False)
    assert artifact.compiler(HERE, folder, artifact.LAYER) is None


def test_the_webassembly_is_of_the_default_runtime() -> None:
    packages = json.loads((pyodide.PACKAGE / "package.json").read_text())["dependencies"]
    assert packages["pyodide"].startswith(pyodide.PYTHON.replace(".", "") + ".")
    assert template()["Parameters"]["PythonRuntime"]["Default"] == f"python{pyodide.PYTHON}"


def test_the_markers_of_what_ships_do_not_depend_on_the_python_that_runs_pip() -> None:
    lock = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text()
    markers = " ".join(re.findall(r"^\S+==\S+ ; (.+?) \\$", lock, re.MULTILINE))
    assert set(re.findall(r"[a-z]\w*(?= *[!=<>])", markers)) <= {
        "implementation_name",
        "platform_python_implementation",
    }


def test_an_old_system_gets_no_library_for_a_newer_glibc() -> None:
    assert artifact.platforms("3.11", "x86_64")[0] == "manylinux_2_26_x86_64"
    assert artifact.platforms("3.14", "arm64")[0] == "manylinux_2_34_aarch64"
    assert artifact.platforms("3.14", "arm64")[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


def test_every_function_and_layer_is_made_by_the_makefile_of_its_runtime_and_processor() -> None:
    made = {"BuildMethod": "makefile", "ContextPath": "artifacts/${PythonRuntime}-${Architecture}"}
    kinds = {"AWS::Serverless::Function", "AWS::Serverless::LayerVersion"}
    resources = [it for it in template()["Resources"].values() if it["Type"] in kinds]
    assert [it["Metadata"] for it in resources] == [made] * len(resources)
    values = template()["Parameters"]
    pairs = product(values["PythonRuntime"]["AllowedValues"], values["Architecture"]["AllowedValues"])
    files = {path.parent.name: path.read_text() for path in (ROOT / "artifacts").glob("python*/Makefile")}
    assert sorted(files) == sorted(f"{runtime}-{architecture}" for runtime, architecture in pairs)
    for name, text in files.items():
        assert text.rstrip().endswith(f'/../build.sh" {name.removeprefix("python").replace("-", " ")}')


def test_the_services_that_ship_are_those_that_the_functions_call() -> None:
    called = {
        service
        for file in (ROOT / "layers" / "domain").rglob("*.py")
        for service in re.findall(r'(?:client|aws|late)\("([a-z0-9-]+)"', file.read_text())
    }
    assert called == artifact.SERVICES
