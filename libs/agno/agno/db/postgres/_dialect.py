"""What is particular to PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from agno.db._codec import to_json
from agno.db.sql._dialect import Dialect


class PostgresDialect(Dialect):
    """PostgreSQL 13 and newer, through psycopg, asyncpg or psycopg2."""

    name = "PostgreSQL"
    schemes = ("postgresql", "postgres")
    driver = async_driver = "psycopg"
    packages = "postgres"
    example = "postgresql+psycopg://user:password@localhost:5432/ai"
    nulls_last = True
    free_autocommit = True
    renames_with_schema = False
    version = sa.cast(sa.literal_column("xmin"), sa.Text)  # the transaction that wrote the row last
    try_again = frozenset({"40001", "40P01"})  # serialization failure, deadlock
    no_table = frozenset({"42P01"})
    connect_args = {"psycopg": {"connect_timeout": 10}, "psycopg2": {"connect_timeout": 10}, "asyncpg": {"timeout": 10}}

    def text(self, length: int | None) -> sa.types.TypeEngine[str]:
        return sa.Text()

    def key_columns(self, keys: Collection[str]) -> tuple[list[sa.Column[Any]], list[sa.Constraint]]:
        order = sa.Column("seq", sa.BigInteger, sa.Identity(), nullable=False)
        return [order], [sa.PrimaryKeyConstraint(*keys)]

    def upsert(self, table: sa.Table, keys: Collection[str], changed: Collection[str]) -> sa.Insert:
        new = insert(table)
        return new.on_conflict_do_update(index_elements=list(keys), set_={name: new.excluded[name] for name in changed})

    def text_at(self, column: sa.ColumnElement[Any], key: str | None) -> sa.ColumnElement[str]:
        if key is None:
            return column.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'"))
        return column.op("->>", return_type=sa.Text())(key)

    def has_all(self, column: sa.ColumnElement[Any], wanted: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.cast(column, JSONB).op("@>", return_type=sa.Boolean())(
            sa.cast(sa.literal(to_json(wanted).decode(), sa.Text), JSONB)
        )


__all__ = ["PostgresDialect"]
