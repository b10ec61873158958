"""How Weaviate keeps and measures vectors."""

from __future__ import annotations

from enum import Enum


class VectorIndex(str, Enum):
    """The kind of index: approximate, exact, or exact until there are many."""

    HNSW = "hnsw"
    FLAT = "flat"
    DYNAMIC = "dynamic"


class Distance(str, Enum):
    """The measures of Weaviate, of which `agno.vectordb.distance` names three."""

    COSINE = "cosine"
    DOT = "dot"
    L2_SQUARED = "l2-squared"
    HAMMING = "hamming"
    MANHATTAN = "manhattan"


__all__ = ["Distance", "VectorIndex"]
