"""Stepping coroutines and async generators without an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class WouldBlock(RuntimeError):
    """Raised at an `await` that a sync run cannot step over because it does not go through `io`."""


_MESSAGE = (
    "This `await` is not reachable in a synchronous run because it bypasses the io port. "
    "Use the async method (arun, acontinue_run, ...), or wait through io.call(...)."
)


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, in this thread, and give its result."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration.value is untyped
    _refuse(coroutine)


def _refuse(coroutine: Coroutine[Any, Any, Any]) -> NoReturn:
    # thrown into the coroutine, so that the traceback ends at the offending await
    try:
        coroutine.throw(WouldBlock(_MESSAGE))
    except StopIteration:
        pass
    finally:
        coroutine.close()
    raise WouldBlock(_MESSAGE)


def iterate(generator: AsyncGenerator[T, None]) -> Iterator[T]:
    """Iterate an async generator that never suspends; an early `break` closes it at once."""
    step = generator.__anext__
    try:
        while True:
            awaitable = step()
            try:
                awaitable.send(None)
            except StopIteration as stop:
                yield stop.value
            except StopAsyncIteration:
                return
            else:
                _refuse(awaitable)
    finally:
        drive(_close(generator))


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()
