"""Which engine to use now: in a forked process its own connections, in an event loop its own engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError

from agno._io.loops import PerLoop
from agno.db.sql._dialect import Dialect

# Each statement sees what was committed before it: the default of some products locks rows that are not even there.
_ISOLATION = {"isolation_level": "READ COMMITTED"}
# Idle connections are closed by proxies and by MySQL; younger ones are nearly always alive, so none is asked first.
_POOL = {"pool_size": 5, "max_overflow": 15, "pool_recycle": 1800, "pool_timeout": 30}


class Engines(Protocol):
    """Where the engine comes from."""

    @property
    def place(self) -> str:
        """The address, without the password."""
        ...

    def current(self) -> sa.Engine:
        """The engine to use in this process and in this loop, as a synchronous one."""
        ...

    def given(self) -> Any:
        """The engine as a user knows it."""
        ...

    def close(self) -> None:
        """Close the connections that are not in use, unless the engine is a user's."""
        ...


class OneEngine:
    """An engine that was given, or that is made at its first use."""

    def __init__(self, url: URL, make: Callable[[], sa.Engine], engine: sa.Engine | None = None) -> None:
        self.place = url.render_as_string(hide_password=True)
        self._make, self._engine = make, engine
        self._used = _isolated(engine) if engine is not None else None
        self._is_ours = engine is None
        self._pid = os.getpid()
        self._inherited: list[Any] = []

    def given(self) -> sa.Engine:
        if self._engine is None:
            self._engine = self._used = self._make()
        return self._engine

    def current(self) -> sa.Engine:
        engine = self.given()
        if self._pid != os.getpid():
            # the parent still uses these connections: they are kept, unused, so that nobody closes them here
            self._inherited.append(engine.pool)
            engine.dispose(close=False)
            self._pid = os.getpid()
        return self._used or engine

    def close(self) -> None:
        if self._engine is not None and self._is_ours:
            self._engine.dispose()


class LoopEngines:
    """An asynchronous engine for each event loop; one that was given is used in all."""

    def __init__(self, url: URL, make: Callable[[], Any], engine: Any = None) -> None:
        self.place = url.render_as_string(hide_password=True)
        self._make, self._engine = make, engine
        self._used = _isolated(engine.sync_engine) if engine is not None else None
        self._made: PerLoop[Any] = PerLoop()

    def given(self) -> Any:
        return self._engine if self._engine is not None else self._made.get(self._make)

    def current(self) -> sa.Engine:
        if self._used is not None:
            return self._used
        engine: sa.Engine = self.given().sync_engine
        return engine

    def close(self) -> None:
        engine = self._made.pop()
        if engine is not None:
            engine.sync_engine.dispose()


def _isolated(engine: sa.Engine) -> sa.Engine:
    """The engine of a user, whose own isolation level we do not know."""
    return engine.execution_options(**_ISOLATION)


def url_of(db_url: Any, owner: str, dialect: Dialect, driver: str) -> URL:
    """The address, with the driver if it names none."""
    try:
        url = make_url(db_url)
    except ArgumentError:
        url = None  # not shown in the message: it may hold a password
    if url is None or url.drivername.partition("+")[0] not in dialect.schemes:
        raise ValueError(f"db_url of {owner} is no {dialect.name} address. Write it like {dialect.example!r}.")
    named = url.drivername.partition("+")[2]
    return url.set(drivername=f"{dialect.schemes[0]}+{named or driver}")


def sync_engines(db_url: Any, db_engine: Any, owner: str, dialect: Dialect) -> Engines:
    """For a synchronous database, of what its constructor was given."""
    if isinstance(db_engine, LoopEngines):  # of the asynchronous class, which runs this one
        return db_engine
    if db_engine is not None:
        _check(db_engine, sa.Engine, owner, "Engine", "create_engine")
        return OneEngine(db_engine.url, lambda: db_engine, db_engine)
    url = url_of(_needed(db_url, owner, dialect), owner, dialect, dialect.driver)
    return OneEngine(url, lambda: _made(sa.create_engine, url, owner, dialect))


def loop_engines(db_url: Any, db_engine: Any, owner: str, dialect: Dialect) -> LoopEngines:
    """For an asynchronous database, of what its constructor was given."""
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    if db_engine is not None:
        _check(db_engine, AsyncEngine, owner, "AsyncEngine", "create_async_engine")
        return LoopEngines(db_engine.url, lambda: db_engine, db_engine)
    url = url_of(_needed(db_url, owner, dialect), owner, dialect, dialect.async_driver)
    return LoopEngines(url, lambda: _made(create_async_engine, url, owner, dialect))


def _needed(db_url: Any, owner: str, dialect: Dialect) -> Any:
    if db_url is None:
        raise ValueError(f"{owner} needs db_url= or db_engine=, such as {owner}(db_url={dialect.example!r}).")
    return db_url


def _check(engine: Any, wanted: type, owner: str, kind: str, made_by: str) -> None:
    if not isinstance(engine, wanted):
        raise TypeError(
            f"db_engine of {owner} is no SQLAlchemy {kind}, it is a {type(engine).__name__}. Make it with "
            f"sqlalchemy's {made_by}(), or pass db_url= alone."
        )


def _made(create: Callable[..., Any], url: URL, owner: str, dialect: Dialect) -> Any:
    driver = url.drivername.partition("+")[2]
    try:
        return create(url, connect_args=dialect.connect_options(url), **_POOL, **_ISOLATION)
    except ImportError as error:
        raise ImportError(
            f"{owner} needs the driver `{driver}`. Install it with: pip install 'agno[{dialect.packages}]'"
        ) from error
    except InvalidRequestError as error:
        raise ValueError(f"{owner} cannot use the driver `{driver}`: {str(error).partition('(')[0].strip()}") from error


__all__ = ["Engines", "LoopEngines", "OneEngine", "loop_engines", "sync_engines", "url_of"]
