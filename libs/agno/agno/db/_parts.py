"""Texts that are larger than what a product takes in one piece: packed, and in parts if that is not enough."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

SMALL = 50_000  # bytes up to which a text stays readable


def in_parts(text: bytes, largest: int) -> list[bytes]:
    """The text packed, in parts that are not larger."""
    packed = zlib.compress(text, 6)
    return [packed[start : start + largest] for start in range(0, len(packed), largest)]


def joined(parts: Iterable[bytes]) -> bytes:
    """The inverse of `in_parts`."""
    return zlib.decompress(b"".join(parts))


__all__ = ["SMALL", "in_parts", "joined"]
