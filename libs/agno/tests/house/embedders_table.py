"""The tables of docs/embedders.md, from the classes: `python -m house.embedders_table --write` renews them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from house.readers_table import LIBRARY, renewed
from house.readers_table import PAGE as _OTHER

PAGE = _OTHER.with_name("embedders.md")
_FAMILIES = LIBRARY / "agno" / "knowledge"


def embedders() -> Iterator[str]:
    """A line for each embedder."""
    yield "| Class | Default `id` | `dimensions` | Texts in a request | Key | Package |\n|---|---|---|---|---|---|"
    for kind, place in _classes("embedder", "Embedder"):
        made = kind()
        keys = ", ".join(f"`{name}`" for name in getattr(kind, "key_variables", ()))
        yield f"| {place} | `{made.id}` | {made.dimensions} | {made.batch_size} | {keys or 'none'} | {_package(kind)} |"


def rerankers() -> Iterator[str]:
    """A line for each reranker."""
    yield "| Class | Default `model` | Key | Package |\n|---|---|---|---|"
    for kind, place in _classes("reranker", "Reranker"):
        keys = ", ".join(f"`{name}`" for name in getattr(kind, "key_variables", ()))
        yield f"| {place} | `{kind.model_fields['model'].default}` | {keys or 'none'} | {_package(kind)} |"


TABLES = {"embedders": embedders, "rerankers": rerankers}


def _classes(family: str, ending: str) -> Iterator[tuple[Any, str]]:
    """The classes of a family, and links to their files."""
    for path in sorted((_FAMILIES / family).glob("[a-z]*.py")):
        module = import_module(f"agno.knowledge.{family}.{path.stem}")
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and name.endswith(ending) and path.stem != "base":
                yield kind, f"[`{name}`](../libs/agno/agno/knowledge/{family}/{path.name})"


def _package(kind: Any) -> str:
    package = getattr(kind, "package", "")
    return "none" if package in ("", "httpx") else f"`{package}`"  # httpx comes with the core


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), TABLES), encoding="utf-8")
