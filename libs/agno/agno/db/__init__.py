"""Databases. Import one from its package: `from agno.db.sqlite import SqliteDb`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from agno.db._async import AsyncBaseDb
from agno.db.base import BaseDb, SessionType

# loaded when asked for, so that `import agno.db` needs no driver
_LAZY = {
    "AsyncMongoDb": "agno.db.mongo",
    "AsyncMySQLDb": "agno.db.mysql",
    "AsyncPostgresDb": "agno.db.postgres",
    "AsyncSqliteDb": "agno.db.sqlite",
    "DynamoDb": "agno.db.dynamo",
    "FirestoreDb": "agno.db.firestore",
    "GCSJsonDb": "agno.db.gcs_json",
    "GcsJsonDb": "agno.db.gcs_json",
    "InMemoryDb": "agno.db.in_memory",
    "JsonDb": "agno.db.json",
    "MongoDb": "agno.db.mongo",
    "MySQLDb": "agno.db.mysql",
    "MysqlDb": "agno.db.mysql",
    "PostgresDb": "agno.db.postgres",
    "RedisDb": "agno.db.redis",
    "SingleStoreDb": "agno.db.singlestore",
    "SqliteDb": "agno.db.sqlite",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["AsyncBaseDb", "BaseDb", "SessionType"]
