"""Between rows of the port and what the driver takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from agno.db._codec import from_json, nested_from_json, to_json
from agno.db._port import RunRow
from agno.db.sql._dialect import Dialect
from agno.db.sql._text import escaped, escaped_json, padded, plain, plain_json
from agno.db.tables import MEMORIES, RUNS, Column, Row, Table

RUN = "run_"  # before the names of a run's values, where a header's are in the same statement


def bound(column: Column, value: Any, dialect: Dialect) -> Any:
    """A value as the driver takes it."""
    if value is None:
        return None
    if column.kind == "json":
        return escaped_json(to_json(value))
    if column.kind == "date":
        return date.fromisoformat(value)
    if column.kind == "bool":
        return bool(value)
    if isinstance(value, str):
        return padded(escaped(value)) if dialect.pads and column.length else escaped(value)
    return value


def key(text: str, dialect: Dialect) -> str:
    """An id as the driver takes it."""
    return padded(escaped(text)) if dialect.pads else escaped(text)


def values(table: Table, row: Row, dialect: Dialect) -> dict[str, Any]:
    """The parameters of a row."""
    return {column.name: bound(column, row.get(column.name), dialect) for column in table.columns}


def run_values(run: Row, dialect: Dialect) -> dict[str, Any]:
    """The parameters of a run."""
    payload = run["payload"]
    rest = {f"{RUN}{c.name}": bound(c, run[c.name], dialect) for c in RUNS.columns if c.name != "payload"}
    return {**rest, f"{RUN}payload": escaped_json(payload)}


def row_of(table: Table, names: Sequence[str], found: Iterable[Any]) -> Row:
    """A row of the port."""
    row = dict(zip(names, found, strict=True))
    for name, value in row.items():
        if isinstance(value, str):
            row[name] = _read(table, name, value)
        elif isinstance(value, date):
            row[name] = value.isoformat()
    return row


def run_of(run_id: str, payload: str) -> RunRow:
    """A run of the port."""
    return plain(run_id), plain_json(payload).encode()


def _read(table: Table, name: str, value: str) -> Any:
    if name in table.json_names:
        text = plain_json(value)
        return from_json(text) if table is MEMORIES and name == "memory" else nested_from_json(text)
    return plain(value)


__all__ = ["RUN", "bound", "key", "plain", "row_of", "run_of", "run_values", "values"]
