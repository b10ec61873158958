"""Redis with its search: `pip install 'agno[redis-vector]'`."""

from agno.vectordb.redis.redis import RedisDB, RedisVectorDb
from agno.vectordb.search import SearchType

__all__ = ["RedisDB", "RedisVectorDb", "SearchType"]
