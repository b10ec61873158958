"""One object per event loop: an async network client must stay on the loop it was opened on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from agno._io.port import IO

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes an object at its first use in a loop. Those of closed loops are dropped when a new one is made."""

    def __init__(self) -> None:
        # not weak: a client holds its loop, so a weak key would live as long as the client
        self._kept: dict[asyncio.AbstractEventLoop, T] = {}
        self._lock = threading.Lock()
        self._making: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}

    def get(self, make: Callable[[], T]) -> T:
        """The running loop's object."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop)
        if kept is None:
            kept = make()
            with self._lock:
                for closed in [other for other in self._kept if other.is_closed()]:
                    del self._kept[closed]
                self._kept[loop] = kept
        return kept

    async def opened(self, io: IO, make: Callable[[], T]) -> T:
        """The running loop's object, made in a thread: to read certificates and schemas takes longer than a step may.

        Only for what can be made outside of the loop that uses it. Of many that ask for it at once, one makes it.
        """
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop)
        if kept is None:
            async with self._making.setdefault(loop, asyncio.Lock()):
                kept = self._kept.get(loop)
                if kept is None:
                    try:
                        made = await io.call(make)
                    finally:
                        self._making.pop(loop, None)  # it would keep the loop
                    kept = self.get(lambda: made)
        return kept

    def pop(self) -> T | None:
        """Take the running loop's object out, if there is one."""
        with self._lock:
            return self._kept.pop(asyncio.get_running_loop(), None)

    def __deepcopy__(self, memo: dict[int, Any]) -> PerLoop[T]:
        return PerLoop()  # a copy opens objects of its own


__all__ = ["PerLoop"]
