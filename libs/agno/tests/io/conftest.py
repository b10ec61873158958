"""Both colours of a piece of work, and a look at what is left behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC, drive, workers

Work = Callable[[IO], Coroutine[Any, Any, Any]]
Play = Callable[[Work], Any]


async def _without_leftovers(work: Work) -> Any:
    try:
        return await work(ASYNC)
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks are left: {left}"


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def play(colour: str) -> Play:
    """Runs work with the io of either colour; in the async one no task may be left."""
    return lambda work: drive(work(SYNC)) if colour == "sync" else asyncio.run(_without_leftovers(work))


def own_threads() -> set[threading.Thread]:
    """Threads, but for the portal and the workers, which wait for the next job."""
    return {t for t in threading.enumerate() if not t.name.startswith(("agno-portal", "agno-worker"))}


def _busy() -> int:
    return sum(pool._unfinished for pool in [*workers._pools.values(), workers._unlimited])


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After each test no thread is left and no worker is busy."""
    before = own_threads()
    gc.freeze()  # collecting looks at what this test made, not at all that the process has imported
    yield
    gc.collect()
    gc.unfreeze()
    deadline = time.monotonic() + 20
    while (own_threads() - before or _busy()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not own_threads() - before
    assert _busy() == 0
