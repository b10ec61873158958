"""Takes the checks of AgentOS away, one at a time, and sees who notices: `python -m security.mutants`.

The checks are found in the source: whatever says on whose behalf or with which scopes something is done. All modules of
AgentOS are loaded once with a switch at each check; `Switches` turns one of them off, and notes which ones are asked.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import agno.os

ROOT = Path(agno.os.__file__).parent
MAYBE = {"may", "may_some"}  # calls that say yes or no
CALLERS = {"caller", "_caller", "caller_of"}  # what is called so, or gives one
# these tell who somebody is, or whose requests are counted; nothing depends on them
ONLY_SHOWN = {
    ("Guard._admit", "caller.user_id"),
    ("Conversation._authenticate", "caller.user_id"),
    ("JWTMiddleware.__call__", "caller.user_id"),
}
# these name what is kept for a user in this process, or look for it under that name: without one, nobody finds it; or they
# stand behind `own_session`, which has looked already
FAILS_CLOSED = {
    ("_ids", "acts_as"),
    ("_stored", "caller.user_id"),
}
# these are about runs while they go on, which the tenants' attempts have none of: `tests/interfaces/test_hosted.py` does
WHILE_THEY_GO_ON = {
    ("ResponseRoutes._find", "caller.user_id"),
    ("Vercel._going_on", "caller.user_id"),
}
_RELOADED = ("agno.os", "security.tenants", "security.tools", "security.whole_os")


@dataclass(frozen=True)
class Mutant:
    """The n-th check of a module is not there. `place` is the function, `what` the check."""

    module: str
    number: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.module.removeprefix('agno.os.')}:{self.place}:{self.what}:{self.number}"


# Finding -------------------------------------------------------------------------------------------------------------


def _name(node: Any) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")


def _is_caller(node: Any) -> bool:
    return _name(node.func if isinstance(node, ast.Call) else node) in CALLERS


def _is_primitive(node: Any) -> bool:
    """Whether it asks who somebody is, or what that one may do."""
    if isinstance(node, ast.Call):
        return _name(node.func) in MAYBE or _name(node.func) == "acts_as"
    return isinstance(node, ast.Attribute) and node.attr == "user_id" and _is_caller(node.value)


def _is_owner(node: ast.Compare) -> bool:
    """Whether it compares whose something is; `is None` compares nothing."""
    names = {getattr(part, "attr", getattr(part, "value", None)) for part in ast.walk(node)}
    return "user_id" in names and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn))


@cache
def _files() -> dict[str, tuple[Path, ast.Module]]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(("agno", "os", *(parts[:-1] if parts[-1] == "__init__" else parts)))
        found[name] = (path, ast.parse(path.read_text(encoding="utf-8")))
    return found


@cache
def statements(module: str) -> frozenset[str]:
    """Functions that give nothing back and raise for whoever may not: a call of one is a check. Those of other modules
    have no underscore."""
    found = {name for name in _raising(module) if name.startswith("_")}
    return frozenset(found.union(name for other in _files() for name in _raising(other) if not name.startswith("_")))


@cache
def _raising(module: str) -> list[str]:
    nodes = [
        node for node in ast.walk(_files()[module][1]) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    plain = [node for node in nodes if ast.unparse(node.returns or ast.Pass()) == "None"]
    inside = {node.name: list(ast.walk(node)) for node in plain}
    return [
        name
        for name, parts in inside.items()
        if any(isinstance(part, ast.Raise) for part in parts) and any(_is_primitive(part) for part in parts)
    ]


class _Switched(ast.NodeTransformer):
    """Puts a switch at each check."""

    def __init__(self, module: str) -> None:
        self.module, self.found = module, list[Mutant]()
        self._inside: list[str] = []

    def _off(self, what: str) -> Any:
        """The call that says whether this check is off; None for what is no check."""
        place = ".".join(self._inside)
        if (
            not self._inside
            or (place, what) in ONLY_SHOWN | FAILS_CLOSED | WHILE_THEY_GO_ON
            or place.startswith("Caller.")
        ):
            return None
        self.found.append(Mutant(self.module, len(self.found), place, what))
        return ast.parse(f"_is_off({self.module!r}, {len(self.found) - 1})", mode="eval").body

    def _named(self, node: Any) -> Any:
        self._inside.append(node.name)
        try:
            return self.generic_visit(node)
        finally:
            self._inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        off = None
        if isinstance(call, ast.Call) and _name(call.func) in statements(self.module):
            off = self._off(_name(call.func))
        node = self.generic_visit(node)  # type: ignore[assignment]
        return node if off is None else ast.If(off, [ast.Pass()], [node])

    def visit_Call(self, node: ast.Call) -> Any:
        name = _name(node.func)
        off = self._off(name) if name == "acts_as" or name in MAYBE else None
        node = self.generic_visit(node)  # type: ignore[assignment]
        if off is None:
            return node
        return ast.IfExp(off, node.args[0] if name == "acts_as" else ast.Constant(True), node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        wanted = _is_primitive(node) and isinstance(node.ctx, ast.Load)
        off = self._off("caller.user_id") if wanted else None
        node = self.generic_visit(node)  # type: ignore[assignment]
        return node if off is None else ast.IfExp(off, ast.Constant(None), node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        off = self._off("owner") if _is_owner(node) else None
        passes = isinstance(node.ops[0], (ast.Eq, ast.In))
        node = self.generic_visit(node)  # type: ignore[assignment]
        return node if off is None else ast.IfExp(off, ast.Constant(passes), node)


@cache
def _switched() -> dict[str, tuple[Path, Any, list[Mutant]]]:
    found = {}
    for name, (path, _) in _files().items():
        made = _Switched(name)
        tree = made.visit(ast.parse(path.read_text(encoding="utf-8")))
        found[name] = (path, compile(ast.fix_missing_locations(tree), str(path), "exec"), made.found)
    return found


@cache
def mutants() -> list[Mutant]:
    """All checks that can be taken away."""
    return [one for _, _, several in _switched().values() for one in several]


# Loading -------------------------------------------------------------------------------------------------------------


class Switches(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads AgentOS with a switch at each check."""

    def __init__(self) -> None:
        self.off: tuple[str, int] | None = None
        self.asked: Callable[[tuple[str, int]], None] = lambda key: None

    def _is_off(self, module: str, number: int) -> bool:
        self.asked((module, number))
        return (module, number) == self.off

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _switched():
            return None
        file = _switched()[name][0]
        places = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, file, loader=self, submodule_search_locations=places)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        module.__dict__["_is_off"] = self._is_off
        exec(_switched()[module.__name__][1], module.__dict__)


@contextmanager
def switched() -> Iterator[Bench]:
    """AgentOS and the tests of the tenants, loaded anew with switches; afterwards all is as before."""
    kept = {name: module for name, module in sys.modules.items() if name.startswith(_RELOADED)}
    for name in kept:
        del sys.modules[name]
    switches = Switches()
    sys.meta_path.insert(0, switches)
    try:
        yield Bench(switches)
    finally:
        sys.meta_path.remove(switches)
        for name in [name for name in sys.modules if name.startswith(_RELOADED)]:
            del sys.modules[name]
        sys.modules.update(kept)


# Trying --------------------------------------------------------------------------------------------------------------


Work = Callable[..., Any]


class Bench:
    """The tenants, on an AgentOS whose checks can be turned off. It knows which attempt asks which checks, so that a
    mutant only meets the attempts that ask it."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._whole = importlib.import_module("security.whole_os")
        self._in_memory = importlib.import_module("agno.db.in_memory").InMemoryDb
        tenants, tools = (importlib.import_module(f"security.{name}") for name in ("tenants", "tools"))
        open_os, scoped_os = (self._made(scoped) for scoped in (False, True))
        self._works: list[tuple[str, Callable[[], tuple[Any, Any]], Work]] = [
            ("scopes", lambda: self._emptied(*scoped_os), tenants.unscoped),
            ("users", lambda: self._emptied(*open_os), tenants.attack),
            ("users with scopes", lambda: self._emptied(*scoped_os), tenants.attack),
            # its lifespan cannot begin twice
            ("tools", lambda: self._made(True, enable_mcp=True, prometheus=False, interfaces=()), tools.attack),
        ]
        self._asking: dict[tuple[str, int], set[tuple[str, str]]] = {}
        self.whole = self._first()

    def _made(self, scoped: bool, **settings: Any) -> tuple[Any, Any]:
        db = self._in_memory(id="main")
        return self._whole.jwt_os(db, scoped, **settings), db

    def _emptied(self, service: Any, db: Any) -> tuple[Any, Any]:
        """The same service, for building one takes longer than the attempts."""
        db.__dict__.update(self._in_memory(id="main").__dict__)
        service.runs.ended.clear()
        service.runs.active.clear()
        return service, db

    def _first(self) -> list[str]:
        """What is noticed with all checks: nothing. Notes who asks what."""
        now = ["", ""]

        def asked(key: tuple[str, int]) -> None:
            self._asking.setdefault(key, set()).add((now[0], now[1]))

        def note(what: str) -> bool:
            now[1] = what
            return True

        self._switches.asked = asked
        wrong = []
        for name, make, work in self._works:
            now[:] = name, ""
            wrong += self._try(make, work, note)
        self._switches.asked = lambda key: None
        return wrong

    def _try(self, make: Callable[[], tuple[Any, Any]], work: Work, wanted: Callable[[str], bool]) -> list[str]:
        service, db = make()
        try:
            found: list[str] = self._whole.talk(service, lambda client: work(client, service, db, wanted))
        except (Exception, asyncio.CancelledError) as error:  # the border: whatever breaks is noticed
            return [repr(error)[:200]]
        return found

    def noticed(self, mutant: Mutant) -> list[str]:
        """What the tenants notice without the check; an exception is noticed, too."""
        key = (mutant.module, mutant.number)
        self._switches.off = key
        try:
            for name, make, work in self._works:
                asking = {what for where, what in self._asking.get(key, ()) if where == name}
                if asking and (wrong := self._try(make, work, lambda what: what in asking)):  # noqa: B023
                    return wrong
        finally:
            self._switches.off = None
        return []


if __name__ == "__main__":
    import logging
    import time

    logging.disable(logging.CRITICAL)
    began = time.perf_counter()
    with switched() as bench:
        print("whole:", bench.whole, f"{time.perf_counter() - began:.1f} s")
        for one in mutants():
            found = bench.noticed(one)
            print("ok  " if found else "MISSED", one, "" if not found else repr(found[0][:110]), flush=True)
    print(f"{len(mutants())} in {time.perf_counter() - began:.1f} s")
