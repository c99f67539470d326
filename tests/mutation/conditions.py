"""Every named condition of the store, and the store without it.

The list is generated from the constants of the store's modules, so that none is forgotten: a module-level string in
capitals that names an attribute (`#name`) and is a condition or the clause of an update. For a conjunction each of its
parts is one more mutant: the condition without that part.
"""

from __future__ import annotations

import pkgutil
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest import mock

from reprieve import store
from reprieve.removals import queue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

#: a condition that always holds
ANYTHING: Final = "(attribute_exists(#partition) OR attribute_not_exists(#partition))"
#: clauses of updates, which change nothing in a mutant
CLAUSES: Final = {
    "removal_requests.FENCE_OUT": "#fence = if_not_exists(#fence, :zero)",
    "removal_queue.NEXT_FENCE": "#fence = :fence",
}
#: conditions on keys, which DynamoDB itself requires
KEY_CONDITIONS: Final = {"listing.IN_RANGE"}
#: a comparison or function of an attribute
CONDITION: Final = re.compile(r"#\w+ (?:[<>=]|BETWEEN)|attribute_(?:not_)?exists|size\(|begins_with\(")


@dataclass(frozen=True)
class Mutant:
    """A constant of a module with another value.

    Attributes:
        name: `module.CONSTANT`, with ` without ...` for a conjunction that lacks a part.
        module: the module that defines it.
        constant: its name there.
        value: what stands in its place.
    """

    name: str
    module: str
    constant: str
    value: str | int

    @property
    def condition(self) -> str:
        """The name of the mutated condition: `module.CONSTANT`."""
        return f"{self.module.rpartition('.')[2]}.{self.constant}"


def modules() -> list[ModuleType]:
    """The store's modules."""
    return [import_module(f"{store.__name__}.{found.name}") for found in pkgutil.iter_modules(store.__path__)]


def mutants() -> list[Mutant]:
    """All mutants, in order; an imported constant belongs to the module that defines it."""
    found: dict[str, Mutant] = {}
    # beside the store: how long a part waits for what it does not find
    found["queue.SETTLED"] = Mutant("queue.SETTLED", queue.__name__, "SETTLED", 0)
    for module in modules():
        source = _assigned(module)
        for constant, value in vars(module).items():
            if constant not in source or not isinstance(value, str) or not CONDITION.search(value):
                continue
            name = f"{module.__name__.rpartition('.')[2]}.{constant}"
            if name in KEY_CONDITIONS:
                continue
            found[name] = Mutant(name, module.__name__, constant, CLAUSES.get(name, ANYTHING))
            parts = conjuncts(value)
            for at, part in enumerate(parts if len(parts) > 1 else []):
                rest = " AND ".join(parts[:at] + parts[at + 1 :])
                longer = f"{name} without {part}"
                found[longer] = Mutant(longer, module.__name__, constant, rest)
    return list(found.values())


def conjuncts(condition: str) -> list[str]:
    """The parts of a condition that AND joins outside parentheses; BETWEEN's AND joins nothing."""
    parts, depth, begin = [], 0, 0
    between = False
    for match in re.finditer(r"[()]|\bBETWEEN\b|\bAND\b", condition):
        match match[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case "BETWEEN":
                between = True
            case _ if between:
                between = False
            case _ if depth == 0:
                parts.append(condition[begin : match.start()].strip())
                begin = match.end()
    return [*parts, condition[begin:].strip()]


@contextmanager
def without(mutant: Mutant) -> Iterator[None]:
    """Apply the mutant in every module of the store that uses the condition."""
    original = getattr(import_module(mutant.module), mutant.constant)
    with ExitStack() as patches:
        for module in [*modules(), import_module(mutant.module)]:
            if vars(module).get(mutant.constant) is original:
                patches.enter_context(mock.patch.object(module, mutant.constant, mutant.value))
        yield


def _assigned(module: ModuleType) -> set[str]:
    """The constants that a module defines rather than imports."""
    assert module.__file__
    source = Path(module.__file__).read_text()
    return set(re.findall(r"^([A-Z][A-Z_]+)(?:: Final)? = ", source, re.MULTILINE))
