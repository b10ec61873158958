"""Records as rows of SurrealDB, and conditions in its query language."""

from __future__ import annotations

from typing import Any

from agno.db.sql._text import escaped, plain
from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._flat import READ, Clauses, flat, read
from agno.vectordb._records import Record

_TEXTS = ("content", "name", "content_hash", "source", "content_id")  # the others are ASCII
SELECTED = ", ".join(("record::id(id) AS id", *READ[1:]))


def row_of(record: Record, table: str) -> dict[str, Any]:
    """A record as a row. SurrealDB holds no NUL."""
    row = flat(record)
    row.update({name: escaped(row[name]) for name in _TEXTS if row[name] is not None})
    return {**row, "id": surreal().RecordID(table, record.id)}


def record_of(row: dict[str, Any]) -> Record:
    """The record of a row."""
    texts = {name: plain(row[name]) for name in _TEXTS if row.get(name) is not None}
    return read({**row, **texts})


class Conditions(Clauses):
    """Conditions as text with the values in `given`."""

    everything, nothing = "true", "false"

    def __init__(self, table: str) -> None:
        super().__init__()
        self._table = table

    @property
    def given(self) -> dict[str, Any]:
        return {f"c{number}": value for number, value in enumerate(self.values)}

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"$c{len(self.values) - 1}"

    def no(self, part: str) -> str:
        return f"!({part})"

    def has(self, condition: Has) -> str:
        return f"terms CONTAINS {self.value(condition.term)}"

    def compared(self, condition: Compared) -> str:
        number = f"numbers[{self.value(condition.field)}]"  # one that is not there is less than all others
        return f"({number} != NONE AND {number} {condition.op} {self.value(float(condition.value))})"

    def field(self, condition: Field) -> str:
        if condition.name == "id":
            return f"id IN {self.value([surreal().RecordID(self._table, escaped(id)) for id in condition.values])}"
        return f"{condition.name} IN {self.value([escaped(text) for text in condition.values])}"


def surreal() -> Any:
    """The package of its client."""
    try:
        import surrealdb
    except ImportError as error:
        raise ImportError("SurrealDb needs the package `surrealdb`: pip install 'agno[surrealdb]'") from error
    return surrealdb


__all__ = ["SELECTED", "Conditions", "record_of", "row_of", "surreal"]
