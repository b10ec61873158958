"""Statements of SingleStore, and records as its rows."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from agno.db.sql._text import padded, plain
from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._flat import READ, Clauses, flat, read
from agno.vectordb._records import Record
from agno.vectordb.distance import Distance

_KINDS = {
    "id": "VARCHAR(64)",
    "embedding": "LONGBLOB",
    "norm": "DOUBLE",
    "terms": "JSON",
    "numbers": "JSON",
    **dict.fromkeys(("content", "name", "meta_data", "usage", "content_hash", "source", "content_id"), "LONGTEXT"),
}
_COMPARED = ("name", "content_hash", "source", "content_id")  # MySQL ignores spaces at their ends
SELECTED = ", ".join(f"JSON_ARRAY_UNPACK({n}) AS {n}" if n == "embedding" else f"`{n}`" for n in READ)
SCORES = {
    Distance.cosine: "DOT_PRODUCT(embedding, JSON_ARRAY_PACK(:vector)) / NULLIF(norm * :norm, 0)",
    Distance.l2: "-EUCLIDEAN_DISTANCE(embedding, JSON_ARRAY_PACK(:vector))",
    Distance.max_inner_product: "DOT_PRODUCT(embedding, JSON_ARRAY_PACK(:vector))",
}


def created(table: str) -> str:
    """The statement that makes the table. Texts are compared byte by byte."""
    columns = [
        f"`{name}` {kind}" + (" COLLATE utf8mb4_bin" if kind in ("LONGTEXT", "VARCHAR(64)") else "")
        for name, kind in _KINDS.items()
    ]
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY (id)) DEFAULT CHARSET=utf8mb4"


def replaced(table: str) -> str:
    """The statement that stores a row, or puts it in the place of the one with its id."""
    values = ", ".join("JSON_ARRAY_PACK(:embedding)" if name == "embedding" else f":{name}" for name in _KINDS)
    return f"REPLACE INTO {table} ({', '.join(f'`{name}`' for name in _KINDS)}) VALUES ({values})"


def row_of(record: Record) -> dict[str, Any]:
    """A record as parameters of `replaced`."""
    row = flat(record)
    row.update({name: padded(row[name]) for name in _COMPARED if row[name] is not None})
    vector = asked(record.embedding or [])
    row.update(embedding=vector["vector"], norm=vector["norm"])
    return {**row, "terms": json.dumps(record.terms), "numbers": json.dumps(record.numbers)}


def asked(embedding: Sequence[float]) -> dict[str, Any]:
    """A vector as parameters of a score."""
    return {"vector": json.dumps([float(x) for x in embedding]), "norm": math.hypot(*embedding)}


def record_of(row: Any) -> Record:
    """The record of a row that was read as `SELECTED`."""
    values = dict(zip(READ, row, strict=False))
    values.update({name: plain(values[name]) for name in _COMPARED if values.get(name) is not None})
    found = values["embedding"]
    values["embedding"] = json.loads(found) if isinstance(found, (str, bytes)) else found
    return read(values)


class Conditions(Clauses):
    """Conditions as text; `given` are its parameters."""

    @property
    def given(self) -> dict[str, Any]:
        return {f"c{number}": value for number, value in enumerate(self.values)}

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f":c{len(self.values) - 1}"

    def has(self, condition: Has) -> str:
        return f"JSON_ARRAY_CONTAINS_STRING(terms, {self.value(condition.term)}) = 1"

    def compared(self, condition: Compared) -> str:
        number = f"JSON_EXTRACT_DOUBLE(numbers, {self.value(condition.field)})"
        return f"COALESCE({number} {condition.op} {self.value(float(condition.value))}, FALSE)"

    def field(self, condition: Field) -> str:
        change = padded if condition.name in _COMPARED else str
        return super().field(Field(condition.name, tuple(change(value) for value in condition.values)))


__all__ = ["SCORES", "SELECTED", "Conditions", "asked", "created", "record_of", "replaced", "row_of"]
