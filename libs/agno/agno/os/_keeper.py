"""Writes down, in a database, which runs this process hosts, and their events: for who takes them over when it dies.

What happened since the last write is written together, at most once in a short delay; a run that is over before costs
nothing. One task for each database writes, while there is something to write or a lease to renew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from agno._io import ASYNC
from agno.db._claims import EventBatch
from agno.run.cancel import acancel_run
from agno.utils.ids import new_id
from agno.utils.log import log_exception, log_info, log_warning

if TYPE_CHECKING:
    from agno.os._sse import RunLog

_IDLE = 20  # delays without a run after which the task ends
_LONGEST_PAUSE = 5.0  # seconds between two tries while the database is down
_LISTEN = 1.0  # seconds between looks for what other processes ask for


@dataclass(eq=False, slots=True)
class _Kept:
    """A run that is written down."""

    facts: dict[str, Any]
    log: RunLog | None
    task: Callable[[], asyncio.Task[None] | None]
    sure: bool  # what became of it is written although it was short
    noted: bool = False  # the database has it
    ended: bool = False
    parked: bool = False  # it is not ended here, but left to the next worker


class Keeper:
    """Keeps the runs of one process in one database. `lease` and `delay` are seconds."""

    def __init__(self, db: Any, lease: float, delay: float) -> None:
        self.db, self.lease, self.delay = db, lease, delay
        self.worker = new_id()
        self._runs: dict[str, _Kept] = {}
        self._ending: list[tuple[str, _Kept]] = []  # ended, with events that are not written yet
        self.unsettled: dict[str, dict[str, Any]] = {}  # failed, so that their end may not be stored: see Recovery
        self._failures = 0  # to write, one after the other
        self._noted = False  # the worker has a row
        self._changed = False
        self._renew_at = self._listen_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._wake: asyncio.Event | None = None
        self._waiting: list[asyncio.Future[bool]] = []

    # What happens ----------------------------------------------------------------------------------------------------

    def begin(
        self,
        run_id: str,
        facts: dict[str, Any],
        log: RunLog | None = None,
        task: Callable[[], asyncio.Task[None] | None] = lambda: None,
        sure: bool = False,
    ) -> None:
        """A run begins; `log` gets its events. `sure`: they are wanted however short it is."""
        if log is not None:
            log.written = max(log.written, log.first)
        self._runs[run_id] = _Kept(facts, log, task, sure)
        self._start()

    def end(self, run_id: str, failed: bool = False) -> None:
        """It came to its end. What is left of its events is written, unless it was so short that nothing was."""
        kept = self.drop(run_id)
        if kept is not None and failed:
            self.unsettled[run_id] = kept.facts
        if kept is not None and kept.log is not None and (kept.noted or kept.sure):
            kept.ended = True
            self._ending.append((run_id, kept))
            self._start()

    def drop(self, run_id: str) -> _Kept | None:
        """Keep a run no more."""
        if run_id in self._runs and self._runs[run_id].parked:
            return None
        kept = self._runs.pop(run_id, None)
        if kept is not None and kept.noted:
            self._changed = True
        return kept

    async def park(self, run_id: str, session_id: str) -> bool:
        """Leave a run to the next worker, as if this one had died: what it does from now on is stored nowhere. False if
        nothing of it is stored, so that there is nothing to go on with."""
        await self.written()
        kept = self._runs.get(run_id)
        if kept is None or not kept.noted:
            return False
        if not await ASYNC.call(self.db.claim_run, session_id, run_id, new_id(), take_over=True):
            return False
        kept.facts, kept.parked, self._changed = {**kept.facts, "parked": True}, True, True
        return True

    def settled(self, run_id: str) -> None:
        """The end of a run that failed is stored."""
        self._changed = self.unsettled.pop(run_id, None) is not None or self._changed

    async def written(self) -> bool:
        """Wait until what has happened so far is in the database; False if it could not be written."""
        self._start()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        assert self._wake is not None  # the task was started
        self._wake.set()
        return await done

    async def stop(self) -> None:
        """Write the rest, and say that this worker hosts nothing any more. What still goes on is left to the others; if all
        of it was parked, from now on."""
        if self._noted or self._runs or self._ending:
            await self.written()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not self._runs and not self.unsettled:
            await self._be_forgotten()
        elif all(kept.parked for kept in self._runs.values()):
            self.lease = -1
            await self._send(self._runs, [])

    # Writing ---------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._wake, self._waiting = asyncio.Event(), []
            self._task = loop.create_task(self._work(self._wake))

    async def _work(self, wake: asyncio.Event) -> None:
        idle = 0
        while idle < _IDLE or self._has_work() or self._waiting:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(wake.wait(), min(self.delay * 2**self._failures, _LONGEST_PAUSE))
            wake.clear()
            idle = 0 if self._has_work() else idle + 1
            waiting, self._waiting = self._waiting, []
            done = await self._try(self._write if idle < _IDLE else self._be_forgotten)
            for one in waiting:
                if not one.done():
                    one.set_result(done)

    def _has_work(self) -> bool:
        return bool(self._runs or self._ending or self.unsettled)

    async def _try(self, write: Callable[[], Awaitable[None]]) -> bool:
        try:
            await write()
        except Exception:  # the border: a database that is down for a while ends no run
            if not self._failures:
                log_exception(
                    f"worker={self.worker} | hosted runs could not be written down; it is tried until it works"
                )
            self._failures = min(self._failures + 1, 16)
            return False
        if self._failures:
            log_info(f"worker={self.worker} | hosted runs are written down again")
        self._failures = 0
        return True

    async def _be_forgotten(self) -> None:
        if self._noted:
            self._noted = False
            await ASYNC.call(self.db.forget_worker, self.worker, self.worker)

    async def _write(self) -> None:
        """Write what is new. What happens meanwhile is for the next time."""
        await self._listen()
        ending, batches = len(self._ending), []
        logs: list[tuple[RunLog, int]] = []
        for run_id, kept in (*self._runs.items(), *self._ending):
            if kept.log is not None and not kept.parked and (batch := _batch(run_id, kept.log, kept.ended)) is not None:
                batches.append(batch)
                logs.append((kept.log, batch.first + len(batch.frames)))
        runs = dict(self._runs) if self._is_news() else None
        if runs is None and not batches:
            return
        if await self._send(runs, batches):
            for log, end in logs:
                log.written = end
        del self._ending[:ending]

    async def _listen(self) -> None:
        """Stop the runs that other processes want to be stopped."""
        now = monotonic()
        if not self._noted or not self._runs or now < self._listen_at:
            return
        self._listen_at = now + _LISTEN
        for run_id in await ASYNC.call(self.db.cancel_wishes, self.worker):
            if run_id in self._runs:
                await acancel_run(run_id)

    def _is_news(self) -> bool:
        if self._changed or any(not kept.noted for kept in self._runs.values()):
            return True
        return self._noted and monotonic() >= self._renew_at

    async def _send(self, runs: dict[str, _Kept] | None, batches: list[EventBatch]) -> bool:
        changed, self._changed = self._changed, False
        facts = None
        if runs is not None:
            facts = self.unsettled | {run_id: kept.facts for run_id, kept in runs.items()}
        until = int(time() + self.lease + 1)
        try:
            stored = await ASYNC.call(self.db.keep_hosted, self.worker, facts, until, batches, new=not self._noted)
        except BaseException:
            self._changed = changed or self._changed
            raise
        if not stored:
            self._lost()
        elif runs is not None:
            self._noted, self._renew_at = True, monotonic() + self.lease / 3
            for kept in runs.values():
                kept.noted = True
            self._changed = self._changed or any(run_id not in self._runs for run_id in runs)
        return bool(stored)

    def _lost(self) -> None:
        """This process gave no sign of life for too long, and another has its runs now: stop them here."""
        log_warning(f"worker={self.worker} | its runs were taken over by another worker; this one stops them")
        self.worker, self._noted = new_id(), False
        for run_id, kept in list(self._runs.items()):
            if kept.noted:
                del self._runs[run_id]
                task = kept.task()
                if task is not None:
                    task.cancel()


def _batch(run_id: str, log: RunLog, ended: bool) -> EventBatch | None:
    """The events of a run that are not written yet."""
    start = max(log.written, log.first)
    if start >= log.end and not ended:
        return None
    frames = [log.frames[number] for number in range(start - log.first, len(log.frames))]
    return EventBatch(run_id, start, [(kind.decode(), data.decode()) for kind, data in frames], ended)


__all__ = ["Keeper"]
