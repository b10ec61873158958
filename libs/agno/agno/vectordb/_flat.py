"""Records as flat rows and conditions as SQL-like text, for the products that keep texts, numbers and lists of texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agno.vectordb._conditions import Compared, Field, Has, Node, said
from agno.vectordb._records import Record

COLUMNS = (
    "id", "content", "name", "meta_data", "embedding", "usage", "content_hash", "source", "content_id", "terms", "numbers",
)  # fmt: skip
READ = COLUMNS[:7] + ("content_id",)  # what a record is made of; the rest is there to be asked


def flat(record: Record) -> dict[str, Any]:
    """A record as a row: the metadata and the usage are JSON text, `numbers` is a dict of floats."""
    return {
        "id": record.id,
        "content": record.content,
        "name": record.name,
        "meta_data": json.dumps(record.meta_data),
        "embedding": record.embedding,
        "usage": json.dumps(record.usage) if record.usage is not None else None,
        "content_hash": record.content_hash,
        "source": record.source,
        "content_id": record.content_id,
        "terms": record.terms,
        "numbers": record.numbers,
    }


def values_of(record: Record) -> tuple[Any, ...]:
    """The same in the order of `COLUMNS`."""
    return tuple(flat(record).values())


def read(row: Mapping[str, Any]) -> Record:
    """The record of a row. What is not there is empty."""
    embedding, usage = row.get("embedding"), row.get("usage")
    return Record(
        id=str(row["id"]),
        content=row.get("content") or "",
        name=row.get("name"),
        meta_data=json.loads(row.get("meta_data") or "{}"),
        embedding=[float(x) for x in embedding] if embedding is not None else None,
        usage=json.loads(usage) if usage else None,
        content_hash=row.get("content_hash") or "",
        content_id=row.get("content_id"),
    )


def read_values(values: Sequence[Any]) -> Record:
    """The record of a row in the order of `READ`; more values may follow."""
    return read(dict(zip(READ, values, strict=False)))


class Clauses:
    """Conditions as text of a condition in SQL. A product says how a term is looked up, and the rest.

    Values never stand in the text: `value` keeps them in `values`, and gives what stands for them.
    """

    everything, nothing = "TRUE", "FALSE"

    def __init__(self) -> None:
        self.values: list[Any] = []

    def value(self, value: Any) -> str:
        self.values.append(value)
        return "?"

    def all(self, parts: list[str]) -> str:
        return f"({' AND '.join(parts)})" if parts else self.everything

    def any(self, parts: list[str]) -> str:
        return f"({' OR '.join(parts)})" if parts else self.nothing

    def no(self, part: str) -> str:
        return f"(NOT {part})"

    def has(self, condition: Has) -> str:
        raise NotImplementedError

    def compared(self, condition: Compared) -> str:
        raise NotImplementedError

    def field(self, condition: Field) -> str:
        if not condition.values:
            return self.nothing
        return f"coalesce({condition.name} IN ({', '.join(map(self.value, condition.values))}), FALSE)"

    def said(self, where: Node) -> str:
        """The text of these conditions; its values are added to `values`."""
        return said(where, self)


__all__ = ["COLUMNS", "READ", "Clauses", "flat", "read", "read_values", "values_of"]
