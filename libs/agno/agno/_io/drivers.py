"""Stepping coroutines and async generators without an event loop."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Coroutine, Generator
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
    _refuse(coroutine, coroutine)


def iterate(generator: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """Iterate an async generator that never suspends; an early `break` closes it at once."""
    begin = generator.__anext__
    try:
        while True:
            awaitable = begin()
            try:
                _step(awaitable)
            except StopIteration as stop:
                yield stop.value
            except StopAsyncIteration:
                return
            else:
                _refuse(awaitable, generator)
    finally:
        drive(_close(generator))


def _step(awaitable: Any) -> None:
    """Send None, while no event loop adopts the async generators that begin meanwhile.

    A loop that runs in this thread (a notebook's) would close them from its own tasks: later, and behind our back.
    """
    hooks = sys.get_asyncgen_hooks()
    if hooks.firstiter is None and hooks.finalizer is None:
        awaitable.send(None)
        return
    sys.set_asyncgen_hooks(None, None)
    try:
        awaitable.send(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _refuse(awaitable: Any, root: Any) -> NoReturn:
    # thrown into the coroutine, so that the traceback ends at the offending await
    error = WouldBlock(_message(root))
    try:
        awaitable.throw(error)
    except (StopIteration, StopAsyncIteration):
        pass  # it was caught there; we raise it anyway, because what follows such an await was not meant to run
    finally:
        awaitable.close()
    raise error


def _message(root: Any) -> str:
    name, place = _position(root)
    return (
        f"{name} ({place}) awaits something that a synchronous run cannot wait for, because it bypasses the io port. "
        "Use the async method (arun, acontinue_run, ...), or wait through a verb such as `await io.call(function)`."
    )


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
