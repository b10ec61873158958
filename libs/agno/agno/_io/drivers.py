"""Stepping coroutines: without an event loop, or as a part of the running one."""

from __future__ import annotations

import inspect
import os
import sys
import threading
import traceback
from asyncio import _get_running_loop
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, NoReturn, TypeVar

from agno._io import apart
from agno._io.outlet import Outlet, ReaderLeft

T = TypeVar("T")


class WouldBlock(RuntimeError):
    """Raised at an `await` that a sync run cannot step over because it does not go through `io`."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, in this thread, and give its result."""
    try:
        coroutine.send(None) if _get_running_loop() is None else _step_in_loop(coroutine)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration.value is untyped
    except RuntimeError as error:
        raise _explained(error) from error.__cause__
    _refuse(coroutine)


def iterate(begin: Callable[[], Coroutine[Any, Any, Any]], outlet: Outlet) -> Generator[Any, None, None]:
    """Give what the work that `begin` starts hands to its outlet. An early `break` ends the work at once."""
    work, ready = apart.Apart(begin()) if apart.apart else begin(), outlet.signal
    send = work.send
    try:
        while True:
            try:
                signal = send(None) if _get_running_loop() is None else _step_in_loop(work)
            except StopIteration:
                return
            except RuntimeError as error:
                raise _explained(error) from error.__cause__
            if signal is not ready:
                _throw_refusal(work)
            yield outlet.item
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_SUSPENDED:
            drive(_end(work, outlet))


async def aiterate(begin: Callable[[], Coroutine[Any, Any, Any]], outlet: Outlet) -> AsyncGenerator[Any, None]:
    """`iterate` inside a running event loop; the work waits for whatever it likes."""
    work, ready = apart.Apart(begin()) if apart.apart else begin(), outlet.signal
    send = work.send
    try:
        while True:
            try:
                signal = send(None)
            except StopIteration:
                return
            if signal is not ready and not await _Wait(work, outlet, signal):
                return
            yield outlet.item
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_SUSPENDED:
            await _end(work, outlet)


class _Wait:
    """Awaits the next item of a coroutine that waits for `signal`: True if there is one, False at its end."""

    __slots__ = ("outlet", "signal", "work")

    def __init__(self, work: Coroutine[Any, Any, Any], outlet: Outlet, signal: Any) -> None:
        self.work = work
        self.outlet = outlet
        self.signal = signal

    def __await__(self) -> Generator[Any, Any, bool]:
        work, ready, signal = self.work, self.outlet.signal, self.signal
        while signal is not ready:
            answer: Any = None
            error: BaseException | None = None
            try:
                answer = yield signal  # a future of the event loop
            except GeneratorExit:
                work.close()
                raise
            except BaseException as thrown:  # cancellation, on its way to where the work waits
                error = thrown
            try:
                signal = work.send(answer) if error is None else work.throw(error)
            except StopIteration:
                return False
        return True


async def _end(work: Coroutine[Any, Any, Any], outlet: Outlet) -> None:
    """Tell suspended work that nobody reads any more, and let it clean up."""
    try:
        signal = work.throw(ReaderLeft())
        while await _Wait(work, outlet, signal):  # an item in a `finally` block: there is nobody to have it
            signal = work.send(None)
    except (ReaderLeft, StopIteration):
        pass


occupied: set[int] = set()  # threads whose event loop stands still, because a synchronous run steps in them


def _step_in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Send None, while the event loop of this thread (a notebook's) adopts no async generators that begin meanwhile.

    It would close them from its own tasks: later than we do, and behind the back of who reads them.
    """
    hooks = sys.get_asyncgen_hooks()
    thread = threading.get_ident()
    sys.set_asyncgen_hooks(None, None)
    occupied.add(thread)
    try:
        return work.send(None)
    finally:
        occupied.discard(thread)
        sys.set_asyncgen_hooks(*hooks)


def _refuse(work: Coroutine[Any, Any, Any]) -> NoReturn:
    try:
        _throw_refusal(work)
    finally:
        work.close()


def _throw_refusal(work: Coroutine[Any, Any, Any]) -> NoReturn:
    # thrown into the coroutine, so that the traceback ends at the offending await
    error = WouldBlock(_message(*_position(work)))
    try:
        work.throw(error)
    except StopIteration:
        pass  # it was caught there; we raise it anyway, because what follows such an await was not meant to run
    raise error


def _message(name: str, place: str) -> str:
    return (
        f"{name} ({place}) awaits something that a synchronous run cannot wait for, because it bypasses the io port. "
        "Use the async method (arun, acontinue_run, ...), or wait through a verb such as `await io.call(function)`."
    )


def _explained(error: RuntimeError) -> RuntimeError:
    """asyncio refuses by itself where no loop runs, but knows less about what to do."""
    if str(error) != "no running event loop":
        return error
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_callers(f.filename)]
    refusal = WouldBlock(
        _message(f"{frames[-1].name}()", f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}")
    )
    return refusal.with_traceback(error.__traceback__)


def _position(root: Any) -> tuple[str, str]:
    """The innermost coroutine or async generator that is suspended, but for asyncio's: its name, and `file:line`."""
    current, innermost = root, root
    while current is not None:
        frame = _frame(current)
        innermost = current if frame is not None and _is_callers(frame.f_code.co_filename) else innermost
        current = getattr(current, "cr_await", None) or getattr(current, "ag_await", None)
    frame = _frame(innermost)
    if frame is None:
        return repr(root), "not started"
    return f"{innermost.__qualname__}()", f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _is_callers(filename: str) -> bool:
    return os.sep + "asyncio" + os.sep not in filename


def _frame(awaitable: Any) -> Any:
    return getattr(awaitable, "cr_frame", None) or getattr(awaitable, "ag_frame", None)


__all__ = ["WouldBlock", "aiterate", "drive", "iterate", "occupied"]
