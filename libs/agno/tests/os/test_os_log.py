"""The log of a run: bounded, and without gaps for those who keep up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from agno.os._bodies import _base_name
from agno.os._sse import Budget, RunLog, last_event_id

EVENT = b"x" * 10


async def written(log: RunLog, count: int) -> None:
    for number in range(count):
        log.append(b"E", b"%010d" % number)
        if log.is_full:
            await log.room()
    log.close()


def played(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 10))


def test_a_paced_log_waits_for_its_slowest_reader_and_holds_no_more_than_its_limit() -> None:
    async def play() -> None:
        log = RunLog(100, paced=True)
        fast, slow = log.follow(), log.follow()
        writing = asyncio.ensure_future(written(log, 500))
        seen: dict[Any, list[bytes]] = {fast: [], slow: []}
        largest = 0
        while not (writing.done() and slow.next == log.end):
            await asyncio.sleep(0)
            seen[fast] += [data for _, data in fast.ready()]
            largest = max(largest, log.size)
            await asyncio.sleep(0)
            seen[slow] += [data for _, data in slow.ready()]
        expected = [b"%010d" % number for number in range(500)]
        assert seen[fast] == seen[slow] == expected and largest <= 110

    played(play())


def test_a_reader_that_does_not_read_is_left_behind_in_the_end() -> None:
    async def play() -> None:
        log = RunLog(50, paced=True, patience=0.05)
        stuck = log.follow()
        await written(log, 50)
        assert stuck.left and log.size <= 50

    played(play())


def test_many_logs_together_hold_no_more_than_their_budget_and_one_alone_may_have_all_of_it() -> None:
    async def play() -> None:
        budget = Budget(1000)
        alone = RunLog(900)
        budget.add(alone)
        await written(alone, 90)
        assert alone.size == 900, "nobody else needs the room"
        others = [RunLog(900, paced=True, patience=0.01) for _ in range(9)]
        for log in others:
            budget.add(log)
            log.follow()  # and reads nothing
        await asyncio.gather(*(written(log, 90) for log in others))
        alone.append(b"E", EVENT)
        await alone.room()
        assert budget.used == sum(log.size for log in (alone, *others)) <= 1000 and alone.size == 100

    played(play())


def test_what_ended_and_is_still_read_gives_way_first_and_says_so() -> None:
    async def play() -> None:
        budget, ended, log = Budget(100), RunLog(100), RunLog(100)
        budget.add(ended)
        await written(ended, 9)
        reader = ended.follow()
        budget.remove(ended)  # kept with what ended
        assert budget.used == 0
        budget.linger(ended)  # and then no more
        budget.add(log)
        assert budget.used == 90
        await written(log, 9)
        assert log.size == 90 and budget.used == 90 and reader.has_lost
        assert reader.ready() == [] and ended.size == 0

    played(play())


def test_a_log_that_ended_is_no_concern_when_its_last_reader_left() -> None:
    budget, log = Budget(100), RunLog(100)
    budget.add(log)
    log.append(b"E", EVENT)
    reader = log.follow()
    budget.linger(log)
    assert budget.used == 10
    reader.leave()
    assert budget.used == 0
    budget.linger(log)
    assert budget.used == 0, "nobody reads it"


def test_a_log_that_nobody_paces_forgets_the_oldest_and_says_so() -> None:
    async def play() -> None:
        log = RunLog(50)
        late = log.follow()
        await written(log, 20)
        assert late.has_lost and log.size == 50
        assert [data for _, data in late.ready()] == [b"%010d" % number for number in range(15, 20)]
        assert not late.has_lost and log.end == 20

    played(play())


def test_a_reader_is_woken_by_an_event_and_by_the_end() -> None:
    async def play() -> None:
        log = RunLog(1000)
        reader = log.follow()
        waiting = asyncio.ensure_future(reader.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        log.append(b"E", EVENT)
        await waiting
        assert reader.ready() == [(b"E", EVENT)] and reader.ready() == []
        waiting = asyncio.ensure_future(reader.wait())
        await asyncio.sleep(0)
        log.close()
        await waiting

    played(play())


@pytest.mark.parametrize(("header", "index"), [(None, -1), ("", -1), ("7", 7), ("-5", -1), ("seven", -1)])
def test_the_last_event_of_a_client(header: str | None, index: int) -> None:
    assert last_event_id({} if header is None else {"last-event-id": header}) == index


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.txt", "a.txt"), ("../../etc/passwd", "passwd"), ("C:\\x\\b.csv", "b.csv"), ("..", None), (None, None)],
)
def test_a_name_of_a_file_leads_nowhere(given: str | None, kept: str | None) -> None:
    assert _base_name(given) == kept
