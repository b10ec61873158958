"""Chunks of whole sections."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from agno.knowledge.chunking._text import check_sizes, chunks_of, overlapping, pack, paragraphs
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document

_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # what Markdown calls a line; `splitlines` knows more
_parser: Any = None


class MarkdownChunking(ChunkingStrategy):
    """Packs the sections under the headings of a Markdown text; a longer section is cut at its paragraphs, then sentences.

    `split_on_headings=True` makes a chunk of every section instead, however small.
    """

    def __init__(self, chunk_size: int = 5000, overlap: int = 0, split_on_headings: bool = False) -> None:
        check_sizes("MarkdownChunking", chunk_size, overlap)
        self.chunk_size = chunk_size
        self.overlap = overlap
        self.split_on_headings = split_on_headings

    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a document; one that is short enough comes back as it is."""
        if len(document.content) <= self.chunk_size and not self.split_on_headings:
            return [document]
        size = self.chunk_size - self.overlap
        found = sections(document.content.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""))
        cut = [piece for section in found for piece in self._fitting(section, size)]
        packed = cut if self.split_on_headings else pack(cut, size)
        return chunks_of(document, overlapping(packed, self.overlap))

    def _fitting(self, section: str, size: int) -> list[str]:
        return [section] if len(section.rstrip()) <= size else list(pack(paragraphs(section), size))


def sections(text: str) -> list[str]:
    """Headings with the text below them. A `#` in a block of code is no heading."""
    lines = _LINE.findall(text)
    starts = [token.map[0] for token in _markdown().parse(text) if token.type == "heading_open" and token.level == 0]
    edges = sorted({0, *starts, len(lines)})
    return ["".join(lines[start:end]) for start, end in pairwise(edges)]


def _markdown() -> Any:
    global _parser
    if _parser is None:
        from markdown_it import MarkdownIt  # comes with rich

        _parser = MarkdownIt("commonmark").disable(["inline", "text_join"])  # only blocks are asked for
    return _parser


__all__ = ["MarkdownChunking", "sections"]
