"""Stepping without a loop: `drive`, `iterate`, the refusal, and the two faces of a method."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, closing
from typing import Any

import pytest

from agno._io import (
    IO,
    SYNC,
    Give,
    Outlet,
    ReaderLeft,
    WouldBlock,
    aiterate,
    asynchronous,
    asynchronous_stream,
    drive,
    iterate,
    sync,
    sync_stream,
)

from stepping import items_of

OUTCOMES = [ValueError("v"), KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError(), GeneratorExit()]


async def gives(value: Any) -> Any:
    return value


async def counts(upto: int, closed: list[str] | None = None) -> AsyncGenerator[int, None]:
    try:
        for n in range(upto):
            yield n
    finally:
        if closed is not None:
            closed.append("closed")


def test_drive_gives_the_result() -> None:
    assert drive(gives(7)) == 7


def test_iterate_gives_every_item_and_ends() -> None:
    items = items_of(counts(3))
    assert list(items) == [0, 1, 2]
    assert next(items, "end") == "end"


@pytest.mark.parametrize("error", OUTCOMES, ids=repr)
def test_an_error_of_a_coroutine_travels(error: BaseException) -> None:
    async def fails() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        drive(fails())
    assert caught.value is error


@pytest.mark.parametrize("error", [*OUTCOMES[:4]], ids=repr)
def test_an_error_of_a_generator_travels_after_its_items(error: BaseException) -> None:
    async def fails() -> AsyncGenerator[int, None]:
        yield 1
        raise error

    items = items_of(fails())
    assert next(items) == 1
    with pytest.raises(type(error)) as caught:
        next(items)
    assert caught.value is error


@pytest.mark.parametrize("name", ["StopIteration", "StopAsyncIteration"])
def test_the_errors_that_end_iterations_do_not_end_ours(name: str) -> None:
    async def fails() -> AsyncGenerator[int, None]:
        yield 1
        raise {"StopIteration": StopIteration, "StopAsyncIteration": StopAsyncIteration}[name]()

    with pytest.raises(RuntimeError, match=name):
        list(items_of(fails()))


# Leaving early -------------------------------------------------------------------------------------------------------


def test_break_runs_the_finalisers_at_once() -> None:
    closed: list[str] = []

    async def outer() -> AsyncGenerator[int, None]:
        try:
            async for n in counts(9, closed):  # deliberately not closed by us
                yield n
        finally:
            closed.append("outer")

    for _ in items_of(outer()):
        break
    assert sorted(closed) == ["closed", "outer"]


def test_a_finaliser_may_wait_through_io_and_may_fail() -> None:
    seen: list[Any] = []

    async def tidy(fail: bool) -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            seen.append(await SYNC.call(lambda: "tidied"))
            if fail:
                raise OSError("disk full")

    items = items_of(tidy(False))
    next(items)
    items.close()
    items = items_of(tidy(True))
    next(items)
    with pytest.raises(OSError, match="disk full"):
        items.close()
    assert seen == ["tidied", "tidied"]


def test_what_the_reader_throws_in_closes_the_generator() -> None:
    closed: list[str] = []
    items = items_of(counts(3, closed))
    next(items)
    with pytest.raises(KeyError):
        items.throw(KeyError("k"))
    assert closed == ["closed"]


def test_an_iteration_that_never_began_leaves_nothing() -> None:
    closed: list[str] = []
    items = items_of(counts(3, closed))
    items.close()
    del items
    gc.collect()
    assert closed == []


def test_two_iterations_of_one_generator_are_told_apart_from_a_hang() -> None:
    items = items_of(counts(2))
    assert next(items) == 0
    with pytest.raises(StopIteration):
        next(items) and next(items)


# Work that gives -------------------------------------------------------------------------------------------------------


def reading(colour: str, work: Callable[[Give], Coroutine[Any, Any, None]], upto: int = 99) -> list[Any]:
    """What a piece of work gives, up to so many items; the reader then leaves."""
    outlet = Outlet()
    seen: list[Any] = []

    async def other() -> None:
        items = aiterate(lambda: work(outlet.give), outlet)
        async with aclosing(items):
            async for item in items:
                seen.append(item)
                if len(seen) == upto:
                    break

    if colour == "async":
        asyncio.run(other())
        return seen
    with closing(iterate(lambda: work(outlet.give), outlet)) as steps:
        for item in steps:
            seen.append(item)
            if len(seen) == upto:
                break
    return seen


@pytest.mark.parametrize("upto", [1, 2, 99])
def test_given_items_come_from_any_depth_and_a_reader_may_leave(colour: str, upto: int) -> None:
    log: list[str] = []

    async def inner(give: Give, depth: int) -> None:
        try:
            await give(depth)
            if depth:
                await inner(give, depth - 1)
        except ReaderLeft:
            log.append(f"left at {depth}")
            raise
        finally:
            await give("nobody reads this" if upto < 99 else f"end {depth}")

    seen = reading(colour, lambda give: inner(give, 2), upto)
    assert seen == [2, 1, 0, "end 0", "end 1", "end 2"][:upto]
    assert log == {1: ["left at 2"], 2: ["left at 1", "left at 2"], 99: []}[upto]


@pytest.mark.parametrize("error", OUTCOMES[:4], ids=repr)
def test_an_error_of_work_travels_after_its_items(colour: str, error: BaseException) -> None:
    seen: list[int] = []

    async def fails(give: Give) -> None:
        await give(1)
        seen.append(1)
        raise error

    with pytest.raises(type(error)) as caught:
        reading(colour, fails)
    assert caught.value is error and seen == [1]


def test_an_error_while_leaving_travels(colour: str) -> None:
    async def fails(give: Give) -> None:
        try:
            await give(1)
        finally:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        reading(colour, fails, upto=1)


def test_work_that_bypasses_io_is_refused_and_ended(colour: str) -> None:
    ended: list[str] = []

    async def bypasses(give: Give) -> None:
        try:
            await give(1)
            await asyncio.sleep(0)
            await give(2)
        except WouldBlock:
            await give("an item instead of an error")
        finally:
            ended.append("ended")

    if colour == "async":
        assert reading(colour, bypasses) == [1, 2]
    else:
        with pytest.raises(WouldBlock, match=r"bypasses\(\)"):
            reading(colour, bypasses)
    assert ended == ["ended"]


def test_cancelling_reaches_the_place_where_work_waits() -> None:
    seen: list[str] = []

    async def waits(give: Give) -> None:
        await give(1)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            seen.append("tidied")

    async def caller() -> None:
        outlet = Outlet()

        async def read() -> None:
            async with aclosing(aiterate(lambda: waits(outlet.give), outlet)) as items:
                async for _ in items:
                    seen.append("item")

        task = asyncio.ensure_future(read())
        while not seen:
            await asyncio.sleep(0)
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(caller())
    assert seen == ["item", "cancelled", "tidied"]


# Under a running loop, as in a notebook --------------------------------------------------------------------------------


def test_a_running_loop_does_not_adopt_our_generators() -> None:
    closed: list[str] = []

    async def notebook() -> None:
        hooks = sys.get_asyncgen_hooks()
        assert hooks.firstiter is not None

        async def outer() -> AsyncGenerator[int, None]:
            async for n in counts(9, closed):
                yield n

        items = items_of(outer())
        assert next(items) == 0
        assert sys.get_asyncgen_hooks() == hooks  # between the steps everything is the loop's
        assert len(asyncio.get_running_loop()._asyncgens) == 0  # type: ignore[attr-defined]
        items.close()
        assert closed == ["closed"]
        assert drive(gives(1)) == 1
        with pytest.raises(ValueError):
            drive(fails())
        assert sys.get_asyncgen_hooks() == hooks

    async def fails() -> None:
        raise ValueError

    asyncio.run(notebook())


def test_a_reader_outlives_the_loop_under_which_it_began() -> None:
    async def begin() -> Any:
        items = items_of(counts(3))
        assert next(items) == 0
        return items

    assert list(asyncio.run(begin())) == [1, 2]


# WouldBlock ----------------------------------------------------------------------------------------------------------


async def _sleeps() -> None:
    await asyncio.sleep(1)  # the offending line


async def _sleeping_items() -> AsyncGenerator[int, None]:
    yield 1
    await _sleeps()


@pytest.mark.parametrize("way", ["drive", "iterate"])
def test_a_wait_that_bypasses_io_is_refused_at_its_line(way: str) -> None:
    async def outer() -> None:
        await _sleeps()

    with pytest.raises(WouldBlock) as caught:
        drive(outer()) if way == "drive" else list(items_of(_sleeping_items()))
    text = str(caught.value)
    assert "sleep" in text and "io.call(" in text and "arun" in text and ".py:" in text
    ours = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__) if frame.name == "_sleeps"]
    assert ours == ["await asyncio.sleep(1)  # the offending line"]


def test_the_refusal_names_the_innermost_place() -> None:
    async def waits() -> None:
        await asyncio.get_running_loop().create_future()

    async def outer() -> None:
        await waits()

    async def notebook() -> None:
        line = waits.__code__.co_firstlineno + 1
        with pytest.raises(WouldBlock, match=rf"waits\(\) \(test_io_drivers.py:{line}\)"):
            drive(outer())

    asyncio.run(notebook())


@pytest.mark.parametrize("then", ["returns", "waits again", "yields", "ends"])
def test_a_refusal_that_is_caught_inside_is_raised_all_the_same(then: str) -> None:
    async def stubborn() -> str:
        for _ in range(3 if then == "waits again" else 1):
            try:
                await asyncio.sleep(0)
            except WouldBlock:
                pass
        return "done"

    async def items() -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(0)
        except WouldBlock:
            if then == "yields":
                yield 1
                yield 2
        return

    with pytest.raises(WouldBlock) as caught:
        list(items_of(items())) if then in ("yields", "ends") else drive(stubborn())
    assert any(frame.name in ("stubborn", "items") for frame in traceback.extract_tb(caught.value.__traceback__))


def test_after_a_refusal_finalisers_have_run() -> None:
    closed: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            closed.append("work")

    with pytest.raises(WouldBlock):
        drive(work())
    assert closed == ["work"]


# Faces ---------------------------------------------------------------------------------------------------------------


class Shelf:
    """Two faces of each method."""

    def __init__(self, items: list[int]) -> None:
        self.items = items

    async def _find(self, io: IO, wanted: int, *, strict: bool = False) -> int:
        """Where an item stands."""
        return await io.call(self.items.index, wanted)

    find = sync(_find)
    afind = asynchronous(_find)

    async def _walk(self, io: IO, give: Give, start: int = 0) -> None:
        """Every item."""
        for item in self.items[start:]:
            await give(item if io.is_async else -item)

    walk = sync_stream(_walk)
    awalk = asynchronous_stream(_walk)


def test_faces_are_plain_methods_of_their_own_name() -> None:
    for name in ("find", "afind", "walk", "awalk"):
        face = getattr(Shelf, name)
        assert inspect.isfunction(face)
        assert (face.__name__, face.__qualname__) == (name, f"Shelf.{name}")
        assert not {"io", "give"} & set(inspect.signature(face).parameters)
    assert list(inspect.signature(Shelf([]).find).parameters) == ["wanted", "strict"]
    assert Shelf.find.__doc__ == "Where an item stands."
    assert inspect.iscoroutinefunction(Shelf.afind) and not inspect.iscoroutinefunction(Shelf.find)


def test_both_faces_work_and_bad_arguments_are_refused() -> None:
    shelf = Shelf([5, 6])
    assert shelf.find(6) == 1 and shelf.find(wanted=5, strict=True) == 0
    assert list(shelf.walk()) == [-5, -6] and list(shelf.walk(1)) == [-6]

    async def other_colour() -> None:
        assert await shelf.afind(6) == 1
        assert [item async for item in shelf.awalk(start=1)] == [6]
        assert shelf.find(6) == 1  # a sync face under a running loop

    asyncio.run(other_colour())
    with pytest.raises(ValueError):
        shelf.find(9)
    with pytest.raises(TypeError):
        shelf.find()  # type: ignore[call-arg]
