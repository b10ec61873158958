"""The port of chunkers, and making one by its name."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from enum import Enum
from importlib import import_module
from typing import Any

from agno._io import ASYNC
from agno.knowledge.document import Document

_INNER_SPACES = re.compile(r"(?<=\S)(?:[^\S\n]{2,}|[^\S\n ])")  # not single spaces, of which there are most
_EMPTY_LINES = re.compile(r"\n{3,}")


class ChunkingStrategy(ABC):
    """Cuts a document into smaller ones. A chunker of your own overrides `chunk`; `achunk` runs it in a worker thread."""

    @abstractmethod
    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a document, in order. Together they hold all of its text."""

    async def achunk(self, document: Document) -> list[Document]:
        """The chunks of a document, in order."""
        chunks: list[Document] = await ASYNC.call(self.chunk, document)
        return chunks

    def clean_text(self, text: str) -> str:
        """Text with single spaces and at most one empty line in a row. Lines and their indentation stay."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        text = "\n".join(map(str.rstrip, text.split("\n")))
        return _EMPTY_LINES.sub("\n\n", _INNER_SPACES.sub(" ", text))


class ChunkingStrategyType(str, Enum):
    """The chunkers by name."""

    AGENTIC_CHUNKER = "AgenticChunker"
    CODE_CHUNKER = "CodeChunker"
    DOCUMENT_CHUNKER = "DocumentChunker"
    RECURSIVE_CHUNKER = "RecursiveChunker"
    SEMANTIC_CHUNKER = "SemanticChunker"
    FIXED_SIZE_CHUNKER = "FixedSizeChunker"
    ROW_CHUNKER = "RowChunker"
    MARKDOWN_CHUNKER = "MarkdownChunker"

    @classmethod
    def from_string(cls, strategy_name: str) -> ChunkingStrategyType:
        """The strategy of this name, such as "FixedSizeChunker". ValueError if there is none."""
        try:
            return cls(strategy_name.strip())
        except ValueError:
            names = ", ".join(one.value for one in cls)
            raise ValueError(f"Unsupported chunking strategy: {strategy_name!r}. Use one of {names}.") from None


class ChunkingStrategyFactory:
    """Makes chunkers by their type."""

    # imported when they are asked for
    STRATEGIES = {
        ChunkingStrategyType.AGENTIC_CHUNKER: ("agno.knowledge.chunking.agentic", "AgenticChunking"),
        ChunkingStrategyType.CODE_CHUNKER: ("agno.knowledge.chunking.code", "CodeChunking"),
        ChunkingStrategyType.DOCUMENT_CHUNKER: ("agno.knowledge.chunking.document", "DocumentChunking"),
        ChunkingStrategyType.RECURSIVE_CHUNKER: ("agno.knowledge.chunking.recursive", "RecursiveChunking"),
        ChunkingStrategyType.SEMANTIC_CHUNKER: ("agno.knowledge.chunking.semantic", "SemanticChunking"),
        ChunkingStrategyType.FIXED_SIZE_CHUNKER: ("agno.knowledge.chunking.fixed", "FixedSizeChunking"),
        ChunkingStrategyType.ROW_CHUNKER: ("agno.knowledge.chunking.row", "RowChunking"),
        ChunkingStrategyType.MARKDOWN_CHUNKER: ("agno.knowledge.chunking.markdown", "MarkdownChunking"),
    }

    @classmethod
    def strategy_class(cls, strategy_type: ChunkingStrategyType) -> type[ChunkingStrategy]:
        """The class of a strategy."""
        module, name = cls.STRATEGIES[strategy_type]
        found: type[ChunkingStrategy] = getattr(import_module(module), name)
        return found

    @classmethod
    def create_strategy(cls, strategy_type: ChunkingStrategyType, **kwargs: Any) -> ChunkingStrategy:
        """A chunker with these settings. `chunk_size` fits all: agentic calls it `max_chunk_size`, rows have no size."""
        if "chunk_size" in kwargs and strategy_type is ChunkingStrategyType.AGENTIC_CHUNKER:
            kwargs.setdefault("max_chunk_size", kwargs.pop("chunk_size"))
        elif strategy_type is ChunkingStrategyType.ROW_CHUNKER:
            kwargs = {key: value for key, value in kwargs.items() if key not in ("chunk_size", "overlap")}
        return cls.strategy_class(strategy_type)(**kwargs)


__all__ = ["ChunkingStrategy", "ChunkingStrategyFactory", "ChunkingStrategyType"]
