"""Chunks that end with a line or a sentence."""

from __future__ import annotations

from agno.knowledge.chunking._text import check_sizes, chunks_of, cut, last_line
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document
from agno.utils.log import log_warning

_MUCH = 0.15
_LEAST = 0.1  # of the chunk size that each chunk brings forward


class RecursiveChunking(ChunkingStrategy):
    """Cuts at the last newline of each window of `chunk_size` characters, else behind its last full stop, else at its end."""

    def __init__(self, chunk_size: int = 5000, overlap: int = 0) -> None:
        check_sizes("RecursiveChunking", chunk_size, overlap)
        if overlap > chunk_size * _MUCH:
            log_warning(f"RecursiveChunking: overlap={overlap} is more than 15 % of chunk_size={chunk_size}.")
        self.chunk_size = chunk_size
        self.overlap = overlap

    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a document; one that is short enough comes back as it is."""
        if len(document.content) <= self.chunk_size:
            return [document]
        least = self.overlap + max(1, int(self.chunk_size * _LEAST))
        text = self.clean_text(document.content)
        return chunks_of(document, cut(text, self.chunk_size, self.overlap, (last_line,), least))


__all__ = ["RecursiveChunking"]
