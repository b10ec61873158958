"""The tables of readers and chunkers in docs/readers.md, from the classes: `python readers_table.py --write` renews them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2]
PAGE = LIBRARY.parents[1] / "docs" / "readers.md"
_BLOCK = "<!-- table: {name} -->\n"
_END = "<!-- end of table -->\n"


def readers() -> Iterator[str]:
    """A line for each reader."""
    from agno.knowledge.reader.reader_factory import ReaderFactory

    yield "| Key | Class | Reads | Takes | Default chunker | Packages |\n|---|---|---|---|---|---|"
    for key in ReaderFactory.get_all_reader_keys():
        entry = ReaderFactory.entry(key)
        found = entry.reader_class()
        assert found is not None
        kinds = " ".join(kind.value for kind in found.content_types)
        chunker = found.default_strategy.value.removesuffix("Chunker")
        packages = ", ".join(found.needs.values()) or "none"
        place = f"[`{found.__name__}`](../libs/agno/agno/knowledge/reader/{entry.module}.py)"
        yield f"| `{key}` | {place} | {entry.description} | {kinds} | {chunker} | {packages} |"


def chunkers() -> Iterator[str]:
    """A line for each chunker."""
    from agno.knowledge.chunking.strategy import ChunkingStrategyFactory
    from agno.knowledge.utils import get_all_chunkers_info

    yield "| Name | Class | Settings | What it does |\n|---|---|---|---|"
    for info, kind in zip(get_all_chunkers_info(), ChunkingStrategyFactory.STRATEGIES, strict=True):
        module, name = ChunkingStrategyFactory.STRATEGIES[kind]
        settings = inspect.signature(ChunkingStrategyFactory.strategy_class(kind)).parameters.values()
        shown = ", ".join(f"{setting.name}={setting.default!r}" for setting in settings)
        yield f"| `{info['key']}` | `{module}.{name}` | `{shown}` | {info['description']} |"


TABLES = {"readers": readers, "chunkers": chunkers}


def renewed(text: str, tables: Mapping[str, Callable[[], Iterator[str]]] = TABLES) -> str:
    """The page with fresh tables."""
    for name, lines in tables.items():
        start = _BLOCK.format(name=name)
        pattern = re.escape(start) + ".*?" + re.escape(_END)
        table = start + "\n".join(lines()) + "\n" + _END
        text, count = re.subn(pattern, lambda _, table=table: table, text, count=1, flags=re.S)
        assert count == 1, f"The page has no block {start.strip()}"
    return text


if __name__ == "__main__" and "--write" in sys.argv:
    sys.path.insert(0, str(LIBRARY))
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
