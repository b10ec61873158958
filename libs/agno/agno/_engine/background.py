"""Runs that go on by themselves: stored as pending at once, looked up in the database, cancelled by their id."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from agno._engine.claims import release
from agno._engine.context import Run
from agno._engine.sessions import announce
from agno._io import Feed, spawn
from agno.run.base import RunStatus
from agno.run.cancel import cleanup_run

Work = Callable[[], Coroutine[Any, Any, None]]


async def announced(run: Run, work: Work) -> Any:
    """Store the run as pending, start it, and give its output as it is now; what becomes of it is in the database."""
    await _announce(run)
    pending = run.output if run.component.shares_output else copy.copy(run.output)
    spawn(_begun(run, work), _forget(run))
    return pending


async def watched(run: Run, work: Work) -> AsyncGenerator[Any, None]:
    """The events of a run that goes on also when nobody reads them any more."""
    await _announce(run)
    feed = Feed()
    run.give = feed.give
    events = feed.read(_begun(run, work), _forget(run))
    try:
        async for event in events:
            yield event
    finally:
        await events.aclose()


async def _announce(run: Run) -> None:
    run.register()
    run.announced = True
    try:
        await announce(run)
    except BaseException:
        cleanup_run(run.output.run_id)
        await release(run)
        raise


def _forget(run: Run) -> Callable[[], None]:
    return lambda: cleanup_run(run.output.run_id)


async def _begun(run: Run, work: Work) -> None:
    run.output.status = RunStatus.running
    await work()


__all__ = ["announced", "watched"]
