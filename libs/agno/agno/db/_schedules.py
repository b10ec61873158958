"""Schedules, and what became of each time one was due.

Exactly one worker has what is due: the row of a run has an id made of the schedule and the time, and the worker that
inserts it has the run, for as long as its lease lasts. Only then the schedule moves on to its next time; a worker that dies
in between leaves a row whose lease ends, and the others move the schedule on.
"""

from __future__ import annotations

from agno.db._port import RowVerbs, new_row, of_user
from agno.db.query import Place, Query, Where, equal
from agno.db.tables import SCHEDULE_RUNS, SCHEDULES, Row

OPEN, CLOSED = "open", "closed"


class Schedules(RowVerbs):
    """Schedules and their runs, as rows. `agno.scheduler` says what they mean."""

    # Schedules -------------------------------------------------------------------------------------------------------

    def create_schedule(self, schedule: Row) -> Row:
        """Store a new schedule. Raises DbError if there is one with its id."""
        return self._insert_row(SCHEDULES, schedule)

    def get_schedule(self, schedule_id: str, *, user_id: str | None = None) -> Row | None:
        """A schedule; None if it is not there, or not of this user."""
        return of_user(self.get(SCHEDULES, schedule_id), user_id)

    def get_schedules(
        self,
        *,
        user_id: str | None = None,
        component_type: str | None = None,
        component_id: str | None = None,
        enabled: bool | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[list[Row], int | None]:
        """The schedules that fit, newest first, and how many there are before paging (None with `after`)."""
        where = equal(user_id=user_id, component_type=component_type, component_id=component_id, enabled=enabled)
        return self._page_behind(SCHEDULES, Query(where, "created_at", "desc", limit, page, after=after))

    def update_schedule(
        self, schedule_id: str, changes: Row, *, user_id: str | None = None, expected: Row | None = None
    ) -> Row | None:
        """Change a schedule, if it has the values of `expected`; gives it, or None if nothing was changed."""
        return self._change_row(SCHEDULES, schedule_id, changes, user_id=user_id, expected=expected)

    def delete_schedule(self, schedule_id: str, *, user_id: str | None = None) -> bool:
        """Delete a schedule with its runs. False if it is not there, or not of this user."""
        if self.get_schedule(schedule_id, user_id=user_id) is None or not self.delete(SCHEDULES, [schedule_id]):
            return False
        self._delete_where(SCHEDULE_RUNS, equal(schedule_id=schedule_id))
        return True

    def due_schedules(self, now: int, limit: int | None = None) -> list[Row]:
        """The schedules that are due, the one that waits longest first."""
        due = (Where("to", ("next_run_at",), now),)
        return self.find(SCHEDULES, Query(due, "next_run_at", "asc", limit, counted=False))[0]

    # Runs ------------------------------------------------------------------------------------------------------------

    def claim_schedule_run(self, schedule: Row, run: Row, next_run_at: int | None) -> Row | None:
        """Insert the run of what is due, and move the schedule on to its next time.

        None if somebody else has this run, or the schedule was changed meanwhile.
        """
        due = schedule["next_run_at"]
        current = self.get(SCHEDULES, schedule["id"])
        if current is None or current["next_run_at"] != due:
            return None
        new = new_row(SCHEDULE_RUNS, run)
        taken = self.update(SCHEDULE_RUNS, new["id"], lambda there: new if there is None else None)
        self.update_schedule(schedule["id"], {"next_run_at": next_run_at}, expected={"next_run_at": due})
        return taken

    def create_schedule_run(self, run: Row) -> Row:
        """Store a run that any worker may take."""
        return self._insert_row(SCHEDULE_RUNS, run)

    def abandoned_schedule_runs(self, now: int, limit: int | None = None) -> list[Row]:
        """Runs that wait for a worker: new ones, those to try again, and those whose worker's lease ended."""
        where = (*equal(phase=OPEN), Where("to", ("lease_until",), now))
        return self.find(SCHEDULE_RUNS, Query(where, "created_at", "asc", limit, counted=False))[0]

    def take_schedule_run(self, run: Row, changes: Row) -> Row | None:
        """Take a run that waits, as it was read; None if somebody else was faster."""
        expected = {name: run[name] for name in ("phase", "worker", "lease_until", "attempt")}
        return self._change_row(SCHEDULE_RUNS, run["id"], changes, expected=expected)

    def update_schedule_run(self, run_id: str, changes: Row, *, worker: str) -> Row | None:
        """Change an open run that this worker has; None if it lost it."""
        return self._change_row(SCHEDULE_RUNS, run_id, changes, expected={"phase": OPEN, "worker": worker})

    def get_schedule_run(self, run_id: str) -> Row | None:
        """A run, or None."""
        return self.get(SCHEDULE_RUNS, run_id)

    def prune_schedule_runs(self, before: int) -> int:
        """Delete runs that are over and were due before this moment, in epoch seconds; how many there were."""
        return self._delete_where(SCHEDULE_RUNS, (*equal(phase=CLOSED), Where("to", ("due_at",), before - 1)))

    def get_schedule_runs(
        self,
        schedule_id: str | None = None,
        *,
        status: str | None = None,
        user_id: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[list[Row], int | None]:
        """The runs that fit, newest first, and how many there are before paging (None with `after`)."""
        where = equal(schedule_id=schedule_id, status=status, user_id=user_id)
        return self._page_behind(SCHEDULE_RUNS, Query(where, "created_at", "desc", limit, page, after=after))


__all__ = ["CLOSED", "OPEN", "Schedules"]
