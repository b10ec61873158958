"""Weaviate: `pip install 'agno[weaviate]'`."""

from agno.vectordb.search import SearchType
from agno.vectordb.weaviate.index import Distance, VectorIndex
from agno.vectordb.weaviate.weaviate import Weaviate

__all__ = ["Distance", "SearchType", "VectorIndex", "Weaviate"]
