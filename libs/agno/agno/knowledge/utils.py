"""What readers and chunkers there are: for a user interface."""

from __future__ import annotations

import inspect
from typing import Any

from agno.knowledge._need import is_installed
from agno.knowledge.chunking.strategy import ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.knowledge.types import ContentType


def get_reader_info(reader_key: str) -> dict[str, Any]:
    """id, name, description, and the values of chunking_strategies and content_types. ValueError for an unknown key."""
    entry = ReaderFactory.entry(reader_key)
    found = entry.reader_class() or type(ReaderFactory.create_reader(reader_key))
    return {
        "id": reader_key,
        "name": entry.name,
        "description": entry.description,
        "chunking_strategies": [strategy.value for strategy in found.get_supported_chunking_strategies()],
        "content_types": [kind.value for kind in found.get_supported_content_types()],
    }


def get_all_readers_info() -> list[dict[str, Any]]:
    """`get_reader_info` of the readers whose packages are installed."""
    return [get_reader_info(key) for key in ReaderFactory.get_all_reader_keys() if _is_available(key)]


def _is_available(reader_key: str) -> bool:
    found = ReaderFactory.entry(reader_key).reader_class() or Reader
    return all(is_installed(module) for module in found.needs)


def get_content_types_to_readers_mapping() -> dict[str, list[str]]:
    """The ids of the readers for each content type that somebody reads."""
    mapping: dict[str, list[str]] = {}
    for info in get_all_readers_info():
        for kind in info["content_types"]:
            mapping.setdefault(kind, []).append(info["id"])
    return mapping


def get_chunker_info(chunker_key: str) -> dict[str, Any]:
    """key, class_name, name, description, strategy_type of a chunker such as "FixedSizeChunker". ValueError if unknown."""
    kind = ChunkingStrategyType.from_string(chunker_key)
    found = ChunkingStrategyFactory.strategy_class(kind)
    return {
        "key": kind.value,
        "class_name": found.__name__,
        "name": found.__name__,
        "description": (inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " "),
        "strategy_type": kind.value,
    }


def get_all_chunkers_info() -> list[dict[str, Any]]:
    """`get_chunker_info` of all chunkers."""
    return [get_chunker_info(kind.value) for kind in ChunkingStrategyType]


def get_all_content_types() -> list[str]:
    """The values of all content types."""
    return [kind.value for kind in ContentType]


__all__ = [
    "get_all_chunkers_info",
    "get_all_content_types",
    "get_all_readers_info",
    "get_chunker_info",
    "get_content_types_to_readers_mapping",
    "get_reader_info",
]
