"""Chunks of sentences that are about the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.knowledge.chunking._text import check_sizes, chunks_of, overlapping, pack, sentences
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document
from agno.utils.later import later

_default = later("agno.knowledge.embedder.openai")
_SHORT = 24  # characters; less ("Yes.", "e.g.") says nothing by itself and stays with what follows
_BATCH = 100


class SemanticChunking(ChunkingStrategy):
    """Cuts where the embeddings of neighbouring sentences differ: their cosine similarity is below `similarity_threshold`.

    Sentences are compared with the mean of the group they would join. `embedder=None` uses the OpenAI embedder. Groups are
    not packed together, so that one chunk has one theme; a group of more than `chunk_size` characters is cut.
    """

    def __init__(self, embedder: Any = None, chunk_size: int = 5000, similarity_threshold: float = 0.5) -> None:
        check_sizes("SemanticChunking", chunk_size, 0)
        if not isinstance(similarity_threshold, (int, float)) or not -1 <= similarity_threshold <= 1:
            raise ValueError(
                f"SemanticChunking(similarity_threshold={similarity_threshold!r}) is a cosine, from -1 to 1."
            )
        self.embedder = embedder
        self.chunk_size = chunk_size
        self.similarity_threshold = similarity_threshold

    async def _chunk(self, io: IO, /, document: Document) -> list[Document]:
        """The chunks of a document; one sentence is not embedded."""
        pieces = _joined(sentences(self.clean_text(document.content)))
        if len(pieces) < 2:
            return chunks_of(document, overlapping(pack(pieces, self.chunk_size)))
        groups = self._groups(pieces, await self._embedded(io, pieces))
        cut = (text for group in groups for text in pack([group], self.chunk_size))
        return chunks_of(document, overlapping(cut))

    chunk = sync(_chunk)  # type: ignore[arg-type]  # mypy expects the self of the base
    achunk = asynchronous(_chunk)  # type: ignore[arg-type]

    async def _embedded(self, io: IO, pieces: list[str]) -> list[Sequence[float]]:
        if self.embedder is None:
            self.embedder = _default.OpenAIEmbedder()
        found: list[Sequence[float]] = []
        for start in range(0, len(pieces), _BATCH):
            texts = [piece.strip() for piece in pieces[start : start + _BATCH]]
            found += await io.gather(*(self._one(io, text) for text in texts))
        return found

    async def _one(self, io: IO, text: str) -> Sequence[float]:
        vector: Sequence[float] = await io.pick(self.embedder.get_embedding, self.embedder.async_get_embedding, text)
        return vector

    def _groups(self, pieces: list[str], vectors: list[Sequence[float]]) -> list[str]:
        groups, total = [pieces[0]], list(vectors[0])
        for piece, vector in zip(pieces[1:], vectors[1:], strict=True):
            fits = len(groups[-1]) + len(piece) <= self.chunk_size
            if fits and similarity(total, vector) >= self.similarity_threshold:
                groups[-1] += piece
                total = [a + b for a, b in zip(total, vector, strict=True)]
            else:
                groups.append(piece)
                total = list(vector)
        return groups


def _joined(pieces: list[str]) -> list[str]:
    """Sentences, with very short ones at the head of the next."""
    found: list[str] = []
    for piece in pieces:
        if found and len(found[-1].strip()) < _SHORT:
            found[-1] += piece
        else:
            found.append(piece)
    return found


def similarity(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors; 0 for a vector of zeros."""
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0


__all__ = ["SemanticChunking", "similarity"]
