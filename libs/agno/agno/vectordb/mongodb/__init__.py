"""MongoDB: `pip install 'agno[mongo]'`."""

from agno.vectordb.mongodb.mongodb import MongoDb
from agno.vectordb.search import SearchType

__all__ = ["MongoDb", "SearchType"]
