"""Everything in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from agno.db.postgres._at_once import AtOnce
from agno.db.postgres._dialect import PostgresDialect
from agno.db.sql import _rows as rows
from agno.db.sql._statements import RunStatements
from agno.db.sql._work import Talk
from agno.db.sql.store import Settle, SqlDb
from agno.db.tables import SESSIONS, Row

_IN_PASSING = 4  # tries without a lock


class PostgresDb(SqlDb):
    """Keeps everything in PostgreSQL: `PostgresDb(db_url="postgresql+psycopg://user:password@localhost:5432/ai")`.

    Tables are made at the first write, in `db_schema` ("ai"), which is made too if it is not there. Give `db_engine`, a
    SQLAlchemy engine, for a pool or options of your own. Raises `ValueError` if it gets neither.
    """

    dialect = PostgresDialect()
    default_schema = "ai"

    def __init__(
        self,
        db_url: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
        id: str | None = None,
        *,
        components_table: str | None = None,
        approvals_table: str | None = None,
        culture_table: str | None = None,
        learnings_table: str | None = None,
    ) -> None:
        super().__init__(
            db_url=db_url,
            db_engine=db_engine,
            db_schema=db_schema,
            session_table=session_table,
            memory_table=memory_table,
            metrics_table=metrics_table,
            eval_table=eval_table,
            knowledge_table=knowledge_table,
            components_table=components_table,
            approvals_table=approvals_table,
            culture_table=culture_table,
            learnings_table=learnings_table,
            id=id,
        )
        self._at_once: AtOnce | None = None

    def write_session(
        self,
        session_id: str,
        settle: Settle,
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        if len(runs) > 1 or dropped:
            super().write_session(session_id, settle, runs, append=append, dropped=dropped)
            return
        key = rows.key(session_id, self.dialect)
        run = rows.run_values(runs[0], self.dialect) if runs else None

        def work(talk: Talk) -> bool:
            sql = self._statements(self._tables.needed_runs(talk))
            seen = talk.execute(sql.sql.seen, {"key": key}).first()
            header = settle(self._stored(seen))
            values = {} if header is None else rows.values(SESSIONS, header, self.dialect)
            if seen is not None:
                values.pop("session_id", None)
                values |= {"key": key, "version": seen.version}
            kind = "kept" if header is None else "inserted" if seen is None else "changed"
            if run is not None:
                done = talk.execute(sql.with_run[kind], values | run)
            else:
                done = talk.execute(getattr(sql, kind), values)
            return done.first() is not None

        for _ in range(_IN_PASSING):
            if self._worker.at_once(work):
                return
        # many write this session: wait in the queue for its lock
        super().write_session(session_id, settle, runs, append=append)

    def _statements(self, sql: RunStatements) -> AtOnce:
        if self._at_once is None or self._at_once.sql is not sql:
            self._at_once = AtOnce(sql)
        return self._at_once


__all__ = ["PostgresDb"]
