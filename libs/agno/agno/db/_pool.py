"""Things that one caller uses at a time: whoever took one owns it until it is given back. No locks, no waiting in a file
database; the only copy of a database in memory is waited for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_IDLE = 16  # more than these are closed when given back


class Pool(Generic[T]):
    """As many as are needed at once, opened when none is idle. A forked process opens its own."""

    def __init__(self, opened: Callable[[], T], close: Callable[[T], Any]) -> None:
        self._opened, self._close = opened, close
        self._idle: deque[T] = deque()
        self._pid = os.getpid()
        self._inherited: list[deque[T]] = []

    def take(self) -> T:
        """An idle one, or a new one."""
        if self._pid != os.getpid():
            # the parent still uses these; closing them here would drop its file locks
            self._inherited.append(self._idle)
            self._idle, self._pid = deque(), os.getpid()
        try:
            return self._idle.pop()  # atomic; the one used last has the warmest cache
        except IndexError:
            return self._opened()

    def give(self, item: T) -> None:
        """Give it back."""
        if len(self._idle) < _IDLE:
            self._idle.append(item)
        else:
            self._close(item)

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._close(self._idle.pop())


class Single(Generic[T]):
    """The only one there is: a second caller waits."""

    def __init__(self, item: T) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()
        self._queue.put(item)
        self.take = self._queue.get
        self.give = self._queue.put

    def close(self) -> None:
        """Nothing: what is closed here would be gone."""


__all__ = ["Pool", "Single"]
