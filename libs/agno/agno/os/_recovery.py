"""Takes over the runs of workers that died: those in the background go on, streams are marked as failed.

A worker is dead when its lease ran out. One other worker takes it with all its runs; the claims of the engine see to it that
what one worker goes on with, no other one stores.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic, time
from typing import Any

import msgspec

from agno._io import ASYNC
from agno.db._claims import GOING_ON, EventBatch
from agno.db._sessions import hold
from agno.db.tables import Row
from agno.exceptions import RunClaimedError
from agno.os._components import Components
from agno.os._keeper import Keeper
from agno.os._runs import ERROR_EVENTS, Runs
from agno.run.base import RunStatus
from agno.run.cancel import cancel_run
from agno.utils.ids import new_id
from agno.utils.log import log_exception, log_warning

DIED = "The worker of this run died before it ended."
NOT_STORED = "This run failed, and the database could not be reached to say so."
_MOST_TAKEOVERS = 3  # what kills its worker again and again is given up
_PRUNE_SECONDS = 60.0
_ENDS = {
    "agent": {"COMPLETED": "RunCompleted", "CANCELLED": "RunCancelled", "PAUSED": "RunPaused"},
    "team": {"COMPLETED": "TeamRunCompleted", "CANCELLED": "TeamRunCancelled", "PAUSED": "TeamRunPaused"},
    "workflow": {"COMPLETED": "WorkflowCompleted", "CANCELLED": "WorkflowCancelled", "PAUSED": "StepPaused"},
}


class Recovery:
    """Looks for dead workers in the databases of what is served, at the start and then again and again."""

    def __init__(self, runs: Runs, components: Components) -> None:
        self.runs, self.components = runs, components
        self._pruned_at = 0.0

    @asynccontextmanager
    async def working(self, _: Any = None) -> AsyncIterator[None]:
        """Look while the service runs; at the end, what is left is written."""
        keepers = self._keepers()
        task = asyncio.create_task(self._again(keepers)) if keepers else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            for keeper in self.runs.keepers.values():
                try:
                    await self._settle(keeper)
                    await keeper.stop()
                except Exception:  # the border: the service ends all the same, and its lease by itself
                    log_exception("A database was not told that this worker stops")

    def _keepers(self) -> list[Keeper]:
        served = (one for group in self.components.of_kind.values() for one in group.values())
        found = (self.runs.keeper_of(component) for component in served)
        return list({id(keeper): keeper for keeper in found if keeper is not None}.values())

    async def _again(self, keepers: list[Keeper]) -> None:
        while True:
            for keeper in keepers:
                try:
                    await self.look(keeper)
                except Exception:  # the border: a database that is down for a while does not end the service
                    log_exception("It could not be seen whose worker died; it is tried again")
            await asyncio.sleep(self.runs.limits.lease / 3)

    async def look(self, keeper: Keeper) -> None:
        """Take over what there is to take over, and forget old events."""
        await self._settle(keeper)
        if self.runs.draining:
            return
        for seen in await ASYNC.call(keeper.db.dead_workers, int(time())):
            if seen["id"] != keeper.worker:
                await self._take(keeper, seen)
        if monotonic() >= self._pruned_at + _PRUNE_SECONDS:
            self._pruned_at = monotonic()
            await ASYNC.call(keeper.db.prune_run_events, self.runs.limits.kept_seconds)

    async def _settle(self, keeper: Keeper) -> None:
        """Mark runs of this worker that failed and whose end could not be stored: the database was down."""
        for run_id, facts in list(keeper.unsettled.items()):
            component = self.components.of_kind[facts["kind"]].get(facts["component"])
            if component is not None and run_id not in self.runs.active:
                session, run = await component._stored(ASYNC, run_id, facts["session_id"])
                if run is not None and run.status.value in GOING_ON:
                    try:
                        await self._mark(keeper, session, run, NOT_STORED, take_over=False)
                    except RunClaimedError:
                        continue  # somebody goes on with it, or did until the database was down: that ends by itself
            keeper.settled(run_id)

    async def _take(self, keeper: Keeper, seen: Row) -> None:
        until = int(time() + self.runs.limits.lease + 1)
        taken = await ASYNC.call(keeper.db.take_worker, seen, keeper.worker, until)
        if taken is None:
            return
        owner, runs = keeper.worker, taken["runs"] or {}
        if runs:
            parked = sum(bool(facts.get("parked")) for facts in runs.values())
            log_warning(f"worker={seen['id']} | runs taken over: {len(runs) - parked} that it had when it died, {parked} "
                        "that it left when it stopped")  # fmt: skip
        for run_id, facts in runs.items():
            try:
                await self._adopt(keeper, run_id, facts)
            except RunClaimedError:
                pass  # somebody goes on with it already
            except Exception:  # the border: one run that cannot be taken over does not keep the others from it
                log_exception(f"run_id={run_id} | could not be taken over from a worker that died")
        await keeper.written()  # those that go on are noted as ours before the old note goes
        await ASYNC.call(keeper.db.forget_worker, seen["id"], owner)

    # One run ---------------------------------------------------------------------------------------------------------

    async def _adopt(self, keeper: Keeper, run_id: str, facts: dict[str, Any]) -> None:
        component = self.components.of_kind[facts["kind"]].get(facts["component"])
        if component is None:
            log_warning(
                f"run_id={run_id} | its worker died, and {facts['kind']} {facts['component']!r} is not served here"
            )
            return
        if run_id in self.runs.active:
            return
        session, run = await component._stored(ASYNC, run_id, facts["session_id"])
        tries = facts.get("takeovers", 0) + (not facts.get("parked"))
        goes_on = facts.get("background") or (self.runs.limits.resume_streams and "background" in facts)
        if run is not None and run.status.value not in GOING_ON:
            await self._close(keeper, facts, run)
        elif (
            goes_on
            and not facts.get("made_for_it")
            and tries <= _MOST_TAKEOVERS
            and (run is not None or facts.get("again"))
        ):
            await self._go_on(component, run_id, facts, tries, stored=run is not None)
        else:
            await self._fail(keeper, component, facts, run_id, session, run)

    async def _go_on(self, component: Any, run_id: str, facts: dict[str, Any], tries: int, *, stored: bool) -> None:
        who = {"run_id": run_id, "session_id": facts["session_id"], "user_id": facts["user_id"]}
        if facts.get("stop"):
            cancel_run(run_id)  # the wish waits for its start
        if stored:
            begin = partial(component.acontinue_run, **who, take_over=True)
        else:
            again = facts["again"]
            begin = partial(component.arun, again["input"], **{**again["options"], **who})
        await self.runs.host(
            facts["kind"], component, begin, **who, background=True, first=_behind_all(), again=facts.get("again"),
            takeovers=tries,
        )  # fmt: skip

    async def _fail(
        self, keeper: Keeper, component: Any, facts: dict[str, Any], run_id: str, session: Any, run: Any
    ) -> None:
        """Mark a run, and what goes on inside of it, as failed; its last event says so."""
        if run is not None:
            await self._mark(keeper, session, run, DIED, take_over=True)
        body = {"run_id": run_id, "session_id": facts["session_id"], _text_of(facts["kind"]): DIED}
        await self._say(keeper, run_id, ERROR_EVENTS[facts["kind"]].decode(), body)

    async def _mark(self, keeper: Keeper, session: Any, run: Any, why: str, *, take_over: bool) -> None:
        owner = new_id()
        await ASYNC.call(keeper.db.claim_run, session.session_id, run.run_id, owner, take_over=take_over)
        hold(session, (run.run_id, owner))
        inside = [one for one in _inside(session, run.run_id) if one.status.value in GOING_ON]
        for one in (*inside, run):
            one.status, one.error_type = RunStatus.error, "WorkerDied" if why is DIED else "DbUnavailableError"
            one.content = one.content or why
        beside = [record.get("row") for name in ("progress", "at_work") for record in run.__dict__.get(name) or ()]
        await ASYNC.call(keeper.db.finish_run, session, run, inside, dropped=[row for row in beside if row])

    async def _close(self, keeper: Keeper, facts: dict[str, Any], run: Any) -> None:
        """The end of a run is stored, but its last events may not be: who follows hears what became of it."""
        kept = await ASYNC.call(keeper.db.get_run_events, run.run_id)
        if not kept or kept[-1].last:
            return
        kind = _ENDS[facts["kind"]].get(run.status.value)
        if kind is None:
            kind, text = ERROR_EVENTS[facts["kind"]].decode(), _text_of(facts["kind"])
        else:
            text = "content"
        body = {"run_id": run.run_id, "session_id": facts["session_id"], text: run.content}
        await self._say(keeper, run.run_id, kind, body)

    async def _say(self, keeper: Keeper, run_id: str, kind: str, body: dict[str, Any]) -> None:
        data = msgspec.json.encode({"event": kind, **body}, enc_hook=str).decode()
        batch = EventBatch(run_id, _behind_all(), [(kind, data)], last=True)
        await ASYNC.call(keeper.db.keep_hosted, keeper.worker, None, 0, [batch])


def _behind_all() -> int:
    """A number behind all that a client may have seen: also of events that were sent and never stored."""
    return int(time() * 1000)


def _text_of(kind: str) -> str:
    return "error" if kind == "workflow" else "content"


def _inside(session: Any, run_id: str) -> list[Any]:
    found = []
    for run in session.runs or ():
        if run.parent_run_id == run_id:
            found += [run, *_inside(session, run.run_id)]
    return found


__all__ = ["DIED", "Recovery"]
