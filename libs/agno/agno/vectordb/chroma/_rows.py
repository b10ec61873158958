"""Records as Chroma keeps them: flat metadata, whose values are texts, numbers and lists of these."""

from __future__ import annotations

import json
from typing import Any

from agno.vectordb._conditions import Compared, Field, Has, opposite
from agno.vectordb._records import Record

_OPS = {">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}
Where = dict[str, Any]


def metadata_of(record: Record) -> dict[str, Any]:
    """What is kept beside the text and its vector. Lists must not be empty, so each has an empty text too."""
    optional = {
        "name": record.name,
        "content_id": record.content_id,
        "usage": json.dumps(record.usage) if record.usage is not None else None,
    }
    return {
        "id": record.id,
        "content_hash": record.content_hash,
        "source": record.source,
        "meta_data": json.dumps(record.meta_data),
        "terms": ["", *record.terms],
        "numbers": ["", *record.numbers],
        **record.numbers,
        **{key: value for key, value in optional.items() if value is not None},
    }


def record_of(id: str, text: str, metadata: dict[str, Any], embedding: Any) -> Record:
    """The record of a row."""
    return Record(
        id=id,
        content=text,
        name=metadata.get("name"),
        meta_data=json.loads(metadata.get("meta_data") or "{}"),
        embedding=None if embedding is None else [float(x) for x in embedding],
        usage=json.loads(metadata["usage"]) if "usage" in metadata else None,
        content_hash=metadata.get("content_hash") or "",
        content_id=metadata.get("content_id"),
    )


class Conditions:
    """Conditions that were turned inwards, as Chroma's `where`."""

    def all(self, parts: list[Where]) -> Where:
        return _joined("$and", parts) or {"id": {"$ne": ""}}

    def any(self, parts: list[Where]) -> Where:
        return _joined("$or", parts) or {"id": ""}

    def no(self, part: Where) -> Where:
        ((key, asked),) = part.items()
        ((op, value),) = asked.items() if isinstance(asked, dict) else (("$eq", asked),)
        if op in _NEGATED:
            return {key: {_NEGATED[op]: value}}
        other = _OPS[opposite(next(ours for ours, theirs in _OPS.items() if theirs == op))]
        return {"$or": [{key: {other: value}}, {"numbers": {"$not_contains": key}}]}

    def has(self, condition: Has) -> Where:
        return {"terms": {"$contains": condition.term}}

    def compared(self, condition: Compared) -> Where:
        return {condition.field: {_OPS[condition.op]: condition.value}}

    def field(self, condition: Field) -> Where:
        return {condition.name: {"$in": list(condition.values) or [""]}}


_NEGATED = {"$in": "$nin", "$contains": "$not_contains", "$eq": "$ne", "$ne": "$eq"}


def _joined(op: str, parts: list[Where]) -> Where | None:
    return {op: parts} if len(parts) > 1 else parts[0] if parts else None


__all__ = ["Conditions", "metadata_of", "record_of"]
