"""The build is complete: each function runs on its artifact, the two layers and boto3 alone.

The local stack cannot show it, because its functions see the packages of this environment. Here each is loaded in a
process without any, and so is every module of the domain, those that wiring imports late included.
"""

from __future__ import annotations

import json
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

#: runs each program of a list in a process of its own, forked from a bare interpreter; prints what is wrong with each
PROGRAM = """
import json, os, sys, traceback
paths, programs = json.loads(sys.argv[1])
sys.path[:0] = paths
import boto3
for name, (folder, code) in programs.items():
    if os.fork() == 0:
        sys.path.insert(0, folder)
        try:
            exec(code)
            files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
            wrong = "".join(file for file in files if "site-packages" in file)
        except BaseException:
            wrong = traceback.format_exc()
        print(json.dumps([name, wrong]), flush=True)
        os._exit(0)
    os.wait()
"""
HANDLER = "import app; assert callable(app.handler)"
DOMAIN = """
import importlib, pkgutil, reprieve
for module in pkgutil.walk_packages(reprieve.__path__, "reprieve."):
    importlib.import_module(module.name)
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


@pytest.fixture(scope="module")
def wrong(place: Place, runtime: Path) -> dict[str, str]:
    """What is wrong with each function, and with the domain, where only the layers and boto3 are beside it."""
    build_if_changed(place)
    programs = {name: (str(BUILD / name), HANDLER) for name in FUNCTIONS} | {"the domain": (str(runtime), DOMAIN)}
    paths = [str(runtime), *(str(BUILD / layer / "python") for layer in ("DomainLayer", "DependenciesLayer"))]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, json.dumps([paths, programs])],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_built_function_needs_nothing_but_itself_its_layers_and_boto3(wrong: dict[str, str], name: str) -> None:
    assert wrong[name] == ""


def test_every_module_of_the_domain_needs_nothing_but_the_layers_and_boto3(wrong: dict[str, str]) -> None:
    assert wrong["the domain"] == ""


def test_no_artifact_carries_what_the_layers_have(place: Place) -> None:
    build_if_changed(place)
    for name in FUNCTIONS:
        assert sorted(path.name for path in (BUILD / name).iterdir() if path.suffix == ".py") == ["app.py"]
        assert not (BUILD / name / "reprieve").exists()
