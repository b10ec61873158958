"""Versions of the schema, and what to say of a table that is there but is not of this one."""

from __future__ import annotations

from collections.abc import Collection

from agno.db._port import InvalidSchemaError, MigrationRequiredError
from agno.db.tables import Column, Table

V2 = "2.0.0"  # the runs of a session are in its row; Agno 2.0 made its tables so, and wrote no version
SCHEMA_VERSION = "2.6.0"  # a run is a row; behind all versions that Agno 2 has written down
# What may be written beside a table. Between the first and the last nothing changed that is read or written here.
KNOWN_VERSIONS = (V2, "2.3.0", "2.5.0", "2.5.6", SCHEMA_VERSION)
VERSIONS = "agno_schema_versions"  # the table they are written in

_V1_COLUMNS = frozenset({"extra_data", "team_session_id"})


def lacking(table: Table, there: Collection[str]) -> list[str]:
    """The columns we need that are not there, and cannot be added."""
    columns = (*table.columns, *table.unread)
    return [column.name for column in columns if column.name not in there and not column.later]


def to_add(table: Table, there: Collection[str]) -> list[Column]:
    """The columns that a table of an older version gets."""
    return [column for column in table.columns if column.later and column.name not in there]


def misfit(name: str, place: str, missing: Collection[str], there: Collection[str]) -> InvalidSchemaError:
    """The error for a table that lacks columns. `place` is an address, without its password."""
    text = f"Table {name!r} in {place!r} has an invalid schema: it lacks {', '.join(missing)}."
    if _V1_COLUMNS.isdisjoint(there) and not {"id", "user_id", "memory"} <= set(there):
        return InvalidSchemaError(f"{text} Choose another table name, or add the columns.")
    return MigrationRequiredError(f"{text} Agno 1 wrote it. Run: agno migrate '{place}', or choose another table name.")


def check_version(name: str, place: str, version: str | None) -> None:
    """Refuse a table that a later version made: what it means by its columns is not known here."""
    if version is None:
        return
    major = version.partition(".")[0]
    if not major.isdecimal():
        raise InvalidSchemaError(
            f"Table {name!r} in {place!r} has no version of the schema but {version!r}: write the true one into "
            f"{VERSIONS!r}, or choose another table name."
        )
    if int(major) > int(SCHEMA_VERSION.partition(".")[0]):
        raise InvalidSchemaError(
            f"Table {name!r} in {place!r} has version {version} of the schema, newer than {SCHEMA_VERSION}, which this "
            "Agno writes: install a newer agno, or choose another table name."
        )


__all__ = ["KNOWN_VERSIONS", "SCHEMA_VERSION", "V2", "VERSIONS", "check_version", "lacking", "misfit", "to_add"]
