"""What SingleStore does otherwise than MySQL."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from agno.db._codec import to_json
from agno.db.sql._layout import ORDER
from agno.db.sql._mysql import MySQLDialect

_ticks = itertools.count(time.time_ns() // 1000)


def _moment() -> int:
    """Microseconds, never the same twice in a process."""
    global _ticks
    now, tick = time.time_ns() // 1000, next(_ticks)
    if now > tick:
        _ticks, tick = itertools.count(now + 1), now
    return tick


class SingleStoreDialect(MySQLDialect):
    """SingleStore 8 and newer."""

    name = "SingleStore"
    packages = "singlestore"
    example = "mysql+pymysql://user:password@localhost:3306/ai"
    connect_args = {"pymysql": {"connect_timeout": 10, "charset": "utf8mb4"}}
    index_options = {"mysql_using": "hash"}  # the only kind that its column store has
    unique_days = False  # a unique key must hold the shard key, which is the primary key

    def key_columns(self, keys: Collection[str]) -> tuple[list[sa.Column[Any]], list[sa.Constraint]]:
        # numbers that several nodes hand out do not grow with time, so the order is the moment of writing
        order = sa.Column(ORDER, sa.BigInteger, default=_moment, nullable=False)
        return [order], [sa.PrimaryKeyConstraint(*keys)]

    def text_at(self, column: sa.ColumnElement[Any], key: str | None) -> sa.ColumnElement[str]:
        if key is None:
            return sa.cast(column, sa.Text)
        return sa.func.json_extract_string(column, key, type_=sa.Text())

    def contains(self, column: sa.ColumnElement[Any], key: str | None, part: str) -> sa.ColumnElement[bool]:
        # it cannot unquote a JSON text, so the part is quoted instead
        quoted = part if key is not None else to_json(part).decode()[1:-1]
        return super().contains(column, key, quoted)

    def has_all(self, column: sa.ColumnElement[Any], wanted: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.and_(*(sa.func.json_array_contains_string(column, item) == 1 for item in wanted))

    def connect_options(self, url: URL) -> dict[str, Any]:
        options = super().connect_options(url)
        if not any(name.startswith("ssl") for name in url.query):  # the URL may say otherwise
            options |= {"ssl_verify_cert": True, "ssl_verify_identity": True}
        return options


__all__ = ["SingleStoreDialect"]
