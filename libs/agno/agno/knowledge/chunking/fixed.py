"""Chunks of a fixed size."""

from __future__ import annotations

from agno.knowledge.chunking._text import check_sizes, chunks_of, cut
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document


class FixedSizeChunking(ChunkingStrategy):
    """Cuts every `chunk_size` characters, at the last space before. A chunk begins with the last `overlap` of the one before."""

    def __init__(self, chunk_size: int = 5000, overlap: int = 0) -> None:
        check_sizes("FixedSizeChunking", chunk_size, overlap)
        self.chunk_size = chunk_size
        self.overlap = overlap

    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a document; one longer than it is a single chunk."""
        return chunks_of(document, cut(self.clean_text(document.content), self.chunk_size, self.overlap))


__all__ = ["FixedSizeChunking"]
