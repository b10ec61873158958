"""What the SDK raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError, TransportError

from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError, NoTextError
from agno.db._retrying import Conflict

_DOWN = (
    exceptions.RetryError,
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    TransportError,
)


@contextmanager
def conflicts() -> Iterator[None]:
    """Turns what says that somebody else wrote in between into a `Conflict`."""
    try:
        yield
    except (exceptions.Conflict, exceptions.NotFound) as error:  # aborted, there already, or there no more
        raise Conflict from error
    except exceptions.FailedPrecondition as error:
        raise Conflict from error


@contextmanager
def told() -> Iterator[None]:
    """Turns what can go wrong in the block into a `DbError`."""
    try:
        yield
    except _DOWN as error:
        cause = getattr(error, "cause", None) or error
        raise DbUnavailableError(
            f"Firestore cannot be reached: {getattr(cause, 'message', cause)}. {CHECK_SERVER}"
        ) from error
    except (exceptions.GoogleAPIError, GoogleAuthError) as error:
        raise DbError(f"Firestore failed: {getattr(error, 'message', error)}.") from error
    except UnicodeEncodeError as error:
        raise NoTextError("Firestore", error) from error


__all__ = ["conflicts", "told"]
