"""What the errors of drivers mean."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError


def codes_of(error: DBAPIError) -> set[Any]:
    """SQLSTATE, and the number that MySQL gives."""
    cause: Any = error.orig
    arguments = getattr(cause, "args", ())
    return {getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), *arguments[:1]}


def explained(error: BaseException, product: str, place: str) -> DbError:
    """Our error, with one sentence that says what happened where."""
    text = told(error)
    if isinstance(error, PoolTimeoutError):
        return DbUnavailableError(
            f"All connections to {product} at {place} are in use. Try again, or give an engine with a larger pool."
        )
    if isinstance(error, OSError) or getattr(error, "connection_invalidated", False):
        return DbUnavailableError(f"{product} at {place} cannot be reached: {text}. {CHECK_SERVER}")
    if isinstance(error, (OperationalError, InterfaceError)):
        return DbUnavailableError(f"{product} at {place} is not available: {text}. {CHECK_SERVER}")
    return DbError(f"{product} at {place} refused: {text}.")


def told(error: BaseException) -> str:
    """What the driver says, in a line; never our parameters, which SQLAlchemy would add."""
    cause: Any = error
    if isinstance(error, DBAPIError):
        cause = error.orig
    arguments: tuple[Any, ...] = getattr(cause, "args", ())
    told = arguments[1] if len(arguments) > 1 and isinstance(arguments[0], int) else str(cause)
    first = str(told).strip().partition("\n")[0]
    return first.rstrip(".:") or type(cause).__name__


FAILURES = (SQLAlchemyError, OSError)

__all__ = ["FAILURES", "codes_of", "explained", "told"]
