"""What a collection of Milvus looks like, records as its entities, and conditions as its expressions."""

from __future__ import annotations

from typing import Any

from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._flat import Clauses, flat
from agno.vectordb._records import Record
from agno.vectordb._words import sparse, sparse_query

DENSE, SPARSE = "embedding", "words"
_LONGEST = 65_535  # bytes of a text
_MOST = 4_096  # terms of a record
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_TEXTS = ("content", "meta_data", "content_hash", "source")
_OPTIONAL = ("name", "usage", "content_id")


def schema_of(client: Any, dimensions: int) -> Any:
    """The fields of a collection."""
    kinds = milvus().DataType
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", kinds.VARCHAR, is_primary=True, max_length=64)
    for name in _TEXTS:
        schema.add_field(name, kinds.VARCHAR, max_length=_LONGEST)
    for name in _OPTIONAL:
        schema.add_field(name, kinds.VARCHAR, max_length=_LONGEST, nullable=True)
    schema.add_field("terms", kinds.ARRAY, element_type=kinds.VARCHAR, max_capacity=_MOST, max_length=256)
    schema.add_field("numbers", kinds.JSON)
    schema.add_field(DENSE, kinds.FLOAT_VECTOR, dim=dimensions)
    schema.add_field(SPARSE, kinds.SPARSE_FLOAT_VECTOR)
    return schema


def indexes_of(client: Any, metric: str) -> Any:
    """The indexes of both vectors."""
    indexes = client.prepare_index_params()
    indexes.add_index(DENSE, index_type="AUTOINDEX", metric_type=metric)
    indexes.add_index(SPARSE, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    return indexes


def entity_of(record: Record, size: int) -> dict[str, Any]:
    """A record as Milvus keeps it. The names of the numbers are among the terms, so that `Compared` is never unknown."""
    row = flat(record)
    row["terms"] = [*record.terms, *record.numbers]
    row[SPARSE] = words_of(record.content, size)
    return row


def words_of(text: str, size: int, asked: bool = False) -> dict[int, float]:
    """A vector of words, below `size`. Milvus takes no empty one, so a text without words has the place after them."""
    return (sparse_query if asked else sparse)(text, size) or {size: 1.0}


class Expression(Clauses):
    """Conditions as an expression of Milvus. Values are literals: its parameters are not understood everywhere."""

    everything, nothing = 'id != ""', 'id == ""'

    def value(self, value: Any) -> str:
        return f'"{value.translate(_ESCAPED)}"'

    def all(self, parts: list[str]) -> str:
        return f"({' and '.join(parts)})" if parts else self.everything

    def any(self, parts: list[str]) -> str:
        return f"({' or '.join(parts)})" if parts else self.nothing

    def no(self, part: str) -> str:
        return f"(not ({part}))"

    def has(self, condition: Has) -> str:
        return self._has(condition.term)

    def compared(self, condition: Compared) -> str:
        number = f"numbers[{self.value(condition.field)}] {condition.op} {float(condition.value)!r}"
        return f"({self._has(condition.field)} and {number})"

    def field(self, condition: Field) -> str:
        known = f"{condition.name} is not null and " if condition.name in _OPTIONAL else ""
        return f"({known}{condition.name} in [{', '.join(map(self.value, condition.values))}])"

    def _has(self, term: str) -> str:
        return f"array_contains(terms, {self.value(term)})"


def milvus() -> Any:
    """The package of its client."""
    try:
        import pymilvus
    except ImportError as error:
        raise ImportError("Milvus needs the package `pymilvus`: pip install 'agno[milvus]'") from error
    return pymilvus


__all__ = ["DENSE", "SPARSE", "Expression", "entity_of", "indexes_of", "milvus", "schema_of", "words_of"]
