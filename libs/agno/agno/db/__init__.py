"""Databases. Import one from its package: `from agno.db.sqlite import SqliteDb`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from agno.db.base import BaseDb, SessionType

# loaded when asked for, so that `import agno.db` needs no driver
_LAZY = {
    "AsyncMongoDb": "agno.db.mongo",
    "DynamoDb": "agno.db.dynamo",
    "InMemoryDb": "agno.db.in_memory",
    "JsonDb": "agno.db.json",
    "MongoDb": "agno.db.mongo",
    "RedisDb": "agno.db.redis",
    "SqliteDb": "agno.db.sqlite",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["BaseDb", "SessionType"]
