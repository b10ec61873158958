"""PostgreSQL with the extension pgvector: `pip install 'agno[pgvector]'`."""

from agno.vectordb.distance import Distance
from agno.vectordb.pgvector.index import HNSW, Ivfflat
from agno.vectordb.pgvector.pgvector import PgVector
from agno.vectordb.search import SearchType

__all__ = ["HNSW", "Distance", "Ivfflat", "PgVector", "SearchType"]
