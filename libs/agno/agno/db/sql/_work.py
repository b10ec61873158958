"""Doing a piece of work on a connection: transactions, what may be tried again, and what errors mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from agno.db._port import DbError
from agno.db.sql._dialect import Dialect
from agno.db.sql._engines import Engines
from agno.db.sql._errors import FAILURES, codes_of, explained, told

T = TypeVar("T")

_TRIES = 50  # more writers than this do not meet in one session
_SAME_KEY = 3  # somebody may make the same row at the same time, but not again and again


class Talk:
    """A connection for one piece of work, which counts the answers."""

    __slots__ = ("answers", "connection")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.answers = 0

    def execute(self, statement: sa.Executable, parameters: Any = None) -> Any:
        """The result of a statement."""
        result = self.connection.execute(statement, parameters)
        self.answers += 1
        return result

    def execute_text(self, statement: str) -> None:
        """Execute a statement without parameters, as it is."""
        self.connection.exec_driver_sql(statement).close()
        self.answers += 1

    def rows_of(self, statement: str, parameters: Any) -> Sequence[Any]:
        """All rows of a query in the driver's own words, as the driver's own tuples."""
        result = self.connection.exec_driver_sql(statement, parameters)
        self.answers += 1
        cursor = result.cursor
        rows: Sequence[Any] = cursor.fetchall() if cursor is not None else []
        result.close()
        return rows


class Again(Exception):  # no error, but the way out of a piece of work
    """Give the connection back, do something first if need be, and do the work again from its beginning."""

    def __init__(self, first: Callable[[], Any] | None = None) -> None:
        self.first = first


class Worker:
    """Does pieces of work on connections of an engine."""

    def __init__(self, engines: Engines, dialect: Dialect) -> None:
        self.engines, self.dialect = engines, dialect
        self.lost: Callable[[], None] = lambda: None  # called when a table turned out to be missing

    def at_once(self, work: Callable[[Talk], T], *, writes: bool = False) -> T:
        """Statements that each stand for themselves: without the round trips of a transaction where that is free."""
        free = self.dialect.free_autocommit
        return self._tried(work, free, commit=writes and not free)

    def together(self, work: Callable[[Talk], T]) -> T:
        """Statements of one transaction: all or nothing."""
        return self._tried(work, False, commit=True)

    def _tried(self, work: Callable[[Talk], T], autocommit: bool, *, commit: bool) -> T:
        for attempt in range(_TRIES):
            talk: Talk | None = None
            try:
                with self._connected(autocommit) as connection:
                    talk = Talk(connection)
                    result = work(talk)
                    if commit:
                        connection.commit()
                    return result
            except Again as again:
                first = again.first
            except FAILURES as error:
                if not self._worth_another(error, talk, attempt):
                    raise self._explained(error) from error
                first = None
            except msgspec.DecodeError as error:
                raise DbError(f"{self.engines.place} has a JSON column that holds no JSON: {error}.") from error
            if first is not None:
                first()
        raise DbError(
            f"{self.dialect.name} at {self.engines.place}: too many write the same row at once. Try again.", 409
        )

    def _connected(self, autocommit: bool) -> sa.Connection:
        engine = self.engines.current()
        if autocommit:
            return engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return engine.connect()

    def _worth_another(self, error: BaseException, talk: Talk | None, attempt: int) -> bool:
        """Whether nothing was done yet, and trying again may help."""
        if not isinstance(error, DBAPIError) or attempt + 1 == _TRIES:
            return False
        if error.connection_invalidated:
            # the server restarted, or a proxy closed an idle connection: nothing was asked of it yet
            return attempt == 0 and talk is not None and talk.answers == 0
        if isinstance(error, IntegrityError):
            return attempt < _SAME_KEY
        return not codes_of(error).isdisjoint(self.dialect.try_again)

    def _explained(self, error: BaseException) -> DbError:
        if isinstance(error, DBAPIError) and not codes_of(error).isdisjoint(self.dialect.no_table):
            self.lost()  # somebody dropped it; the next write makes it again
        if isinstance(error, DBAPIError) and not codes_of(error).isdisjoint(self.dialect.refused):
            return DbError(
                f"{self.dialect.name} at {self.engines.place} refused: {told(error)}. It takes JSON only so deep (MariaDB 32 "
                "levels, MySQL 100): keep flatter data in state and metadata.",
                400,
            )
        return explained(error, self.dialect.name, self.engines.place)


__all__ = ["Again", "Talk", "Worker"]
