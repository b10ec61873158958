"""The tables as SQLAlchemy knows them, made from `agno.db.tables`."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from agno.db._schema import VERSIONS
from agno.db.sql._dialect import Dialect
from agno.db.tables import RUNS, Column, Table

ORDER = "seq"
_LONGEST_NAME = 63  # of PostgreSQL, the shortest of all


def keys_of(table: Table) -> tuple[str, ...]:
    """What is unique. A run's id is, within its session."""
    return ("session_id", "run_id") if table is RUNS else (table.key,)


def sql_table(table: Table, name: str, metadata: sa.MetaData, dialect: Dialect, *, ordered: bool = True) -> sa.Table:
    """The table, with its indexes; not `ordered` as Agno 2.0 made it, without a column for the order of its rows."""
    if not name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"{name!r} is no table name: it must have 1 to {_LONGEST_NAME} bytes.")
    order, unique = dialect.key_columns(keys_of(table))
    order = order if ordered else []
    columns = [_column(column, table, dialect) for column in (*table.columns, *table.unread)]
    if table.unique and dialect.unique_days:
        unique.append(sa.UniqueConstraint(*table.unique, name=short(f"{name}_uq_metrics_date_period")))
    made = sa.Table(name, metadata, *order, *columns, *unique)
    for column in table.columns:
        if column.indexed:
            # the runs of a session are read from its newest
            names = (column.name, ORDER) if table is RUNS else (column.name,)
            sa.Index(short(f"idx_{name}_{column.name}"), *(made.c[part] for part in names), **dialect.index_options)
    return made


def versions_table(metadata: sa.MetaData, dialect: Dialect) -> sa.Table:
    """Which version of the schema a table was made with."""
    return sa.Table(
        VERSIONS,
        metadata,
        sa.Column("table_name", dialect.text(128), primary_key=True),
        sa.Column("version", dialect.text(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger),
    )


def short(name: str) -> str:
    """The name of an index or a constraint, shortened where a product would refuse it."""
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"{name.encode()[:48].decode(errors='ignore')}_{sha256(name.encode()).hexdigest()[:10]}"


def _column(column: Column, table: Table, dialect: Dialect) -> sa.Column[Any]:
    types: dict[str, Any] = {"int": sa.BigInteger(), "json": dialect.json, "date": sa.Date(), "bool": sa.Boolean()}
    kind = types[column.kind] if column.kind in types else dialect.text(column.length)
    return sa.Column(column.name, kind, nullable=not column.required)


__all__ = ["ORDER", "keys_of", "short", "sql_table", "versions_table"]
