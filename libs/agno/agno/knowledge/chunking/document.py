"""Chunks of whole paragraphs."""

from __future__ import annotations

from agno.knowledge.chunking._text import check_sizes, chunks_of, overlapping, pack, paragraphs
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document


class DocumentChunking(ChunkingStrategy):
    """Packs paragraphs into chunks of at most `chunk_size` characters; a longer paragraph is cut at its sentences.

    With an overlap, each chunk begins with the last `overlap` characters of the one before; they count to its size.
    """

    def __init__(self, chunk_size: int = 5000, overlap: int = 0) -> None:
        check_sizes("DocumentChunking", chunk_size, overlap)
        self.chunk_size = chunk_size
        self.overlap = overlap

    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a document; one that is short enough comes back as it is."""
        if len(document.content) <= self.chunk_size:
            return [document]
        packed = pack(paragraphs(self.clean_text(document.content)), self.chunk_size - self.overlap)
        return chunks_of(document, overlapping(packed, self.overlap))


__all__ = ["DocumentChunking"]
