"""Vectors without a model: every word is a direction."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass

from agno._io import IO
from agno.knowledge.embedder.base import Embedder, Usage, Vector

_WORD = re.compile(r"\w+")


@dataclass
class HashingEmbedder(Embedder):
    """Counts words, hashed into `dimensions` places. Texts are near if they share words; the same everywhere, for ever.

    For tests and demonstrations: it needs no key, no model and no package, and knows nothing of meaning.
    """

    dimensions: int | None = 256
    id: str = "hashing"

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        return [self._vector(text) for text in texts], {"prompt_tokens": sum(len(_WORD.findall(t)) for t in texts)}

    def _vector(self, text: str) -> Vector:
        size = self.dimensions or 256
        vector = [0.0] * size
        for word in _WORD.findall(text.lower()):
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            vector[int.from_bytes(digest[:7], "big") % size] += 1.0 if digest[7] & 1 else -1.0
        length = math.sqrt(sum(x * x for x in vector))
        if not length:  # no words, or words that cancel each other out: some vector it must have
            vector[0] = length = 1.0
        return [x / length for x in vector]


__all__ = ["HashingEmbedder"]
