"""Records as points, and conditions as filters of Qdrant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._records import Record

_RANGES = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def payload_of(record: Record) -> dict[str, Any]:
    """What is kept beside the vectors."""
    return {
        "content": record.content,
        "name": record.name,
        "meta_data": record.meta_data,
        "usage": record.usage,
        "content_hash": record.content_hash,
        "source": record.source,
        "content_id": record.content_id,
        "terms": record.terms,
        "numbers": record.numbers,
    }


def record_of(point: Any, dense: str) -> Record:
    """The record of a point."""
    payload: dict[str, Any] = point.payload or {}
    vectors = point.vector
    embedding = vectors.get(dense) if isinstance(vectors, dict) else vectors
    return Record(
        id=str(point.id),
        content=payload.get("content") or "",
        name=payload.get("name"),
        meta_data=payload.get("meta_data") or {},
        embedding=list(embedding) if embedding is not None else None,
        usage=payload.get("usage"),
        content_hash=payload.get("content_hash") or "",
        content_id=payload.get("content_id"),
    )


class Conditions:
    """Conditions as Qdrant's models."""

    def __init__(self, models: Any) -> None:
        self.models = models

    def all(self, parts: list[Any]) -> Any:
        return self.models.Filter(must=parts)

    def any(self, parts: list[Any]) -> Any:
        return self.models.Filter(should=parts) if parts else self.models.HasIdCondition(has_id=[])

    def no(self, part: Any) -> Any:
        return self.models.Filter(must_not=[part])

    def has(self, condition: Has) -> Any:
        match = self.models.MatchValue(value=condition.term)
        return self.models.FieldCondition(key="terms", match=match)

    def compared(self, condition: Compared) -> Any:
        span = self.models.Range(**{_RANGES[condition.op]: condition.value})
        return self.models.FieldCondition(key=f"numbers.{condition.field}", range=span)

    def field(self, condition: Field) -> Any:
        if condition.name == "id":
            return self.models.HasIdCondition(has_id=[value for value in condition.values if is_id(value)])
        match = self.models.MatchAny(any=list(condition.values))
        return self.models.FieldCondition(key=condition.name, match=match)


def is_id(text: str) -> bool:
    """Whether a point can have this id; to ask for another one is an error in Qdrant."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


__all__ = ["Conditions", "is_id", "payload_of", "record_of"]
