"""The allowed imports between rooms: kernel <- subjects <- adapters and dialects <- runtime <- functions.

The walk reads the imports of the source, those for type checking included: a type is knowledge too.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "domain" / "python"
PACKAGE = LAYER / "reprieve"
SUBJECTS = (
    *("system_log", "access", "recipients", "suppressions", "removals", "policies", "addresses"),
    *("email_servers", "exports", "hooks", "rates"),
)
ROOMS = (*SUBJECTS, "store", "net", "smtp", "providers", "dialects", "runtime", "console")
KERNEL = "kernel"

#: the rooms that the modules of a room may import
MAY_KNOW = {
    KERNEL: {KERNEL},
    "system_log": {KERNEL, "system_log"},
    "access": {KERNEL, "system_log", "access"},
    "recipients": {KERNEL, "system_log", "access", "recipients"},
    "suppressions": {KERNEL, "system_log", "access", "recipients", "suppressions"},
    "rates": {KERNEL, "system_log", "access", "suppressions", "rates"},
    "removals": {KERNEL, "system_log", "access", "recipients", "suppressions", "removals"},
    "policies": {KERNEL, "system_log", "access", "recipients", "suppressions", "removals", "policies"},
    "addresses": {KERNEL, "system_log", "access", "recipients", "suppressions", "removals", "policies", "addresses"},
    "email_servers": {KERNEL, "system_log", "access", "email_servers"},
    "exports": {KERNEL, "system_log", "access", "exports"},
    "hooks": {KERNEL, "system_log", "access", "hooks"},
    "store": {KERNEL, *SUBJECTS, "store"},
    "net": {KERNEL, "addresses", "net"},
    "smtp": {KERNEL, "email_servers", "net", "smtp"},
    "providers": {KERNEL, *SUBJECTS, "net", "providers"},
    "dialects": {KERNEL, *SUBJECTS, "dialects"},
    "runtime": {KERNEL, *ROOMS} - {"console"},
    "console": {KERNEL, *SUBJECTS, "dialects", "runtime", "console"},
}

#: third-party packages, and the only rooms that may import them
ONLY_IN = {
    "boto3": {"runtime"},
    "botocore": {"store", "providers", "runtime"},
    "requests": {"net"},
    "dns": {"net"},
    "urllib3": {"net"},
    "pydantic": {"dialects"},
    "jinja2": {"dialects"},
    "markupsafe": {"dialects"},
    "joserfc": {"access"},
    "aws_lambda_powertools": {"runtime"},
}

#: the modules that the domain must not import: time, environment and logging come as arguments
IMPURE = {"logging", "os", "random", "secrets", "socket", "subprocess", "sys", "threading", "time"}
#: exceptions: new tokens and ids are random, and one module reads the clock
ALLOWED_IMPURE = {
    "clock": {"time"},
    **{
        name: {"secrets"}
        for name in (
            "access.attempt",
            "access.credential",
            "access.client",
            "access.session",
            "access.token_requests",
            "recipients.users",
            "email_servers.manage",
            "hooks.manage",
            "hooks.manage_event_hooks",
            "hooks.verification",
        )
    },
}


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else KERNEL


def name_of(path: Path) -> str:
    """A module's name within the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_named(module: str) -> str:
    parts = module.split(".")
    known = parts[1] if len(parts) > 1 else KERNEL
    return known if known in ROOMS else KERNEL


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_knows_only_the_rooms_below_its_own(path: Path) -> None:
    known = {room_named(module) for module in imports_of(path) if module.split(".")[0] == "reprieve"}
    assert known <= MAY_KNOW[room_of(path)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_third_party_package_is_used_only_where_it_belongs(path: Path) -> None:
    wrong = {
        module
        for module in imports_of(path)
        if (package := module.split(".")[0]) in ONLY_IN and room_of(path) not in ONLY_IN[package]
    }
    assert wrong == set()


def modules_known_to(path: Path) -> set[str]:
    """The modules of the package that a module imports, by their names within it."""
    known = {name.removeprefix("reprieve.") for name in imports_of(path) if name.startswith("reprieve.")}
    names = {name_of(module) for module in MODULES}
    return {found for name in known for found in (name, name.rpartition(".")[0]) if found in names}


def test_no_two_modules_know_each_other_however_many_are_between_them() -> None:
    known = {name_of(path): modules_known_to(path) for path in MODULES}
    left = dict(known)
    while leaves := [name for name, others in left.items() if not others & left.keys()]:
        for name in leaves:
            del left[name]
    assert left == {}


DOMAIN = [path for path in MODULES if room_of(path) in {KERNEL, *SUBJECTS}]


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_has_no_clock_no_environment_and_no_logger(path: Path) -> None:
    used = {module.split(".")[0] for module in imports_of(path)} & IMPURE
    assert used <= ALLOWED_IMPURE.get(name_of(path), set())


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_is_given_the_moment_as_an_argument(path: Path) -> None:
    assert not {"reprieve.clock", "reprieve.clock.now"} & imports_of(path)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_imports_nothing_by_itself(path: Path) -> None:
    assert imports_of(path) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/*.py")), ids=lambda path: path.parent.name)
def test_an_edge_has_at_most_eighty_lines_in_one_module(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    assert path.name == "app.py"


def test_no_code_scans_a_table() -> None:
    sources = [*MODULES, *(ROOT / "functions").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
    assert [str(path) for path in sources if '"scan"' in path.read_text() or ".scan(" in path.read_text()] == []
