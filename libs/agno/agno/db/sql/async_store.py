"""The store on an asynchronous driver: the same code in a greenlet, which SQLAlchemy suspends where it waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

from sqlalchemy.util import greenlet_spawn
from typing_extensions import Unpack

from agno.db._async import AsyncBaseDb
from agno.db._names import TableNames, by_name
from agno.db.sql._engines import loop_engines
from agno.db.sql.store import SqlDb


class AsyncSqlDb(AsyncBaseDb):
    """An asynchronous database on a SQL server. Each event loop has connections of its own."""

    store: ClassVar[type[SqlDb]]

    def __init__(
        self,
        db_url: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        if find_spec("greenlet") is None:
            raise ImportError(f"{type(self).__name__} needs `greenlet`. Install it: pip install 'sqlalchemy[asyncio]'")
        self._engines = loop_engines(db_url, db_engine, type(self).__name__, self.store.dialect)
        names = by_name(tables, more)
        db = self.store(db_url=db_url, db_engine=self._engines, db_schema=db_schema, **names)
        super().__init__(db)
        self.db_url, self.db_schema, self.metadata = db.db_url, db.db_schema, db.metadata

    @property
    def db_engine(self) -> Any:
        """The SQLAlchemy `AsyncEngine`: the one that was given, or the one of the running event loop."""
        return self._engines.given()

    @cached_property
    def Session(self) -> Any:  # the name of the synchronous class
        """A factory of SQLAlchemy sessions for queries of your own, on the running event loop."""
        from sqlalchemy.ext.asyncio import async_sessionmaker

        return lambda **options: async_sessionmaker(self.db_engine)(**options)

    async def _run(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await greenlet_spawn(method, *args, **kwargs)


__all__ = ["AsyncSqlDb"]
