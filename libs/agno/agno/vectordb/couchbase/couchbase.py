"""Vectors in Couchbase, found by its search service."""

from __future__ import annotations

import importlib
import math
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from agno._io import IO
from agno.vectordb._conditions import EVERYTHING, Node, holds
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._tags import tags_of
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.couchbase import _documents as documents
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.search import SearchType

T = TypeVar("T")

_PAUSE = 0.25  # seconds between two looks whether an index is ready


class CouchbaseSearch(VectorStore):
    """Keeps vectors in Couchbase 7.6.4 or newer, with its query and search services.

    `search_index` is the name of a search index, which the first write makes unless it is there, or a `SearchIndex` of
    the user's own: it must index what ours does (`terms`, `is_…`, `numbers`, `content`, `embedding`). With
    `is_global_level_index` it belongs to the cluster, else to the scope. `overwrite` drops the collection at the first
    `create`. `cluster` is a connected `Cluster` of the user's own, in place of the connection string and options.

    The search index follows the collection with a delay; look-ups and deletions see what is stored at once.
    Asynchronous methods run in worker threads.
    """

    blocking = True  # the methods wait for a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        bucket_name: str,
        scope_name: str,
        collection_name: str,
        couchbase_connection_string: str | None = None,
        cluster_options: Any = None,
        search_index: Any = None,
        embedder: Any = None,
        overwrite: bool = False,
        is_global_level_index: bool = False,
        wait_until_index_ready: float = 0,
        batch_limit: int = 500,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
        cluster: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        _couchbase()
        if cluster is None and not (couchbase_connection_string and cluster_options):
            raise ValueError("CouchbaseSearch needs couchbase_connection_string= and cluster_options=, or cluster=.")
        if not search_index:
            raise ValueError("CouchbaseSearch needs search_index=, a name or a SearchIndex.")
        for name in (bucket_name, scope_name, collection_name):
            if not name or "`" in name:
                raise ValueError(f"{name!r} cannot be the name of a bucket, scope or collection.")
        self.bucket_name, self.scope_name, self.collection_name = bucket_name, scope_name, collection_name
        self.couchbase_connection_string, self.cluster_options = couchbase_connection_string, cluster_options
        self.search_index = search_index
        self.index_name: str = search_index if isinstance(search_index, str) else search_index.name
        self.overwrite, self.is_global_level_index = overwrite, is_global_level_index
        self.wait_until_index_ready, self.batch_limit = wait_until_index_ready, max(1, batch_limit)
        self._settings, self._cluster, self._is_given = kwargs, cluster, cluster is not None
        self._lock = threading.RLock()

    @property
    def cluster(self) -> Any:
        """Couchbase's cluster: the given one, or our own, connected at its first use."""
        with self._lock:
            if self._cluster is None:
                connect = _couchbase().cluster.Cluster.connect
                self._cluster = connect(self.couchbase_connection_string, self.cluster_options, **self._settings)
            return self._cluster

    @property
    def scope(self) -> Any:
        """Couchbase's scope, for queries of your own."""
        return self.cluster.bucket(self.bucket_name).scope(self.scope_name)

    @property
    def collection(self) -> Any:
        """Couchbase's collection."""
        return self.scope.collection(self.collection_name)

    def close(self) -> None:
        """Close our own cluster."""
        if self._cluster is not None and not self._is_given:
            self._cluster.close()
            self._cluster = None

    # The collection --------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            self._is_made = self.collection_name in (await self._done(io, self._collections)).get(self.scope_name, ())
        return self._is_made

    def _collections(self) -> dict[str, set[str]]:
        scopes = self.cluster.bucket(self.bucket_name).collections().get_all_scopes()
        return {scope.name: {one.name for one in scope.collections} for scope in scopes}

    async def _make(self, io: IO) -> None:
        dimensions = self.dimensions
        try:
            await self._done(io, self._make_collection)
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise
        await self._done(io, lambda: self._make_index(dimensions))
        end = io.now() + self.wait_until_index_ready
        while io.now() < end:
            try:
                await self._done(io, lambda: self._indexes().get_indexed_documents_count(self.index_name))
                return
            except VectorDbError:
                await io.sleep(_PAUSE)

    def _make_collection(self) -> None:
        manager, there = self.cluster.bucket(self.bucket_name).collections(), self._collections()
        if self.scope_name not in there:
            manager.create_scope(self.scope_name)
        if self.collection_name not in there.get(self.scope_name, ()):
            manager.create_collection(self.scope_name, self.collection_name)

    def _make_index(self, dimensions: int) -> None:
        if any(index.name.split(".")[-1] == self.index_name for index in self._indexes().get_all_indexes()):
            return
        index = self.search_index
        if isinstance(index, str):
            keyspace = f"{self.scope_name}.{self.collection_name}"
            params = documents.index_of(keyspace, dimensions, self.distance)
            kind = _couchbase().management.search.SearchIndex
            index = kind(name=index, idx_type="fulltext-index", source_name=self.bucket_name, params=params)
        self._indexes().upsert_index(index)

    def _indexes(self) -> Any:
        return self.cluster.search_indexes() if self.is_global_level_index else self.scope.search_indexes()

    async def _remove(self, io: IO) -> None:
        """The collection goes, and with it an index that we made; one of the user's own stays."""
        if await self._exists(io):
            await self._done(io, self._dropped)
        self._forget()

    def _dropped(self) -> None:
        if isinstance(self.search_index, str):
            try:
                self._indexes().drop_index(self.index_name)
            except _couchbase().exceptions.SearchIndexNotFoundException:
                pass  # somebody else dropped it
        self.cluster.bucket(self.bucket_name).collections().drop_collection(self.scope_name, self.collection_name)

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        for start in range(0, len(records), self.batch_limit):
            some = {record.id: documents.document_of(record) for record in records[start : start + self.batch_limit]}
            await self._done(io, partial(self._stored, some))

    def _stored(self, some: dict[str, Any]) -> None:
        result = self.collection.upsert_multi(some)
        if not result.all_ok:
            raise next(iter(result.exceptions.values()))

    async def _erase(self, io: IO, where: Node) -> None:
        await self._asked(io, f"DELETE FROM {self._keyspace} AS d", where)

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        most = "" if limit is None else f" LIMIT {int(limit)}"
        found = await self._asked(io, f"SELECT META(d).id AS id, d AS document FROM {self._keyspace} AS d", where, most)
        return [documents.record_of(row["id"], row["document"]) for row in found]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        found = await self._asked(io, f"SELECT META(d).id AS id FROM {self._keyspace} AS d", where)
        return {row["id"] for row in found}

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        label = Record(id="", content="", content_hash=content_hash, content_id=content_id)
        tags = {name: tag for name, tag in tags_of(label).items() if name not in ("is_id", "is_name")}
        named: dict[str, Any] = {"content_hash": content_hash, "content_id": content_id, **tags}
        changes = ", ".join(f"d.{name} = ${name}" for name in named)
        await self._asked(io, f"UPDATE {self._keyspace} AS d SET {changes}", where, **named)

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        package = _couchbase()
        narrowed = {} if where == EVERYTHING else {"prefilter": documents.filter_of(where, package.search)}
        near = package.vector_search
        query = near.VectorQuery("embedding", [float(x) for x in embedding], num_candidates=limit, **narrowed)
        request = package.search.SearchRequest.create(near.VectorSearch.from_vector_query(query))
        found = await self._done(io, lambda: self._found_by(request, limit, where))
        hits = [Hit(record, self._similarity(embedding, record.embedding or [])) for record, _ in found]
        return sorted(hits, key=lambda hit: -(hit.score or 0.0))

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        search = _couchbase().search
        words = search.MatchQuery(query, field="content")
        narrowed = words if where == EVERYTHING else search.ConjunctionQuery(words, documents.filter_of(where, search))
        request = search.SearchRequest.create(narrowed)
        return [Hit(*found) for found in await self._done(io, lambda: self._found_by(request, limit, where))]

    def _found_by(self, request: Any, limit: int, where: Node) -> list[tuple[Record, float]]:
        """The documents that the search found, as they are stored now: the index may not yet know that one changed."""
        options = _couchbase().options.SearchOptions(limit=limit)
        place = self.cluster if self.is_global_level_index else self.scope
        scores = {row.id: row.score for row in place.search(self.index_name, request, options).rows()}
        kept = self.collection.get_multi(list(scores)).results if scores else {}
        records = [documents.record_of(id, kept[id].content_as[dict]) for id in scores if id in kept]
        return [(record, scores[record.id]) for record in records if holds(where, record)]

    def _similarity(self, query: list[float], other: list[float]) -> float:
        """Couchbase's score is a rank only; what is near is computed from the vector that is stored."""
        if self.distance is Distance.l2:
            return similarity(math.dist(query, other), Distance.l2)
        product = sum(a * b for a, b in zip(query, other, strict=True))
        return product if self.distance is Distance.max_inner_product else product / (_length(query) * _length(other))

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _keyspace(self) -> str:
        return f"`{self.bucket_name}`.`{self.scope_name}`.`{self.collection_name}`"

    async def _asked(self, io: IO, what: str, where: Node, end: str = "", **given: Any) -> list[Any]:
        """A statement of SQL++ about the documents that fit; it sees all that was stored before."""
        condition = documents.Conditions()
        text = f"{what} WHERE {condition.said(where)}{end}"
        package, parameters = _couchbase(), {**condition.given, **given}
        consistency = package.n1ql.QueryScanConsistency.REQUEST_PLUS
        options = package.options.QueryOptions(named_parameters=parameters, scan_consistency=consistency)
        return await self._done(io, lambda: list(self.scope.query(text, options).rows()))

    async def _done(self, io: IO, work: Callable[[], T]) -> T:
        errors = _couchbase().exceptions
        late = (errors.TimeoutException, errors.AmbiguousTimeoutException, errors.UnAmbiguousTimeoutException)
        try:
            done: T = await io.call(work)
            return done
        except (*late, errors.ServiceUnavailableException) as error:
            raise VectorDbUnavailableError(f"Couchbase cannot be reached: {error}") from error
        except errors.CouchbaseException as error:
            self._forget()  # somebody may have dropped it
            raise VectorDbError(f"Couchbase, collection {self._keyspace}: {error}") from error


def _length(vector: Sequence[float]) -> float:
    return math.hypot(*vector) or 1.0


def _couchbase() -> Any:
    try:
        package = importlib.import_module("couchbase")
        for name in ("cluster", "exceptions", "management.search", "n1ql", "options", "search", "vector_search"):
            importlib.import_module(f"couchbase.{name}")
    except ImportError as error:
        raise ImportError(
            "CouchbaseSearch needs the package `couchbase` (4.4 or newer): pip install 'agno[couchbase]'"
        ) from error
    return package


__all__ = ["CouchbaseSearch"]
