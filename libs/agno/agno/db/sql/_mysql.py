"""What is particular to the products that speak the protocol of MySQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR, insert
from typing_extensions import Unpack

from agno.db._codec import to_json
from agno.db._names import TableNames, by_name
from agno.db.sql._dialect import Dialect
from agno.db.sql._layout import ORDER

_BINARY = "utf8mb4_bin"  # 'Ann' is not 'ann'
_CASES = "utf8mb4_unicode_520_ci"


class EngineFirst:
    """The order in which Agno 2.0 took the arguments on these products: an engine, where PostgreSQL has the address."""

    def __init__(
        self,
        db_engine: Any = None,
        db_schema: str | None = None,
        db_url: str | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        names: Any = by_name(tables, more)
        super().__init__(db_url=db_url, db_engine=db_engine, db_schema=db_schema, **names)  # type: ignore[call-arg]


class MySQLDialect(Dialect):
    """MySQL 8 and MariaDB 10.6, and newer."""

    name = "MySQL"
    schemes = ("mysql", "mariadb")
    driver, async_driver = "pymysql", "asyncmy"
    packages = "mysql"
    example = "mysql+pymysql://user:password@localhost:3306/ai"
    pads = True
    try_again = frozenset({1020, 1205, 1213})  # the row has changed, lock wait timeout, deadlock
    no_table = frozenset({1146})
    refused = frozenset({3140, 3157, 4025})  # JSON that is none to the server, such as one nested too deep for it
    connect_args = {
        "pymysql": {"connect_timeout": 10},
        "asyncmy": {"connect_timeout": 10},
        "aiomysql": {"connect_timeout": 10},
    }

    def text(self, length: int | None) -> sa.types.TypeEngine[str]:
        return LONGTEXT(collation=_BINARY) if length is None else VARCHAR(length, collation=_BINARY)

    def key_columns(self, keys: Collection[str]) -> tuple[list[sa.Column[Any]], list[sa.Constraint]]:
        # rows lie in the order of the primary key: new ones at the end
        order = sa.Column(ORDER, sa.BigInteger, primary_key=True, autoincrement=True)
        return [order], [sa.UniqueConstraint(*keys)]

    def upsert(self, table: sa.Table, keys: Collection[str], changed: Collection[str]) -> sa.Insert:
        new = insert(table)
        return new.on_duplicate_key_update({name: new.inserted[name] for name in changed})

    def text_at(self, column: sa.ColumnElement[Any], key: str | None) -> sa.ColumnElement[str]:
        path = "$" if key is None else f'$."{key}"'
        return sa.func.json_unquote(sa.func.json_extract(column, path), type_=sa.Text())

    def has_all(self, column: sa.ColumnElement[Any], wanted: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.func.json_contains(column, to_json(wanted).decode()) == 1

    def folded(self, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        # this collation knows the cases of all letters; but it would also take 'e' for 'é'
        return sa.collate(sa.func.lower(sa.collate(text, _CASES)), _BINARY)


__all__ = ["EngineFirst", "MySQLDialect"]
