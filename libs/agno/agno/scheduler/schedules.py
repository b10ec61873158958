"""Making, changing and looking at schedules, in sync and async code."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.db._schedules import OPEN
from agno.db.query import Place
from agno.db.tables import Row
from agno.scheduler.cron import cron_of, zone_of
from agno.scheduler.schedule import Firing, FiringStatus, Schedule, packed
from agno.utils.ids import new_id

KINDS = ("agent", "team", "workflow")
OPTIONS = frozenset(
    {"session_id", "session_state", "dependencies", "metadata", "knowledge_filters", "additional_data",
     "add_history_to_context", "add_dependencies_to_context", "add_session_state_to_context"}
)  # fmt: skip
_CHANGEABLE = frozenset(
    {"name", "description", "component_type", "component_id", "input", "cron_expr", "timezone", "run_at", "run_options",
     "timeout_seconds", "max_retries", "retry_delay_seconds", "enabled"}
)  # fmt: skip
_LAST = 253_402_300_799  # the end of the year 9999
_WHEN = frozenset({"cron_expr", "timezone", "run_at", "enabled"})


class Schedules:
    """The schedules in a database. Every method has an async twin with an `a` in front; `user_id` narrows it to one user.

    `clock` gives epoch seconds. What is written here is run by a `Scheduler`, in this process or another.
    """

    def __init__(self, db: Any, *, clock: Callable[[], float] = time.time) -> None:
        check_db("Schedules", db)
        self.db, self._clock = db, clock

    async def _create(
        self,
        io: IO,
        name: str,
        component: Any = None,
        input: Any = None,
        *,
        cron_expr: str | None = None,
        run_at: datetime | float | None = None,
        timezone: str | None = None,
        component_type: str | None = None,
        component_id: str | None = None,
        id: str | None = None,
        description: str | None = None,
        enabled: bool = True,
        user_id: str | None = None,
        run_options: dict[str, Any] | None = None,
        timeout_seconds: int | None = None,
        max_retries: int = 0,
        retry_delay_seconds: int = 60,
    ) -> Schedule:
        """Make a schedule for an agent, a team or a workflow, given itself or by its type and id.

        It is due by `cron_expr` (in `timezone`, or UTC) again and again, or once at `run_at`: epoch seconds, or a datetime,
        which without a zone is meant in `timezone`. `run_options` are options of its runs, such as `session_id`; without
        one, each firing has a session of its own. A run that fails is tried again `max_retries` times, after
        `retry_delay_seconds`, then twice as long, and so on. Raises ValueError for what cannot be right.
        """
        if component is not None:
            component_type, component_id = identity_of(component)
        row = {
            "id": id or new_id(),
            "name": name,
            "description": description,
            "component_type": component_type,
            "component_id": component_id,
            "input": packed(input),
            "cron_expr": cron_expr,
            "timezone": timezone,
            "run_at": run_at,
            "enabled": enabled,
            "run_options": run_options,
            "user_id": user_id,
            "timeout_seconds": timeout_seconds,
            "max_retries": max_retries,
            "retry_delay_seconds": retry_delay_seconds,
        }
        return Schedule.from_row(await io.call(self.db.create_schedule, self._settled(row)))

    create = sync(_create)
    acreate = asynchronous(_create)

    async def _get(self, io: IO, schedule_id: str, *, user_id: str | None = None) -> Schedule | None:
        """A schedule, or None."""
        row = await io.call(self.db.get_schedule, schedule_id, user_id=user_id)
        return None if row is None else Schedule.from_row(row)

    get = sync(_get)
    aget = asynchronous(_get)

    async def _list(
        self,
        io: IO,
        *,
        user_id: str | None = None,
        component_type: str | None = None,
        component_id: str | None = None,
        enabled: bool | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[Sequence[Schedule], int | None]:
        """The schedules that fit, newest first, and how many there are before paging (None with `after`, where the page
        before ended)."""
        rows, total = await io.call(
            self.db.get_schedules, user_id=user_id, component_type=component_type, component_id=component_id,
            enabled=enabled, limit=limit, page=page, after=after,
        )  # fmt: skip
        return [Schedule.from_row(row) for row in rows], total

    list = sync(_list)
    alist = asynchronous(_list)

    async def _update(
        self, io: IO, schedule_id: str, changes: dict[str, Any], *, user_id: str | None = None
    ) -> Schedule | None:
        """Change some of the arguments of `create`, by name. Returns the schedule, or None if it does not exist."""
        if not isinstance(changes, Mapping):
            raise ValueError(f"The changes of a schedule are a dict from names to values, not {changes!r}.")
        changes = {name: packed(value) if name == "input" else value for name, value in changes.items()}
        if unknown := sorted(changes.keys() - _CHANGEABLE):
            raise ValueError(f"{unknown[0]!r} of a schedule cannot be changed; {', '.join(sorted(_CHANGEABLE))} can.")
        row = await io.call(self.db.get_schedule, schedule_id, user_id=user_id)
        if row is None:
            return None
        if changes.get("run_at") is not None:
            changes.setdefault("cron_expr", None)
        elif changes.get("cron_expr") is not None:
            changes.setdefault("run_at", None)
        settled = self._settled({**row, **changes})
        kept = {name: settled[name] for name in changes}
        moved = {name for name in _WHEN & changes.keys() if settled[name] != row[name]}
        if moved:  # what says again what is so takes no due time away
            kept["next_run_at"] = None if self._missed(settled, moved) else settled["next_run_at"]
        changed = await io.call(self.db.update_schedule, schedule_id, kept, user_id=user_id)
        return None if changed is None else Schedule.from_row(changed)

    update = sync(_update)
    aupdate = asynchronous(_update)

    async def _enable(self, io: IO, schedule_id: str, *, user_id: str | None = None) -> Schedule | None:
        """Enable it from now on; times that were missed are not made up for. Returns None if it does not exist."""
        return await self._update(io, schedule_id, {"enabled": True}, user_id=user_id)

    enable = sync(_enable)
    aenable = asynchronous(_enable)

    async def _disable(self, io: IO, schedule_id: str, *, user_id: str | None = None) -> Schedule | None:
        """Disable it until `enable`. Runs that are under way come to their end. Returns None if it does not exist."""
        return await self._update(io, schedule_id, {"enabled": False}, user_id=user_id)

    disable = sync(_disable)
    adisable = asynchronous(_disable)

    async def _delete(self, io: IO, schedule_id: str, *, user_id: str | None = None) -> bool:
        """Delete a schedule with its history. Returns False if it does not exist."""
        gone: bool = await io.call(self.db.delete_schedule, schedule_id, user_id=user_id)
        return gone

    delete = sync(_delete)
    adelete = asynchronous(_delete)

    async def _trigger(self, io: IO, schedule_id: str, *, user_id: str | None = None) -> Firing | None:
        """Let the next worker that looks run it, also while it is disabled. Returns the firing, or None if it does not exist."""
        row = await io.call(self.db.get_schedule, schedule_id, user_id=user_id)
        if row is None:
            return None
        now = int(self._clock())
        firing = {**new_firing(row, new_id(), now), "status": FiringStatus.PENDING.value, "source": "manual"}
        return Firing.from_row(await io.call(self.db.create_schedule_run, firing))

    trigger = sync(_trigger)
    atrigger = asynchronous(_trigger)

    async def _firings(
        self,
        io: IO,
        schedule_id: str | None = None,
        *,
        status: FiringStatus | str | None = None,
        user_id: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[Sequence[Firing], int | None]:
        """The history, newest first, and how many firings there are before paging (None with `after`)."""
        status = None if status is None else _status(status)
        rows, total = await io.call(
            self.db.get_schedule_runs,
            schedule_id,
            status=status,
            user_id=user_id,
            limit=limit,
            page=page,
            after=after,
        )
        return [Firing.from_row(row) for row in rows], total

    firings = sync(_firings)
    afirings = asynchronous(_firings)

    # ------------------------------------------------------------------------------------------------------------------

    def _settled(self, row: Row) -> Row:
        """The row with its next time. Raises ValueError for what cannot be right."""
        _check(row)
        at = row["run_at"] = _seconds(row["run_at"], row["timezone"])
        cron = cron_of(row["cron_expr"], row["timezone"]) if row["cron_expr"] is not None else None
        due = at if cron is None else cron.after(int(self._clock()))
        return {**row, "next_run_at": due if row["enabled"] else None}

    def _missed(self, row: Row, moved: set[str]) -> bool:
        """Whether its only time passed before it was enabled."""
        return (
            "enabled" in moved
            and "run_at" not in moved
            and row["cron_expr"] is None
            and row["run_at"] <= int(self._clock())
        )


def check_db(owner: str, db: Any) -> None:
    """Raise ValueError for what keeps no schedules."""
    if isinstance(db, type) or not hasattr(db, "create_schedule"):
        raise ValueError(f"{owner}(db={db!r}) needs a database of agno.db, such as SqliteDb(db_file='office.db').")


def identity_of(component: Any) -> tuple[str, str]:
    """Kind and id of an agent, a team or a workflow. Raises ValueError for what is none."""
    if isinstance(component, type) or not hasattr(component, "set_id"):
        raise ValueError(f"A schedule runs an agent, a team or a workflow, and {component!r} is none.")
    component.set_id()
    return component.session_type, component.id


def new_firing(schedule: Row, firing_id: str, due_at: int) -> Row:
    """The row of a firing that no worker has taken yet."""
    return {
        "id": firing_id,
        "schedule_id": schedule["id"],
        "phase": OPEN,
        "due_at": due_at,
        "lease_until": 0,
        "attempt": 0,
        "takeovers": 0,
        "run_id": new_id(),
        "session_id": (schedule["run_options"] or {}).get("session_id") or new_id(),
        "user_id": schedule["user_id"],
    }


def _check(row: Row) -> None:
    if not row["name"] or not isinstance(row["name"], str):
        raise ValueError(f"A schedule needs a name, a text; it got {row['name']!r}.")
    if row["component_type"] not in KINDS or not row["component_id"]:
        raise ValueError(
            f"A schedule needs an agent, a team or a workflow to run, or component_type= (one of {', '.join(KINDS)}) and "
            f"component_id=; it got {row['component_type']!r} and {row['component_id']!r}."
        )
    if (row["cron_expr"] is None) == (row["run_at"] is None):
        raise ValueError("A schedule needs either cron_expr=, for again and again, or run_at=, for once.")
    for name, least in (("max_retries", 0), ("retry_delay_seconds", 0), ("timeout_seconds", 1)):
        if row[name] is not None and (not isinstance(row[name], int) or row[name] < least):
            raise ValueError(f"{name}={row[name]!r} of a schedule must be at least {least}, a whole number.")
    if row["enabled"] not in (True, False):
        raise ValueError(f"enabled={row['enabled']!r} of a schedule must be True or False.")
    _check_options(row["run_options"])
    if row["timezone"] is not None:
        zone_of(row["timezone"])


def _check_options(options: Any) -> None:
    if options is not None and not isinstance(options, Mapping):
        raise ValueError(f"run_options= of a schedule is a dict of options, not {options!r}.")
    if unknown := sorted(map(str, (options or {}).keys() - OPTIONS)):
        raise ValueError(f"run_options= has {unknown[0]!r}; what a schedule may set is {', '.join(sorted(OPTIONS))}.")
    session_id = (options or {}).get("session_id")
    if session_id is not None and not isinstance(session_id, str):
        raise ValueError(f"session_id={session_id!r} in run_options= must be a text.")


def _status(given: Any) -> str:
    try:
        return FiringStatus(given).value
    except ValueError:
        known = ", ".join(one.value for one in FiringStatus)
        raise ValueError(f"{given!r} is no status of a firing; there are {known}.") from None


def _seconds(moment: datetime | float | None, zone: str | None) -> int | None:
    if isinstance(moment, datetime):
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone_of(zone) if zone else timezone.utc)
        return int(aware.timestamp())
    if moment is None:
        return None
    if isinstance(moment, bool) or not isinstance(moment, (int, float)) or not 0 <= moment <= _LAST:
        raise ValueError(f"run_at={moment!r} must be a datetime, or seconds since 1970 (no milliseconds).")
    return int(moment)


__all__ = ["KINDS", "OPTIONS", "Schedules", "new_firing"]
