"""The worker: looks for what is due, takes what nobody else has, and runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from agno._io import ASYNC
from agno.db._schedules import CLOSED
from agno.db.base import DbUnavailableError
from agno.db.tables import Row
from agno.run.base import RunStatus
from agno.scheduler.cron import cron_of
from agno.scheduler.schedule import FiringStatus, unpacked
from agno.scheduler.schedules import check_db, identity_of, new_firing
from agno.utils.ids import new_id
from agno.utils.log import log_exception, log_warning

Find = Callable[[str, str], Any]  # kind and id -> the component, or None

_MOST_TAKEOVERS = 3  # what kills its worker again and again is given up
_LONGEST_DELAY = 3600
_FORGET_SECONDS = 3600.0  # between two looks for what is too old
_BATCH = 50
_RUN_STATUS = {
    RunStatus.completed: FiringStatus.COMPLETED,
    RunStatus.paused: FiringStatus.PAUSED,
    RunStatus.cancelled: FiringStatus.CANCELLED,
}


class Scheduler:
    """Runs what is due, in the running event loop: `async with Scheduler(db, [agent, flow]): ...`.

    Any number of schedulers, in any number of processes, may share a database: each firing has one of them. One that dies
    loses what it has when the lease ends, after `lease` seconds without a sign of life; another then goes on with the run,
    from what is stored of it. The clocks of the machines must agree to within a few seconds.

    `components` are agents, teams and workflows, or a function that gives one by its kind and id (None if there is none).
    It looks every `poll_interval` seconds, and runs up to `max_concurrent` firings at once. After a downtime a schedule fires
    once, and not again for each time that was missed. `clock` gives epoch seconds. What became of each time is kept for
    `keep_days`; None keeps it for good.
    """

    def __init__(
        self,
        db: Any,
        components: Iterable[Any] | Find,
        *,
        poll_interval: float = 15.0,
        lease: float = 60.0,
        max_concurrent: int = 10,
        keep_days: float | None = 30,
        clock: Callable[[], float] = time.time,
        worker: str | None = None,
    ) -> None:
        numbers = _are_numbers(poll_interval, lease, max_concurrent)
        if not numbers or poll_interval <= 0 or lease < 1 or max_concurrent < 1:
            raise ValueError(
                "Scheduler(poll_interval=, lease=, max_concurrent=) must be positive numbers, a lease at least 1 s; it got "
                f"{poll_interval!r}, {lease!r} and {max_concurrent!r}."
            )
        check_db("Scheduler", db)
        # rows of times that may still be due say that somebody has them
        if keep_days is not None and (not _are_numbers(keep_days) or keep_days < 1):
            raise ValueError(f"Scheduler(keep_days={keep_days!r}) must be at least 1, or None to keep everything.")
        self.db, self.poll_interval, self.lease, self.max_concurrent = db, poll_interval, lease, max_concurrent
        self.keep_days = keep_days
        self.worker = worker or new_id()
        self._find = components if callable(components) else _by_id(components)
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}  # by the id of the firing
        self._loops: list[asyncio.Task[None]] = []
        self._woken = asyncio.Event()

    # Life ------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start watching for what is due. Does nothing if it was started already."""
        if not self._loops:
            self._woken = asyncio.Event()  # of the loop that runs now
            every = ((self.poll, self.poll_interval), (self.renew, self.lease / 3), (self.forget_old, _FORGET_SECONDS))
            self._loops = [asyncio.create_task(self._again(work, seconds)) for work, seconds in every]

    async def stop(self, grace: float = 30.0) -> None:
        """Take no more firings, give those that run `grace` seconds to end, then leave the rest to other workers."""
        loops, self._loops = self._loops, []
        if loops:
            loops[0].cancel()  # no more polls; the leases of what still runs are renewed
        try:
            if self._running:
                await asyncio.wait(list(self._running.values()), timeout=grace)
        finally:
            await _end([*loops, *self._running.values()])

    async def __aenter__(self) -> Scheduler:
        await self.start()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.stop()

    def wake(self) -> None:
        """Look for what is due now, instead of at the end of the interval."""
        self._woken.set()

    async def _again(self, work: Callable[[], Any], seconds: float) -> None:
        polls = work == self.poll
        while True:
            try:
                await work()
            except Exception:  # the border: a database that is down for a while does not end the service
                log_exception(f"worker={self.worker} | the scheduler could not look for what is due; it tries again")
            if not polls:
                await asyncio.sleep(seconds)
                continue
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except asyncio.TimeoutError:
                pass
            self._woken.clear()

    # Taking ----------------------------------------------------------------------------------------------------------

    async def poll(self) -> int:
        """Start the firings that are due, as many as `max_concurrent` leaves room for. Returns how many were started."""
        return await self._take_abandoned() + await self._take_due()

    async def run_due(self) -> int:
        """Run everything that is due now to its end. Returns how many firings that were. For programs without a service.

        Who cancels it leaves what still runs to other workers, at once.
        """
        count, watches = 0, bool(self._loops)
        renewing = asyncio.create_task(self._again(self.renew, self.lease / 3))
        try:
            while (taken := await self.poll()) or self._running:
                count += taken
                if self._running:
                    await asyncio.wait(list(self._running.values()), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end([renewing, *(() if watches else self._running.values())])
        return count

    async def renew(self) -> None:
        """Renew the leases of this worker. Firings that another worker took over meanwhile are stopped here."""
        for firing_id, task in list(self._running.items()):
            kept = await self._update(firing_id, {"lease_until": self._lease_end()})
            if kept is None and firing_id in self._running:
                log_warning(f"firing={firing_id} | was taken over by another worker; this one stops")
                task.cancel()

    async def forget_old(self) -> int:
        """Delete the history that is older than `keep_days`. Returns how many firings were deleted."""
        if self.keep_days is None:
            return 0
        return int(await ASYNC.call(self.db.prune_schedule_runs, self._now() - int(self.keep_days * 86_400)))

    async def _take_due(self) -> int:
        taken = 0
        while (room := self._room()) > 0:
            now = self._now()
            due = await ASYNC.call(self.db.due_schedules, now, min(room, _BATCH))
            for schedule in due:
                firing = await self._claim(schedule, now)
                if firing is not None:
                    self._begin(firing, schedule, again=False)
                    taken += 1
            if not due:
                break
        return taken

    async def _claim(self, schedule: Row, now: int) -> Row | None:
        first, following = schedule["next_run_at"], None
        latest = first
        if schedule["cron_expr"] is not None:
            try:
                cron = cron_of(schedule["cron_expr"], schedule["timezone"])
            except ValueError:  # written by somebody else; it must not keep the others from their turn
                log_exception(f"schedule={schedule['id']} | cannot be read, so it is disabled")
                off = {"enabled": False, "next_run_at": None}
                await ASYNC.call(self.db.update_schedule, schedule["id"], off)
                return None
            latest, following = cron.latest(first, now), cron.after(now)
        firing = new_firing(schedule, f"{schedule['id']}@{first}", latest)
        firing.update(source="schedule", **self._mine(1))
        found: Row | None = await ASYNC.call(self.db.claim_schedule_run, schedule, firing, following)
        return found

    async def _take_abandoned(self) -> int:
        taken = 0
        if (room := self._room()) <= 0:
            return 0
        for seen in await ASYNC.call(self.db.abandoned_schedule_runs, self._now(), room):
            if seen["id"] in self._running:
                continue  # ours, and late
            died = seen["status"] == FiringStatus.RUNNING.value
            changes = {**self._mine(seen["attempt"] + (not died)), "takeovers": seen["takeovers"] + died}
            if changes["takeovers"] > _MOST_TAKEOVERS:
                what = f"Its worker died {changes['takeovers']} times while it ran, so it is given up."
                await ASYNC.call(self.db.take_schedule_run, seen, self._closed(FiringStatus.FAILED, what))
                continue
            firing = await ASYNC.call(self.db.take_schedule_run, seen, changes)
            if firing is not None:
                self._begin(firing, None, again=seen["started_at"] is not None)
                taken += 1
        return taken

    # Running ---------------------------------------------------------------------------------------------------------

    def _begin(self, firing: Row, schedule: Row | None, again: bool) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(firing, schedule, again))
        self._running[firing["id"]] = task
        task.add_done_callback(lambda _: self._ended(firing["id"]))

    def _ended(self, firing_id: str) -> None:
        if self._room() <= 0:
            self._woken.set()  # there is room again
        self._running.pop(firing_id, None)

    async def _carry(self, firing: Row, schedule: Row | None, again: bool) -> None:
        try:
            schedule = schedule or await ASYNC.call(self.db.get_schedule, firing["schedule_id"])
            if schedule is None:
                changes = self._closed(FiringStatus.FAILED, "Its schedule was deleted.")
            else:
                changes = await self._outcome(firing, schedule, again)
            if await self._update(firing["id"], changes) is None:
                log_warning(f"firing={firing['id']} | ended here, but was taken over by another worker meanwhile")
        except asyncio.CancelledError:
            await self._update(firing["id"], _given_back(firing))  # another worker need not wait for the lease
            raise
        except Exception:  # the border: a database that is down; when the lease ends, somebody tries again
            log_exception(f"firing={firing['id']} | could not be carried out; it is tried again after the lease")

    async def _outcome(self, firing: Row, schedule: Row, again: bool) -> Row:
        """What to write when it ended."""
        component = self._find(schedule["component_type"], schedule["component_id"])
        if component is None:
            what = f"There is no {schedule['component_type']} {schedule['component_id']!r} here."
            return self._closed(FiringStatus.FAILED, what)
        try:
            output = await _within(schedule["timeout_seconds"], self._run(component, firing, schedule, again))
        except _TooLong as error:
            return self._failed(firing, schedule, str(error))
        except DbUnavailableError:  # what became of the run is not known
            raise
        except Exception as error:  # the border: what went wrong is kept, and tried again if that is wanted
            log_exception(f"firing={firing['id']} | the run failed: {type(error).__name__}")
            return self._failed(firing, schedule, f"{type(error).__name__}: {error}")
        if output.status in _RUN_STATUS:
            return self._closed(_RUN_STATUS[output.status], None)
        return self._failed(firing, schedule, f"The run ended as {output.status.value}: {output.content}")

    async def _run(self, component: Any, firing: Row, schedule: Row, again: bool) -> Any:
        """Run it, or go on with what is stored of an earlier attempt: finished tools and steps do not run again."""
        who = {"session_id": firing["session_id"], "user_id": firing["user_id"]}
        if again and (stored := await _stored(component, firing)) is not None:
            if stored.status in (RunStatus.completed, RunStatus.paused):
                return stored
            if stored.status is not RunStatus.cancelled:
                # the firing is this worker's: whoever claimed the run before lost its lease
                return await component.acontinue_run(run_id=firing["run_id"], stream=False, take_over=True, **who)
            firing["run_id"] = new_id()
            await self._update(firing["id"], {"run_id": firing["run_id"]})
        options = {**(schedule["run_options"] or {}), **who, "run_id": firing["run_id"]}
        return await component.arun(unpacked(schedule["input"]), stream=False, **options)

    # What is written -------------------------------------------------------------------------------------------------

    def _mine(self, attempt: int) -> Row:
        return {
            "status": FiringStatus.RUNNING.value,
            "worker": self.worker,
            "lease_until": self._lease_end(),
            "attempt": attempt,
            "started_at": self._now(),
        }

    def _closed(self, status: FiringStatus, error: str | None) -> Row:
        return {
            "phase": CLOSED,
            "status": status.value,
            "error": error[:2000] if error is not None else None,
            "lease_until": None,
            "finished_at": self._now(),
        }

    def _failed(self, firing: Row, schedule: Row, error: str) -> Row:
        retries = firing["attempt"]
        if retries > (schedule["max_retries"] or 0):
            return self._closed(FiringStatus.FAILED, error)
        delay = min((schedule["retry_delay_seconds"] or 0) * 2 ** (retries - 1), _LONGEST_DELAY)
        waiting = {"status": FiringStatus.RETRYING.value, "error": error[:2000], "worker": None}
        return {**waiting, "lease_until": self._now() + delay}

    async def _update(self, firing_id: str, changes: Row) -> Row | None:
        found: Row | None = await ASYNC.call(self.db.update_schedule_run, firing_id, changes, worker=self.worker)
        return found

    def _room(self) -> int:
        return self.max_concurrent - len(self._running)

    def _now(self) -> int:
        return int(self._clock())

    def _lease_end(self) -> int:
        return int(self._clock() + self.lease)


def _by_id(components: Iterable[Any]) -> Find:
    if isinstance(components, str) or not isinstance(components, Iterable):
        raise ValueError(
            "Scheduler(db, components) takes a list of agents, teams and workflows, or a function that finds one; it got "
            f"{components!r}."
        )
    found = {identity_of(component): component for component in components}
    return lambda kind, component_id: found.get((kind, component_id))


def _are_numbers(*given: Any) -> bool:
    return all(isinstance(one, (int, float)) and one == one for one in given)  # NaN is unequal to itself


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _TooLong(Exception):
    """The time for a run is over."""


async def _within(seconds: float | None, work: Coroutine[Any, Any, Any]) -> Any:
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
        if done:
            return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    raise _TooLong(f"It took longer than {seconds} seconds.")


def _given_back(firing: Row) -> Row:
    """As if it had not begun: that a service was stopped is nobody's failure."""
    waiting = {"status": FiringStatus.PENDING.value, "worker": None, "lease_until": 0}
    return {**waiting, "attempt": firing["attempt"] - 1}


async def _stored(component: Any, firing: Row) -> Any:
    """What is stored of the run of an earlier attempt."""
    if getattr(component, "db", None) is None:
        return None
    read = component.aget_run if component.session_type == "workflow" else component.aget_run_output
    return await read(firing["run_id"], session_id=firing["session_id"], user_id=firing["user_id"])


__all__ = ["Scheduler"]
