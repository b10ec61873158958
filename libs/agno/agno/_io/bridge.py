"""Sync code over an async leaf: it runs in a worker thread and waits for what the caller's loop does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from agno._io.aio import in_thread

T = TypeVar("T")
_loop: ContextVar[asyncio.AbstractEventLoop] = ContextVar("agno_bridge_loop")


async def bridged(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run sync code that may call `wait_for` and `loop_of_caller`."""
    token = _loop.set(asyncio.get_running_loop())
    try:
        return await in_thread(fn, *args, **kwargs)
    finally:
        _loop.reset(token)


def wait_for(awaitable: Awaitable[T]) -> T:
    """In bridged code: the result of an awaitable, awaited on the caller's loop."""
    return asyncio.run_coroutine_threadsafe(_awaited(awaitable), _loop.get()).result()


def loop_of_caller() -> asyncio.AbstractEventLoop:
    """In bridged code: the loop that things must stay on which `wait_for` uses."""
    return _loop.get()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


__all__ = ["bridged", "loop_of_caller", "wait_for"]
