"""Vector databases: where the chunks of documents are kept and searched."""

from agno.vectordb.base import VectorDb, VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance
from agno.vectordb.search import SearchType

__all__ = ["Distance", "SearchType", "VectorDb", "VectorDbError", "VectorDbUnavailableError"]
