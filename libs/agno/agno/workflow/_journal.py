"""What a run has done, so that it need not do it again: after a pause, a failure, or the death of its process.

A finished step is a record, and so is a decision (a route, a condition, whether a loop goes on). A run that goes on plays
its steps from the beginning, and whoever has a record gives what it gave then. Records are written beside the run as it
goes, each in a row of its own; what is written does not grow with what was done before.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agno._engine.claims import renew
from agno._engine.context import private_copy
from agno._engine.progress import Found
from agno.db._sessions import progress_id
from agno.run.workflow_data import StepOutput
from agno.run.workflow_requirements import revived_requirement
from agno.workflow._failing import StepFailed
from agno.workflow._place import Place, beginnings
from agno.workflow._state import own_state, replace

if TYPE_CHECKING:
    from agno.workflow._run import WorkflowRun


class Journal:
    """The records of a run and of the workflows inside of it; `rows` are those that are stored beside it."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.done: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.states: dict[tuple[str, str], Any] = {}  # what earlier decisions left in the session state
        self.pool: dict[str, Any] = {}  # executor runs of before, by their id
        self.rows: list[str] = []
        self.answers: list[Any] = []  # that an earlier process went on with, and did not end
        self.since: set[str] = set()  # the places of what it did with them
        self.at_work: Found | None = None  # executors that an earlier process left at work
        self.spent: dict[str, Collection[str]] = {}  # rows that the record of a step makes superfluous, by its key
        self.numbers: Iterator[int] = itertools.count()
        self.db: Any = None  # where records are stored as the run goes; None if they are not
        self.kind = "steps"  # how often
        self.unsaved_key: str | None = None  # the last step: the end of the run is stored right after it

    def take_up(self, source: Any) -> None:
        """Know what an earlier part of the run did."""
        kept = [dict(record) for record in source.progress or ()]  # the caller's object stays as it is
        for record in kept:
            row = record.pop("row", None)
            if row is not None:
                self.rows.append(row)
            if "answers" in record:
                self.answers += map(revived_requirement, record["answers"])
            else:
                self._know(record, new=row is not None)
        self.pool = {run.run_id: run for run in _runs_inside([source], "step_executor_runs")}  # of copies the last one
        if source.at_work:
            self.at_work = Found(source.at_work, _runs_inside(self.pool.values(), "member_responses"))
            self.rows += self.at_work.rows
        self.numbers = itertools.count(len(kept))

    def _know(self, record: dict[str, Any], *, new: bool) -> None:
        key = record["key"]
        if new:
            self.since.add(key)
        if record.get("output") is not None:
            self.done[key] = record
        else:
            note = record["note"]
            if "tries" in note:
                self.forget(key)
            self.notes.setdefault(key, {}).update(note)
            if "state" in record:
                self.states.update({(key, name): record["state"] for name in note})
        self.records.append(record)

    async def keep_answers(self, run: WorkflowRun) -> None:
        """The run goes on with the answers of people; who goes on after its process died need not be given them again."""
        news = [answer for answer in run.answered if answer not in self.answers]
        if self.db is not None and news:
            await self._write(run, {"key": "", "answers": [answer.to_dict() for answer in news]})

    def recorded(self, place: Place) -> StepOutput:
        """What a step that is `done` gave, with its effects on state and runs."""
        record = self.done[place.key]
        output = record["output"]
        if not isinstance(output, StepOutput):
            output = record["output"] = StepOutput.from_dict(output)
        if record.get("state") is not None:
            replace(place.state, record["state"])
        runs = [self.pool[run_id] for run_id in record.get("run_ids") or () if run_id in self.pool]
        place.run.executed(place.key, *runs)
        place.run.count_all(output)
        if record.get("raised"):
            raise StepFailed(output)
        return output

    def record(
        self, place: Place, output: StepOutput, before: dict[str, Any], runs: Sequence[Any], *, leaf: bool, raised: bool
    ) -> Awaitable[None] | None:
        """A step ended. None: nothing is stored, so there is nothing to wait for."""
        record: dict[str, Any] = {"key": place.key, "output": output}
        if runs:
            record["run_ids"] = run_ids = []
            for run in runs:
                run_ids.append(run.run_id)
                self.pool[run.run_id] = run
        if raised:
            record["raised"] = True
        self._add_state(record, place, before)
        self.done[place.key] = record
        self.records.append(record)
        return None if self.db is None else self._kept(place, record, runs if leaf else ())

    async def note(self, place: Place, name: str, value: Any, before: dict[str, Any] | None = None) -> None:
        """Something was decided."""
        record: dict[str, Any] = {"key": place.key, "note": {name: value}}
        if before is not None:
            self._add_state(record, place, before)
        self.notes.setdefault(place.key, {})[name] = value
        self.records.append(record)
        if self.db is not None and (keeping := self._kept(place, record, ())) is not None:
            await keeping

    def noted(self, place: Place, name: str) -> Any:
        """What was decided, or None; with what deciding it changed in the state, where an earlier process did."""
        if self.states and (state := self.states.pop((place.key, name), None)) is not None:
            replace(place.state, state)
        return self.notes.get(place.key, {}).get(name)

    def knows(self, key: str) -> bool:
        """True if something was done or decided at the place."""
        return key in self.done or key in self.notes or key in self.since

    def forget(self, key: str) -> None:
        """Let a step, with all that is inside of it, be done again; what people said of it stays."""
        inside = beginnings(key)
        for known in (self.done, self.notes):
            for one in [one for one in list(known) if one.startswith(inside)]:  # parallel steps add to it meanwhile
                del known[one]
        self.notes[key] = {name: value for name, value in self.notes.get(key, {}).items() if name in _SAID}
        for record in list(self.records):
            if record["key"].startswith(inside) or (record["key"] == key and not _stays(record)):
                self.records.remove(record)

    def forget_failures(self, place: Place) -> None:
        """Let the steps inside of a container that failed run again."""
        inside = beginnings(place.key)
        failed = [
            key
            for key, record in list(self.done.items())  # parallel steps add to it meanwhile
            if key.startswith(inside) and not _success(record["output"])
        ]
        for key in failed:
            gone = self.done.pop(key)
            self.records.remove(gone)

    def _add_state(self, record: dict[str, Any], place: Place, before: dict[str, Any]) -> None:
        now = own_state(place.context.session_state)
        if now == before:
            return
        record["state"] = private_copy(now)
        if place.context is not place.run.root.context:
            record["branch"] = True  # the state of parallel steps is their own until all of them ended

    def _kept(self, place: Place, record: dict[str, Any], runs: Sequence[Any]) -> Awaitable[None] | None:
        return None if place.key == self.unsaved_key else self._store(place, record, runs)

    async def _store(self, place: Place, record: dict[str, Any], runs: Sequence[Any]) -> None:
        stored = {**record, "runs": [run.to_dict() for run in runs]} if runs else record
        await self._write(place.run.root, stored, self.spent.pop(place.key, ()) if "output" in record else ())

    async def _write(self, owner: WorkflowRun, record: dict[str, Any], spent: Collection[str] = ()) -> None:
        row = progress_id(owner.context.run_id, next(self.numbers))
        self.rows.append(row)
        options: dict[str, Any] = {"new": True, "dropped": spent} if spent else {"new": True}
        await owner.io.call(self.db.note_progress, owner.session, owner.output, {row: record}, **options)
        for gone in spent:
            self.rows.remove(gone)
        await renew(owner)


_SAID = frozenset({"start", "tries", "failures"})  # notes of what people said of a step, and how often it failed


def _stays(record: dict[str, Any]) -> bool:
    return "note" not in record or not _SAID.isdisjoint(record["note"])


def _success(output: Any) -> bool:
    return bool(output.success if isinstance(output, StepOutput) else output.get("success", True))


def _runs_inside(runs: Iterable[Any], field: str) -> Iterator[Any]:
    """What lies in this field of the runs, and in that of those, however deep: each before what is inside of it."""
    for run in runs:
        for inside in run.__dict__.get(field) or ():
            yield inside
            yield from _runs_inside([inside], field)


__all__ = ["Journal"]
