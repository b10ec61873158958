"""Markdown files."""

from __future__ import annotations

from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.reader.text_reader import TextReader
from agno.knowledge.types import ContentType


class MarkdownReader(TextReader):
    """Markdown, cut at its headings. The text stays as it is written."""

    default_strategy = Strategy.MARKDOWN_CHUNKER
    strategies = (
        Strategy.MARKDOWN_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
    )
    content_types = (ContentType.MARKDOWN,)


__all__ = ["MarkdownReader"]
