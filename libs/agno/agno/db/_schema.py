"""What to say of a table that is there, but is not ours."""

from __future__ import annotations

from collections.abc import Collection

from agno.db._port import InvalidSchemaError, MigrationRequiredError
from agno.db.tables import Column, Table

_V1_COLUMNS = frozenset({"extra_data", "team_session_id"})


def lacking(table: Table, there: Collection[str]) -> list[str]:
    """The columns we need that are not there, and cannot be added."""
    columns = (*table.columns, *table.unread)
    return [column.name for column in columns if column.name not in there and not column.later]


def to_add(table: Table, there: Collection[str]) -> list[Column]:
    """The columns that a table of an older version gets."""
    return [column for column in table.columns if column.later and column.name not in there]


def misfit(name: str, place: str, missing: Collection[str], there: Collection[str]) -> InvalidSchemaError:
    """The error for a table that lacks columns."""
    text = f"Table {name!r} in {place!r} has an invalid schema: it lacks {', '.join(missing)}."
    if not _V1_COLUMNS.isdisjoint(there):
        return MigrationRequiredError(
            f"{text} Agno 1 wrote it: migrate it with agno.db.migrations.v1_to_v2, or choose another table name."
        )
    return InvalidSchemaError(f"{text} Choose another table name, or add the columns.")


__all__ = ["lacking", "misfit", "to_add"]
