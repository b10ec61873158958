"""The contents of a knowledge base, as clients see them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from agno.os.schema._given import Given


class ContentResponseSchema(BaseModel):
    """A content and how far it is. `size` is in bytes."""

    id: str
    name: str | None = None
    description: str | None = None
    type: str | None = None
    size: str | None = None
    linked_to: str | None = None
    metadata: dict[str, Any] | None = None
    access_count: int | None = None
    status: str
    status_message: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class ContentStatusResponse(BaseModel):
    """How far a content is: processing, completed or failed, with the reason."""

    status: str
    status_message: str


class ReaderSchema(BaseModel):
    """A reader, and the chunkers that go with it."""

    id: str
    name: str
    description: str
    chunkers: list[str]


class ChunkerSchema(BaseModel):
    """A chunker."""

    key: str
    name: str
    description: str


class ConfigResponseSchema(BaseModel):
    """How content can be read and cut, and which metadata filters may ask for."""

    readers: dict[str, ReaderSchema]
    readersForType: dict[str, list[str]]
    chunkers: dict[str, ChunkerSchema]
    filters: list[str]


class SearchGiven(Given):
    """A search. `filters` is an object whose pairs must all be equal."""

    query: str = Field(min_length=1, max_length=20_000)
    max_results: int | None = Field(None, ge=1, le=100)
    filters: dict[str, Any] | None = None
    search_type: Literal["vector", "keyword", "hybrid"] | None = None


class DocumentSchema(BaseModel):
    """A passage that was found."""

    id: str | None = None
    content: str
    name: str | None = None
    meta_data: dict[str, Any] | None = None
    content_id: str | None = None
    reranking_score: float | None = None


__all__ = [
    "ChunkerSchema",
    "ConfigResponseSchema",
    "ContentResponseSchema",
    "ContentStatusResponse",
    "DocumentSchema",
    "ReaderSchema",
    "SearchGiven",
]
