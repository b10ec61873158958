"""The database at an address that stands on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agno import db as dbs
from agno.db.base import BaseDb

EXAMPLES = "sqlite:///agent.db, postgresql://user:password@host/db, mysql://user:password@host/db, mongodb://host/db"
_CLASSES = {
    "sqlite": "SqliteDb",
    "postgresql": "PostgresDb",
    "postgres": "PostgresDb",
    "mysql": "MySQLDb",
    "mariadb": "MySQLDb",
    "redis": "RedisDb",
    "rediss": "RedisDb",
    "mongodb": "MongoDb",
}


def kind_of(address: str) -> str:
    """The class for an address, or for the path of a SQLite file. ValueError for what is neither."""
    scheme, separator, _ = address.partition("://")
    scheme = scheme.partition("+")[0].lower() if separator else "sqlite"
    if scheme not in _CLASSES:  # the rest is not shown: it may hold a password
        raise ValueError(f"{scheme!r} is no database that is known here. Write it like {EXAMPLES}.")
    return _CLASSES[scheme]


def opened(address: str, schema: str | None = None, sessions: str | None = None, memories: str | None = None) -> BaseDb:
    """The database at an address. Its driver is imported only now; a file must be there."""
    kind, tables = kind_of(address), {"session_table": sessions, "memory_table": memories}
    made: Any = getattr(dbs, kind)
    if kind == "SqliteDb":
        db = made(db_url=address, **tables) if "://" in address else made(db_file=address, **tables)
        if not Path(str(db.db_file)).is_file():  # or it would be made, and be empty
            raise ValueError(
                f"There is no SQLite file {str(db.db_file)!r}. Name one that is there, or an address like {EXAMPLES}."
            )
    elif kind == "MongoDb":
        name = schema or address.partition("://")[2].partition("/")[2].partition("?")[0] or None
        db = made(db_url=address, db_name=name, session_collection=sessions, memory_collection=memories)
    elif kind == "RedisDb":
        db = made(db_url=address, **tables)
    else:
        db = made(db_url=address, db_schema=schema, **tables)
    found: BaseDb = db
    return found


__all__ = ["EXAMPLES", "kind_of", "opened"]
