"""`merge` and `gather`: order, errors, siblings, context variables, cancellation, nothing left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC, workers

from stepping import items_of, merged

trace: ContextVar[str] = ContextVar("trace", default="unset")


async def counts(io: IO, name: str, upto: int, log: list[str], pause: float = 0.001) -> AsyncGenerator[Any, None]:
    try:
        for n in range(upto):
            await io.sleep(pause)
            yield name, n
    finally:
        await io.sleep(0)
        log.append(f"{name} closed")


async def fails(io: IO, error: BaseException, after: float = 0.02) -> AsyncGenerator[Any, None]:
    await io.sleep(after)
    raise error
    yield


async def collect(generator: AsyncGenerator[Any, None], into: list[Any] | None = None) -> list[Any]:
    items = [] if into is None else into
    async with aclosing(generator):
        async for item in generator:
            items.append(item)
    return items


@pytest.mark.parametrize("branches", [0, 1, 2, 7])
def test_merge_gives_every_item_and_keeps_the_order_of_each_branch(play: Any, branches: int) -> None:
    log: list[str] = []

    async def work(io: IO) -> list[Any]:
        return await collect(merged(io, *[counts(io, str(b), 5, log) for b in range(branches)]))

    items = play(work)
    assert len(items) == 5 * branches
    for b in range(branches):
        assert [n for name, n in items if name == str(b)] == [0, 1, 2, 3, 4]
    assert sorted(log) == [f"{b} closed" for b in range(branches)]


def test_branches_run_at_the_same_time(play: Any) -> None:
    there: list[int] = []

    async def meets(io: IO, n: int) -> AsyncGenerator[int, None]:
        there.append(n)
        while len(there) % 5:  # one after the other would wait for ever
            await io.sleep(0.001)
        yield n

    async def work(io: IO) -> list[Any]:
        return await collect(merged(io, *[meets(io, n) for n in range(5)]))

    assert sorted(play(work)) == [0, 1, 2, 3, 4]


def test_items_come_as_they_are_made(play: Any) -> None:
    async def slow(io: IO, items: list[Any]) -> AsyncGenerator[str, None]:
        while len(items) < 2:
            await io.sleep(0.001)
        yield "slow"

    async def work(io: IO) -> list[Any]:
        items: list[Any] = []
        return await collect(merged(io, slow(io, items), counts(io, "quick", 2, [])), items)

    assert play(work) == [("quick", 0), ("quick", 1), "slow"]


def test_a_slow_reader_is_not_run_away_from(play: Any) -> None:
    made: list[int] = []

    async def eager(io: IO) -> AsyncGenerator[int, None]:
        for n in range(100):
            made.append(n)
            yield n

    async def work(io: IO) -> int:
        async with aclosing(merged(io, eager(io), eager(io))) as items:
            async for _ in items:
                await io.sleep(0.02)
                break
            return len(made)

    assert play(work) <= 8


class Own(BaseException):
    pass


ERRORS: list[BaseException] = [ValueError("v"), KeyboardInterrupt(), SystemExit(3), Own(), asyncio.CancelledError()]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_the_first_error_closes_the_siblings_and_travels(play: Any, error: BaseException) -> None:
    log: list[str] = []

    async def work(io: IO) -> list[Any]:
        seen: list[Any] = []
        with pytest.raises(type(error)) as caught:
            await collect(merged(io, counts(io, "a", 9999, log), fails(io, error), counts(io, "b", 9999, log)), seen)
        assert caught.value is error
        assert sorted(log) == ["a closed", "b closed"]  # before the error is seen
        return seen

    assert play(work)


def test_an_error_meets_siblings_that_wait_for_the_reader(play: Any, caplog: Any) -> None:
    """All branches fail, also while they are closed: one error travels, nobody waits for ever."""

    async def bad(io: IO, n: int) -> AsyncGenerator[int, None]:
        try:
            for item in range(5):
                yield item
            raise ValueError(n)
        finally:
            raise OSError(n)

    async def work(io: IO) -> None:
        with pytest.raises(OSError):
            await collect(merged(io, *[bad(io, n) for n in range(5)]))
        async with aclosing(merged(io, *[bad(io, n) for n in range(5)])) as items:
            async for _ in items:
                break

    play(work)


def test_break_closes_every_branch_before_going_on(play: Any) -> None:
    log: list[str] = []

    async def work(io: IO) -> list[str]:
        async with aclosing(merged(io, counts(io, "a", 99, log), counts(io, "b", 99, log))) as items:
            async for _ in items:
                break
        return sorted(log)

    assert play(work) in (["a closed", "b closed"], ["a closed"], ["b closed"])  # one may not have begun


def test_sync_break_waits_for_the_branches() -> None:
    log: list[str] = []
    for _ in items_of(merged(SYNC, counts(SYNC, "a", 99, log), counts(SYNC, "b", 99, log))):
        break
    assert sorted(log) == ["a closed", "b closed"]


def test_branches_see_the_context_and_change_a_copy_of_it(play: Any) -> None:
    async def branch(io: IO, name: str) -> AsyncGenerator[tuple[str, str], None]:
        before = trace.get()
        trace.set(name)
        await io.sleep(0.01)
        yield before, trace.get()

    async def work(io: IO) -> tuple[list[Any], str]:
        items = await collect(merged(io, branch(io, "a"), branch(io, "b")))
        return sorted(items), trace.get()

    token = trace.set("caller's")
    assert play(work) == ([("caller's", "a"), ("caller's", "b")], "caller's")
    trace.reset(token)


def test_async_leaves_in_threads_of_a_sync_merge() -> None:
    there: list[int] = []

    async def leaf(n: int) -> int:
        there.append(n)
        while len(there) < 8:  # one after the other would wait for ever
            await asyncio.sleep(0.001)
        return n

    async def branch(n: int) -> AsyncGenerator[int, None]:
        yield await SYNC.call(leaf, n)

    assert sorted(items_of(merged(SYNC, *[branch(n) for n in range(8)]))) == list(range(8))


def test_cancelling_a_merge_closes_its_branches_first() -> None:
    log: list[str] = []

    async def slow_to_close(name: str) -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(60)
            yield 1
        finally:
            await asyncio.sleep(0.02)
            log.append(name)

    async def work() -> None:
        task = asyncio.ensure_future(collect(merged(ASYNC, slow_to_close("a"), slow_to_close("b"))))
        await asyncio.sleep(0.01)
        for _ in range(4):  # also if it is told so more than once, as anyio's scopes do
            task.cancel()
            await asyncio.sleep(0.002)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(log) == ["a", "b"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(work())


# gather --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_gather_gives_results_in_order(play: Any, count: int) -> None:
    async def one(io: IO, n: int) -> int:
        await io.sleep(0.001 * (count - n) / 10)
        return n

    async def work(io: IO) -> list[int]:
        return await io.gather(*[one(io, n) for n in range(count)])

    assert play(work) == list(range(count))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("count", [1, 4])
def test_the_first_error_of_gather_cancels_the_others_and_travels(play: Any, error: BaseException, count: int) -> None:
    ended: list[str] = []

    async def bad(io: IO) -> None:
        await io.sleep(0.005)
        raise error

    async def good(io: IO) -> None:
        try:
            await io.sleep(60)
            ended.append("went on")
        finally:
            ended.append("closed")

    async def work(io: IO) -> None:
        with pytest.raises(type(error)) as caught:
            await io.gather(bad(io), *[good(io) for _ in range(count - 1)])
        assert caught.value is error
        assert ended in ([], ["closed"] * (count - 1))  # a sync one does not begin the others
        assert await io.call(lambda: "still works") == "still works"

    play(work)


def test_cancelling_gather_cancels_its_coroutines() -> None:
    ended: list[int] = []

    async def one(n: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(n)

    async def work() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ASYNC.gather(*[one(n) for n in range(3)]), 0.02)
        assert sorted(ended) == [0, 1, 2]

    asyncio.run(work())


def test_gathered_coroutines_run_at_the_same_time_in_copies_of_the_context() -> None:
    there: list[int] = []

    async def one(n: int) -> str:
        trace.set(str(n))
        there.append(n)
        while len(there) < 20:  # one after the other would wait for ever
            await asyncio.sleep(0)
        return trace.get()

    async def work() -> list[str]:
        results = await ASYNC.gather(*[one(n) for n in range(20)])
        assert trace.get() == "unset"
        return results

    assert asyncio.run(work()) == [str(n) for n in range(20)]


def test_the_threads_of_a_sync_merge_serve_the_next_one() -> None:
    def idents() -> set[int]:
        async def branch() -> AsyncGenerator[int, None]:
            both.wait()
            yield threading.get_ident()

        both = threading.Barrier(2, timeout=30)
        return set(items_of(merged(SYNC, branch(), branch())))

    before = set(idents())
    deadline = time.monotonic() + 20
    while workers._unlimited._unfinished and time.monotonic() < deadline:
        time.sleep(0.001)
    known = {thread.ident for thread in threading.enumerate()}
    assert len(before) == 2 and idents() <= known
