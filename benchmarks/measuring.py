"""The measurements, as they are done in a worker. Every answer is checked; a wrong one ends the batch."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from time import process_time_ns

from benchmarks import statements, workload
from benchmarks.rows.base import Row, Session
from benchmarks.scenarios import GROWTH, LONG, SHORT

Numbers = dict[str, float | None]
LAST = 10  # how many turns stand for the cost of a late one
GROWN = 5  # the same in a session that grows, whose late turns may take seconds


class WrongResult(AssertionError):
    """The row did not do the work, so its time means nothing."""


def expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise WrongResult(f"{what}: {found!r} instead of {expected!r}")


class Measuring:
    """A row under measurement. CPU time is that of the whole process: what a row gives to threads is counted too."""

    def __init__(self, row: Row, url: str, turns: int) -> None:
        self.row, self.url, self.turns = row, url, turns
        self.loop = asyncio.Runner()
        self.ask: Callable[[], Awaitable[str]] | None = None
        self.counts: Numbers = {}

    def batch(self, scenario: str, times: int) -> Numbers:
        """One batch of a scenario."""
        before, tools = process_time_ns(), workload.added
        numbers: Numbers = getattr(self, scenario)(times)
        if scenario in ("tools", "tools_async"):
            expect("tools run", workload.added - tools, times * workload.TOOL_ROUNDS)
        self.spent = process_time_ns() - before
        return numbers

    def construct(self, times: int) -> Numbers:
        started = process_time_ns()
        for _ in range(times):
            self.row.construct()
        return {"cpu": _micro(process_time_ns() - started, times)}

    def turn(self, times: int) -> Numbers:
        return self._repeat(self.row.turn, times)

    def tools(self, times: int) -> Numbers:
        return self._repeat(self.row.tools, times)

    def turn_async(self, times: int) -> Numbers:
        return self.loop.run(self._repeat_async(self.row.turn_async, times))

    def tools_async(self, times: int) -> Numbers:
        return self.loop.run(self._repeat_async(self.row.tools_async, times))

    def team(self, times: int) -> Numbers:
        return self._repeat(self.row.team, times)

    def team_async(self, times: int) -> Numbers:
        return self.loop.run(self._repeat_async(self.row.team_async, times))

    def steps(self, times: int) -> Numbers:
        return self._repeat(self.row.steps, times)

    def steps_async(self, times: int) -> Numbers:
        return self.loop.run(self._repeat_async(self.row.steps_async, times))

    def parallel(self, times: int) -> Numbers:
        return self._repeat(self.row.parallel, times)

    def parallel_async(self, times: int) -> Numbers:
        return self.loop.run(self._repeat_async(self.row.parallel_async, times))

    def nested_stream(self, times: int) -> Numbers:
        return _stream_numbers([_consume(self.row.nested_stream()) for _ in range(times)])

    def stream(self, times: int) -> Numbers:
        return _stream_numbers([_consume(self.row.stream()) for _ in range(times)])

    def stream_async(self, times: int) -> Numbers:
        async def all_of_them() -> list[tuple[int, int]]:
            return [await _consume_async(self.row.stream_async()) for _ in range(times)]

        return _stream_numbers(self.loop.run(all_of_them()))

    def session_memory(self, times: int) -> Numbers:
        return self._play(self.row.session(None))

    def session_sqlite(self, times: int) -> Numbers:
        if not self.counts:
            with tempfile.TemporaryDirectory() as folder, statements.counting() as count:
                played = self._play(self.row.session(Path(folder) / "session.db"), lambda: count.seen)
                self.counts = {name: value for name, value in played.items() if name.startswith("statements")}
        with tempfile.TemporaryDirectory() as folder:
            return self._play(self.row.session(Path(folder) / "session.db")) | self.counts

    def session_growth(self, times: int) -> Numbers:
        with tempfile.TemporaryDirectory() as folder:
            session, at = self.row.session(Path(folder) / "session.db"), 0
            numbers: Numbers = {}
            for turn in GROWTH if self.turns == LONG else GROWTH[:1]:
                _grow(session, at, turn - GROWN)
                at = turn
                before, started = written(), process_time_ns()
                for _ in range(GROWN):
                    expect("answer", session.turn(), workload.ANSWER)
                numbers[f"cpu_{turn}"] = _micro(process_time_ns() - started, GROWN)
                after = written()
                numbers[f"written_{turn}"] = (
                    None if after is None or before is None else (after - before) / GROWN / 1024
                )
                expect("messages shown", session.shown(), 2 * workload.HISTORY_RUNS + 1)
                expect("stored turns", session.stored(), turn)
            session.close()
        return numbers

    def loopback(self, times: int) -> Numbers:
        async def at_once() -> list[str]:
            return await asyncio.gather(*(ask() for _ in range(workload.CONCURRENT)))

        ask = self.ask = self.ask or self.row.loopback(self.url)
        started = process_time_ns()
        for _ in range(times):
            texts = self.loop.run(at_once())
            expect("answers", texts, [workload.ANSWER] * workload.CONCURRENT)
        return {"cpu": _milli(process_time_ns() - started, times * workload.CONCURRENT)}

    def _repeat(self, work: Callable[[], str], times: int) -> Numbers:
        started = process_time_ns()
        for _ in range(times):
            if (answer := work()) != workload.ANSWER:
                expect("answer", answer, workload.ANSWER)
        return {"cpu": _micro(process_time_ns() - started, times)}

    async def _repeat_async(self, work: Callable[[], Awaitable[str]], times: int) -> Numbers:
        started = process_time_ns()
        for _ in range(times):
            if (answer := await work()) != workload.ANSWER:
                expect("answer", answer, workload.ANSWER)
        return {"cpu": _micro(process_time_ns() - started, times)}

    def _play(self, session: Session, statements_seen: Callable[[], int] = lambda: 0) -> Numbers:
        """A session from its first turn to its last, with marks on the way."""
        marks: dict[int, tuple[int, int | None, int]] = {}
        wanted = {0, *(turn - back for turn in (SHORT, LONG) for back in (0, LAST))}
        marks[0] = (process_time_ns(), written(), statements_seen())
        for turn in range(1, self.turns + 1):
            expect("answer", session.turn(), workload.ANSWER)
            expect("messages shown", session.shown(), 2 * min(turn - 1, workload.HISTORY_RUNS) + 1)
            if turn in wanted:
                marks[turn] = (process_time_ns(), written(), statements_seen())
        expect("stored turns", session.stored(), self.turns)
        session.close()
        return _session_numbers(marks)


def _grow(session: Session, at: int, turns: int) -> None:
    """From so many turns to so many: one by one, or in the row's own way where that would take minutes."""
    multiply = getattr(session, "multiply", None)
    if at and multiply is not None:
        multiply(turns - at)
        return
    for _ in range(turns - at):
        session.turn()


def written() -> int | None:
    """Bytes that this process has handed to write calls; SQLite writes its journal and its file with them."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("wchar")), None)


def _session_numbers(marks: dict[int, tuple[int, int | None, int]]) -> Numbers:
    numbers: Numbers = {}
    for turn in (SHORT, LONG):
        if turn not in marks:
            continue
        (cpu, out, seen), (cpu_before, _, seen_before) = marks[turn], marks[turn - LAST]
        out_before = marks[0][1]
        numbers[f"total_{turn}"] = (cpu - marks[0][0]) / 1e6
        numbers[f"turn_{turn}"] = _micro(cpu - cpu_before, LAST)
        numbers[f"written_{turn}"] = None if out is None or out_before is None else (out - out_before) / turn / 1024
        numbers[f"statements_{turn}"] = (seen - seen_before) / LAST if seen else None
    return numbers


def _consume(pieces: Iterator[str]) -> tuple[int, int]:
    started = process_time_ns()
    expect("first text", next(pieces), workload.WORD)
    first = process_time_ns()
    expect("chunks", 1 + sum(1 for _ in pieces), workload.CHUNKS)
    return first - started, process_time_ns() - started


async def _consume_async(pieces: AsyncIterator[str]) -> tuple[int, int]:
    started, count = process_time_ns(), 1
    expect("first text", await anext(pieces), workload.WORD)
    first = process_time_ns()
    async for _ in pieces:
        count += 1
    expect("chunks", count, workload.CHUNKS)
    return first - started, process_time_ns() - started


def _stream_numbers(streams: list[tuple[int, int]]) -> Numbers:
    first, whole = (sum(column) for column in zip(*streams, strict=True))
    return {"chunk": _micro(whole, len(streams) * workload.CHUNKS), "first": _micro(first, len(streams))}


def _micro(nanoseconds: int, times: int) -> float:
    return nanoseconds / times / 1e3


def _milli(nanoseconds: int, times: int) -> float:
    return nanoseconds / times / 1e6
