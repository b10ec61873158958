"""The portal's loop and the worker threads: sharing, nesting, forks, the end of the program."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import pytest

from agno._io import ASYNC, SYNC, Portal, drive, portal, run_blocking, thread_io, workers
from agno._io.loops import PerLoop
from agno._io.workers import Workers

from stepping import items_of

_PATIENT = """
import logging
logging.getLogger("asyncio").addFilter(lambda record: "took" not in record.msg)
"""


def run_script(text: str, *flags: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
    """A program of its own; every warning is shown, but that a machine is slow."""
    command = [sys.executable, "-X", "dev", *flags, "-c", _PATIENT + textwrap.dedent(text)]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)


# Sharing -------------------------------------------------------------------------------------------------------------


def test_many_threads_use_one_portal_at_once() -> None:
    there: list[int] = []

    async def leaf(n: int) -> tuple[int, int]:
        there.append(n)
        while len(there) < 100:  # one after the other would wait for ever
            await asyncio.sleep(0.001)
        return n, threading.get_ident()

    with ThreadPoolExecutor(100) as pool:
        results = list(pool.map(lambda n: drive(SYNC.call(leaf, n)), range(100)))
    assert [n for n, _ in results] == list(range(100))
    assert len({thread for _, thread in results}) == 1


def test_sync_runs_in_many_threads_step_their_own_generators() -> None:
    async def numbers(start: int) -> AsyncGenerator[int, None]:
        for n in range(start, start + 100):
            yield int(await SYNC.call(lambda n=n: n))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda start: list(items_of(numbers(start))), range(64)))
    assert found == [list(range(start, start + 100)) for start in range(64)]


def test_a_task_that_ends_the_program_does_not_end_the_portal(caplog: pytest.LogCaptureFixture) -> None:
    kept: list[Any] = []

    async def leaves(error: type[BaseException]) -> None:
        async def background() -> None:
            raise error

        kept.append(asyncio.ensure_future(background()))
        await asyncio.sleep(0.01)

    for error in (SystemExit, KeyboardInterrupt):
        run_blocking(leaves(error))
        assert run_blocking(asyncio.sleep(0, "alive")) == "alive"
        assert isinstance(kept.pop().exception(), error)


def test_the_portal_can_be_closed_and_starts_anew() -> None:
    async def hangs() -> None:
        await asyncio.sleep(60)

    own = Portal()
    seen: list[Any] = []

    async def background() -> str:
        seen.append(asyncio.ensure_future(hangs()))
        return "ok"

    assert own.run(background()) == "ok"
    loop = own.loop
    own.close()
    assert loop.is_closed() and seen[0].cancelled()
    assert own.run(background()) == "ok" and own.loop is not loop
    own.close()
    own.close()


def test_a_sync_run_in_an_async_tool_of_a_sync_run() -> None:
    async def leaf(depth: int) -> int:
        if depth == 0:
            return threading.get_ident()
        return int(drive(SYNC.call(leaf, depth - 1)))

    assert drive(SYNC.call(leaf, 5)) != threading.get_ident()

    async def items(depth: int) -> AsyncGenerator[int, None]:
        if depth == 0:
            yield 1
            return
        for item in items_of(SYNC.stream(items, items, depth - 1)):
            yield item + 1

    assert list(items_of(SYNC.stream(items, items, 5))) == [6]


def _gone(*references: Any) -> None:
    """Wait until the thread that worked has let go of these."""
    deadline = time.monotonic() + 30
    while any(reference() is not None for reference in references) and time.monotonic() < deadline:
        time.sleep(0.001)


def test_nothing_is_kept_of_results_and_errors() -> None:
    class Big(Exception):
        pass

    async def gives(error: bool) -> Any:
        await asyncio.sleep(0)
        if error:
            raise Big
        return Big()

    def plain(error: bool) -> Any:
        if error:
            raise Big
        return Big()

    async def async_calls() -> list[Any]:
        references = [weakref.ref(await ASYNC.call(plain, False))]
        try:
            await ASYNC.call(plain, True)
        except Big as error:
            references.append(weakref.ref(error))
        await asyncio.to_thread(_gone, *references)
        return [r() for r in references]

    gc.disable()
    try:
        reference = weakref.ref(drive(SYNC.call(gives, False)))
        _gone(reference)
        assert reference() is None
        try:
            drive(SYNC.call(gives, True))
        except Big as error:
            reference = weakref.ref(error)
        _gone(reference)
        assert reference() is None
        assert asyncio.run(async_calls()) == [None, None]
    finally:
        gc.enable()


# Workers -------------------------------------------------------------------------------------------------------------


def test_threads_of_a_pool_are_reused_limited_and_end_when_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_IDLE", 0.05)
    pool, seen, most = Workers(3), [], 0
    lock, done = threading.Lock(), threading.Semaphore(0)
    running = 0

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        seen.append(threading.get_ident())
        done.release()

    for _ in range(2):
        for _ in range(30):
            pool.start(job)
        assert all(done.acquire(timeout=30) for _ in range(30))
        assert most == 3
        deadline = time.monotonic() + 30
        while pool._threads and time.monotonic() < deadline:
            time.sleep(0.01)
        assert pool._threads == 0
    assert len(seen) == 60


def test_workers_that_wait_for_workers_do_not_wait_for_ever() -> None:
    """Two hundred tools, each of which needs a worker for its own run, three levels deep."""

    def tool(depth: int) -> int:
        if depth == 0:
            return 1
        return int(asyncio.run(ASYNC.call(tool, depth - 1))) if depth % 2 else int(drive(SYNC.call(other, depth - 1)))

    async def other(depth: int) -> int:
        return int(await ASYNC.call(tool, depth))

    async def everybody() -> int:
        return sum(await asyncio.gather(*[ASYNC.call(tool, 3) for _ in range(200)]))

    assert asyncio.run(everybody()) == 200


def test_the_way_back_to_the_loop_ends_with_the_call() -> None:
    kept: list[Any] = []

    async def leaf() -> int:
        await asyncio.sleep(0)
        return threading.get_ident()

    async def work() -> None:
        here = threading.get_ident()
        async with thread_io(ASYNC) as io:
            kept.append(io)
            assert await ASYNC.call(lambda: drive(io.call(leaf))) == here
            assert drive(io.call(leaf)) != here  # on the loop's own thread it would wait for itself
        with pytest.raises(RuntimeError, match="ended or was cancelled"):
            await ASYNC.call(lambda: drive(io.call(leaf)))

    asyncio.run(work())
    with pytest.raises(RuntimeError, match="ended or was cancelled"):
        drive(kept[0].call(print))


def test_leaving_cancels_what_still_runs_on_the_loop() -> None:
    seen: list[str] = []

    async def leaf() -> None:
        try:
            seen.append("begun")
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            seen.append("ended")

    async def hooked() -> None:
        async with thread_io(ASYNC) as io:
            await ASYNC.call(lambda: drive(io.call(leaf)))

    async def work() -> None:
        task = asyncio.ensure_future(hooked())
        while not seen:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert seen == ["begun", "ended"]

    asyncio.run(work())


# One object per loop -----------------------------------------------------------------------------------------------------


def test_objects_of_closed_loops_are_dropped_also_if_they_hold_their_loop() -> None:
    class Client:
        def __init__(self) -> None:
            self.loop = asyncio.get_running_loop()

    kept: PerLoop[Client] = PerLoop()

    async def use() -> Client:
        client = kept.get(Client)
        assert kept.get(Client) is client
        return client

    for _ in range(20):
        assert asyncio.run(use()).loop.is_closed()
    gc.collect()
    assert len([o for o in gc.get_objects() if isinstance(o, Client)]) <= 1

    async def pop() -> None:
        client = kept.get(Client)
        assert kept.pop() is client and kept.pop() is None

    asyncio.run(pop())


def test_loops_in_many_threads_have_objects_of_their_own() -> None:
    kept: PerLoop[list[int]] = PerLoop()

    async def use(n: int) -> list[int]:
        kept.get(list).append(n)
        await asyncio.sleep(0.001)
        kept.get(list).append(n)
        return kept.get(list)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: asyncio.run(use(n)), range(200)))
    assert found == [[n, n] for n in range(200)]


def test_of_many_that_open_an_object_at_once_one_makes_it_in_a_thread_and_after_a_failure_the_next() -> None:
    kept: PerLoop[list[int]] = PerLoop()
    made_in: list[threading.Thread] = []

    def make() -> list[int]:
        made_in.append(threading.current_thread())
        if len(made_in) == 1:
            raise OSError("no certificates")
        return []

    async def use() -> None:
        found = await asyncio.gather(*(kept.opened(ASYNC, make) for _ in range(9)), return_exceptions=True)
        failed = [one for one in found if isinstance(one, OSError)]
        opened = [one for one in found if isinstance(one, list)]
        assert len(failed) == 1 and len(opened) == 8 and all(one is opened[0] for one in opened)
        assert await kept.opened(ASYNC, make) is kept.get(list) is opened[0]

    asyncio.run(use())
    assert len(made_in) == 2 and threading.main_thread() not in made_in


# Forks and the end -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_after_a_fork_the_child_has_a_portal_and_workers_of_its_own() -> None:
    done = run_script(
        """
        import asyncio, os, sys, warnings
        from agno._io import ASYNC, SYNC, drive
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork in a program with threads

        async def leaf(n):
            await asyncio.sleep(0)
            return n

        async def items():
            yield 1

        def everything():
            assert drive(SYNC.call(leaf, 1)) == 1
            assert asyncio.run(ASYNC.call(os.getpid)) == os.getpid()
            async def read():
                return [i async for i in ASYNC.stream(lambda: [1], lambda: iter([1]))]
            assert asyncio.run(read()) == [1]

        everything()
        children = []
        for _ in range(5):
            child = os.fork()
            if child == 0:
                everything()
                sys.exit(7)  # the ordinary end, with its handlers
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        everything()
        print(codes)
        """
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[7, 7, 7, 7, 7]", "", 0)


ENDINGS = {
    "idle": "",
    "with a background task of a tool": "drive(SYNC.call(leaves_a_task))",
    "with a half-read async generator": "items = items_of(SYNC.stream(endless, endless)); next(items)",
    "with a nested portal": "drive(SYNC.call(nested))",
    "with a busy worker": "asyncio.run(impatient())",
    "with a blocking generator in a worker": "asyncio.run(impatient_reader())",
    "with a portal that is busy in another thread": (
        "threading.Thread(target=lambda: drive(SYNC.call(asyncio.sleep, 60)), daemon=True).start(); time.sleep(0.1)"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_the_program_is_quick_and_silent(ending: str) -> None:
    started = time.perf_counter()
    done = run_script(
        f"""
        import asyncio, threading, time
        from agno._io import ASYNC, SYNC, drive
        from stepping import items_of

        kept = []

        async def leaf():
            await asyncio.sleep(0)

        async def leaves_a_task():
            kept.append(asyncio.ensure_future(asyncio.sleep(60)))

        async def endless():
            while True:
                yield 1
                await asyncio.sleep(0)

        async def nested():
            drive(SYNC.call(leaves_a_task))

        def blocks():
            while True:
                yield time.sleep(60)

        async def impatient():
            try:
                await asyncio.wait_for(ASYNC.call(time.sleep, 60), 0.05)
            except asyncio.TimeoutError:
                pass

        async def reads():
            async for _ in ASYNC.stream(blocks, blocks):
                pass

        async def impatient_reader():
            try:
                await asyncio.wait_for(reads(), 0.05)
            except asyncio.TimeoutError:
                pass

        drive(SYNC.call(leaf))
        asyncio.run(ASYNC.call(len, ""))
        {ENDINGS[ending]}
        print("end")
        """
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("end", "", 0)
    assert time.perf_counter() - started < 40  # what it leaves behind would take 60 s


def test_the_portal_serves_exit_handlers() -> None:
    done = run_script(
        """
        import atexit
        from agno._io import SYNC, drive

        async def leaf():
            return "served"

        drive(SYNC.call(leaf))
        atexit.register(lambda: print(drive(SYNC.call(leaf))))
        """
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("served", "", 0)


def test_leaving_a_stream_of_the_portal_in_another_thread_than_it_began() -> None:
    closed: list[str] = []

    async def items() -> AsyncGenerator[int, None]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("closed")

    reader = items_of(SYNC.stream(items, items))
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        assert one.submit(next, reader).result() == 1
        assert two.submit(next, reader).result() == 2
        one.submit(reader.close).result()
    assert closed == ["closed"]
    assert portal.run(asyncio.sleep(0, "free")) == "free"


def test_aclosing_twice_and_concurrent_use_are_harmless() -> None:
    async def work() -> None:
        async with aclosing(ASYNC.stream(lambda: [1], lambda: [1, 2])) as items:
            assert await items.__anext__() == 1
            await items.aclose()
        assert [item async for item in items] == []

    asyncio.run(work())
