"""The chunks, and an embedder that costs nothing: both the same in every row."""

from __future__ import annotations

import random
import zlib
from typing import Any

SIZE = 384  # numbers of a vector
_TABLE = 1000  # different vectors
_chance = random.Random(7)
VECTORS = [[_chance.uniform(-1, 1) for _ in range(SIZE)] for _ in range(_TABLE)]
_WORDS = [f"word{n}" for n in range(2000)]


def vector(text: str) -> list[float]:
    """Looked up, not computed."""
    return VECTORS[zlib.crc32(text.encode()) % _TABLE]


def texts(count: int) -> list[str]:
    """Chunks of 40 words; each has its number."""
    words = random.Random(11)
    return [f"chunk {n} " + " ".join(words.choices(_WORDS, k=38)) for n in range(count)]


def queries(count: int) -> list[str]:
    words = random.Random(13)
    return [" ".join(words.choices(_WORDS, k=5)) for _ in range(count)]


def embedder() -> Any:
    """For both versions of Agno."""
    from agno.knowledge.embedder.base import Embedder

    class Looked(Embedder):
        dimensions = SIZE
        enable_batch = True

        def __init__(self) -> None:
            pass

        async def embed_batch(self, io: Any, texts: list[str]) -> Any:
            return [vector(text) for text in texts], None

        def get_embedding(self, text: str) -> list[float]:
            return vector(text)

        def get_embedding_and_usage(self, text: str) -> Any:
            return vector(text), None

        async def async_get_embedding(self, text: str) -> list[float]:
            return vector(text)

        async def async_get_embedding_and_usage(self, text: str) -> Any:
            return vector(text), None

    return Looked()
