"""LanceDB: `pip install 'agno[lancedb]'`."""

from agno.vectordb.lancedb.lance_db import LanceDb
from agno.vectordb.search import SearchType

__all__ = ["LanceDb", "SearchType"]
