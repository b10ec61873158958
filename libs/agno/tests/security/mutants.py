"""Takes the checks of AgentOS away, one at a time, and sees who notices: `python -m security.mutants`."""

from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import agno.os

ROOT = Path(agno.os.__file__).parent
STATEMENTS = {"operators_only", "own_session", "require", "_check"}  # calls that raise
MAYBE = {"may", "may_some"}  # calls that say yes or no
# these tell who somebody is, or whose requests are counted; nothing depends on them
ONLY_SHOWN = {("Guard._admit", "caller.user_id"), ("Conversation._authenticate", "caller.user_id")}
_PLACES = (
    "routers/*.py",
    "interfaces/*/*.py",
    "_socket.py",
    "_components.py",
    "_finding.py",
    "_operators.py",
    "_guard.py",
    "_runs.py",
)


@dataclass(frozen=True)
class Mutant:
    """The n-th check of a module is not there. `place` is the function, `what` the check."""

    module: str
    number: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.module.removeprefix('agno.os.')}:{self.place}:{self.what}:{self.number}"


class _Without(ast.NodeTransformer):
    """Counts checks, and takes out the one with a number."""

    def __init__(self, number: int | None) -> None:
        self.number, self.found = number, []
        self._inside: list[str] = []

    def _takes(self, what: str) -> bool:
        self.found.append((".".join(self._inside), what))
        return self.number == len(self.found) - 1

    def _named(self, node: Any) -> Any:
        self._inside.append(node.name)
        try:
            return self.generic_visit(node)
        finally:
            self._inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and _name(call.func) in STATEMENTS and self._takes(_name(call.func)):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        name = _name(node.func)
        if name == "acts_as" and self._takes("acts_as"):
            return node.args[0]
        if name in MAYBE and self._takes(name):
            return ast.copy_location(ast.Constant(True), node)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        is_caller = isinstance(node.value, (ast.Name, ast.Attribute)) and _name(node.value) in ("caller", "_caller")
        is_caller = is_caller or (isinstance(node.value, ast.Call) and _name(node.value.func) == "caller_of")
        if node.attr == "user_id" and is_caller and self._takes("caller.user_id"):
            return ast.copy_location(ast.Constant(None), node)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        owners = isinstance(node.ops[0], (ast.NotEq, ast.NotIn)) and any(
            isinstance(part, ast.Attribute) and part.attr == "user_id" and _name(part.value) in ("session", "run")
            for part in ast.walk(node)
        )
        if owners and self._takes("owner"):
            return ast.copy_location(ast.Constant(False), node)
        return self.generic_visit(node)


def _name(node: Any) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")


def mutants() -> list[Mutant]:
    """All checks that can be taken away."""
    found = []
    for path in sorted(path for pattern in _PLACES for path in ROOT.glob(pattern)):
        module = ".".join(("agno", "os", *path.relative_to(ROOT).with_suffix("").parts))
        counting = _Without(None)
        counting.visit(ast.parse(path.read_text()))
        found += [Mutant(module, number, *one) for number, one in enumerate(counting.found)]
    return [one for one in found if (one.place, one.what) not in ONLY_SHOWN]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.path = ROOT.parent.parent / (mutant.module.replace(".", "/") + ".py")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        tree = _Without(self.mutant.number).visit(ast.parse(self.path.read_text()))
        exec(compile(ast.fix_missing_locations(tree), str(self.path), "exec"), module.__dict__)


@contextmanager
def without(mutant: Mutant | None) -> Iterator[Any]:
    """The module of the tenants, on an AgentOS that lacks the check."""
    kept = {
        name: module for name, module in sys.modules.items() if name.startswith(("agno.os", "security.t", "security.w"))
    }
    for name in kept:
        del sys.modules[name]
    finders = [_Finder(mutant)] if mutant is not None else []
    sys.meta_path[:0] = finders
    try:
        yield importlib.import_module("security.tenants"), importlib.import_module("security.whole_os")
    finally:
        for finder in finders:
            sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith(("agno.os", "security.t", "security.w"))]:
            del sys.modules[name]
        sys.modules.update(kept)


def noticed(mutant: Mutant | None) -> list[str]:
    """What the tenants notice without the check; an exception is noticed, too."""
    from agno.db.in_memory import InMemoryDb

    with without(mutant) as (tenants, whole_os):
        for scoped, work in ((False, tenants.attack), (True, tenants.unscoped), (True, tenants.attack)):
            db = InMemoryDb(id="main")
            try:
                service = whole_os.jwt_os(db, scoped)
                wrong = whole_os.talk(service, lambda client: work(client, service, db))  # noqa: B023
            except (Exception, asyncio.CancelledError) as error:  # the border: whatever breaks is noticed
                wrong = [repr(error)[:200]]
            if wrong:
                return wrong
    return []


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    print("whole:", noticed(None))
    for one in mutants():
        found = noticed(one)
        print("ok  " if found else "MISSED", one, "" if not found else repr(found[0][:110]), flush=True)
