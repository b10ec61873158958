"""Ways to search."""

from __future__ import annotations

from enum import Enum


class SearchType(str, Enum):
    """By meaning, by words, or by both."""

    vector = "vector"
    keyword = "keyword"
    hybrid = "hybrid"


__all__ = ["SearchType"]
