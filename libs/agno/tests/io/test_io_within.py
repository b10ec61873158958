"""`within`: work with a time limit, in both colours."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC, Give, Outlet, aiterate, drive, iterate

colour: ContextVar[str] = ContextVar("colour", default="none")
BOTH = pytest.mark.parametrize("io", [SYNC, ASYNC], ids=["sync", "async"])


def played(io: IO, seconds: float, work: Any) -> list[Any]:
    """What the work gave until it ended."""
    items: list[Any] = []

    async def take(item: Any) -> None:
        items.append(item)

    coroutine = io.within(seconds, work, take)
    if io.is_async:
        asyncio.run(coroutine)
    else:
        drive(coroutine)
    return items


@BOTH
def test_what_is_in_time_gives_its_items_in_the_context_of_the_caller(io: IO) -> None:
    async def work(give: Give) -> None:
        for n in range(3):
            await give((colour.get(), n))

    token = colour.set("red")
    try:
        assert played(io, 10, work) == [("red", 0), ("red", 1), ("red", 2)]
    finally:
        colour.reset(token)


@BOTH
def test_what_takes_longer_is_left_at_once_even_if_it_blocks(io: IO) -> None:
    released, ended = threading.Event(), threading.Event()

    def block() -> None:
        released.wait(30)
        ended.set()

    async def work(give: Give) -> None:
        await give("first")
        await io.call(block)
        await give("never heard")

    with pytest.raises(TimeoutError):
        played(io, 0.05, work)
    assert not ended.is_set()
    released.set()
    assert ended.wait(30), "a thread runs to its end, unheard"


@BOTH
def test_an_error_travels(io: IO) -> None:
    async def work(give: Give) -> None:
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        played(io, 10, work)


@BOTH
def test_a_reader_that_leaves_ends_the_work(io: IO) -> None:
    closed = threading.Event()
    outlet = Outlet()

    async def work(give: Give) -> None:
        try:
            while True:
                await give("item")
                await io.sleep(0)
        finally:
            closed.set()

    def begin() -> Any:
        return io.within(10, work, outlet.give)

    async def read_one() -> None:
        events = aiterate(begin, outlet)
        await anext(events)
        await events.aclose()

    if io.is_async:
        asyncio.run(read_one())
    else:
        items = iterate(begin, outlet)
        next(items)
        items.close()
    assert closed.wait(30)
