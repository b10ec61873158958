"""Redis, and servers that speak like it."""

from agno.db.redis.redis import RedisDb

__all__ = ["RedisDb"]
