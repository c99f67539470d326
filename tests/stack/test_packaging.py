"""The build is complete: each function runs on its artifact, the two layers and boto3 alone.

The local stack cannot show it, because its functions see the packages of this environment. Here each is loaded in an
interpreter without any, and so is every module of the domain, those that wiring imports late included.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.build import BUILD, build_if_changed
from tests.support.tables import template

if TYPE_CHECKING:
    from local.place import Place

#: what Lambda's own runtime has: boto3 and what that needs
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
FUNCTIONS = sorted(name for name, it in template()["Resources"].items() if it["Type"] == "AWS::Serverless::Function")

HANDLER = """
import app
assert callable(app.handler)
"""
DOMAIN = """
import importlib, pkgutil, reprieve
for module in pkgutil.walk_packages(reprieve.__path__, "reprieve."):
    importlib.import_module(module.name)
"""
PROGRAM = """
import sys
sys.path[:0] = {paths!r}
{imports}
strangers = {{getattr(module, "__file__", None) or "" for module in sys.modules.values()}}
print([file for file in strangers if "site-packages" in file])
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with boto3 and its needs, as the runtime has them."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return folder


def run(imports: str, *folders: Path) -> None:
    """Run code in a bare interpreter that sees only these folders and the layers."""
    paths = [*folders, *(BUILD / layer / "python" for layer in ("DomainLayer", "DependenciesLayer"))]
    program = PROGRAM.format(paths=[str(path) for path in paths], imports=imports)
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_built_function_needs_nothing_but_itself_its_layers_and_boto3(place: Place, runtime: Path, name: str) -> None:
    build_if_changed(place)
    run(HANDLER, BUILD / name, runtime)


def test_every_module_of_the_domain_needs_nothing_but_the_layers_and_boto3(place: Place, runtime: Path) -> None:
    build_if_changed(place)
    run(DOMAIN, runtime)


def test_no_artifact_carries_what_the_layers_have(place: Place) -> None:
    build_if_changed(place)
    for name in FUNCTIONS:
        assert sorted(path.name for path in (BUILD / name).iterdir() if path.suffix == ".py") == ["app.py"]
        assert not (BUILD / name / "reprieve").exists()
