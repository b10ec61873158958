"""Stepping coroutines and async generators without an event loop."""

from __future__ import annotations

import functools
import os
import sys
import threading
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class WouldBlock(RuntimeError):
    """Raised at an `await` that a sync run cannot step over because it does not go through `io`."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, in this thread, and give its result."""
    try:
        _step(coroutine)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration.value is untyped
    except RuntimeError as error:
        raise _explained(error) from error.__cause__
    _refuse(coroutine, coroutine)


def iterate(generator: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """Iterate an async generator that never suspends; an early `break` closes it at once."""
    begin = generator.__anext__
    try:
        awaitable = _unadopted(begin)
        while True:
            try:
                _step(awaitable)
            except StopIteration as stop:
                yield stop.value
            except StopAsyncIteration:
                return
            except RuntimeError as error:
                raise _explained(error) from error.__cause__
            else:
                _refuse(awaitable, generator)
            awaitable = begin()
    finally:
        drive(_close(generator))


occupied: set[int] = set()  # threads whose event loop stands still, because a synchronous run steps in them


def _step(awaitable: Any) -> None:
    """Send None, while no event loop adopts the async generators that begin meanwhile."""
    hooks = sys.get_asyncgen_hooks()
    if hooks.firstiter is None and hooks.finalizer is None:
        awaitable.send(None)
    else:
        _unadopted(functools.partial(awaitable.send, None))


def _unadopted(work: Callable[[], T]) -> T:
    """Do something under a loop that runs in this thread (a notebook's).

    The loop would close the generators from its own tasks: later than we do, and behind the back of who reads them.
    """
    hooks, thread = sys.get_asyncgen_hooks(), threading.get_ident()
    outermost = thread not in occupied
    sys.set_asyncgen_hooks(None, None)
    occupied.add(thread)
    try:
        return work()
    finally:
        if outermost:
            occupied.discard(thread)
        sys.set_asyncgen_hooks(*hooks)


def _refuse(awaitable: Any, root: Any) -> NoReturn:
    # thrown into the coroutine, so that the traceback ends at the offending await
    error = WouldBlock(_message(*_position(root)))
    try:
        awaitable.throw(error)
    except (StopIteration, StopAsyncIteration):
        pass  # it was caught there; we raise it anyway, because what follows such an await was not meant to run
    finally:
        awaitable.close()
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
    frames = [f for f in traceback.extract_tb(error.__traceback__) if os.sep + "asyncio" + os.sep not in f.filename]
    refusal = WouldBlock(
        _message(f"{frames[-1].name}()", f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}")
    )
    return refusal.with_traceback(error.__traceback__)


def _position(root: Any) -> tuple[str, str]:
    """The innermost coroutine or async generator that is suspended: its name, and `file:line`."""
    current, innermost = root, root
    while current is not None:
        innermost = current if _frame(current) is not None else innermost
        current = getattr(current, "cr_await", None) or getattr(current, "ag_await", None)
    frame = _frame(innermost)
    if frame is None:
        return repr(root), "not started"
    return f"{innermost.__qualname__}()", f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _frame(awaitable: Any) -> Any:
    return getattr(awaitable, "cr_frame", None) or getattr(awaitable, "ag_frame", None)


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()
