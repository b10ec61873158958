"""The public names of agno and their signatures, as text: `python surface.py --write` renews the snapshot."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "agno"
SNAPSHOT = HERE / "public_surface.txt"
HEAD = "The public names of agno. A change here is a change of a promise: `make surface` writes this file."


def public_modules() -> dict[str, Path]:
    """The modules that users may import: no part of the name begins with an underscore."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in parts):
            found[".".join(parts)] = path
    return dict(sorted(found.items()))


def surface() -> str:
    """The whole snapshot."""
    parts = [described(name, path.read_text()) for name, path in public_modules().items()]
    return "\n\n".join([HEAD, *(part for part in parts if part)]) + "\n"


def described(module: str, source: str) -> str:
    """The public names of one module. Without `__all__` these are all names it defines without an underscore."""
    tree = ast.parse(source)
    imported = dict(_imported(tree))
    defined = {name: lines for node in tree.body for name, lines in _definitions(node, imported)}
    names = exported(tree)
    if names is None:
        names = [name for name in defined if not name.startswith("_")]
    lines = [f"== {module}"]
    for name in sorted(names):
        lines += defined.get(name) or [f"{name} <- {imported.get(name, '?')}"]
    return "\n".join(lines) if len(lines) > 1 else ""


def exported(tree: ast.Module) -> list[str] | None:
    """What `__all__` says, or None where it is missing or computed."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return None
    return None


def _imported(tree: ast.Module | ast.If) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.If):  # TYPE_CHECKING: what a package loads at the first use
            yield from _imported(node)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}"


def _definitions(node: ast.stmt, imported: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The names a statement defines, each with its lines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name, [_signature(node)]
    elif isinstance(node, ast.ClassDef):
        yield node.name, list(_class(node, imported))
    elif isinstance(node, ast.AnnAssign):
        yield ast.unparse(node.target), [_short(ast.unparse(node))]
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, [_short(ast.unparse(node))]
    elif isinstance(node, (ast.If, ast.Try)):
        for inner in node.body:
            yield from _definitions(inner, imported)


def _class(node: ast.ClassDef, imported: dict[str, str]) -> Iterator[str]:
    bases = ", ".join(ast.unparse(part) for part in [*node.bases, *(k.value for k in node.keywords)])
    yield f"class {node.name}({bases})" if bases else f"class {node.name}"
    methods = {part.name: part for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for part in node.body:
        for name, lines in _face(part, methods) or _definitions(part, imported):
            if not name.startswith("_") or name in ("__init__", "__call__", "__enter__", "__aenter__", "__iter__"):
                yield from (f"    {line}" for line in lines)
    for base in map(ast.unparse, node.bases):
        name = base.partition("[")[0]
        yield from _inherited(name, imported.get(name, ""))


def _face(node: ast.stmt, methods: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """`search = sync(_search)` is shown with the signature of `_search`, without its port."""
    match node:
        case ast.Assign([ast.Name(name)], ast.Call(ast.Name("sync" | "asynchronous" as colour), [ast.Name(inner)])):
            if inner in methods:
                arguments = ast.unparse(methods[inner].args).replace("self, io: IO", "self").replace("self, io", "self")
                returns = f" -> {ast.unparse(methods[inner].returns)}" if methods[inner].returns else ""
                return [(name, [f"@{colour} def {name}({arguments}){returns}"])]
    return []


def _inherited(base: str, module: str) -> Iterator[str]:
    """What a public class takes from a base in a private module: a promise of the public class, too."""
    parts = module.split(".")
    if parts[0] != "agno" or not any(part.startswith("_") for part in parts):
        return
    path = PACKAGE.joinpath(*parts[1:]).with_suffix(".py")
    tree = ast.parse(path.read_text() if path.exists() else (path.with_suffix("") / "__init__.py").read_text())
    imported = dict(_imported(tree))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == base:
            yield f"    # from {base}"
            yield from list(_class(node, imported))[1:]


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    marks = {"property", "classmethod", "staticmethod", "overload", "abstractmethod"}
    shown = [f"@{mark} " for mark in map(ast.unparse, node.decorator_list) if mark in marks or mark.endswith(".setter")]
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{''.join(shown)}{kind} {node.name}({ast.unparse(node.args)}){returns}"


def _short(text: str, limit: int = 160) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        SNAPSHOT.write_text(surface())
    else:
        print(surface(), end="")
