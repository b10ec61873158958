"""What the modules of agno import, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2]
REPOSITORY = LIBRARY.parents[1]


@dataclass(frozen=True)
class Import:
    """`importer` imports `imported` (a module, or a name in one) at `line`."""

    importer: str
    imported: str
    line: int
    in_function: bool = False
    for_types_only: bool = False
    later: bool = False  # by `agno.utils.later`, so that it is loaded at its first use

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


@lru_cache(maxsize=1)
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted((LIBRARY / "agno").rglob("*.py")):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@lru_cache(maxsize=1)
def all_imports() -> tuple[Import, ...]:
    """Every import statement of the package."""
    return tuple(found for name, path in modules().items() for found in imports_of(path.read_text(), name, path.stem))


def imports_of(source: str, module: str, stem: str = "") -> Iterator[Import]:
    """The imports in a source text."""
    package = module if stem == "__init__" else module.rpartition(".")[0]
    yield from _walk(ast.parse(source), module, package, False, False)


def _walk(node: ast.AST, module: str, package: str, in_function: bool, types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if named := _called_for(child, "later"):
            yield Import(module, named, child.lineno, in_function, types, later=True)
        if named := _called_for(child, "import_module"):
            yield Import(module, named, child.lineno, in_function, types)
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, alias.name, child.lineno, in_function, types)
        elif isinstance(child, ast.ImportFrom):
            source = _absolute(child, package)
            for alias in child.names:
                yield Import(module, f"{source}.{alias.name}", child.lineno, in_function, types)
        else:
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from _walk(child, module, package, in_function or function, types or guarded)


def _called_for(node: ast.AST, function: str) -> str | None:
    """The module that a call names in a literal text."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function and node.args):
        return None
    name = node.args[0]
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parents = package.split(".")
    base = parents[: len(parents) - statement.level + 1]
    return ".".join([*base, statement.module] if statement.module else base)


def module_of(name: str) -> str:
    """The module that an imported name lies in: `agno.run.agent.RunOutput` lies in `agno.run.agent`."""
    while name not in modules() and "." in name:
        name = name.rpartition(".")[0]
    return name
