"""Runs that the service hosts: what goes on, what became of it, and how it ends when the service stops.

A streamed or background run goes on in a task of its own and writes its events into a log; whoever reads them, leaves, or
comes back does not touch it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import time
from typing import Any

import msgspec
from fastapi import HTTPException

from agno.os._failures import Shown, failure
from agno.os._keeper import Keeper
from agno.os._later import EVERYTHING, Begin, Following, Later
from agno.os._sse import Budget, Follower, RunLog
from agno.run.base import RunStatus
from agno.run.cancel import acancel_run
from agno.run.output import OutputBase
from agno.run.workflow import WorkflowRunOutput
from agno.utils.log import log_exception, log_info, log_warning

ERROR_EVENTS = {"agent": b"RunError", "team": b"TeamRunError", "workflow": b"WorkflowError"}
_FAIR = 64  # events after which others get their turn, however fast a run is
_LAST_WORDS = 5.0  # seconds that cancelled runs have to be stored


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How long and how large: seconds and bytes."""

    log_bytes: int = 4 * 1024 * 1024  # of one run that goes on
    all_log_bytes: int = 128 * 1024 * 1024  # of all runs that go on or are still read, together
    kept_bytes: int = 64 * 1024 * 1024  # of all runs that ended
    kept_seconds: float = 600.0
    kept_runs: int = 1000
    patience: float = 60.0  # how long a run waits for a slow client before it goes on without
    heartbeat: float = 15.0
    drain: float = 30.0  # how long runs may go on when the service stops
    lease: float = 30.0  # how long a worker gives no sign of life before others take its runs over
    write_delay: float = 0.1  # after which events are in the database
    resume_streams: bool = False  # streamed runs of a worker that died go on, too, not only those in the background


@dataclass(eq=False, slots=True)
class HostedRun:
    """One run, while it goes on and for a while after that."""

    kind: str
    component: Any
    run_id: str
    session_id: str
    user_id: str | None
    background: bool
    log: RunLog
    output: Any = None
    task: asyncio.Task[None] | None = None
    ended_at: float | None = None
    size: int = 0  # bytes of its events and its output, once it ended
    started_at: float = field(default_factory=time)
    keeper: Keeper | None = None
    again: dict[str, Any] | None = None  # with what it can be begun once more; None if that cannot be written down
    takeovers: int = 0
    made_for_it: bool = False  # its component was equipped for it alone: no other worker has that
    shown: Shown = field(default_factory=Shown)

    @property
    def status(self) -> RunStatus:
        """Where it stands."""
        if self.output is not None:
            status: RunStatus = self.output.status
            return status
        return RunStatus.running if self.ended_at is None else RunStatus.error

    def follow(self, after: int = -1) -> Follower:
        """Read its events, from behind the one with this index."""
        return self.log.follow(after)


class Runs:
    """All runs of one AgentOS in this process."""

    def __init__(self, limits: RunLimits | None = None, hooks_in_background: bool = False) -> None:
        self.limits = limits or RunLimits()
        self.active: dict[str, HostedRun | None] = {}  # None: awaited by the request itself
        self.ended: OrderedDict[str, HostedRun] = OrderedDict()
        self.following = Following(hooks_in_background, self._rest)
        self.draining = False
        self.keepers: dict[int, Keeper] = {}  # by the identity of the database
        self._kept = 0
        self._budget = Budget(self.limits.all_log_bytes)
        self._idle: asyncio.Event | None = None
        self._draining: asyncio.Task[None] | None = None

    # Beginning -------------------------------------------------------------------------------------------------------

    def refuse_when_stopping(self) -> None:
        """Status 503 while the service shuts down."""
        if self.draining:
            raise HTTPException(503, "The service is shutting down; try again.", headers={"Retry-After": "5"})

    async def awaited(
        self, kind: str, component: Any, begin: Begin, *, run_id: str, session_id: str, user_id: str | None
    ) -> Any:
        """The output of a run that its request waits for."""
        later, failed = self.later(), True
        run = begin(stream=False, background_tasks=later)
        self.forget(run_id)
        self.active[run_id] = None
        keeper = self.keeper_of(component)
        if keeper is not None:
            keeper.begin(run_id, _facts(kind, component, session_id, user_id))
        try:
            output = await run
            failed = False
            return output
        finally:
            if keeper is not None:
                keeper.end(run_id, failed)
            later.begin()
            self._gone(run_id)

    def later(self) -> Later:
        """What a run gets as `background_tasks`. It is kept alive while it is worked off, and a stop waits for it."""
        return self.following.later()

    def keeper_of(self, component: Any) -> Keeper | None:
        """What keeps the runs of a component in its database; None without one, or if it dies with the process."""
        db = component.db
        if db is None or not getattr(db, "blocking", True):
            return None
        keeper = self.keepers.get(id(db))
        if keeper is None:
            keeper = self.keepers[id(db)] = Keeper(db, self.limits.lease, self.limits.write_delay)
        return keeper

    async def host(
        self,
        kind: str,
        component: Any,
        begin: Begin,
        *,
        run_id: str,
        session_id: str,
        user_id: str | None,
        background: bool = False,
        first: int = 0,
        again: dict[str, Any] | None = None,
        takeovers: int = 0,
        made_for_it: bool = False,
    ) -> tuple[HostedRun, Follower]:
        """Let a run go on in a task. The follower sees what happens from now on. Status 503 for a run in the background that
        no database takes down.

        `begin` is called with the options of hosted runs and gives the events, as `arun` does. They are numbered on where an
        earlier part of the run is remembered, else from `first`.
        """
        limits, later = self.limits, self.later()
        events = begin(background_tasks=later, **EVERYTHING)
        before = self.forget(run_id)
        log = RunLog(limits.log_bytes, first, patience=limits.patience) if before is None else before.log
        log.reopen(paced=not background)
        self._budget.add(log)
        run = HostedRun(kind, component, run_id, session_id, user_id, background, log, again=again, takeovers=takeovers)
        run.made_for_it = made_for_it
        follower = run.follow(log.end - 1)
        self.active[run_id] = run
        self._note(run)
        await self._accept(run)
        if self.active.get(run_id) is run:  # else it was left to the next worker meanwhile
            run.task = asyncio.get_running_loop().create_task(self._carry(run, events, later))
        return run, follower

    def _note(self, run: HostedRun) -> None:
        run.keeper = self.keeper_of(run.component)
        if run.keeper is not None:
            facts = _facts(run.kind, run.component, run.session_id, run.user_id)
            facts |= {"background": run.background, "again": run.again, "takeovers": run.takeovers}
            facts["made_for_it"] = run.made_for_it
            run.keeper.begin(run.run_id, facts, run.log, task=lambda: run.task, sure=run.background)

    async def _carry(self, run: HostedRun, events: AsyncIterator[Any], later: Later) -> None:
        log, shown, count = run.log, run.shown, 0
        try:
            async for item in events:
                if isinstance(item, (OutputBase, WorkflowRunOutput)):
                    run.output = item
                    continue
                if not count:
                    self._named(run, item)
                log.append(*shown.frame(item))
                if log.is_full:
                    if run.keeper is not None:
                        await run.keeper.written()
                    await log.room()
                count += 1
                if count % _FAIR == 0:
                    await asyncio.sleep(0)
        except Exception as error:  # the border: the stream has begun, so the error is an event of it
            log.append(ERROR_EVENTS[run.kind], _error_data(run, error))
        finally:
            log.close()
            later.begin()
            self._end(run)

    async def _accept(self, run: HostedRun) -> None:
        """Write down a run in the background before it begins: what its caller hears of is not lost."""
        keeper, noted = run.keeper, False
        if keeper is None or not run.background:
            return
        try:
            noted = await keeper.written()
        finally:
            if not noted:
                keeper.drop(run.run_id)
                self._budget.remove(run.log)
                self._gone(run.run_id)
        if not noted:
            raise HTTPException(
                503,
                "The database cannot be reached, so the run was not begun; try again.",
                headers={"Retry-After": "5"},
            )

    def _named(self, run: HostedRun, event: Any) -> None:
        """A run that branches off from another one has an id of its own, which its first event tells."""
        run_id = getattr(event, "run_id", None)
        if run_id is not None and run_id != run.run_id and not getattr(event, "parent_run_id", None):
            self.active.pop(run.run_id, None)
            if run.keeper is not None:
                run.keeper.drop(run.run_id)
            run.run_id, run.session_id = run_id, event.session_id or run.session_id
            self.active[run_id] = run
            self._note(run)

    # Ending ----------------------------------------------------------------------------------------------------------

    def _end(self, run: HostedRun) -> None:
        run.ended_at = time()
        run.task = None
        if run.keeper is not None:
            run.keeper.end(run.run_id, failed=run.status is RunStatus.error)
        self.ended[run.run_id] = run
        self._budget.remove(run.log)
        run.size = run.log.size + _size_of(run.output)
        self._kept += run.size
        self._gone(run.run_id)
        self._forget_old()

    def _gone(self, run_id: str) -> None:
        self.active.pop(run_id, None)
        self._rest()

    def _rest(self) -> None:
        if self._idle is not None and not self._is_busy:
            self._idle.set()

    @property
    def _is_busy(self) -> bool:
        return bool(self.active or self.following)

    def keep(self, kind: str, component: Any, output: Any) -> None:
        """Remember the output of a run that no database has."""
        log = RunLog(0)
        log.close()
        facts = (output.run_id, output.session_id, getattr(output, "user_id", None))
        self._end(HostedRun(kind, component, *facts, background=False, log=log, output=output))

    def forget(self, run_id: str) -> HostedRun | None:
        """Give a run that ended out of hand."""
        run = self.ended.pop(run_id, None)
        if run is not None:
            self._kept -= run.size
            self._budget.linger(run.log)
        return run

    def knows(self, run_id: str) -> bool:
        """True if events of the run are remembered."""
        return run_id in self.active or run_id in self.ended

    def _forget_old(self) -> None:
        oldest = time() - self.limits.kept_seconds
        while self.ended:
            run = next(iter(self.ended.values()))
            fits = self._kept <= self.limits.kept_bytes and len(self.ended) <= self.limits.kept_runs
            if fits and (run.ended_at or 0.0) >= oldest:
                return
            self.ended.popitem(last=False)
            self._kept -= run.size
            self._budget.linger(run.log)

    # Finding ---------------------------------------------------------------------------------------------------------

    def find(self, kind: str, component_id: str, run_id: str, user_id: str | None) -> HostedRun | None:
        """A run that goes on or has just ended; None also for that of another component or user."""
        run = self.any_of(kind, run_id, user_id)
        return run if run is not None and run.component.id == component_id else None

    def any_of(self, kind: str, run_id: str, user_id: str | None) -> HostedRun | None:
        """The same, whatever agent, team or workflow it is of."""
        run = self.active.get(run_id) or self.ended.get(run_id)
        if run is None or run.kind != kind or (user_id is not None and run.user_id != user_id):
            return None
        return run

    # Stopping --------------------------------------------------------------------------------------------------------

    def begin_drain(self) -> None:
        """Take no more runs; who follows a background run may come back after the restart."""
        self.draining = True
        for run in self.active.values():
            if run is not None and run.background:
                for follower in list(run.log.followers):
                    follower.leave()

    async def drain(self, seconds: float | None = None) -> None:
        """Let what goes on come to its end. After that time, leave what another worker can go on with to the next one, and
        cancel the rest, so that it is stored as cancelled.

        It may be asked for several times, as by a signal and then by the end of the app: the first one counts.
        """
        self.begin_drain()
        if self._draining is None:
            work = self._drain(self.limits.drain if seconds is None else seconds)
            self._draining = asyncio.get_running_loop().create_task(work)
        await asyncio.shield(self._draining)

    def hurry(self) -> None:
        """Do not wait for runs any longer."""
        if self._idle is not None and self._is_busy:
            log_warning(f"Told to stop again; {self._what_goes_on()}; that is ended now")
            self._idle.set()

    def _what_goes_on(self) -> str:
        return f"runs that go on: {len(self.active)}; answers that work follows: {len(self.following)}"

    async def _drain(self, seconds: float) -> None:
        if self._is_busy:
            log_info(f"The service stops; {self._what_goes_on()}; they have {seconds:g} s to end")
        if await self._all_gone(seconds):
            return
        self.following.give_up()
        for run in [run for run in self.active.values() if run is not None]:
            await self._park(run)
        for run_id in list(self.active):
            log_warning(f"run_id={run_id} | cancelled, since the service stops")
            await acancel_run(run_id)
        if not await self._all_gone(_LAST_WORDS):
            for run in [run for run in self.active.values() if run is not None]:
                _stop(run)
            self.following.give_up()
            await self._all_gone(_LAST_WORDS)

    async def _park(self, run: HostedRun) -> None:
        """Stop a run without ending it: the next worker goes on with what is stored."""
        if run.keeper is None or not (run.background or self.limits.resume_streams):
            return
        try:
            parked = await run.keeper.park(run.run_id, run.session_id)
        except Exception:  # the border: with a database that is down it is cancelled like the others
            log_exception(f"run_id={run.run_id} | could not be left to the next worker")
            return
        if parked:
            log_info(f"run_id={run.run_id} | left to the next worker, since the service stops")
            self.active.pop(run.run_id, None)
            _stop(run)

    def open(self) -> None:
        """Take runs, as a service that begins."""
        self.draining, self._draining = False, None

    async def _all_gone(self, seconds: float) -> bool:
        if self._is_busy:
            self._idle = asyncio.Event()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._idle.wait(), seconds)
        return not self._is_busy


def _stop(run: HostedRun) -> None:
    if run.task is not None:
        run.task.cancel()


def _facts(kind: str, component: Any, session_id: str, user_id: str | None) -> dict[str, Any]:
    """What another worker must know of a run to go on with it."""
    return {"kind": kind, "component": component.id, "session_id": session_id, "user_id": user_id}


def again_with(message: Any, options: dict[str, Any]) -> dict[str, Any] | None:
    """What a run can be begun with once more, should nothing of it be stored; None if that is no plain data."""
    again = {"input": message, "options": {name: value for name, value in options.items() if name != "run_id"}}
    try:
        msgspec.json.encode(again)
    except TypeError:  # files, and classes of outputs
        return None
    return again


def _size_of(output: Any) -> int:
    return 0 if output is None else len(msgspec.json.encode(output.to_dict(), enc_hook=str))


def _error_data(run: HostedRun, error: Exception) -> bytes:
    text, error_id = failure(error)
    body = {"event": ERROR_EVENTS[run.kind].decode(), "run_id": run.run_id, "session_id": run.session_id,
            "error_id": error_id, ("error" if run.kind == "workflow" else "content"): text}  # fmt: skip
    return msgspec.json.encode(body)


__all__ = ["EVERYTHING", "HostedRun", "RunLimits", "Runs", "again_with"]
