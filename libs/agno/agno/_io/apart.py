"""Streams that keep their context variables to themselves.

A streamed run is stepped from its reader's code, so a variable that the run sets would be seen there between two items,
and be left behind when the reader goes away. Who sets such variables (tracing does) calls `set_apart(True)`.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Begin = Callable[[], Coroutine[Any, Any, Any]]
apart = False  # read by the drivers for each stream


def set_apart(wanted: bool) -> None:
    """From now on, let each stream that begins have a context of its own; False: no longer."""
    global apart
    apart = wanted


class Apart(Coroutine[Any, Any, Any]):
    """A coroutine whose steps all run in one context: a copy of that of who began it."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._context = contextvars.copy_context()

    def send(self, value: Any) -> Any:
        return self._context.run(self._work.send, value)

    def throw(self, *error: Any) -> Any:
        return self._context.run(self._work.throw, *error)

    def close(self) -> None:
        self._context.run(self._work.close)

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("A coroutine with a context of its own is stepped by a driver, not awaited.")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)  # `cr_frame` and its like, for `inspect`


__all__ = ["Apart", "Begin", "apart", "set_apart"]
