"""SQLite for asynchronous code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agno._io import ASYNC
from agno.db._async import AsyncBaseDb
from agno.db.sqlite._connections import IN_MEMORY
from agno.db.sqlite.sqlite import SqliteDb


class AsyncSqliteDb(AsyncBaseDb):
    """`SqliteDb` whose methods are awaited: `AsyncSqliteDb(db_file="agent.db")`. They run in worker threads.

    Of a SQLAlchemy `AsyncEngine` only the file is taken: its connections belong to another thread. Both classes may use
    one file at the same time.
    """

    def __init__(
        self,
        db_engine: Any = None,
        db_url: str | None = None,
        db_file: str | Path | None = None,
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
        tables = (session_table, memory_table, metrics_table, eval_table, knowledge_table)
        if db_engine is not None and hasattr(db_engine, "sync_engine"):
            db_url, lent = _url_of(db_engine), None
        else:
            lent = db_engine
        others = {
            "components_table": components_table,
            "approvals_table": approvals_table,
            "culture_table": culture_table,
            "learnings_table": learnings_table,
        }
        db = SqliteDb(lent, db_url, db_file, *tables, id, **others)
        super().__init__(db)
        self.db_url, self.db_file = db.db_url, db.db_file
        self._engine = db_engine

    @property
    def db_engine(self) -> Any:
        """The SQLAlchemy engine that was given, or None."""
        return self._engine

    async def _run(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await ASYNC.call(method, *args, **kwargs)


def _url_of(engine: Any) -> str:
    if engine.url.database in (None, "", IN_MEMORY):
        raise ValueError(
            "An AsyncEngine for a database in memory cannot be shared with AsyncSqliteDb. "
            "Write AsyncSqliteDb(db_url='sqlite://') for one of its own."
        )
    url: str = engine.url.set(drivername="sqlite").render_as_string(hide_password=False)
    return url


__all__ = ["AsyncSqliteDb"]
