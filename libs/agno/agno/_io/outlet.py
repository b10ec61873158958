"""How running code hands out what happens, while it goes on: `await give(item)`.

The coroutine stays one coroutine, whatever its depth: an item travels from the innermost `await` straight to whoever
steps the outermost one. Nothing in between is a generator that has to be forwarded, closed or drained.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

Give = Callable[[Any], Awaitable[None]]


class ReaderLeft(BaseException):
    """Raised at an `await give(item)` whose reader stopped reading: the work ends there, and its `finally` blocks run."""


class Outlet:
    """Hands items to the one reader that steps the coroutine (`iterate`, `aiterate`)."""

    __slots__ = ("item",)

    def __call__(self, item: Any) -> Outlet:
        self.item = item
        return self

    def __await__(self) -> Generator[Outlet, None, None]:
        yield self  # the reader knows its own outlet; everything else is for the event loop


class _Done:
    """An awaitable that is done already."""

    __slots__ = ()

    def __await__(self) -> Iterator[Any]:
        return iter(())


DONE: Awaitable[None] = _Done()  # type: ignore[assignment]  # an empty iterator awaits to None


def silent(item: Any) -> Awaitable[None]:
    """A `give` to which nobody listens."""
    return DONE


__all__ = ["DONE", "Give", "Outlet", "ReaderLeft", "silent"]
