"""The table of docs/vectordbs.md, from the classes: `python -m house.vectordbs_table --write` renews it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from agno.vectordb._store import StoreMethods, VectorStore
from agno.vectordb.distance import Distance
from agno.vectordb.search import SearchType

from house.readers_table import LIBRARY, renewed
from house.readers_table import PAGE as _OTHER

PAGE = _OTHER.with_name("vectordbs.md")
_FAMILY = LIBRARY / "agno" / "vectordb"
_MEASURES = {"distance", "distance_metric", "metric"}  # what the setting is called


def vectordbs() -> Iterator[str]:
    """A line for each vector database but the wrappers."""
    yield "| Class | Search | Measures | `optimize()` |\n|---|---|---|---|"
    for kind, place in sorted(_classes(), key=lambda pair: pair[0].__name__.lower()):
        settings = set(inspect.signature(kind).parameters)
        kinds = kind.search_types | ({SearchType.hybrid} if "use_hybrid_search" in settings else set())
        search = ", ".join(one.value for one in SearchType if one in kinds)
        measures = ", ".join(one.value for one in Distance if one in kind.distances)
        if not _MEASURES & settings:
            measures = "that of its index"
        tunes = "makes indexes" if kind._tune is not StoreMethods._tune else "nothing to do"
        yield f"| {place} | {search} | {measures} | {tunes} |"


TABLES = {"vectordbs": vectordbs}


def _classes() -> Iterator[tuple[Any, str]]:
    for path in sorted(_FAMILY.glob("*/[a-z]*.py")):
        module = import_module(f"agno.vectordb.{path.parent.name}.{path.stem}")
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and kind.__name__ == name and issubclass(kind, VectorStore):
                yield kind, f"[`{name}`](../libs/agno/agno/vectordb/{path.parent.name}/{path.name})"


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), TABLES), encoding="utf-8")
