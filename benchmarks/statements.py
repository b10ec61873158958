"""Counts the SQL statements of every SQLite connection that is opened while counting, whoever opens it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Count:
    """How many statements were run, those of transactions included and those of triggers not."""

    seen: int = 0

    def __call__(self, statement: str) -> None:
        if not statement.startswith("--"):
            self.seen += 1


@contextmanager
def counting() -> Iterator[Count]:
    """Count what connections opened in this block run."""
    plain: Any = sqlite3.connect
    count = Count()

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = plain(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    # SQLAlchemy takes the function from the inner module
    modules: tuple[Any, ...] = (sqlite3, sqlite3.dbapi2)
    for module in modules:
        module.connect = connect
    try:
        yield count
    finally:
        for module in modules:
            module.connect = plain
