"""Stepping coroutines: without an event loop, or as a part of the running one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from typing import Any, NoReturn, TypeVar

from agno._io.outlet import Outlet, ReaderLeft

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


def iterate(begin: Callable[[], Coroutine[Any, Any, Any]], outlet: Outlet) -> Iterator[Any]:
    """Give what the work that `begin` starts hands to its outlet. An early `break` ends the work at once."""
    work, ready = begin(), outlet.signal
    step = work.send
    try:
        while True:
            try:
                signal = step(None)
            except StopIteration:
                return
            if signal is not ready:
                _refuse(work)
            yield outlet.item
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_SUSPENDED:
            drive(_end(_Steps(work, outlet)))


async def aiterate(begin: Callable[[], Coroutine[Any, Any, Any]], outlet: Outlet) -> AsyncGenerator[Any, None]:
    """`iterate` inside a running event loop; the work waits for whatever it likes."""
    work = begin()
    steps = _Steps(work, outlet)
    try:
        while await steps:
            yield outlet.item
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_SUSPENDED:
            await _end(steps)


class _Steps:
    """Awaits the next item of a coroutine: True if there is one, False at its end."""

    __slots__ = ("error", "outlet", "work")

    def __init__(self, work: Coroutine[Any, Any, Any], outlet: Outlet) -> None:
        self.work = work
        self.outlet = outlet
        self.error: BaseException | None = None

    def __await__(self) -> Generator[Any, Any, bool]:
        work, ready = self.work, self.outlet.signal
        error, self.error = self.error, None
        answer: Any = None
        while True:
            try:
                signal = work.send(answer) if error is None else work.throw(error)
            except StopIteration:
                return False
            if signal is ready:
                return True
            answer = error = None
            try:
                answer = yield signal  # a future of the event loop
            except GeneratorExit:
                work.close()
                raise
            except BaseException as thrown:  # cancellation, on its way to where the work waits
                error = thrown


async def _end(steps: _Steps) -> None:
    """Tell suspended work that nobody reads any more, and let it clean up."""
    steps.error = ReaderLeft()
    try:
        while await steps:  # an item in a `finally` block: there is nobody to have it
            pass
    except ReaderLeft:
        pass


__all__ = ["WouldBlock", "aiterate", "drive", "iterate"]
