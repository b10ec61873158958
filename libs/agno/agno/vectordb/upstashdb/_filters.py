"""Conditions as filter text of Upstash, and records as its metadata.

Upstash does not say how a quote inside of a text is written. So what is compared is a hash, of letters and digits only.
"""

from __future__ import annotations

from typing import Any

from agno.vectordb._conditions import EVERYTHING, Compared, Field, Has, Node, inwards, opposite, said
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb._tags import tag

_FIELDS = ("id", "name", "content_hash", "source", "content_id")
_ALWAYS = "always"  # a term of every record


def metadata_of(record: Record) -> dict[str, Any]:
    """What is kept beside the vector and the text. The names of the numbers are terms, too."""
    row = flat(record)
    kept = {name: row[name] for name in ("name", "meta_data", "usage", "content_hash", "content_id")}
    return {
        "kept": kept,
        "terms": [_ALWAYS, *map(tag, [*record.terms, *record.numbers])],
        "numbers": record.numbers,
        "fields": {name: tag(row[name]) for name in _FIELDS},
    }


def record_of(row: Any) -> Record:
    """The record of a row with its data, metadata and vector."""
    return read({**row.metadata["kept"], "id": row.id, "content": row.data, "embedding": row.vector})


def filter_of(where: Node) -> str:
    """Conditions as text; empty for everything."""
    return "" if where == EVERYTHING else said(inwards(where), _Filter())


class _Filter:
    """Conditions that were turned inwards. Each is a text that `no` can turn round."""

    def all(self, parts: list[str]) -> str:
        return f"({' AND '.join(parts)})" if parts else f"terms CONTAINS '{_ALWAYS}'"

    def any(self, parts: list[str]) -> str:
        return f"({' OR '.join(parts)})" if parts else f"terms NOT CONTAINS '{_ALWAYS}'"

    def no(self, part: str) -> str:
        name, op, value = part.split(" ", 2)
        if op in ("IN", "CONTAINS"):
            return f"{name} NOT {op} {value}"
        if op == "NOT":
            return f"{name} {value}"
        number = name.removeprefix("numbers.")
        return f"(terms NOT CONTAINS '{tag(number)}' OR {name} {opposite(op)} {value})"

    def has(self, condition: Has) -> str:
        return f"terms CONTAINS '{tag(condition.term)}'"

    def compared(self, condition: Compared) -> str:
        return f"numbers.{condition.field} {condition.op} {float(condition.value)!r}"

    def field(self, condition: Field) -> str:
        values = ", ".join(f"'{tag(value)}'" for value in condition.values)
        return f"fields.{condition.name} IN ({values})" if values else self.any([])


__all__ = ["filter_of", "metadata_of", "record_of"]
