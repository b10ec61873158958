"""How running code hands out what happens, while it goes on: `await give(item)`.

The coroutine stays one coroutine, whatever its depth: an item travels from the innermost `await` straight to whoever
steps the outermost one. Nothing in between is a generator that has to be forwarded, closed or drained.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from agno.exceptions import RunCancelledException
from agno.utils.log import log_warning

Give = Callable[[Any], Awaitable[None]]


class ReaderLeft(BaseException):
    """Raised at an `await give(item)` whose reader stopped reading: the work ends there, and its `finally` blocks run."""


def left_with(error: BaseException, *told: type[BaseException]) -> None:
    """A branch of merged work ended with this after the others had been left: a warning, unless it was told to end so."""
    if not isinstance(error, (ReaderLeft, RunCancelledException, *told)):
        log_warning(f"a branch failed while it was closed: {error!r}")


class Outlet(tuple[Any]):
    """Hands items to the one reader that steps the coroutine (`iterate`, `aiterate`): `await outlet.give(item)`.

    Awaiting it yields its signal once. It is a tuple of that signal, because then no Python code runs in between:
    a stream does this for every token.
    """

    item: Any

    def __new__(cls) -> Outlet:
        return super().__new__(cls, (object(),))

    @property
    def signal(self) -> object:
        """What the reader sees when an item is ready; everything else that is yielded is for the event loop."""
        return self[0]

    def give(self, item: Any) -> Awaitable[None]:
        """Offer an item; await the result."""
        self.item = item
        return self  # type: ignore[return-value]  # it has __await__

    __await__ = tuple.__iter__


class _Done(tuple[Any]):
    """An awaitable that is done already: it yields nothing."""

    __await__ = tuple.__iter__


DONE: Awaitable[None] = _Done()  # type: ignore[assignment]  # an empty iterator awaits to None


def silent(item: Any) -> Awaitable[None]:
    """A `give` to which nobody listens."""
    return DONE


__all__ = ["DONE", "Give", "Outlet", "ReaderLeft", "left_with", "silent"]
