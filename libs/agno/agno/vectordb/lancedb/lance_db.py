"""Vectors in LanceDB: files in a folder or a bucket, without a server."""

from __future__ import annotations

import json
import math
import struct
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from agno._io import IO
from agno.db._codec import plain_to_json
from agno.knowledge._arguments import whole
from agno.utils.log import log_debug
from agno.vectordb._claims import Claim, OnFile
from agno.vectordb._conditions import EVERYTHING, Compared, Field, Has, Node, numbers_of, said, terms_of
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.search import SearchType

_METRICS = {Distance.cosine: "cosine", Distance.l2: "l2", Distance.max_inner_product: "dot"}
_SMALL = 256  # rows below which an index would cost more than it saves, and cannot be trained
_KEY = b"lance-schema:unenforced-primary-key"
_NO_KEY = (AttributeError, RuntimeError, OSError, ValueError)  # an old package, no right to write, another does it now
_PART = 1000  # rows that are made ready at once
_FILES = 8  # of a table, from which on they are put together once it has doubled, so that a row is not rewritten often
_MOST_FILES = 256  # from which on they are put together in any case
_READ = [
    "id",
    "content",
    "name",
    "meta_data",
    "vector",
    "usage",
    "content_hash",
    "content_id",
]  # the rest is asked only
_COLUMNS = [*_READ, "source", "terms", "numbers"]


class LanceDb(VectorStore):
    """Keeps vectors in LanceDB: `LanceDb(table_name="docs", uri="tmp/lancedb")`.

    `uri` is a folder, the address of a bucket, or `db://...` with `api_key`. `connection` is one of the user's own. An
    `async_connection` is only asked for its address: asynchronous methods run LanceDB in worker threads. `nprobes` is how
    many parts of a vector index are searched. `use_tantivy`, `on_bad_vectors` and `fill_value` are accepted and have no
    meaning: full-text search is LanceDB's own, and vectors are checked before they are stored.
    """

    blocking = True  # the methods wait for a disk
    search_types = frozenset(SearchType)
    _gathered = 500  # a write of 100 rows costs LanceDB as much as one of 1,000

    def __init__(
        self,
        uri: Any = "/tmp/lancedb",
        connection: Any = None,
        table: Any = None,
        async_connection: Any = None,
        async_table: Any = None,
        table_name: str | None = None,
        api_key: str | None = None,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        nprobes: int | None = None,
        reranker: Any = None,
        use_tantivy: bool = True,
        on_bad_vectors: str | None = None,
        fill_value: float | None = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        _lancedb()
        given = table if table is not None else async_table
        if table_name is None and given is None:
            raise ValueError("LanceDb needs table_name=, such as LanceDb(table_name='docs', uri='tmp/lancedb').")
        self.table_name: str = table_name or given.name
        self.uri = uri if async_connection is None else async_connection.uri
        self.api_key = api_key
        if nprobes is not None:
            whole(self, "nprobes", nprobes)
        self.nprobes = nprobes
        self._connection, self._given_table = connection, table
        self._opened: Any = None  # the table, kept: it follows what others write
        self._size = 0  # numbers of its vectors
        self._lock = threading.RLock()

    @property
    def connection(self) -> Any:
        """The connection: the given one, or our own, made at its first use."""
        with self._lock:
            if self._connection is None:
                # other processes may write: each look sees the newest version
                now = {"read_consistency_interval": timedelta(0)}
                key = {"api_key": self.api_key} if self.api_key else {}
                self._connection = _lancedb().connect(str(self.uri), **key, **now)
            return self._connection

    @property
    def table(self) -> Any:
        """LanceDB's table, for queries of your own; None if it is not there."""
        if self._given_table is not None:
            return self._given_table
        try:
            return self.connection.open_table(self.table_name)
        except (ValueError, FileNotFoundError):  # LanceDB's way to say that it is not there
            return None

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        return bool(await self._done(io, self._is_there_still))

    async def _make(self, io: IO) -> None:
        def made() -> None:
            if self.table is None:
                self.connection.create_table(self.table_name, schema=_schema(self.dimensions), exist_ok=True)

        await self._done(io, made)

    async def _remove(self, io: IO) -> None:
        def removed() -> None:
            if self.table is not None:
                self.connection.drop_table(self.table_name)
            self._given_table = self._opened = None

        await self._done(io, removed)

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        if not records:
            return

        def stored() -> None:
            rows = _rows_of(records, self.dimensions)
            merge = self._checked().merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.execute(rows)

        await self._done(io, stored)

    async def _put_new(self, io: IO, records: Sequence[Record]) -> None:
        if self._folder is None:  # others may store the same: only a merge finds that out
            await self._put_all(io, records)
        elif records:
            await self._done(io, lambda: self._checked().add(_rows_of(records, self.dimensions)))

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        stale = await self._ids(io, where) - {record.id for record in records}
        if not stale:  # to remove what is not among the new ones, LanceDB reads the whole table
            return await self._put(io, records)

        def swapped() -> None:
            merge = self._checked().merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.when_not_matched_by_source_delete(said(where, SQL)).execute(_rows_of(records, self.dimensions))

        await self._done(io, swapped)

    async def _erase(self, io: IO, where: Node) -> None:
        await self._done(io, lambda: self._checked().delete(said(where, SQL)))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        return _records(await self._selected(io, where, limit, _READ))

    async def _any(self, io: IO, where: Node) -> bool:
        return bool(await self._done(io, lambda: self._checked().count_rows(said(where, SQL))))

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return set((await self._selected(io, where, None, ["id"]))["id"].to_pylist())

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        def changed() -> None:
            values = {"content_hash": content_hash, "content_id": content_id}
            self._checked().update(where=said(where, SQL), values=values)

        await self._done(io, changed)

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        def found() -> Any:
            query = self._checked().search(embedding, vector_column_name="vector")
            query = _only(query.distance_type(_METRICS[self.distance]), where).limit(limit)
            if self.nprobes is not None:
                query = query.nprobes(self.nprobes)
            return query.select([*_READ, "_distance"]).to_arrow()

        rows = await self._done(io, found)
        distances = rows["_distance"].to_pylist()
        return [Hit(one, self._similarity(far)) for one, far in zip(_records(rows), distances, strict=True)]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        def found() -> Any:
            table = self._checked()
            self._index_words(table)
            asked = _only(table.search(query, query_type="fts", fts_columns="content"), where)
            return asked.limit(limit).select([*_READ, "_score"]).to_arrow()

        rows = await self._done(io, found)
        return [Hit(*one) for one in zip(_records(rows), rows["_score"].to_pylist(), strict=True)]

    def _claim(self, source: str) -> Claim:
        if self._folder is None:
            return super()._claim(source)
        return OnFile(self._folder / f"{self.table_name}-storing" / source)

    @property
    def _folder(self) -> Path | None:
        """Where the tables are, if it is a folder: in a bucket nothing can be locked."""
        place = None if self._given_table is not None else str(self.connection.uri)
        return None if place is None or "://" in place else Path(place)

    async def _tune(self, io: IO) -> None:
        """Put small files together, and index what has grown large."""

        def tuned() -> None:
            table = self._checked()
            table.optimize()
            if table.count_rows() >= _SMALL:
                table.create_index(
                    metric=_METRICS[self.distance], vector_column_name="vector", index_type="IVF_HNSW_SQ"
                )

        await self._done(io, tuned)

    async def _tidy(self, io: IO) -> None:
        """Each write is a file, and each search opens all of them: put them together whenever that is soon repaid."""

        def tidied() -> None:
            table = self._checked()
            files = table.stats()["fragment_stats"]
            count, largest = files["num_fragments"], files["lengths"]["max"]
            if count >= _FILES and (count >= _MOST_FILES or table.count_rows() >= 2 * largest):
                table.optimize()

        try:
            await self._done(io, tidied)
        except VectorDbError as error:  # others write at the same time; all is stored, and the next write tidies up
            log_debug(f"the files of {self.table_name!r} were not put together: {error}")

    # -----------------------------------------------------------------------------------------------------------------

    async def _done(self, io: IO, work: Callable[[], Any]) -> Any:
        """One piece of work at a time in this process; between processes LanceDB itself tries again."""

        def alone() -> Any:
            with self._lock:
                try:
                    return work()
                except (RuntimeError, OSError, ValueError) as error:
                    self._opened = None  # somebody may have dropped it
                    if isinstance(error, ValueError) and not str(error).startswith("Invalid input"):
                        raise
                    raise VectorDbError(f"LanceDB at {self.uri}, table {self.table_name!r}: {error}") from error

        return await io.call(alone)

    async def _selected(self, io: IO, where: Node, limit: int | None, columns: list[str]) -> Any:
        """A table of Arrow's."""

        def found() -> Any:
            table = self._checked()
            most = limit if limit is not None else max(1, table.count_rows())
            return table.search().where(said(where, SQL)).limit(most).select(columns).to_arrow()

        return await self._done(io, found)

    def _is_there_still(self) -> bool:
        if self._opened is not None:
            try:
                _ = self._opened.version  # the cheapest question to the files
                return True
            except (RuntimeError, OSError, ValueError):
                self._opened = None
        return self.table is not None

    def _checked(self) -> Any:
        """The table, if its columns are what we think."""
        if self._opened is None:
            self._opened = self._opened_now()
        if self._size != self.dimensions:
            raise ValueError(
                f"The table {self.table_name!r} keeps vectors of {self._size} numbers, and the embedder makes {self.dimensions}: "
                "give another table_name=, or the embedder that the table was made with."
            )
        return self._opened

    def _opened_now(self) -> Any:
        table = self.table
        if table is None:
            raise VectorDbError(f"LanceDB at {self.uri} has no table {self.table_name!r}: create() makes it.")
        schema = table.schema  # read from the files each time that it is asked
        missing = [name for name in _COLUMNS if name not in schema.names]
        if missing:
            raise VectorDbError(
                f"The table {self.table_name!r} of LanceDB at {self.uri} has no column {missing[0]!r}: something else made it. "
                "Give another table_name=, and add the content again."
            )
        self._size = schema.field("vector").type.list_size
        if not any(name.startswith(_KEY) for name in schema.field("id").metadata or {}) and self._given_table is None:
            self._mend(table)
        return table

    def _mend(self, table: Any) -> None:
        """Tables of earlier versions get their primary key."""
        try:
            table.alter_columns({"path": "id", "nullable": False})
            table.set_unenforced_primary_key("id")
        except _NO_KEY as error:
            log_debug(f"the table {self.table_name!r} got no primary key: {error}")

    def _index_words(self, table: Any) -> None:
        if not any(index.columns == ["content"] for index in table.list_indices()):
            from lancedb.index import FTS

            table.create_index("content", config=FTS(with_position=False, remove_stop_words=False))

    def _similarity(self, distance: float) -> float:
        if self.distance is Distance.l2:
            return similarity(math.sqrt(max(distance, 0.0)), Distance.l2)
        return 1.0 - distance


class _Sql:
    """Conditions as SQL."""

    def all(self, parts: list[str]) -> str:
        return f"({' AND '.join(parts)})" if parts else "true"

    def any(self, parts: list[str]) -> str:
        return f"({' OR '.join(parts)})" if parts else "false"

    def no(self, part: str) -> str:
        return f"NOT {part}"

    def has(self, condition: Has) -> str:
        return f"array_has(terms, {_text(condition.term)})"

    def compared(self, condition: Compared) -> str:
        number = f"element_at(numbers, {_text(condition.field)})[1]"
        return f"coalesce({number} {condition.op} CAST({condition.value!r} AS DOUBLE), false)"

    def field(self, condition: Field) -> str:
        values = ", ".join(map(_text, condition.values))
        return f"coalesce({condition.name} IN ({values}), false)" if values else "false"


def _only(query: Any, where: Node) -> Any:
    return query if where == EVERYTHING else query.where(said(where, SQL), prefilter=True)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


SQL = _Sql()


def _lancedb() -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise ImportError("LanceDb needs the package `lancedb`: pip install 'agno[lancedb]'") from error
    return lancedb


@lru_cache(maxsize=16)
def _schema(dimensions: int) -> Any:
    import pyarrow as pa

    kinds = {
        "vector": pa.list_(pa.float32(), dimensions),
        "terms": pa.list_(pa.string()),
        "numbers": pa.map_(pa.string(), pa.float64()),
    }
    # two processes that merge the same rows at the same moment store them once
    key = pa.field("id", pa.string(), nullable=False, metadata={_KEY: b"true"})
    return pa.schema([key, *[pa.field(name, kinds.get(name, pa.string())) for name in _COLUMNS if name != "id"]])


def _rows_of(records: Sequence[Record], dimensions: int) -> Any:
    """Records as a table of Arrow's. A part at a time: what is needed in between does not pile up."""
    import pyarrow as pa

    parts = (records[start : start + _PART] for start in range(0, len(records), _PART))
    return pa.Table.from_batches([_batch_of(part, dimensions) for part in parts], schema=_schema(dimensions))


def _batch_of(records: Sequence[Record], dimensions: int) -> Any:
    """Column by column: as dicts each number would be looked at several times."""
    import pyarrow as pa

    pack = struct.Struct(f"{dimensions}f").pack  # a third of the time of an array
    packed = pa.py_buffer(b"".join([pack(*record.embedding or ()) for record in records]))
    vectors = pa.Array.from_buffers(pa.float32(), len(records) * dimensions, [None, packed])
    columns = {
        "id": [one.id for one in records],
        "content": [one.content for one in records],
        "name": [one.name for one in records],
        "meta_data": [plain_to_json(one.meta_data) for one in records],
        "vector": pa.FixedSizeListArray.from_arrays(vectors, dimensions),
        "usage": [plain_to_json(one.usage) if one.usage is not None else None for one in records],
        "content_hash": [one.content_hash for one in records],
        "content_id": [one.content_id for one in records],
        "source": [one.source for one in records],
        "terms": [terms_of(one.meta_data) for one in records],
        "numbers": [list(numbers_of(one.meta_data).items()) for one in records],
    }
    return pa.RecordBatch.from_pydict(columns, schema=_schema(dimensions))


def _records(table: Any) -> list[Record]:
    """The records of a table of Arrow's. Vectors are read in one piece: number by number it takes longer than the search."""
    vectors = table["vector"].combine_chunks()
    numbers, size = vectors.flatten().to_numpy(zero_copy_only=False).tolist(), vectors.type.list_size
    columns = (table[name].to_pylist() for name in _READ if name != "vector")
    return [
        Record(
            id=id,
            content=content,
            name=name,
            meta_data=json.loads(metadata),
            embedding=numbers[n * size : (n + 1) * size],
            usage=json.loads(usage) if usage is not None else None,
            content_hash=content_hash,
            content_id=content_id,
        )
        for n, (id, content, name, metadata, usage, content_hash, content_id) in enumerate(zip(*columns, strict=True))
    ]


__all__ = ["LanceDb"]
