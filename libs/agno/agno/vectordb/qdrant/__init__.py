"""Qdrant: `pip install 'agno[qdrant]'`."""

from agno.vectordb.qdrant.qdrant import Qdrant
from agno.vectordb.search import SearchType

__all__ = ["Qdrant", "SearchType"]
