"""How a client is called: one that blocks, and one whose calls are awaited on the caller's loop."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import Any
from weakref import WeakKeyDictionary

from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from agno._io.bridge import loop_of_caller, wait_for

_LONGEST_PAUSE = 0.1  # seconds


class Calls:
    """Calls of a client that blocks. Without one, `make` makes it at its first use."""

    def __init__(self, client: Any, make: Callable[[], Any]) -> None:
        self._given, self._make = client, make
        self._made: Any = None
        self._lock = Lock()

    @property
    def client(self) -> Any:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def do(self, result: Any) -> Any:
        """The result of a call."""
        return result

    def rows(self, cursor: Any) -> list[Any]:
        """All that a cursor gives."""
        return list(cursor)

    def close(self) -> None:
        """Close what was made here."""
        made, self._made = self._made, None
        if made is not None:
            made.close()


class AsyncCalls(Calls):
    """Calls of an async client, from bridged code. A client stays on the loop where it was first used."""

    def __init__(self, client: Any, make: Callable[[], Any]) -> None:
        super().__init__(client, make)
        self._of_loops: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    @property
    def client(self) -> Any:
        if self._given is not None:
            return self._given
        loop = loop_of_caller()
        with self._lock:
            if loop not in self._of_loops:
                self._of_loops[loop] = self._make()
            return self._of_loops[loop]

    def do(self, result: Any) -> Any:
        return wait_for(result) if inspect.isawaitable(result) else result

    def rows(self, cursor: Any) -> list[Any]:
        found: list[Any] = wait_for(cursor.to_list(None))
        return found

    def close(self) -> None:
        """Close what was made for this loop."""
        made = self._of_loops.pop(loop_of_caller(), None)
        if made is not None:
            wait_for(made.close())


def transaction(calls: Calls, write: Callable[[Any], None]) -> None:
    """All that `write` does, or nothing. It is called again when another transaction came between."""
    session = calls.do(calls.client.start_session())
    tries = 0
    try:
        while not _once(calls, session, write):
            tries += 1
            Event().wait(random.uniform(0, min(_LONGEST_PAUSE, 0.002 * 2**tries)))
    finally:
        calls.do(session.end_session())


def _once(calls: Calls, session: Any, write: Callable[[Any], None]) -> bool:
    calls.do(session.start_transaction())
    try:
        write(session)
        _commit(calls, session)
    except BaseException as error:
        if session.in_transaction:
            with suppress(PyMongoError):  # the server may have ended it
                calls.do(session.abort_transaction())
        if _may_be_tried_again(error):
            return False
        raise
    return True


def _may_be_tried_again(error: BaseException) -> bool:
    """Whether another transaction came between. The client says the same of a server that it looked for in vain."""
    if isinstance(error, ServerSelectionTimeoutError) or not isinstance(error, PyMongoError):
        return False
    return error.has_error_label("TransientTransactionError")


def _commit(calls: Calls, session: Any) -> None:
    """Once more if nobody knows whether the first time succeeded: that does no harm."""
    try:
        calls.do(session.commit_transaction())
    except PyMongoError as error:
        if not error.has_error_label("UnknownTransactionCommitResult"):
            raise
        calls.do(session.commit_transaction())


__all__ = ["AsyncCalls", "Calls", "transaction"]
