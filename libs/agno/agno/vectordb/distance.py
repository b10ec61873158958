"""How near two vectors are."""

from __future__ import annotations

from enum import Enum


class Distance(str, Enum):
    """The measure of a vector database."""

    cosine = "cosine"
    l2 = "l2"
    max_inner_product = "max_inner_product"


def similarity(distance: float, measure: Distance) -> float:
    """A distance as a similarity, larger for nearer. A max_inner_product is one already."""
    if measure is Distance.cosine:
        return 1.0 - distance
    return 1.0 / (1.0 + distance) if measure is Distance.l2 else distance


__all__ = ["Distance", "similarity"]
