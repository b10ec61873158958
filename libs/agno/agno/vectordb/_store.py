"""What our vector databases share: the public methods, in both colours, above a few primitives."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from agno._io import IO, asynchronous, sync
from agno.knowledge._arguments import number
from agno.knowledge.document import Document
from agno.knowledge.embedder.base import embed_texts
from agno.utils.later import later
from agno.utils.rebuild import Rebuildable
from agno.vectordb._claims import Claim, InProcess
from agno.vectordb._conditions import EVERYTHING, Node, Not, conditions, field_is, jsonable, together
from agno.vectordb._fusing import fused
from agno.vectordb._pieces import Pieces, of_content
from agno.vectordb._records import DRAFT, SOURCE, Hit, Record, prepared
from agno.vectordb.base import VectorDb
from agno.vectordb.distance import Distance
from agno.vectordb.search import SearchType

_default = later("agno.knowledge.embedder.openai")
_PAGE = 500  # rows that are changed at once
_CANDIDATES = 4  # times the limit that each of two searches finds before they are fused


class StoreMethods(Rebuildable, ABC):
    """The methods of `VectorDb` above these primitives, which a subclass implements: `_made`, `_make`, `_drop`, `_put`,
    `_erase`, `_rows`, `_nearest`, and where the product can, `_worded` (keywords) and `_both` (hybrid).

    A primitive succeeds or raises a `VectorDbError`. Where a product has no asynchronous client, it is a blocking
    function behind `io.call`. A collection that is not there is empty; the first write makes it.
    """

    search_types: ClassVar[frozenset[SearchType]] = frozenset({SearchType.vector})
    distances: ClassVar[frozenset[Distance]] = frozenset(Distance)
    looks_up: ClassVar[bool] = True  # whether it is cheap to look at any one row
    # how many rows of a large content are gathered for one write, which stores all of them or none; 0: a write for each batch
    _gathered: ClassVar[int] = 0
    overwrite = False  # whether the first `create` drops what is there
    _compared_with: Any = None  # the embedder that the rows are known to be made by
    _is_made = False  # whether the collection is known to be there, where a store remembers that

    def __init__(
        self,
        *,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        self._embedder = embedder
        self._held: dict[str, object] = {}  # claims on what is being stored
        self.search_type = self._able(search_type)
        measures = {kind.value: kind for kind in self.distances}
        if distance not in measures:  # a Distance is its own text
            named = getattr(distance, "value", distance)
            raise ValueError(
                f"{type(self).__name__} does not measure {named}; it measures {', '.join(sorted(measures))}."
            )
        self.distance = measures[distance]
        self.reranker = reranker
        if similarity_threshold is not None:
            number(self, "similarity_threshold", similarity_threshold, least=-math.inf)
        self.similarity_threshold = similarity_threshold

    @property
    def embedder(self) -> Any:
        """What makes vectors of texts: the given one, or `OpenAIEmbedder()`, made at its first use."""
        if self._embedder is None:
            self._embedder = _default.OpenAIEmbedder()
        return self._embedder

    @embedder.setter
    def embedder(self, embedder: Any) -> None:
        self._embedder = embedder

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        dimensions = getattr(self.embedder, "dimensions", None)
        if not dimensions:
            raise ValueError(f"{self.embedder!r} does not say how many dimensions its vectors have: set dimensions=.")
        return int(dimensions)

    # Primitives ------------------------------------------------------------------------------------------------------

    @abstractmethod
    async def _made(self, io: IO) -> bool:
        """Whether the collection is there."""

    @abstractmethod
    async def _make(self, io: IO) -> None:
        """Make the collection, unless somebody made it meanwhile."""

    @abstractmethod
    async def _remove(self, io: IO) -> None:
        """Remove the collection, if it is there."""

    @abstractmethod
    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        """Store records in a collection that is there. One with the same id is replaced."""

    @abstractmethod
    async def _erase(self, io: IO, where: Node) -> None:
        """Remove the records that fit."""

    @abstractmethod
    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        """Records that fit, in any order; all, if there is no limit."""

    async def _any(self, io: IO, where: Node) -> bool:
        """Whether a record fits."""
        return bool(await self._rows(io, where, 1))

    async def _ids(self, io: IO, where: Node) -> set[str]:
        """The ids of the records that fit."""
        return {record.id for record in await self._rows(io, where)}

    @abstractmethod
    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """The records that fit and are nearest, best first, with their similarity."""

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        """The records that fit and have the words of the query, best first."""
        raise NotImplementedError

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """By meaning and by words: here two searches, fused by their ranks."""
        near, worded = await io.gather(
            self._nearest(io, embedding, limit * _CANDIDATES, where),
            self._worded(io, query, limit * _CANDIDATES, where),
        )
        return fused([near, worded], limit)

    async def _tune(self, io: IO) -> None:
        """Make the indexes that large collections need."""

    async def _tidy(self, io: IO) -> None:
        """After many small writes: put them together, where that makes searches quicker."""

    def _forget(self) -> None:
        """Look again whether the collection is there, if that was remembered."""
        self._is_made = False

    # The collection --------------------------------------------------------------------------------------------------

    async def _create(self, io: IO) -> None:
        """Make the collection, unless it is there."""
        if self.overwrite:
            self.overwrite = False
            await self._remove(io)
        if await self._made(io):
            await self._compare(io)
        else:
            await self._make(io)

    async def _compare(self, io: IO) -> None:
        """ValueError if the vectors that are there are of another embedder: to compare with them would give nonsense."""
        embedder = self.embedder
        if self._compared_with is embedder or not self.looks_up:
            return
        rows = await self._rows(io, EVERYTHING, 1)
        size, model = (len(rows[0].embedding or ()), rows[0].model) if rows else (0, None)
        own = getattr(embedder, "id", None)
        if (size and size != self.dimensions) or (model and own and model != own):
            raise ValueError(
                f"{type(self).__name__} has vectors of {model or 'another embedder'} with {size} numbers, and {own or 'the embedder'} makes "
                f"{self.dimensions}: give the embedder that they were made with, or another name, and add the content again."
            )
        self._compared_with = embedder

    async def _exists(self, io: IO) -> bool:
        """Whether the collection is there."""
        self._forget()
        return await self._made(io)

    async def _drop(self, io: IO) -> None:
        """Remove the collection with all that is in it."""
        await self._remove(io)

    async def _delete(self, io: IO) -> bool:
        """Remove all documents, and keep the collection; True if it is there."""
        if not await self._made(io):
            return False
        await self._erase(io, EVERYTHING)
        return True

    async def _optimize(self, io: IO) -> None:
        """Make the indexes that large collections need."""
        if await self._made(io):
            await self._tune(io)

    create, async_create = sync(_create), asynchronous(_create)
    exists, async_exists = sync(_exists), asynchronous(_exists)
    drop, async_drop = sync(_drop), asynchronous(_drop)
    delete, async_delete = sync(_delete), asynchronous(_delete)
    optimize, async_optimize = sync(_optimize), asynchronous(_optimize)

    # What is there ---------------------------------------------------------------------------------------------------

    async def _is_there(self, io: IO, where: Node) -> bool:
        return await self._made(io) and await self._any(io, where)

    async def _name_exists(self, io: IO, name: str) -> bool:
        """Whether there is a document of this name."""
        return await self._is_there(io, field_is("name", name))

    async def _id_exists(self, io: IO, id: str) -> bool:
        """Whether there is a row with this id."""
        return await self._is_there(io, field_is("id", id))

    async def _content_hash_exists(self, io: IO, content_hash: str) -> bool:
        """Whether this content is here, completely."""
        if not await self._is_there(io, field_is("content_hash", content_hash)):
            return False
        return not await self._any(io, field_is("content_hash", DRAFT + content_hash))

    name_exists, async_name_exists = sync(_name_exists), asynchronous(_name_exists)
    id_exists, async_id_exists = sync(_id_exists), asynchronous(_id_exists)
    content_hash_exists = sync(_content_hash_exists)
    async_content_hash_exists = asynchronous(_content_hash_exists)

    # Writing ---------------------------------------------------------------------------------------------------------

    async def _insert(
        self, io: IO, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """Add documents. A chunk of the same content that is here already is replaced."""
        records = await self._embedded(io, content_hash, documents, filters)
        if records:
            await self._create(io)
            await self._put(io, records)

    async def _upsert(
        self, io: IO, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """Put documents in the place of all that are here of this content. Who searches meanwhile finds old or new."""
        records = await self._embedded(io, content_hash, documents, filters)
        await self._create(io)
        await self._swap(io, of_content(content_hash), records)

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        """Put records in the place of those that fit. The new ones go first: nobody sees a gap."""
        stale = sorted(await self._ids(io, where) - {record.id for record in records})
        # whoever is killed before all is done leaves drafts: these contents are stored again
        first = {record.content_hash: record for record in records} if stale else {}
        drafts = [replace(record, content_hash=DRAFT + record.content_hash) for record in first.values()]
        marked = {record.id for record in drafts}
        if records:
            await self._put(io, drafts + [record for record in records if record.id not in marked])
        for start in range(0, len(stale), _PAGE):
            await self._erase(io, field_is("id", *stale[start : start + _PAGE]))
        if drafts:
            await self._put(io, list(first.values()))

    insert, async_insert = sync(_insert), asynchronous(_insert)
    upsert, async_upsert = sync(_upsert), asynchronous(_upsert)

    def upsert_available(self) -> bool:
        return True

    async def _embedded(
        self, io: IO, content_hash: str, documents: Sequence[Document], filters: Mapping[str, Any] | None
    ) -> list[Record]:
        """Documents as records with vectors. The documents get their vectors, too."""
        records = prepared(content_hash, documents, filters)
        await self._vectors(io, records)
        return records

    async def _vectors(self, io: IO, records: Sequence[Record]) -> None:
        """Give a vector to every record that has none, in batches."""
        missing = [record for record in records if not record.embedding]
        if missing:
            made = await embed_texts(io, self.embedder, [record.content for record in missing])
            for record, vector in zip(missing, made, strict=True):
                record.embedding, record.usage = vector.embedding, vector.usage
        own, size = getattr(self.embedder, "id", None), self.dimensions if records else 0
        for record in records:
            record.model = own
            found = len(record.embedding or ())
            if found != size:
                raise ValueError(
                    f"A vector has {found} numbers, but {type(self).__name__} keeps {size}: the embedder's "
                    "dimensions= must be what its model gives."
                )
            if not math.isfinite(sum(record.embedding or ())):
                raise ValueError("A vector has a number that is infinite or not a number: the embedder is at fault.")

    # Deleting and changing -------------------------------------------------------------------------------------------

    async def _delete_where(self, io: IO, where: Node) -> bool:
        if not await self._is_there(io, where):
            return False
        await self._erase(io, where)
        return True

    async def _delete_by_id(self, io: IO, id: str) -> bool:
        """Remove a row; True if it was there."""
        return await self._delete_where(io, field_is("id", id))

    async def _delete_by_name(self, io: IO, name: str) -> bool:
        """Remove the documents of this name; True if there were any."""
        return await self._delete_where(io, field_is("name", name))

    async def _delete_by_metadata(self, io: IO, metadata: Any) -> bool:
        """Remove the documents that this filter fits; True if there were any. An empty one is refused."""
        where = conditions(metadata)
        if where == EVERYTHING:
            raise ValueError(
                "delete_by_metadata got an empty filter, which fits everything. To remove all use delete()."
            )
        return await self._delete_where(io, where)

    async def _delete_by_content_id(self, io: IO, content_id: str) -> bool:
        """Remove the documents of a content; True if there were any."""
        return await self._delete_where(io, field_is("content_id", content_id))

    async def _delete_by_content_hash(self, io: IO, content_hash: str) -> bool:
        """Remove the documents of a content; True if there were any."""
        return await self._delete_where(io, field_is("content_hash", content_hash))

    async def _update_metadata(self, io: IO, content_id: str, metadata: dict[str, Any]) -> None:
        """Add to the metadata of all documents of a content; what is there under the same keys is replaced."""
        added = jsonable(metadata)
        rows = await self._rows(io, field_is("content_id", content_id)) if await self._made(io) else []
        await self._put_all(io, [replace(row, meta_data={**row.meta_data, **added}) for row in rows])

    async def _put_all(self, io: IO, records: Sequence[Record]) -> None:
        for start in range(0, len(records), _PAGE):
            await self._put(io, records[start : start + _PAGE])

    async def _put_new(self, io: IO, records: Sequence[Record]) -> None:
        """Store records whose ids are known not to be here. A product that can do it with less work does."""
        await self._put_all(io, records)

    delete_by_id, async_delete_by_id = sync(_delete_by_id), asynchronous(_delete_by_id)
    delete_by_name, async_delete_by_name = sync(_delete_by_name), asynchronous(_delete_by_name)
    delete_by_metadata, async_delete_by_metadata = sync(_delete_by_metadata), asynchronous(_delete_by_metadata)
    delete_by_content_id = sync(_delete_by_content_id)
    async_delete_by_content_id = asynchronous(_delete_by_content_id)
    delete_by_content_hash = sync(_delete_by_content_hash)
    async_delete_by_content_hash = asynchronous(_delete_by_content_hash)
    update_metadata, async_update_metadata = sync(_update_metadata), asynchronous(_update_metadata)

    # For Knowledge ---------------------------------------------------------------------------------------------------

    async def put_contents(
        self, io: IO, contents: Sequence[tuple[str, Sequence[Document], Mapping[str, Any] | None]]
    ) -> None:
        """Put contents, by hash, in the place of all that has the same sources: themselves, older versions, drafts."""
        records = [one for content in contents for one in prepared(*content)]
        await self._vectors(io, records)
        await self._create(io)
        last = {content_hash[:SOURCE]: content_hash for content_hash, _, _ in contents}  # of two versions the newer
        where = field_is("source", *last)
        await self._swap(io, where, [record for record in records if last[record.source] == record.content_hash])
        await self._tidy(io)

    async def other_contents(self, io: IO, contents: Mapping[str, str | None]) -> dict[str, set[str]]:
        """The content ids of what is here from the same sources as these contents, which are ids by hash: older versions."""
        found: dict[str, set[str]] = {content_hash[:SOURCE]: set() for content_hash in contents}
        ids = set(contents.values())
        while found and await self._made(io):
            rows = await self._rows(io, together(field_is("source", *found), Not(field_is("content_id", *ids))), 1)
            if not rows or rows[0].content_id is None:
                break
            ids.add(rows[0].content_id)
            found[rows[0].source].add(rows[0].content_id)
        return {content_hash: found[content_hash[:SOURCE]] for content_hash in contents}

    async def has_draft(self, io: IO, content_hash: str) -> bool:
        """Whether somebody began to store this content."""
        return await self._is_there(io, field_is("content_hash", DRAFT + content_hash))

    def pieces(self, content_hash: str) -> Pieces:
        """An attempt at storing a content that is too large to be stored at once."""
        return Pieces(self, content_hash)

    def _claim(self, source: str) -> Claim:
        """What keeps others away while something from this source is stored: other processes as well, where a store can."""
        return InProcess(self._held, source)

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        """Give records another content. A product that can do it in place does."""
        rows = await self._rows(io, where)
        await self._put_all(io, [replace(row, content_hash=content_hash, content_id=content_id) for row in rows])

    # Searching -------------------------------------------------------------------------------------------------------

    async def _search(
        self, io: IO, query: str, limit: int = 5, filters: Any = None, search_type: SearchType | str | None = None
    ) -> list[Document]:
        """The documents that fit best, the best first; reordered by the reranker, if there is one."""
        how = self.search_type if search_type is None else self._able(search_type)
        where = conditions(filters)
        if limit < 1:
            raise ValueError(f"limit is {limit}: ask for at least one document.")
        if not query.strip() or not await self._made(io):
            return []
        if how is not SearchType.keyword:
            await self._compare(io)
        hits = await self._found(io, query, limit, where, how)
        documents = [hit.record.document(self.embedder) for hit in hits]
        if self.reranker is None or not documents:
            return documents
        rerank = self.reranker.rerank
        if io.is_async:
            rerank = getattr(self.reranker, "arerank", rerank)
        reranked: list[Document] = await io.call(rerank, query, documents)
        return reranked[:limit]

    search, async_search = sync(_search), asynchronous(_search)

    async def _found(self, io: IO, query: str, limit: int, where: Node, how: SearchType) -> list[Hit]:
        if how is SearchType.keyword:
            return await self._worded(io, query, limit, where)
        embedding = await self._query_vector(io, query)
        if how is SearchType.hybrid:
            return await self._both(io, query, embedding, limit, where)
        hits = await self._nearest(io, embedding, limit, where)
        least = self.similarity_threshold
        return hits if least is None else [hit for hit in hits if hit.score is None or hit.score >= least]

    async def _query_vector(self, io: IO, query: str) -> list[float]:
        vector = (await embed_texts(io, self.embedder, [query]))[0].embedding
        if len(vector) != self.dimensions:
            raise ValueError(
                f"{self.embedder!r} gave a vector of {len(vector)} numbers, but its dimensions= say {self.dimensions}."
            )
        return vector

    async def _vector_search(self, io: IO, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """`search` by meaning."""
        return await self._search(io, query, limit, filters, SearchType.vector)

    async def _keyword_search(self, io: IO, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """`search` by words."""
        return await self._search(io, query, limit, filters, SearchType.keyword)

    async def _hybrid_search(self, io: IO, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """`search` by both."""
        return await self._search(io, query, limit, filters, SearchType.hybrid)

    vector_search, keyword_search, hybrid_search = sync(_vector_search), sync(_keyword_search), sync(_hybrid_search)

    def _able(self, search_type: SearchType | str) -> SearchType:
        known = {one.value: one for one in self.search_types}
        if search_type not in known:  # a SearchType is its own text
            named = getattr(search_type, "value", search_type)
            raise ValueError(f"{type(self).__name__} has no {named} search; it has: {', '.join(sorted(known))}.")
        return known[search_type]

    def get_supported_search_types(self) -> list[str]:
        """The names of the ways to search."""
        return [kind.value for kind in SearchType if kind in self.search_types]

    def __deepcopy__(self, memo: Any) -> Any:
        return self  # the copy of an agent uses the same database

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class VectorStore(StoreMethods, VectorDb):
    """A vector database of ours: it implements the primitives, and has all methods by that."""


__all__ = ["StoreMethods", "VectorStore"]
