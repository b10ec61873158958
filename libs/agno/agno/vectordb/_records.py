"""What vector databases keep: documents prepared for storing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, NamedTuple

from agno.knowledge.document import Document
from agno.utils.string import whole
from agno.vectordb._conditions import jsonable, numbers_of, terms_of

DRAFT = "draft:"  # in front of the hash of a content that is not complete
MODEL = "embedding_model"  # in the usage that is stored
SOURCE = 32  # characters of a content hash that say where the content comes from; the rest says what it is
_SORTED = json.JSONEncoder(sort_keys=True)


@dataclass
class Record:
    """One chunk as it is stored. All texts are whole UTF-8, the metadata is plain JSON."""

    id: str
    content: str
    name: str | None = None
    meta_data: dict[str, Any] = field(default_factory=dict)
    embedding: list[float] | None = None
    usage: dict[str, Any] | None = None
    content_hash: str = ""
    content_id: str | None = None

    @cached_property
    def terms(self) -> list[str]:
        """What `Has` looks for."""
        return terms_of(self.meta_data)

    @cached_property
    def term_set(self) -> frozenset[str]:
        """The same, to look it up."""
        return frozenset(self.terms)

    @cached_property
    def numbers(self) -> dict[str, float]:
        """What `Compared` looks at."""
        return numbers_of(self.meta_data)

    @property
    def model(self) -> str | None:
        """The id of the embedder that made the vector. It is kept in the usage."""
        return (self.usage or {}).get(MODEL)

    @model.setter
    def model(self, model: str | None) -> None:
        if model:
            self.usage = {**(self.usage or {}), MODEL: model}

    @property
    def source(self) -> str:
        """The part of the content hash that stays when the content changes."""
        return self.content_hash.removeprefix(DRAFT)[:SOURCE]

    def document(self, embedder: Any = None) -> Document:
        """What a search gives."""
        return Document(
            content=self.content,
            id=self.id,
            name=self.name,
            meta_data=dict(self.meta_data),
            embedder=embedder,
            embedding=self.embedding,
            usage={key: value for key, value in (self.usage or {}).items() if key != MODEL} or None,
            content_id=self.content_id,
        )


class Hit(NamedTuple):
    """A record that was found. `score` is larger for the better; None if the product says nothing."""

    record: Record
    score: float | None = None


def prepared(content_hash: str, documents: Sequence[Document], filters: Mapping[str, Any] | None) -> list[Record]:
    """Documents as records, each chunk once. `filters` is metadata for all of them."""
    records: dict[str, Record] = {}
    for document in documents:
        metadata = jsonable({**(document.meta_data or {}), **(filters or {})})
        content = whole(document.content)
        made = Record(
            id=id_of(content_hash, content, metadata),
            content=content,
            name=whole(document.name) if document.name is not None else None,
            meta_data=metadata,
            embedding=document.embedding or None,
            usage=document.usage,
            content_hash=whole(content_hash),
            content_id=whole(document.content_id) if document.content_id is not None else None,
        )
        records.setdefault(made.id, made)
    return list(records.values())


def id_of(content_hash: str, content: str, metadata: dict[str, Any]) -> str:
    """The same chunk of the same content has the same id, whoever stores it and however often: a UUID as text."""
    # what json.dumps([content_hash, content, metadata], sort_keys=True) gives, without its preparations
    text = f"[{_quoted(content_hash)}, {_quoted(content)}, {_SORTED.encode(metadata)}]"
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


__all__ = ["DRAFT", "SOURCE", "Hit", "Record", "id_of", "prepared"]
