"""Vectors in DuckDB: a file that one process uses at a time, or this process."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agno._io import IO
from agno.vectordb._conditions import Compared, Field, Has, Node, field_is
from agno.vectordb._flat import READ, Clauses, flat, read_values
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity

_MEASURES = {
    Distance.cosine: ("array_cosine_distance", "ASC"),
    Distance.l2: ("array_distance", "ASC"),
    Distance.max_inner_product: ("array_inner_product", "DESC"),
}
_TEXTS = ("id", "content", "name", "meta_data", "usage", "content_hash", "source", "content_id")
_LISTS = {"terms": "VARCHAR[]", "number_names": "VARCHAR[]", "number_values": "DOUBLE[]"}
_ATTEMPTS = 50  # of what got into the way of somebody else's transaction
_SELECTED = ", ".join(READ)


class DuckDb(VectorStore):
    """Keeps vectors in DuckDB: `DuckDb(table_name="docs", db_file="tmp/knowledge.duckdb")`.

    Answers are exact: a question is compared with every row that the filters leave. `":memory:"` is this object only; a file
    is used by one process at a time, and by as many objects in it as you like. `connection` is one of your own.
    """

    blocking = True  # the methods wait for a disk

    def __init__(
        self,
        table_name: str,
        db_file: str | Path = "agno_vectors.duckdb",
        connection: Any = None,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder, distance=distance, reranker=reranker, similarity_threshold=similarity_threshold
        )
        if not table_name or "\0" in table_name:
            raise ValueError("DuckDb needs a table_name=, without NUL.")
        _duckdb()
        self.table_name, self.db_file = table_name, str(db_file)
        self._connection, self._is_ours = connection, connection is None
        self._lock = threading.RLock()

    @property
    def connection(self) -> Any:
        """DuckDB's connection: the given one, or our own, made at its first use."""
        with self._lock:
            if self._connection is None:
                if self.db_file != ":memory:":
                    Path(self.db_file).absolute().parent.mkdir(parents=True, exist_ok=True)
                self._connection = _duckdb().connect(self.db_file)
            return self._connection

    def close(self) -> None:
        """Close our own connection, which lets other processes use the file."""
        with self._lock:
            if self._is_ours and self._connection is not None:
                self._connection.close()
                self._connection = None

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        text = "SELECT 1 FROM information_schema.tables WHERE table_name = ? AND table_schema = current_schema()"
        return bool(await self._selected(io, text, [self.table_name]))

    async def _make(self, io: IO) -> None:
        texts = ", ".join(f"{name} VARCHAR{' PRIMARY KEY' if name == 'id' else ''}" for name in _TEXTS)
        lists = ", ".join(f"{name} {kind}" for name, kind in _LISTS.items())
        text = f"CREATE TABLE IF NOT EXISTS {self._table} ({texts}, {lists}, embedding {self._vector})"
        await self._done(io, lambda db: db.execute(text))

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda db: db.execute(f"DROP TABLE IF EXISTS {self._table}"))

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._done(io, lambda db: self._store(db, records))

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        condition, new = _Conditions(), _Conditions()
        stale = condition.said(where)
        kept = new.said(field_is("id", *[record.id for record in records]))
        text, values = f"DELETE FROM {self._table} WHERE {stale} AND NOT {kept}", [*condition.values, *new.values]

        def swapped(db: Any) -> None:
            self._store(db, records)
            db.execute(text, values)

        await self._done(io, swapped)

    async def _erase(self, io: IO, where: Node) -> None:
        condition = _Conditions()
        text = f"DELETE FROM {self._table} WHERE {condition.said(where)}"
        await self._done(io, lambda db: db.execute(text, condition.values))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        condition = _Conditions()
        most = "" if limit is None else f" LIMIT {int(limit)}"
        text = f"SELECT {_SELECTED} FROM {self._table} WHERE {condition.said(where)}{most}"
        return [read_values(row) for row in await self._selected(io, text, condition.values)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        condition = _Conditions()
        text = f"SELECT id FROM {self._table} WHERE {condition.said(where)}"
        return {id for (id,) in await self._selected(io, text, condition.values)}

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        (measure, order), condition = _MEASURES[self.distance], _Conditions()
        text = (
            f"SELECT {_SELECTED}, {measure}(embedding, ?::{self._vector}) AS score FROM {self._table} "
            f"WHERE {condition.said(where)} ORDER BY score {order} NULLS LAST, id LIMIT {int(limit)}"
        )
        rows = await self._selected(io, text, [embedding, *condition.values])
        return [Hit(read_values(row), self._similarity(row[-1])) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> str:
        return '"' + self.table_name.replace('"', '""') + '"'

    @property
    def _vector(self) -> str:
        return f"FLOAT[{int(self.dimensions)}]"

    def _store(self, db: Any, records: Sequence[Record]) -> None:
        """All rows in one statement: their columns are lists. One statement per row would be slow."""
        if not records:
            return
        rows = [_row(record) for record in records]
        kinds = {**dict.fromkeys(_TEXTS, "VARCHAR"), **_LISTS, "embedding": self._vector}
        columns = ", ".join(f"unnest(?::{kind}[])" for kind in kinds.values())
        values = [[row[name] for row in rows] for name in kinds]
        db.execute(f"INSERT OR REPLACE INTO {self._table} ({', '.join(kinds)}) SELECT {columns}", values)

    async def _selected(self, io: IO, text: str, values: list[Any]) -> list[Any]:
        rows: list[Any] = await self._done(io, lambda db: db.execute(text, values).fetchall())
        return rows

    async def _done(self, io: IO, work: Callable[[Any], Any]) -> Any:
        """One transaction. What got into the way of another one was not done, and is done again."""
        for attempt in range(_ATTEMPTS):
            done, result = await io.call(self._tried, work)
            if done:
                return result
            await io.sleep(0.002 * attempt)
        raise VectorDbUnavailableError(
            f"DuckDB, {self.db_file}: others change the table {self.table_name!r} all the time."
        )

    def _tried(self, work: Callable[[Any], Any]) -> tuple[bool, Any]:
        duckdb = _duckdb()
        with self._lock:
            try:
                db = self.connection
                db.execute("BEGIN")
                try:
                    result = work(db)
                    db.execute("COMMIT")
                except BaseException:
                    _undo(db)
                    raise
                return True, result
            except (duckdb.TransactionException, duckdb.ConstraintException) as error:
                if isinstance(error, duckdb.TransactionException) or 'key "id:' in str(error):
                    return False, None  # somebody else stores the same row at this moment
                raise VectorDbError(f"DuckDB, {self.db_file}, table {self.table_name!r}: {error}") from error
            except duckdb.IOException as error:
                raise VectorDbUnavailableError(f"The file {self.db_file} cannot be used: {error}") from error
            except duckdb.Error as error:
                raise VectorDbError(f"DuckDB, {self.db_file}, table {self.table_name!r}: {error}") from error

    def _similarity(self, score: float | None) -> float:
        if score is None:
            return 0.0
        return score if self.distance is Distance.max_inner_product else similarity(score, self.distance)


class _Conditions(Clauses):
    """Conditions as SQL of DuckDB."""

    def has(self, condition: Has) -> str:
        return f"list_contains(terms, {self.value(condition.term)})"

    def compared(self, condition: Compared) -> str:
        number = f"number_values[list_position(number_names, {self.value(condition.field)})]"
        return f"coalesce({number} {condition.op} {self.value(float(condition.value))}, FALSE)"

    def field(self, condition: Field) -> str:
        found = f"list_contains({self.value(list(condition.values))}::VARCHAR[], {condition.name})"
        return f"coalesce({found}, FALSE)"


def _row(record: Record) -> dict[str, Any]:
    return {
        **flat(record),
        "number_names": list(record.numbers),
        "number_values": list(record.numbers.values()),
    }


def _undo(db: Any) -> None:
    try:
        db.execute("ROLLBACK")
    except _duckdb().Error:
        pass  # what failed has ended the transaction already


def _duckdb() -> Any:
    try:
        return importlib.import_module("duckdb")
    except ImportError as error:
        raise ImportError("DuckDb needs the package `duckdb`: pip install 'agno[duckdb]'") from error


__all__ = ["DuckDb"]
