"""Rows as documents, and questions as filters that need no index but those the product makes itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter, Or

from agno.db._codec import to_json
from agno.db._documents import document_of
from agno.db.query import Where
from agno.db.tables import MEMORIES, Row, Table

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
_MOST_VALUES = 30  # in one filter


def document_id(key: str) -> str:
    """The name of a document. The product takes not every text for one, and a slash would lead elsewhere."""
    if _PLAIN_ID.fullmatch(key):
        return key
    return "~" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def fields_of(table: Table, row: Row) -> Row:
    """All fields of a row; JSON columns are text, since maps may not hold everything."""
    fields: Row = {**dict.fromkeys(table.names), **document_of(row)}
    for name in table.json_names:
        if fields[name] is not None and not (table is MEMORIES and name == "memory"):
            fields[name] = to_json(fields[name]).decode()
    return fields


def filters(conditions: Sequence[Where]) -> list[Any]:
    """The conditions that single-field indexes answer together: equalities, or without any the bounds of one field."""
    found = [one for where in conditions if (one := _equality(where)) is not None]
    if found:
        return found
    ways = {"from": ">=", "to": "<="}
    bounds = [where for where in conditions if where.op in ways]
    return [
        FieldFilter(where.columns[0], ways[where.op], where.value)
        for where in bounds
        if where.columns == bounds[0].columns
    ]


def _equality(where: Where) -> Any:
    op, columns, value, _ = where
    if op == "is":
        each: list[Any] = [FieldFilter(column, "==", value) for column in columns]
        return each[0] if len(each) == 1 else Or(each)
    if op == "in" and len(value) <= _MOST_VALUES:
        return FieldFilter(columns[0], "in", list(value))
    return None


def text_size(fields: Mapping[str, Any]) -> int:
    """About how many bytes a document takes."""
    return sum(len(value) for value in fields.values() if isinstance(value, (str, bytes)))


__all__ = ["document_id", "fields_of", "filters", "text_size"]
