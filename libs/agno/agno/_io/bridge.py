"""Sync code over an async leaf: it runs in a worker thread and waits for what the caller's loop does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from agno._io.portal import Visitor
from agno._io.workers import in_thread

T = TypeVar("T")
_visitor: ContextVar[Visitor] = ContextVar("agno_bridge")


async def bridged(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run sync code that may call `wait_for` and `loop_of_caller`. Who is cancelled cancels what it waits for."""
    visitor = Visitor(asyncio.get_running_loop())
    token = _visitor.set(visitor)
    try:
        return await in_thread(fn, *args, **kwargs)
    finally:
        _visitor.reset(token)
        await visitor.close()


def wait_for(awaitable: Awaitable[T]) -> T:
    """In bridged code: the result of an awaitable, awaited on the caller's loop."""
    return _visitor.get().run(awaitable)


def loop_of_caller() -> asyncio.AbstractEventLoop:
    """In bridged code: the loop that things must stay on which `wait_for` uses."""
    return _visitor.get().loop


__all__ = ["bridged", "loop_of_caller", "wait_for"]
