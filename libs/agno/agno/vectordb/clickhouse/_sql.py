"""Conditions as SQL of ClickHouse, with the values beside it, and records as its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._flat import COLUMNS, READ, Clauses, flat, read_values
from agno.vectordb._records import Record

_KINDS = {
    "embedding": "Array(Float32)",
    "terms": "Array(String)",
    "numbers": "Map(String, Float64)",
    **dict.fromkeys(("name", "usage", "content_id"), "Nullable(String)"),
}
SELECTED = ", ".join(READ)


def columns() -> str:
    """The columns of a table."""
    return ", ".join(f"{name} {_KINDS.get(name, 'String')}" for name in COLUMNS)


def rows_of(records: Sequence[Record]) -> list[list[Any]]:
    """Records as rows in the order of `COLUMNS`."""
    return [list(flat(record).values()) for record in records]


def record_of(row: Sequence[Any]) -> Record:
    """The record of a row that begins with `SELECTED`."""
    return read_values(row)


class Conditions(Clauses):
    """Conditions as text; `given` are the values that the server puts into it."""

    everything, nothing = "1", "0"

    @property
    def given(self) -> dict[str, Any]:
        return {f"c{number}": value for number, value in enumerate(self.values)}

    def value(self, value: Any) -> str:
        self.values.append(value)
        kind = "Array(String)" if isinstance(value, list) else "String" if isinstance(value, str) else "Float64"
        return f"{{c{len(self.values) - 1}:{kind}}}"

    def has(self, condition: Has) -> str:
        return f"has(terms, {self.value(condition.term)})"

    def compared(self, condition: Compared) -> str:
        key = self.value(condition.field)
        return f"(mapContains(numbers, {key}) AND numbers[{key}] {condition.op} {self.value(float(condition.value))})"

    def field(self, condition: Field) -> str:
        if not condition.values:
            return self.nothing
        return f"ifNull(has({self.value(list(condition.values))}, {condition.name}), 0)"


__all__ = ["SELECTED", "Conditions", "columns", "record_of", "rows_of"]
