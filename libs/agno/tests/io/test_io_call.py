"""`call`, `pick`, `sleep`, `now`: values, errors, threads, context variables, cancellation."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextvars import ContextVar
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC, drive, is_coroutine_function

trace: ContextVar[str] = ContextVar("trace", default="unset")


class Plus:
    def __init__(self, by: int) -> None:
        self.by = by

    def plain(self, n: int) -> int:
        return n + self.by

    async def other(self, n: int) -> int:
        await asyncio.sleep(0)
        return n + self.by

    def gives_awaitable(self, n: int) -> Any:
        return self.other(n)

    async def __call__(self, n: int) -> int:
        return await self.other(n)

    @classmethod
    async def made(cls, n: int) -> int:
        return n + 1

    @staticmethod
    def bare(n: int) -> int:
        return n + 1


CALLABLES = {
    "method": Plus(1).plain,
    "coroutine method": Plus(1).other,
    "gives an awaitable": Plus(1).gives_awaitable,
    "object with async __call__": Plus(1),
    "partial of a function": functools.partial(lambda by, n: n + by, 1),
    "partial of a partial of a coroutine function": functools.partial(functools.partial(Plus(1).other)),
    "class method": Plus.made,
    "static method": Plus.bare,
    "builtin": (1).__add__,
    "class": lambda n: int(n) + 1,
}


@pytest.mark.parametrize("kind", CALLABLES)
def test_call_takes_callables_of_every_kind(play: Any, kind: str) -> None:
    assert play(lambda io: io.call(CALLABLES[kind], 41)) == 42


def test_keywords_named_like_our_own_parameters_arrive(play: Any) -> None:
    def takes(fn: int, self: int, **others: int) -> tuple[int, ...]:
        return (fn, self, *others.values())

    assert play(lambda io: io.call(takes, fn=1, self=2, args=3, loop=4)) == (1, 2, 3, 4)


def test_what_counts_as_a_coroutine_function() -> None:
    class Plain:
        def __call__(self) -> None: ...

    assert is_coroutine_function(Plus(1)) and is_coroutine_function(functools.partial(Plus(1).other))
    assert not is_coroutine_function(Plain()) and not is_coroutine_function(len) and not is_coroutine_function(Plus)


class Own(BaseException):
    pass


ERRORS: list[BaseException] = [ValueError("v"), KeyboardInterrupt("k"), SystemExit(3), Own("o")]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("tool", ["plain", "async"])
def test_errors_of_every_kind_travel_unchanged(play: Any, error: BaseException, tool: str) -> None:
    def fails() -> None:
        raise error

    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise error

    async def work(io: IO) -> str:
        with pytest.raises(type(error)) as caught:
            await io.call(fails if tool == "plain" else fails_later)
        assert caught.value is error
        return str(await io.call(lambda: "still works"))

    assert play(work) == "still works"


@pytest.mark.parametrize("tool", ["plain", "async"])
def test_stop_iteration_of_a_tool_is_an_error_not_an_end(play: Any, tool: str) -> None:
    def first_of_none() -> Any:
        return next(iter([]))

    async def later() -> Any:
        return first_of_none()

    async def work(io: IO) -> None:
        with pytest.raises(RuntimeError, match="StopIteration") as caught:
            await io.call(first_of_none if tool == "plain" else later)
        assert isinstance(caught.value.__cause__, StopIteration)

    play(work)


def test_a_cancelled_error_of_a_tool_does_not_look_like_a_cancelled_caller() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CancelledError):
        drive(SYNC.call(gives_up))


# Threads and context variables -----------------------------------------------------------------------------------------


def test_the_callers_context_is_seen_inside(play: Any) -> None:
    async def looks() -> str:
        await asyncio.sleep(0)
        return trace.get()

    async def work(io: IO) -> list[str]:
        return [await io.call(trace.get), await io.call(looks), await io.call(lambda: looks())]

    token = trace.set("caller's")
    try:
        assert play(work) == ["caller's"] * 3
    finally:
        trace.reset(token)


def test_a_worker_or_the_portal_changes_a_copy_of_the_context() -> None:
    async def sets_later() -> None:
        trace.set("by the async tool")

    async def arun() -> str:
        await ASYNC.call(trace.set, "by the worker")
        return trace.get()

    assert asyncio.run(arun()) == "unset"
    drive(SYNC.call(sets_later))
    assert trace.get() == "unset"


def test_a_sync_run_calls_in_the_callers_thread_with_its_sqlite_connection() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (n)")

    def insert(n: int) -> int:
        connection.execute("INSERT INTO t VALUES (?)", (n,))
        return threading.get_ident()

    async def notebook() -> int:
        return int(drive(SYNC.call(insert, 2)))

    assert drive(SYNC.call(insert, 1)) == threading.get_ident()
    assert asyncio.run(notebook()) == threading.get_ident()
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,), (2,)]
    connection.close()


def test_an_async_run_keeps_blocking_calls_off_the_loop_unless_told() -> None:
    class Store:
        def __init__(self, blocking: bool) -> None:
            self.blocking = blocking

        def where(self) -> int:
            return threading.get_ident()

    async def work() -> list[bool]:
        here = threading.get_ident()
        return [await ASYNC.call(fn) == here for fn in (threading.get_ident, Store(True).where, Store(False).where)]

    assert asyncio.run(work()) == [False, False, True]


def test_the_loop_goes_on_while_workers_block() -> None:
    meeting = threading.Barrier(21)

    async def work() -> None:
        calls = [asyncio.ensure_future(ASYNC.call(meeting.wait, 30)) for _ in range(20)]
        while meeting.n_waiting < 20:  # only a loop that goes on sees that twenty block at once
            assert not meeting.broken
            await asyncio.sleep(0.001)
        meeting.wait(30)
        await asyncio.gather(*calls)

    asyncio.run(work())


# Cancelling ----------------------------------------------------------------------------------------------------------


async def cancel_during(work: Any, begun: threading.Event) -> None:
    """Cancel a task once it has begun, and wait for its end."""
    task = asyncio.ensure_future(work)
    while not begun.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_cancelled_call_of_a_function_goes_on_at_once() -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def tool() -> None:
        begun.set()
        release.wait(30)
        ended.set()
        raise ValueError("nobody hears this")

    asyncio.run(cancel_during(ASYNC.call(tool), begun))
    assert not ended.is_set()
    release.set()
    assert ended.wait(30)


def test_a_cancelled_database_call_is_waited_for_also_if_cancelled_again() -> None:
    begun, ended = threading.Event(), threading.Event()

    class Database:
        blocking = True

        def write(self) -> None:
            begun.set()
            time.sleep(0.1)
            ended.set()

    async def impatient() -> None:
        task = asyncio.ensure_future(ASYNC.call(Database().write))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        for _ in range(5):
            task.cancel()
            await asyncio.sleep(0.005)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(impatient())


def test_a_cancelled_call_of_a_coroutine_function_is_cancelled_inside() -> None:
    begun, seen = threading.Event(), []

    async def tool() -> None:
        try:
            begun.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    asyncio.run(cancel_during(ASYNC.call(tool), begun))
    assert seen == ["cancelled"]


# The other verbs -------------------------------------------------------------------------------------------------------


def test_pick_takes_the_matching_colour_in_this_thread(play: Any, colour: str) -> None:
    def plain(n: int) -> tuple[str, int, int]:
        return "sync", n, threading.get_ident()

    async def other(n: int) -> tuple[str, int, int]:
        return "async", n, threading.get_ident()

    assert play(lambda io: io.pick(plain, other, 3)) == (colour, 3, threading.get_ident())


@pytest.mark.parametrize("error", ERRORS[:1] + ERRORS[3:], ids=repr)
def test_pick_lets_errors_through(play: Any, error: BaseException) -> None:
    def plain() -> None:
        raise error

    async def other() -> None:
        raise error

    with pytest.raises(type(error)):
        play(lambda io: io.pick(plain, other))


def test_sleep_waits_and_the_clock_moves(play: Any) -> None:
    async def work(io: IO) -> tuple[float, float]:
        first = io.now()
        await io.sleep(0.02)
        second = io.now()
        await io.sleep(0)
        await io.sleep(-5)
        return second - first, io.now() - second

    slept, not_slept = play(work)
    assert 0.019 < slept < 0.5 and 0 <= not_slept < 0.5


def test_sleep_can_be_cancelled() -> None:
    async def work() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ASYNC.sleep(60), 0.01)

    asyncio.run(work())


def test_pick_can_be_cancelled() -> None:
    async def forever() -> None:
        await asyncio.sleep(60)

    async def work() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ASYNC.pick(lambda: None, forever), 0.01)

    asyncio.run(work())


def test_nested_calls_ten_deep_in_changing_colours() -> None:
    """Each level starts the next in its own way: a sync run in a worker, in the portal, on a loop of its own."""

    def plain(depth: int) -> int:
        return 0 if depth == 0 else 1 + int(drive(SYNC.call(other, depth - 1)))

    async def other(depth: int) -> int:
        if depth == 0:
            return 0
        inner: Callable[..., Any] = plain if depth % 3 else on_own_loop
        return 1 + int(await ASYNC.call(inner, depth - 1) if depth % 2 else drive(SYNC.call(inner, depth - 1)))

    def on_own_loop(depth: int) -> int:
        return 0 if depth == 0 else 1 + _run_in_own_loop(other, depth - 1)

    assert plain(10) == 10
    assert asyncio.run(other(10)) == 10
    assert asyncio.run(ASYNC.call(plain, 10)) == 10


def _run_in_own_loop(fn: Callable[..., Any], depth: int) -> int:
    result: list[int] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(fn(depth))))
    thread.start()
    thread.join()
    return result[0]
