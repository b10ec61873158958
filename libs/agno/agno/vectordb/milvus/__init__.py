"""Milvus: `pip install 'agno[milvus]'`."""

from agno.vectordb.milvus.milvus import Milvus
from agno.vectordb.search import SearchType

__all__ = ["Milvus", "SearchType"]
