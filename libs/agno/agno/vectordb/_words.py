"""Texts as sparse vectors of their words, for products that rank these by BM25 or keep dot products of them."""

from __future__ import annotations

import re
import zlib
from collections import Counter

from agno.utils._common_words import COMMON_WORDS

_WORD = re.compile(r"\w+")
_K1, _B, _MEAN = 1.2, 0.75, 128.0  # as in BM25; the mean length is a guess, so that no text depends on the others


def sparse(text: str, size: int = 2**32) -> dict[int, float]:
    """The weight of each word by its hashed number below `size`, without how rare it is: that the product knows."""
    words = Counter(_stem(word) for word in _words(text))
    length = _K1 * (1 - _B + _B * words.total() / _MEAN)
    found: dict[int, float] = {}
    for word, count in words.items():
        place = zlib.crc32(word.encode("utf-8", "replace")) % size
        found[place] = found.get(place, 0.0) + count * (_K1 + 1) / (count + length)
    return found


def sparse_query(text: str, size: int = 2**32) -> dict[int, float]:
    """The words of a question, each once."""
    return dict.fromkeys(sparse(text, size), 1.0)


def _words(text: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(text)]
    return [word for word in words if word not in COMMON_WORDS] or words


def _stem(word: str) -> str:
    """Plurals and singulars are one word; more would be wrong in most languages."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


__all__ = ["sparse", "sparse_query"]
