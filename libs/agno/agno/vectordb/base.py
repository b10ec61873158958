"""The port of vector databases.

`VectorDb` is what users and `Knowledge` call, and what a class of a user's own implements. Ours are a `VectorStore`: it
implements all of these, in both colours, above nine primitives on prepared records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from agno.exceptions import AgnoError
from agno.knowledge.document import Document


class VectorDbError(AgnoError):
    """The vector database could not do what it was asked; the message says what to do."""


class VectorDbUnavailableError(VectorDbError):
    """The vector database cannot be reached, is locked, full or read-only."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=503)


class VectorDb(ABC):
    """Keeps the chunks of documents with their vectors, and finds the ones that are near a question.

    `content_hash` says of which content a chunk is. `filters` of the methods that write is metadata for all documents;
    of those that search, a dict whose pairs must all be equal, an expression of `agno.filters`, or a list of these. A
    filter that a database cannot answer is refused: filters may be what keeps customers apart.
    """

    @abstractmethod
    def create(self) -> None:
        """Make the collection, unless it is there."""

    @abstractmethod
    async def async_create(self) -> None:
        """The same, awaited."""

    @abstractmethod
    def name_exists(self, name: str) -> bool:
        """Whether there is a document of this name."""

    @abstractmethod
    async def async_name_exists(self, name: str) -> bool:
        """The same, awaited."""

    @abstractmethod
    def id_exists(self, id: str) -> bool:
        """Whether there is a row with this id."""

    @abstractmethod
    def content_hash_exists(self, content_hash: str) -> bool:
        """Whether this content is here, completely."""

    @abstractmethod
    def insert(self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None) -> None:
        """Add documents. A chunk of the same content that is here already is replaced."""

    @abstractmethod
    async def async_insert(
        self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """The same, awaited."""

    @abstractmethod
    def upsert(self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None) -> None:
        """Put documents in the place of all that are here of this content."""

    @abstractmethod
    async def async_upsert(
        self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """The same, awaited."""

    @abstractmethod
    def search(self, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """The documents that fit best, the best first."""

    @abstractmethod
    async def async_search(self, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """The same, awaited."""

    @abstractmethod
    def drop(self) -> None:
        """Remove the collection with all that is in it."""

    @abstractmethod
    async def async_drop(self) -> None:
        """The same, awaited."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether the collection is there."""

    @abstractmethod
    async def async_exists(self) -> bool:
        """The same, awaited."""

    @abstractmethod
    def delete(self) -> bool:
        """Remove all documents, and keep the collection; True if it is there."""

    @abstractmethod
    def delete_by_id(self, id: str) -> bool:
        """Remove a row; True if it was there."""

    @abstractmethod
    def delete_by_name(self, name: str) -> bool:
        """Remove the documents of this name; True if there were any."""

    @abstractmethod
    def delete_by_metadata(self, metadata: dict[str, Any]) -> bool:
        """Remove the documents that this filter fits; True if there were any."""

    @abstractmethod
    def delete_by_content_id(self, content_id: str) -> bool:
        """Remove the documents of a content; True if there were any."""

    @abstractmethod
    def update_metadata(self, content_id: str, metadata: dict[str, Any]) -> None:
        """Add to the metadata of all documents of a content; what is there under the same keys is replaced."""

    def upsert_available(self) -> bool:
        """Whether `upsert` replaces."""
        return False

    def optimize(self) -> None:  # noqa: B027  # most have nothing to do
        """Make the indexes that large collections need."""


__all__ = ["VectorDb", "VectorDbError", "VectorDbUnavailableError"]
