"""Records as vectors of Pinecone with metadata, and conditions as its filters."""

from __future__ import annotations

from typing import Any

from agno.vectordb._conditions import Compared, Field, Has, Node, inwards, opposite, said
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb._words import sparse

_OPS = {">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}
_COMPARED = ("id", "name", "content_hash", "source", "content_id")
_ALWAYS = "always"  # a term of every record
_PLACES = 2**31  # of words
Filter = dict[str, Any]


def vector_of(record: Record, with_words: bool) -> dict[str, Any]:
    """A record as a vector. Nothing in the metadata may be null; the names of the numbers are terms, too."""
    row = flat(record)
    metadata = {
        "content": record.content,
        "meta_data": row["meta_data"],
        "usage": row["usage"] or "",
        "terms": [_ALWAYS, *record.terms, *record.numbers],
        **record.numbers,
        **{name: _marked(row[name]) for name in _COMPARED},
    }
    made = {"id": record.id, "values": record.embedding, "metadata": metadata}
    return {**made, "sparse_values": words_of(record.content)} if with_words else made


def words_of(text: str) -> dict[str, Any]:
    """The words of a text. Pinecone takes no vector without any, so such a text has the place after them."""
    weights = sparse(text, _PLACES) or {_PLACES: 1.0}
    return {"indices": list(weights), "values": list(weights.values())}


def record_of(vector: Any) -> Record:
    """The record of a vector with its values and metadata."""
    metadata = dict(vector.metadata)
    plain = {name: _plain(metadata[name]) for name in _COMPARED}
    return read({**metadata, **plain, "embedding": vector.values})


def filter_of(where: Node) -> Filter:
    """Conditions as a filter."""
    return said(inwards(where), _Filter())


class _Filter:
    """Conditions that were turned inwards."""

    def all(self, parts: list[Filter]) -> Filter:
        return {"$and": parts} if parts else {"terms": {"$in": [_ALWAYS]}}

    def any(self, parts: list[Filter]) -> Filter:
        return {"$or": parts} if parts else {"terms": {"$nin": [_ALWAYS]}}

    def no(self, part: Filter) -> Filter:
        ((key, asked),) = part.items()
        ((op, value),) = asked.items()
        if op in ("$in", "$nin"):
            return {key: {"$nin" if op == "$in" else "$in": value}}
        other = _OPS[opposite(next(ours for ours, theirs in _OPS.items() if theirs == op))]
        return {"$or": [{"terms": {"$nin": [key]}}, {key: {other: value}}]}

    def has(self, condition: Has) -> Filter:
        return {"terms": {"$in": [condition.term]}}

    def compared(self, condition: Compared) -> Filter:
        return {condition.field: {_OPS[condition.op]: condition.value}}

    def field(self, condition: Field) -> Filter:
        values = [_marked(value) for value in condition.values]
        return {condition.name: {"$in": values}} if values else self.any([])


def _marked(value: str | None) -> str:
    return "-" if value is None else f"={value}"


def _plain(text: str) -> str | None:
    return None if text == "-" else text[1:]


__all__ = ["filter_of", "record_of", "vector_of", "words_of"]
