"""The build is complete and is what the locks say: packages by hash, libraries of the processor, compiled modules.

The local stack cannot show that a function needs no more than its artifact and the two layers, because its functions
see the packages of this environment. Here each is loaded in a process without any, and so is every module of the
domain, those that wiring imports late included.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING

import pytest

from local import artifact
from local.build import BUILD, build_if_changed, host_parameters
from local.place import ROOT, VENV_BIN
from tests.support.artifacts import assert_compiled, assert_native, assert_packages, compiled, size
from tests.support.tables import template

if TYPE_CHECKING:
    from pathlib import Path

    from local.place import Place

RESOURCES = template()["Resources"].items()
FUNCTIONS = sorted(name for name, it in RESOURCES if it["Type"] == "AWS::Serverless::Function")
LAYERS = ("DependenciesLayer", "DomainLayer")
LOCK = ROOT / "layers" / "dependencies" / "requirements.txt"
#: bytes that a function and its layers may have unpacked (AWS's page on Lambda quotas: 250 MB)
QUOTA = 250 * 1024 * 1024

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
def wrong(place: Place) -> dict[str, str]:
    """What is wrong with each function, and with the domain, where only the layers are beside it."""
    build_if_changed(place)
    paths = [str(BUILD / layer / "python") for layer in LAYERS]
    programs = {name: (str(BUILD / name), HANDLER) for name in FUNCTIONS} | {"the domain": (paths[0], DOMAIN)}
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


def assert_built(build: Path, version: str, architecture: str) -> None:
    """Everything that a deployment uploads is there, and is what the locks and the sources say."""
    packages = build / "DependenciesLayer" / "python"
    assert_packages(packages, LOCK)
    assert_native(packages, version, architecture)
    layers = [build / layer for layer in LAYERS]
    assert {path.name for layer in layers for path in layer.iterdir()} == {"python"}
    assert {path.name for path in (build / "DomainLayer" / "python").iterdir()} == {"reprieve"}
    for name in FUNCTIONS:
        documents = {"published"} if name == "DocumentsFunction" else set()
        assert {path.name for path in (build / name).iterdir()} - {"__pycache__"} == {"app.py"} | documents
        assert size(*layers, build / name) < QUOTA


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_built_function_needs_nothing_but_itself_and_its_layers(wrong: dict[str, str], name: str) -> None:
    assert wrong[name] == ""


def test_every_module_of_the_domain_needs_nothing_but_the_layers(wrong: dict[str, str]) -> None:
    assert wrong["the domain"] == ""


def test_the_build_for_this_machine_is_what_the_locks_say_and_is_compiled(place: Place) -> None:
    build_if_changed(place)
    version = host_parameters()["PythonRuntime"].removeprefix("python")
    assert_built(BUILD, version, host_parameters()["Architecture"])
    for name in (*LAYERS, *FUNCTIONS):
        assert_compiled(BUILD / name, version)


@pytest.mark.slow
def test_sam_build_alone_makes_the_default_runtime_for_arm64_whatever_python_this_machine_has(tmp_path: Path) -> None:
    sam = [str(VENV_BIN / "sam"), "build", "--build-dir", str(tmp_path / "build")]
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(sam, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_built(tmp_path / "build", "3.14", "arm64")
    if not shutil.which("npm") and os.environ.get("REPRIEVE_REQUIRE_NPM") != "1" and not compiled(tmp_path / "build"):
        assert "NOT COMPILED" in done.stderr
        pytest.skip("NOT COMPILED: neither Python 3.14 nor npm is here")
    for name in (*LAYERS, *FUNCTIONS):
        assert_compiled(tmp_path / "build" / name, "3.14")


@pytest.mark.slow
@pytest.mark.parametrize(("version", "architecture"), list(product(artifact.MAGIC, artifact.MACHINES)))
def test_the_locked_packages_install_for_every_runtime_and_processor(
    tmp_path: Path, version: str, architecture: str
) -> None:
    artifact.install(LOCK, tmp_path / "python", version, architecture)
    assert_packages(tmp_path / "python", LOCK)
    assert_native(tmp_path / "python", version, architecture)
