"""One object per event loop: an async network client must stay on the loop it was opened on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes an object at its first use in a loop; it is dropped with the loop."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Any, T] = WeakKeyDictionary()

    def get(self, make: Callable[[], T]) -> T:
        """The running loop's object."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop)
        if kept is None:
            kept = self._kept[loop] = make()
        return kept

    def pop(self) -> T | None:
        """Take the running loop's object out, if there is one."""
        return self._kept.pop(asyncio.get_running_loop(), None)


__all__ = ["PerLoop"]
