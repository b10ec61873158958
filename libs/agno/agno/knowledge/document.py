"""A piece of text with its place: what readers make, chunkers cut and vector databases keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from agno._io import IO, asynchronous, sync


@dataclass
class Document:
    """A text, where it comes from (`name`, `meta_data`) and, once embedded, its vector.

    `usage` is what the embedder said it cost, `size` the length of the content in characters, `content_id` the row of the
    contents database that it belongs to.
    """

    content: str
    id: str | None = None
    name: str | None = None
    meta_data: dict[str, Any] = field(default_factory=dict)
    embedder: Any = None
    embedding: list[float] | None = None
    usage: dict[str, Any] | None = None
    reranking_score: float | None = None
    content_id: str | None = None
    content_origin: str | None = None
    size: int | None = None

    async def _embed(self, io: IO, embedder: Any = None) -> None:
        """Set `embedding` and `usage`, by this embedder or else the document's own. ValueError if there is none."""
        chosen = embedder if embedder is not None else self.embedder
        if chosen is None:
            raise ValueError(f"Document {self.name or self.id!r} has no embedder: give one, embed(embedder=...).")
        embedding, usage = await io.pick(
            chosen.get_embedding_and_usage, chosen.async_get_embedding_and_usage, self.content
        )
        self.embedding, self.usage = embedding, usage

    embed = sync(_embed)
    async_embed = asynchronous(_embed)

    def to_dict(self) -> dict[str, Any]:
        """What a model is shown: name, meta_data and content, as far as they are set."""
        shown = {"name": self.name, "meta_data": self.meta_data, "content": self.content}
        return {key: value for key, value in shown.items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """The inverse of `to_dict`; every field may be given, keys that are no fields are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})

    @classmethod
    def from_json(cls, text: str | bytes) -> Document:
        """`from_dict` of a JSON object."""
        return cls.from_dict(json.loads(text))


__all__ = ["Document"]
