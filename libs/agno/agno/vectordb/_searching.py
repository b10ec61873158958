"""What adapters of somebody else's search share: they search, and refuse everything that writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NoReturn

from agno._io import IO, asynchronous, sync
from agno.knowledge.document import Document
from agno.utils.rebuild import Rebuildable
from agno.vectordb.base import VectorDb


class Searching(Rebuildable, ABC):
    """The search of a `VectorDb`, in both colours."""

    blocking = True  # the methods wait for whatever is behind them

    @abstractmethod
    async def _found(self, io: IO, query: str, limit: int, filters: Any) -> Sequence[Document]:
        """The documents that fit best, the best first."""

    async def _search(self, io: IO, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """The documents that fit best, the best first."""
        if limit < 1:
            raise ValueError(f"limit is {limit}: ask for at least one document.")
        return list(await self._found(io, query, limit, filters))[:limit] if query.strip() else []

    search, async_search = sync(_search), asynchronous(_search)


class SearchOnly(Searching, VectorDb):
    """A search that is filled elsewhere. It is always there; a look-up by name or hash finds nothing, since it has none."""

    def create(self) -> None:
        """There is nothing to make."""

    async def async_create(self) -> None:
        """There is nothing to make."""

    def exists(self) -> bool:
        return True

    async def async_exists(self) -> bool:
        return True

    def name_exists(self, name: str) -> bool:
        return False

    async def async_name_exists(self, name: str) -> bool:
        return False

    def id_exists(self, id: str) -> bool:
        return False

    def content_hash_exists(self, content_hash: str) -> bool:
        return False

    def insert(self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None) -> None:
        self._refuse("insert")

    async def async_insert(
        self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        self._refuse("insert")

    def upsert(self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None) -> None:
        self._refuse("upsert")

    async def async_upsert(
        self, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        self._refuse("upsert")

    def drop(self) -> None:
        self._refuse("drop")

    async def async_drop(self) -> None:
        self._refuse("drop")

    def delete(self) -> bool:
        self._refuse("delete")

    def delete_by_id(self, id: str) -> bool:
        self._refuse("delete_by_id")

    def delete_by_name(self, name: str) -> bool:
        self._refuse("delete_by_name")

    def delete_by_metadata(self, metadata: dict[str, Any]) -> bool:
        self._refuse("delete_by_metadata")

    def delete_by_content_id(self, content_id: str) -> bool:
        self._refuse("delete_by_content_id")

    def update_metadata(self, content_id: str, metadata: dict[str, Any]) -> None:
        self._refuse("update_metadata")

    def get_supported_search_types(self) -> list[str]:
        """The names of the ways to search."""
        return ["vector"]

    def _refuse(self, method: str) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__} only searches, so it has no {method}: change the documents where they are kept."
        )

    def __deepcopy__(self, memo: Any) -> Any:
        return self  # the copy of an agent uses the same search


__all__ = ["SearchOnly"]
