"""SQLite with sqlite-vec: `pip install 'agno[sqlite-vec]'`."""

from agno.vectordb.search import SearchType
from agno.vectordb.sqlite.sqlite import SqliteVec

__all__ = ["SearchType", "SqliteVec"]
