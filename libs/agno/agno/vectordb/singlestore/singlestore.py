"""Vectors in SingleStore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from agno._io import IO
from agno.db._port import DbError, DbUnavailableError
from agno.db.singlestore._dialect import SingleStoreDialect
from agno.db.sql._engines import sync_engines, url_of
from agno.db.sql._work import Talk, Worker
from agno.vectordb._conditions import Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.singlestore._sql import SCORES, SELECTED, Conditions, asked, created, record_of, replaced, row_of

T = TypeVar("T")


class SingleStore(VectorStore):
    """Keeps vectors in SingleStore: `SingleStore(collection="docs", db_url="mysql+pymysql://user:password@host:3306/ai")`.

    The first write makes the database `schema` and the table. Answers are exact: SingleStore compares with every row that
    the filters leave. The connection is encrypted and the server's certificate checked; for a server on your machine add
    `?ssl_disabled=true` to the URL. `db_engine` is a SQLAlchemy engine of the user's own. Asynchronous methods run in
    worker threads.
    """

    blocking = True  # the methods wait for a network

    def __init__(
        self,
        collection: str,
        schema: str | None = "ai",
        db_url: str | None = None,
        db_engine: Any = None,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder, distance=distance, reranker=reranker, similarity_threshold=similarity_threshold
        )
        dialect, owner = SingleStoreDialect(), type(self).__name__
        if not collection:
            raise ValueError("SingleStore needs a collection=.")
        if db_url is None and db_engine is None:
            raise ValueError(f"SingleStore needs db_url= or db_engine=, such as db_url={dialect.example!r}.")
        self.collection, self.schema, self.db_url = collection, schema, db_url
        url = url_of(db_url, owner, dialect, dialect.driver) if db_engine is None else None
        self._engines = sync_engines(url, db_engine, owner, dialect)
        self._worker = Worker(self._engines, dialect)
        self._worker.lost = self._forget

    @property
    def db_engine(self) -> Any:
        """The SQLAlchemy engine."""
        return self._engines.given()

    def close(self) -> None:
        """Close the connections of our own engine."""
        self._engines.close()

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            text = (
                "SELECT 1 FROM information_schema.tables WHERE table_name = :name "
                "AND table_schema = COALESCE(:schema, DATABASE())"
            )
            given = {"name": self.collection, "schema": self.schema}
            self._is_made = bool(await self._done(io, lambda talk: talk.execute(sa.text(text), given).all()))
        return self._is_made

    async def _make(self, io: IO) -> None:
        def made(talk: Talk) -> None:
            if self.schema is not None:
                talk.execute(sa.text(_escaped(f"CREATE DATABASE IF NOT EXISTS {_quoted(self.schema)}")))
            talk.execute(sa.text(created(self._table)))

        await self._done(io, made)
        self._is_made = True

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda talk: talk.execute(sa.text(f"DROP TABLE IF EXISTS {self._table}")))
        self._forget()

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._done(io, lambda talk: self._store(talk, records))

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        condition = Conditions()
        text, given = f"DELETE FROM {self._table} WHERE {condition.said(where)}", condition.given

        def swapped(talk: Talk) -> None:
            talk.execute(sa.text(text), given)
            self._store(talk, records)

        await self._done(io, swapped)

    async def _erase(self, io: IO, where: Node) -> None:
        condition = Conditions()
        text = f"DELETE FROM {self._table} WHERE {condition.said(where)}"
        await self._done(io, lambda talk: talk.execute(sa.text(text), condition.given))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        most = "" if limit is None else f" LIMIT {int(limit)}"
        return [record_of(row) for row in await self._selected(io, SELECTED, where, most)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {row[0] for row in await self._selected(io, "id", where, "")}

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        what = f"{SELECTED}, {SCORES[self.distance]} AS score"
        given = asked(embedding)
        if self.distance is not Distance.cosine:
            del given["norm"]
        rows = await self._selected(io, what, where, f" ORDER BY score DESC, id LIMIT {int(limit)}", **given)
        return [Hit(record_of(row), self._similarity(row[-1])) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> str:
        names = [name for name in (self.schema, self.collection) if name is not None]
        return _escaped(".".join(map(_quoted, names)))

    def _store(self, talk: Talk, records: Sequence[Record]) -> None:
        # in one order for all writers, so that no two wait for each other
        if rows := [row_of(record) for record in sorted(records, key=lambda record: record.id)]:
            talk.execute(sa.text(replaced(self._table)), rows)

    async def _selected(self, io: IO, what: str, where: Node, end: str, **given: Any) -> list[Any]:
        condition = Conditions()
        text = sa.text(f"SELECT {what} FROM {self._table} WHERE {condition.said(where)}{end}")
        return await self._done(io, lambda talk: list(talk.execute(text, {**condition.given, **given}).all()))

    async def _done(self, io: IO, work: Callable[[Talk], T]) -> T:
        """One transaction."""
        try:
            done: T = await io.call(self._worker.together, work)
            return done
        except DbUnavailableError as error:
            raise VectorDbUnavailableError(error.message) from error
        except DbError as error:
            raise VectorDbError(error.message, error.status_code) from error

    def _similarity(self, score: float | None) -> float:
        if score is None:  # a vector of zeros
            return 0.0
        return similarity(-score, Distance.l2) if self.distance is Distance.l2 else float(score)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _escaped(text: str) -> str:
    """SQLAlchemy takes `:name` for a parameter."""
    return text.replace(":", "\\:")


__all__ = ["SingleStore"]
