"""Vectors in PostgreSQL, by its extension pgvector."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY
from sqlalchemy.util import greenlet_spawn

from agno._io import IO
from agno.db._port import DbError, DbUnavailableError
from agno.db.postgres._dialect import PostgresDialect
from agno.db.sql._text import escaped
from agno.db.sql._work import Talk, Worker
from agno.knowledge._arguments import number
from agno.vectordb._claims import Claim
from agno.vectordb._conditions import EVERYTHING, Field, Node, said
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.pgvector import _sql as sql
from agno.vectordb.pgvector._claim import InPostgres
from agno.vectordb.pgvector._engines import engines_of
from agno.vectordb.pgvector._indexing import Index, settings_of, text_index, vector_index
from agno.vectordb.pgvector.index import HNSW, Ivfflat
from agno.vectordb.search import SearchType

T = TypeVar("T")

_WORD = re.compile(r"\w+")
_PAGE = 500  # rows of one statement
_CANDIDATES = 5  # times the limit that each half of a hybrid search looks at


class PgVector(VectorStore):
    """Keeps vectors in PostgreSQL: `PgVector(table_name="docs", db_url="postgresql+psycopg://user:password@localhost/ai")`.

    The first write makes the extension, the `schema` and the table; `optimize()` makes the indexes that a large table
    needs. `db_engine` is a SQLAlchemy engine of the user's own, synchronous or asynchronous.
    `vector_score_weight` is what the meaning counts in a hybrid search, the words count the rest. `prefix_match` lets words
    match the beginnings of words. `content_language` is a text search configuration of PostgreSQL.
    """

    blocking = True  # the methods wait for a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        table_name: str,
        schema: str | None = "ai",
        db_url: str | None = None,
        db_engine: Any = None,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        vector_index: HNSW | Ivfflat | None = None,
        distance: Distance | str = Distance.cosine,
        prefix_match: bool = False,
        vector_score_weight: float = 0.5,
        content_language: str = "english",
        schema_version: int = 1,
        auto_upgrade_schema: bool = False,
        reranker: Any = None,
        use_batch: bool = False,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        if not table_name:
            raise ValueError("PgVector needs a table_name=.")
        number(self, "vector_score_weight", vector_score_weight, most=1)
        self.table_name, self.schema, self.db_url = table_name, schema, db_url
        self.vector_index: Index = vector_index if vector_index is not None else HNSW()
        self.prefix_match, self.vector_score_weight = prefix_match, vector_score_weight
        self.content_language = content_language
        self.schema_version, self.auto_upgrade_schema, self.use_batch = schema_version, auto_upgrade_schema, use_batch
        self._engines, loops = engines_of(db_url, db_engine, type(self).__name__)
        self._worker = Worker(self._engines, PostgresDialect())
        self._awaited = Worker(loops, PostgresDialect()) if loops is not None else None
        self._table: sa.Table | None = None
        self._written: dict[tuple[str, int], sql.Written] = {}  # statements, by driver and limit
        for worker in (self._worker, self._awaited):
            if worker is not None:
                worker.lost = self._forget

    @property
    def table(self) -> sa.Table:
        """SQLAlchemy's table, for queries of your own."""
        if self._table is None:
            self._table = sql.table_of(self.table_name, self.schema, self.dimensions)
        return self._table

    @property
    def db_engine(self) -> Any:
        """The synchronous SQLAlchemy engine."""
        return self._engines.given()

    def close(self) -> None:
        """Close the connections of our own engine."""
        self._engines.close()

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            schema = sa.func.current_schema() if self.schema is None else sa.literal(self.schema)
            place = sa.and_(sa.column("table_schema") == schema, sa.column("table_name") == self.table_name)
            known = sa.table("tables", schema="information_schema")
            found = sa.select(sa.literal(1)).select_from(known).where(place)
            self._is_made = await self._done(io, lambda talk: talk.execute(found).first() is not None)
        return self._is_made

    async def _make(self, io: IO) -> None:
        def made(talk: Talk) -> None:
            self._lock(talk, "make")  # two that make the same at once get in each other's way
            talk.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
            if self.schema is not None:
                talk.execute(sa.schema.CreateSchema(self.schema, if_not_exists=True))
            talk.execute(sa.schema.CreateTable(self.table, if_not_exists=True))
            for name in sql.indexes_of(self.table):
                index = sa.Index(f"idx_{self.table_name}_{name}"[:63], self.table.c[name])
                talk.execute(sa.schema.CreateIndex(index, if_not_exists=True))
                self.table.indexes.discard(index)

        await self._done(io, made)
        self._is_made = True

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda talk: talk.execute(sa.schema.DropTable(self.table, if_exists=True)))
        self._forget()

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._done(io, lambda talk: self._store(talk, records))

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        def swapped(talk: Talk) -> None:
            self._lock(talk, *_parts(where))  # the one who comes later sees all rows of the one before
            if records:
                self._store(talk, records)
            new = [record.id for record in records]
            stale = self._where(where) & (self.table.c.id != sa.all_(sa.cast(new, sa.ARRAY(sa.Text))))
            talk.execute(sa.delete(self.table).where(stale))

        await self._done(io, swapped)

    async def _erase(self, io: IO, where: Node) -> None:
        await self._done(io, lambda talk: talk.execute(sa.delete(self.table).where(self._where(where))))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        query = sa.select(*sql.columns_of(self.table)).where(self._where(where)).limit(limit)
        return await self._done(io, lambda talk: [sql.record_of(row) for row in talk.execute(query)])

    async def _ids(self, io: IO, where: Node) -> set[str]:
        query = sa.select(self.table.c.id).where(self._where(where))
        return await self._done(io, lambda talk: set(talk.execute(query).scalars()))

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        named = {"content_hash": escaped(content_hash), "content_id": content_id and escaped(content_id)}
        change = sa.update(self.table).where(self._where(where)).values(**named, updated_at=sa.func.now())
        await self._done(io, lambda talk: talk.execute(change))

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        if where == EVERYTHING:
            rows = await self._nearest_of_all(io, embedding, limit)
        else:
            rows = await self._asked(io, self._near(where), embedding, limit, limit, where)
        return [Hit(sql.record_of(row), self._similarity(row[-1])) for row in rows]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        words, text = self._words(query), self._text
        rank = sa.func.ts_rank_cd(text, words).label("rank")
        fits = self._where(where) & text.op("@@", return_type=sa.Boolean())(words)
        found = sql.best(self.table, rank, [fits], largest=True)
        rows = await self._done(io, lambda talk: talk.execute(found, {"limit": limit}).all(), alone=True)
        return [Hit(sql.record_of(row), row.rank) for row in rows]

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Candidates by meaning and by words, each by its index, ordered by the weighted sum of their scores."""
        table, most = self.table, limit * _CANDIDATES
        distance, words = sql.distance_to(table, self.distance), self._words(query)
        rank, fits = sa.func.ts_rank_cd(self._text, words), self._where(where)
        near = sa.select(table.c.id).where(fits).order_by(distance).limit(most).subquery()
        worded = fits & self._text.op("@@", return_type=sa.Boolean())(words)
        told = sa.select(table.c.id).where(worded).order_by(rank.desc()).limit(most).subquery()
        share = self.vector_score_weight
        score = (share * self._nearness(distance) + (1 - share) * rank).label("score")
        among = sa.or_(table.c.id.in_(sa.select(near.c.id)), table.c.id.in_(sa.select(told.c.id)))
        found = sql.best(table, score, [among], largest=True)
        rows = await self._asked(io, found, embedding, limit, most, where)
        return [Hit(sql.record_of(row), row.score) for row in rows]

    async def _tune(self, io: IO) -> None:
        """Make the vector index and the text index, unless they are there."""

        def tuned(talk: Talk) -> None:
            rows = talk.execute(sa.select(sa.func.count()).select_from(self.table)).scalar_one()
            for name, value in self.vector_index.configuration.items():
                talk.execute(sa.select(sa.func.set_config(name, str(value), True)))
            talk.execute(sa.text(vector_index(self.table, self.vector_index, self.distance, rows)))
            talk.execute(sa.text(text_index(self.table, self.content_language)))

        await self._done(io, tuned)

    def _claim(self, source: str) -> Claim:
        return InPostgres(self._worker, self._awaited, self._lock_name(f"storing {source}"))

    # -----------------------------------------------------------------------------------------------------------------

    async def _done(self, io: IO, work: Callable[[Talk], T], alone: bool = False) -> T:
        """A transaction, in the caller's colour. A statement that is `alone` and only reads needs no transaction."""
        how = Worker.at_once if alone else Worker.together
        try:
            if not io.is_async:
                return how(self._worker, work)
            if self._awaited is None:  # the user gave a synchronous engine
                done: T = await io.call(how, self._worker, work)
                return done
            return await greenlet_spawn(how, self._awaited, work)
        except DbUnavailableError as error:
            raise VectorDbUnavailableError(error.message) from error
        except DbError as error:
            raise VectorDbError(_explained(error.message), error.status_code) from error

    def _lock(self, talk: Talk, *what: str) -> None:
        """Keep others away until the end of the transaction; in one order, so that no two wait for each other."""
        names = sa.func.unnest(sa.cast([escaped(self._lock_name(one)) for one in sorted(what)], sa.ARRAY(sa.Text)))
        name = names.column_valued("name")
        talk.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))

    def _lock_name(self, what: str) -> str:
        return f"agno {self.schema}.{self.table_name} {what}"

    def _store(self, talk: Talk, records: Sequence[Record]) -> None:
        # in one order for all writers, so that no two wait for each other
        rows, statement = sorted(records, key=lambda record: record.id), sql.upserted(self.table)
        for start in range(0, len(rows), _PAGE):
            talk.execute(statement, sql.values_of(rows[start : start + _PAGE]))

    def _where(self, where: Node) -> sql.Condition:
        return said(where, sql.Conditions(self.table))

    def _near(self, where: Node) -> sa.Select[Any]:
        """The statement of a search by meaning."""
        distance = sql.distance_to(self.table, self.distance).label("distance")
        return sql.best(self.table, distance, [] if where == EVERYTHING else [self._where(where)], largest=False)

    async def _asked(
        self, io: IO, query: sa.Select[Any], embedding: list[float], limit: int, most: int, where: Node
    ) -> Sequence[Any]:
        """The rows of a search that looks at up to `most` of an index."""
        values = {"embedding": sql.vector_text(embedding), "limit": limit}
        settings = settings_of(self.vector_index, most, filtered=where != EVERYTHING)

        def asked(talk: Talk) -> Sequence[Any]:
            if settings is not None:
                talk.execute_text(settings)
            rows: Sequence[sa.Row[Any]] = talk.execute(query, values).all()
            return rows

        return await self._done(io, asked, alone=settings is None)

    async def _nearest_of_all(self, io: IO, embedding: list[float], limit: int) -> Sequence[Any]:
        """The rows of a search by meaning without filters, whose statement is written once for each limit."""
        values = {"embedding": sql.vector_text(embedding)}
        settings = settings_of(self.vector_index, limit, filtered=False)

        def asked(talk: Talk) -> Sequence[Any]:
            if settings is not None:
                talk.execute_text(settings)
            dialect = talk.connection.dialect
            written = self._written.get((dialect.driver, limit))
            if written is None:
                written = self._written[dialect.driver, limit] = sql.Written(self._near(EVERYTHING), limit, dialect)
            return talk.rows_of(written.text, written.given(values))

        return await self._done(io, asked, alone=settings is None)

    @property
    def _language(self) -> sa.ColumnElement[Any]:
        return sa.cast(sa.literal(self.content_language, sa.Text), REGCONFIG)

    @property
    def _text(self) -> sa.ColumnElement[Any]:
        return sa.func.to_tsvector(self._language, self.table.c.content)

    def _words(self, query: str) -> sa.ColumnElement[Any]:
        """Any of the words: a question rarely has all of its words in the answer."""
        if self.prefix_match:
            words = " | ".join(f"{word}:*" for word in _WORD.findall(query))
            return sa.func.to_tsquery(self._language, words)
        every = sa.cast(sa.func.plainto_tsquery(self._language, escaped(query)), sa.Text)
        return sa.cast(sa.func.replace(every, "&", "|"), TSQUERY)

    def _similarity(self, distance: float) -> float:
        return -distance if self.distance is Distance.max_inner_product else similarity(distance, self.distance)

    def _nearness(self, distance: sa.ColumnElement[float]) -> sa.ColumnElement[Any]:
        return -distance if self.distance is Distance.max_inner_product else 1.0 / (1.0 + distance)


def _parts(where: Node) -> list[str]:
    """What is locked to change what fits, so that two that fit the same row meet."""
    if isinstance(where, Field):
        return [repr(replace(where, values=(value,))) for value in where.values]
    return [repr(where)]


def _explained(message: str) -> str:
    if 'extension "vector" is not available' in message:
        return f"{message} Install pgvector on the server: https://github.com/pgvector/pgvector"
    return message


__all__ = ["PgVector"]
