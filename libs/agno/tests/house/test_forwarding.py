"""Who forwards an inner async generator closes it: an early `break` must end the provider's stream at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from house.imports import modules


def unclosed(source: str) -> Iterator[tuple[int, str]]:
    """`async for x in f(): yield x`, where an early end leaves `f()` to the garbage collector."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.AsyncFor) and isinstance(node.iter, ast.Call)):
            continue
        if any(isinstance(inner, ast.Yield) for line in node.body for inner in ast.walk(line)):
            yield node.lineno, ast.unparse(node.iter)


def test_forwarded_generators_are_closed() -> None:
    found = [f"{name}:{line} {what}" for name, path in modules().items() for line, what in unclosed(path.read_text())]
    assert not found, "\n".join(["Wrap what is iterated in contextlib.aclosing:", *found])


def test_an_unclosed_one_is_found() -> None:
    assert list(unclosed("async def f():\n    async for x in g():\n        yield x")) == [(2, "g()")]
