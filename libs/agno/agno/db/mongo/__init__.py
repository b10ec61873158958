"""MongoDB, and servers that speak like it."""

from agno.db.mongo.async_mongo import AsyncMongoDb
from agno.db.mongo.mongo import MongoDb

__all__ = ["AsyncMongoDb", "MongoDb"]
