"""One operation many times over, for a tool that counts from outside: `python -m benchmarks.repeated MODULE OPERATION TIMES`

Every operation is warmed up first, whichever is asked for, so that a process with none is what all others are less.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, cast

from benchmarks.measuring import expect
from benchmarks.rows.base import Row
from benchmarks.workload import ANSWER, CHUNKS, WORD

WARM = 3


@dataclass(frozen=True)
class Operation:
    """What is repeated: a name of the table, the times it is done, and into how many parts each time is divided."""

    title: str
    scenario: str
    times: int
    parts: int = 1


OPERATIONS = {
    operation.title.replace(" ", "-"): operation
    for operation in (
        Operation("construct", "construct", 1_000),
        Operation("turn", "turn", 200),
        Operation("turn async", "turn_async", 200),
        Operation("tools", "tools", 50),
        Operation("tools async", "tools_async", 50),
        Operation("team", "team", 20),
        Operation("team async", "team_async", 20),
        Operation("steps", "steps", 20),
        Operation("steps async", "steps_async", 20),
        Operation("parallel", "parallel", 20),
        Operation("parallel async", "parallel_async", 20),
        Operation("nested chunk", "nested_stream", 3, CHUNKS),
        Operation("chunk", "stream", 3, CHUNKS),
        Operation("chunk async", "stream_async", 3, CHUNKS),
        Operation("first event", "stream", 100),
        Operation("first event async", "stream_async", 100),
    )
}


def work_of(row: Row, name: str) -> Callable[[], Any]:
    """The operation once; what gives an awaitable is async."""
    do: Callable[[], Any] = getattr(row, OPERATIONS[name].scenario)
    kinds = {"construct": do, "chunk": lambda: _whole(do()), "first-event": lambda: _first(do())}
    kinds |= {"nested-chunk": lambda: _whole(do())}
    kinds |= {"chunk-async": lambda: _whole_async(do()), "first-event-async": lambda: _first_async(do())}
    return kinds.get(name, do if name.endswith("async") else lambda: expect("answer", do(), ANSWER))


def repeat(loop: asyncio.Runner, work: Callable[[], Any], times: int, asynchronous: bool) -> None:
    if asynchronous:
        loop.run(_repeat_async(work, times))
        return
    for _ in range(times):
        work()


async def _repeat_async(work: Callable[[], Awaitable[Any]], times: int) -> None:
    for _ in range(times):
        answer = await work()
        expect("answer", answer or ANSWER, ANSWER)


def _whole(pieces: Generator[str, None, None]) -> None:
    expect("chunks", sum(1 for _ in pieces), CHUNKS)


async def _whole_async(pieces: AsyncGenerator[str, None]) -> None:
    count = 0
    async for _ in pieces:
        count += 1
    expect("chunks", count, CHUNKS)


def _first(pieces: Generator[str, None, None]) -> None:
    with closing(pieces):
        expect("first text", next(pieces), WORD)


async def _first_async(pieces: AsyncGenerator[str, None]) -> None:
    async with aclosing(pieces):
        expect("first text", await anext(pieces), WORD)


def main() -> None:
    module, wanted, times = sys.argv[1:]
    make = importlib.import_module(f"benchmarks.rows.{module}").ROW
    rows = {
        streamed: cast(Row, make()) for streamed in (False, True)
    }  # an agent of 2.0.0 that streamed once goes on to
    works = {
        name: work_of(rows["stream" in operation.scenario], name)
        for name, operation in OPERATIONS.items()
        if operation.scenario not in rows[False].missing
    }
    with asyncio.Runner() as loop:
        for name, work in works.items():
            repeat(loop, work, WARM, name.endswith("async"))
        gc.collect()
        if int(times):
            repeat(loop, works[wanted], int(times), wanted.endswith("async"))


if __name__ == "__main__":
    main()
