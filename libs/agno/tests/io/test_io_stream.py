"""`stream`: both colours and the wrong one, closing, threads and tasks, context variables, cancellation."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC

from stepping import items_of

trace: ContextVar[str] = ContextVar("trace", default="unset")
log: list[Any] = []


@pytest.fixture(autouse=True)
def _fresh_log() -> None:
    log.clear()


def plain(upto: int = 3) -> Iterator[int]:
    try:
        yield from range(upto)
    finally:
        log.append("plain closed")


async def other(upto: int = 3) -> AsyncGenerator[int, None]:
    try:
        for n in range(upto):
            await asyncio.sleep(0)
            yield n
    finally:
        await asyncio.sleep(0)
        log.append("other closed")


class Handmade:
    """An iterator of either colour without a close."""

    def __init__(self) -> None:
        self.left = [0, 1, 2]

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if not self.left:
            raise StopIteration
        return self.left.pop(0)


class HandmadeAsync:
    def __init__(self) -> None:
        self.inner = Handmade()

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    async def __anext__(self) -> int:
        await asyncio.sleep(0)
        for item in self.inner:
            return item
        raise StopAsyncIteration


async def gives_other(upto: int = 3) -> AsyncGenerator[int, None]:
    return other(upto)


SOURCES: dict[str, Any] = {
    "both": (plain, other),
    "only plain": (plain, plain),
    "only async": (other, other),
    "a coroutine that gives an async generator": (plain, gives_other),
    "a list": (lambda: [0, 1, 2], lambda: [0, 1, 2]),
    "an iterator": (Handmade, Handmade),
    "an async iterator": (HandmadeAsync, HandmadeAsync),
}


async def collect(io: IO, *sources: Any) -> list[Any]:
    async with aclosing(io.stream(*sources)) as items:
        return [item async for item in items]


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_is_iterated(play: Any, kind: str) -> None:
    assert play(lambda io: collect(io, *SOURCES[kind])) == [0, 1, 2]


def test_arguments_arrive(play: Any) -> None:
    async def work(io: IO) -> list[int]:
        return [item async for item in io.stream(plain, other, upto=5)]

    assert play(work) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("source", [plain, other], ids=["plain", "async"])
def test_break_closes_the_source_before_going_on(play: Any, source: Any) -> None:
    async def work(io: IO) -> list[Any]:
        async with aclosing(io.stream(source, source)) as items:
            async for _ in items:
                break
        return list(log)

    assert len(play(work)) == 1


class Own(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError("v"), KeyboardInterrupt(), SystemExit(2), Own()], ids=repr)
@pytest.mark.parametrize("colour_of_source", ["plain", "async"])
def test_errors_of_the_source_travel_after_its_items(play: Any, error: BaseException, colour_of_source: str) -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise error

    async def fails_later() -> AsyncGenerator[int, None]:
        yield 1
        raise error

    source = fails if colour_of_source == "plain" else fails_later

    async def work(io: IO) -> list[int]:
        seen = []
        with pytest.raises(type(error)) as caught:
            async with aclosing(io.stream(source, source)) as items:
                async for item in items:
                    seen.append(item)
        assert caught.value is error
        return seen

    assert play(work) == [1]


def test_an_error_of_a_finaliser_travels(play: Any) -> None:
    def fails() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            raise OSError("no room")

    async def work(io: IO) -> None:
        with pytest.raises(OSError, match="no room"):
            async with aclosing(io.stream(fails, fails)) as items:
                async for _ in items:
                    break

    play(work)


# Where it lives --------------------------------------------------------------------------------------------------------


def rows() -> Iterator[Any]:
    """A generator with things that belong to a thread and to a context."""
    connection = sqlite3.connect(":memory:")
    token = trace.set("inside")
    for n in range(3):
        yield connection.execute("SELECT ?", (n,)).fetchone()[0], threading.get_ident(), trace.get()
    trace.reset(token)
    connection.close()


def test_a_blocking_generator_lives_in_one_thread_and_one_context() -> None:
    async def competing() -> list[list[Any]]:
        return list(await asyncio.gather(*[collect(ASYNC, rows, rows) for _ in range(10)]))

    for items in asyncio.run(competing()):
        assert [n for n, _, _ in items] == [0, 1, 2]
        assert len({thread for _, thread, _ in items}) == 1
        assert {seen for _, _, seen in items} == {"inside"}
    assert trace.get() == "unset"


def test_a_sync_run_iterates_in_the_callers_thread() -> None:
    assert {thread for _, thread, _ in items_of(SYNC.stream(rows, rows))} == {threading.get_ident()}


async def in_scopes() -> AsyncGenerator[Any, None]:
    """An async generator whose steps must all be taken by one task."""
    token = trace.set("inside")
    async with asyncio.timeout(30):
        for _ in range(3):
            yield asyncio.current_task(), trace.get()
    trace.reset(token)


@pytest.mark.skipif(not hasattr(asyncio, "timeout"), reason="Python 3.11")
@pytest.mark.parametrize("early", [False, True])
def test_an_async_generator_lives_in_one_task(play: Any, early: bool) -> None:
    async def work(io: IO) -> list[Any]:
        seen = []
        async with aclosing(io.stream(in_scopes, in_scopes)) as items:
            async for item in items:
                seen.append(item)
                if early:
                    break
        return seen

    seen = play(work)
    assert len({task for task, _ in seen}) == 1 and {inside for _, inside in seen} == {"inside"}
    assert len(seen) == (1 if early else 3)


def test_the_callers_context_is_seen_inside(play: Any) -> None:
    def looks() -> Iterator[str]:
        yield trace.get()

    async def looks_later() -> AsyncGenerator[str, None]:
        yield trace.get()

    async def work(io: IO) -> list[str]:
        trace.set("caller's")
        return [*await collect(io, looks, looks), *await collect(io, looks_later, looks_later)]

    token = trace.set("caller's")
    assert play(work) == ["caller's"] * 2
    trace.reset(token)


def test_nothing_is_read_ahead(play: Any) -> None:
    made: list[int] = []

    def counts() -> Iterator[int]:
        for n in range(5):
            made.append(n)
            yield n

    async def later() -> AsyncGenerator[int, None]:
        for n in counts():
            yield n

    async def work(io: IO) -> None:
        for source in (counts, later):
            made.clear()
            async with aclosing(io.stream(source, source)) as items:
                async for n in items:
                    await io.sleep(0.002)
                    assert made == list(range(n + 1))

    play(work)


def test_more_open_streams_than_workers_do_not_wait_for_each_other() -> None:
    async def reads_slowly(everybody: asyncio.Barrier | None) -> int:
        total = 0
        async with aclosing(ASYNC.stream(plain, plain)) as items:
            async for item in items:
                if everybody is not None and item == 0:
                    await everybody.wait()  # all streams are open at the same time
                total += await ASYNC.call(lambda item=item: int(item))
        return total

    async def work() -> list[int]:
        barrier = asyncio.Barrier(100) if hasattr(asyncio, "Barrier") else None
        return list(await asyncio.gather(*[reads_slowly(barrier) for _ in range(100)]))

    assert asyncio.run(work()) == [3] * 100


# Cancelling and leaving -------------------------------------------------------------------------------------------------


def test_cancelling_while_a_blocking_generator_works_is_quick_and_closes_it_later() -> None:
    begun, release = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        try:
            begun.set()
            release.wait(30)
            yield 1
        finally:
            log.append(threading.current_thread().name)

    async def work() -> None:
        task = asyncio.ensure_future(collect(ASYNC, slow, slow))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not log  # nobody has released it yet

    asyncio.run(work())
    release.set()
    deadline = time.monotonic() + 30
    while not log and time.monotonic() < deadline:
        time.sleep(0.005)
    assert log == ["agno-worker"]


@pytest.mark.parametrize("source", [plain, other], ids=["plain", "async"])
def test_cancelling_between_two_steps_closes_the_source(source: Any) -> None:
    async def work() -> None:
        reading = asyncio.Event()

        async def reads() -> None:
            async with aclosing(ASYNC.stream(source, source)) as items:
                async for _ in items:
                    reading.set()
                    await asyncio.sleep(60)

        task = asyncio.ensure_future(reads())
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(log) == 1

    asyncio.run(work())


def test_a_stream_that_is_dropped_without_closing_leaves_nothing() -> None:
    async def work() -> None:
        items = ASYNC.stream(plain, plain)
        assert await items.__anext__() == 0
        del items
        gc.collect()
        deadline = time.monotonic() + 30
        while not log and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        assert log == ["plain closed"]

    asyncio.run(work())


def test_the_loop_closes_what_was_left_open() -> None:
    kept: list[Any] = []

    async def work() -> None:
        kept.append(ASYNC.stream(plain, plain))
        assert await kept[0].__anext__() == 0

    asyncio.run(work())
    assert log == ["plain closed"]
