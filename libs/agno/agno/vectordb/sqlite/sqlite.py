"""Vectors in a SQLite file, by its extension sqlite-vec."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agno._io import IO
from agno.vectordb._claims import Claim, OnFile
from agno.vectordb._conditions import Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._tags import tag
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.search import SearchType
from agno.vectordb.sqlite._sql import Conditions, Tables, any_word, blob, columns, record_of

_MEASURES = {Distance.cosine: "vec_distance_cosine", Distance.l2: "vec_distance_l2"}
_PATIENCE = 10.0  # seconds that a writer waits for another one


class SqliteVec(VectorStore):
    """Keeps vectors in a file of SQLite: `SqliteVec(table_name="docs", db_file="tmp/knowledge.db")`.

    Answers are exact: a question is compared with every row that the filters leave, some hundred thousand per second.
    Words are found by SQLite's own full-text search. Several processes may use the file; `":memory:"` is this object only.
    """

    blocking = True  # the methods wait for a disk
    search_types = frozenset(SearchType)
    distances = frozenset(_MEASURES)

    def __init__(
        self,
        table_name: str,
        db_file: str | Path = "agno_vectors.db",
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        if not table_name or "\0" in table_name:
            raise ValueError("SqliteVec needs a table_name=, without NUL.")
        _packages()
        self.table_name, self.db_file = table_name, str(db_file)
        self._tables = Tables(table_name)
        self._connection: Any = None
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        text = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(await self._done(io, lambda db: db.execute(text, (self.table_name,)).fetchall()))

    async def _make(self, io: IO) -> None:
        await self._done(io, lambda db: [db.execute(text) for text in self._tables.made()], writes=True)

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda db: [db.execute(text) for text in self._tables.removed()], writes=True)

    def _claim(self, source: str) -> Claim:
        if self.db_file == ":memory:":
            return super()._claim(source)
        return OnFile(Path(f"{self.db_file}-storing", tag(f"{self.table_name} {source}")))

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._done(io, lambda db: self._tables.store(db, records), writes=True)

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        def swapped(db: Any) -> None:
            self._delete_rows(db, where)
            self._tables.store(db, records)

        await self._done(io, swapped, writes=True)

    async def _erase(self, io: IO, where: Node) -> None:
        await self._done(io, lambda db: self._delete_rows(db, where), writes=True)

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        return [record_of(row) for row in await self._selected(io, columns("r"), where, limit)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {id for (id,) in await self._selected(io, "id", where, None)}

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        label = Record(id="", content="", content_hash=content_hash)
        condition = Conditions(self._tables)
        text = (
            f"UPDATE {self._tables.rows} SET content_hash = ?, source = ?, content_id = ? WHERE {condition.said(where)}"
        )
        values = (content_hash, label.source, content_id, *condition.values)
        await self._done(io, lambda db: db.execute(text, values), writes=True)

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        condition, vector = Conditions(self._tables), blob(embedding)
        text = (
            f"SELECT {columns('r')}, {_MEASURES[self.distance]}(embedding, ?) AS distance FROM {self._tables.rows} AS r "
            f"WHERE {condition.said(where)} ORDER BY distance IS NULL, distance, id LIMIT ?"
        )
        values = (vector, *condition.values, limit)
        rows = await self._done(io, lambda db: db.execute(text, values).fetchall())
        return [Hit(record_of(row), self._similarity(row[-1])) for row in rows]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        words, condition = any_word(query), Conditions(self._tables)
        if not words:
            return []
        tables = self._tables
        text = (
            f"SELECT {columns('r')}, bm25({tables.words}) AS rank FROM {tables.words} JOIN {tables.rows} AS r "
            f"ON r.number = {tables.words}.rowid WHERE {tables.words} MATCH ? AND {condition.said(where)} "
            "ORDER BY rank, r.id LIMIT ?"
        )
        values = (words, *condition.values, limit)
        rows = await self._done(io, lambda db: db.execute(text, values).fetchall())
        return [Hit(record_of(row), -row[-1]) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    async def _done(self, io: IO, work: Callable[[Any], Any], writes: bool = False) -> Any:
        """One transaction, one at a time on this connection."""
        return await io.call(self._alone, work, writes)

    def _alone(self, work: Callable[[Any], Any], writes: bool) -> Any:
        apsw, _ = _packages()
        with self._lock:
            try:
                db = self._opened()
                if not writes:
                    return work(db)
                with db:
                    return work(db)
            except (apsw.BusyError, apsw.LockedError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.FullError) as error:
                raise VectorDbUnavailableError(f"The file {self.db_file} cannot be used: {error}") from error
            except apsw.Error as error:
                raise VectorDbError(f"SQLite, {self.db_file}, table {self.table_name!r}: {error}") from error

    def _opened(self) -> Any:
        if self._connection is None:
            apsw, sqlite_vec = _packages()
            if self.db_file != ":memory:":
                Path(self.db_file).absolute().parent.mkdir(parents=True, exist_ok=True)
            db = apsw.Connection(self.db_file)
            db.set_busy_handler(patient := _Patience())
            patient.until_free(lambda: db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").fetchall())
            db.transaction_mode = "IMMEDIATE"  # else two that read and then write would refuse each other
            db.enable_load_extension(True)
            db.load_extension(sqlite_vec.loadable_path())
            db.enable_load_extension(False)
            self._connection = db
        return self._connection

    async def _selected(self, io: IO, what: str, where: Node, limit: int | None) -> list[Any]:
        condition = Conditions(self._tables)
        text = f"SELECT {what} FROM {self._tables.rows} AS r WHERE {condition.said(where)} LIMIT ?"
        values = (*condition.values, -1 if limit is None else limit)
        rows: list[Any] = await self._done(io, lambda db: db.execute(text, values).fetchall())
        return rows

    def _delete_rows(self, db: Any, where: Node) -> None:
        condition = Conditions(self._tables)
        db.execute(f"DELETE FROM {self._tables.rows} WHERE {condition.said(where)}", tuple(condition.values))

    def _similarity(self, distance: float | None) -> float:
        return 0.0 if distance is None else similarity(distance, self.distance)


class _Patience:
    """How one waits for another one's lock: SQLite asks this before it tries again.

    Not `set_busy_timeout`: where SQLite was built with blocking locks (SETLK_TIMEOUT), connections of one process that
    have one lie in wait for each other until it is over.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def __call__(self, tries: int) -> bool:
        """Whether to try again, after a little while. `tries` were in vain."""
        now = time.monotonic()
        if tries == 0:
            self._until = now + _PATIENCE
        time.sleep(min(0.001 * 2 ** min(tries, 5), 0.03))
        return now < self._until

    def until_free(self, work: Callable[[], Any]) -> None:
        """For what SQLite refuses at once while the file is used, such as another kind of journal."""
        tries = 0
        while True:
            try:
                work()
                return
            except _packages()[0].BusyError:
                if not self(tries):
                    raise
                tries += 1


def _packages() -> tuple[Any, Any]:
    """The driver, and the extension. Python's own sqlite3 is often built without the loading of extensions."""
    try:
        import apsw
        import sqlite_vec
    except ImportError as error:
        raise ImportError(
            "SqliteVec needs the packages `apsw` and `sqlite-vec`: pip install 'agno[sqlite-vec]'"
        ) from error
    return apsw, sqlite_vec


__all__ = ["SqliteVec"]
