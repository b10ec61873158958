"""Memories, evaluations, knowledge contents and daily metrics, above the row verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

from agno.db._metrics import PERIOD, Days, epoch, utc_date
from agno.db._port import DbError, RowVerbs, new_row, of_user
from agno.db.query import Place, Query, Where, equal
from agno.db.schemas.evals import EvalFilterType, EvalRunRecord
from agno.db.schemas.knowledge import KnowledgeRow
from agno.db.schemas.memory import UserMemory
from agno.db.tables import EVALS, KNOWLEDGE, MEMORIES, METRICS, SESSIONS, Row, check_id, fitting
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id

_METRICS_COLUMNS = ("session_id", "session_type", "user_id", "session_data", "created_at")
_BATCH = 100  # sessions whose runs are read together


class Records(RowVerbs):
    """What a database keeps besides sessions."""

    # Memories --------------------------------------------------------------------------------------------------------

    def upsert_user_memory(self, memory: UserMemory, deserialize: bool = True) -> Any:
        """Store a memory; gives it as it is stored. A memory stays with the user it was made for.

        When it was made, and the run it is from, stay too where the new one does not say.
        """
        memory_id, now = memory.memory_id or new_id(), now_epoch()
        check_id("memory_id", memory_id)

        def written(row: Row | None) -> Row:
            before = row or {}
            new = {
                "memory_id": memory_id,
                "memory": memory.memory,
                "input": memory.input,
                "agent_id": memory.agent_id,
                "team_id": memory.team_id,
                "user_id": memory.user_id if row is None else row["user_id"],
                "topics": memory.topics,
                "updated_at": now,
                "created_at": before.get("created_at")
                or _seconds(memory.created_at)
                or before.get("updated_at")
                or now,
                "feedback": memory.feedback,
                "run_id": memory.run_id or before.get("run_id"),
                "session_id": memory.session_id or before.get("session_id"),
            }
            return fitting(MEMORIES, new)

        memory.memory_id = memory_id
        row = self.update(MEMORIES, memory_id, written)
        assert row is not None
        return _memory(row) if deserialize else row

    def get_user_memory(self, memory_id: str, deserialize: bool = True, *, user_id: str | None = None) -> Any:
        """A memory, or its row as a dict; None if it is not there, or not of this user."""
        row = of_user(self.get(MEMORIES, memory_id), user_id)
        return _memory(row) if row is not None and deserialize else row

    def get_user_memories(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        topics: Sequence[str] | None = None,
        search_content: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        deserialize: bool = True,
        *,
        after: Place | None = None,
    ) -> Any:
        """Memories that fit all filters and have all topics; as dicts, with the number before paging (None with `after`)."""
        where = [*equal(user_id=user_id, agent_id=agent_id, team_id=team_id)]
        if topics:
            where.append(Where("all", ("topics",), list(topics)))
        if search_content is not None:
            where.append(Where("contains", ("memory",), search_content))
        rows, total = self._page_behind(MEMORIES, Query(tuple(where), sort_by, sort_order, limit, page, after=after))
        return [_memory(row) for row in rows] if deserialize else (rows, total)

    def get_all_memory_topics(self) -> list[str]:
        """All topics of all memories, each once, in the order they came up."""
        rows, _ = self.find(MEMORIES, Query(columns=("topics",)))
        return list(dict.fromkeys(topic for row in rows for topic in row["topics"] or ()))

    def get_user_memory_stats(self, limit: int | None = None, page: int | None = None) -> tuple[list[Row], int]:
        """How many memories each user has and when the last one changed, newest first, and the number of users."""
        rows, _ = self.find(MEMORIES, Query((Where("set", ("user_id",)),), columns=("user_id", "updated_at")))
        users: dict[str, Row] = {}
        for row in rows:
            user = row["user_id"]
            stats = users.setdefault(user, {"user_id": user, "total_memories": 0, "last_memory_updated_at": 0})
            stats["total_memories"] += 1
            stats["last_memory_updated_at"] = max(stats["last_memory_updated_at"], row["updated_at"] or 0)
        found = sorted(users.values(), key=lambda stats: stats["last_memory_updated_at"], reverse=True)
        window = Query(limit=limit, page=page).window
        return (found if window is None else found[window[1] : sum(window)]), len(found)

    def delete_user_memory(self, memory_id: str, *, user_id: str | None = None) -> None:
        """Delete a memory, if it is of this user when one is given."""
        self.delete_user_memories([memory_id], user_id=user_id)

    def delete_user_memories(self, memory_ids: Sequence[str], *, user_id: str | None = None) -> None:
        """Delete memories, if they are of this user when one is given."""
        self._delete_mine(MEMORIES, memory_ids, user_id)

    def clear_memories(self) -> None:
        """Delete all memories of all users."""
        self.delete(MEMORIES, None)

    # Evaluations -----------------------------------------------------------------------------------------------------

    def create_eval_run(self, eval_run: EvalRunRecord) -> EvalRunRecord:
        """Store a new evaluation."""
        given = eval_run.model_dump(mode="json")
        new = new_row(EVALS, {**given, "eval_input": given["eval_input"] or {}})

        def written(row: Row | None) -> Row:
            if row is not None:
                raise DbError(f"There is an evaluation {eval_run.run_id!r} already. Give this one another run_id.", 409)
            return new

        self.update(EVALS, eval_run.run_id, written)
        return eval_run

    def get_eval_run(self, eval_run_id: str, deserialize: bool = True) -> Any:
        """An evaluation, or its row as a dict, or None."""
        row = self.get(EVALS, eval_run_id)
        return row if row is None or not deserialize else EvalRunRecord.model_validate(row)

    def get_eval_runs(
        self,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        model_id: str | None = None,
        filter_type: Any = None,
        eval_type: Sequence[Any] | None = None,
        deserialize: bool = True,
        *,
        after: Place | None = None,
    ) -> Any:
        """Evaluations that fit all filters, newest first unless sorted; as dicts, with the number before paging (None with
        `after`)."""
        where = [*equal(agent_id=agent_id, team_id=team_id, workflow_id=workflow_id, model_id=model_id)]
        if filter_type is not None:
            where.append(Where("set", (f"{_filter_type(filter_type)}_id",)))
        if eval_type:
            where.append(Where("in", ("eval_type",), [getattr(kind, "value", kind) for kind in eval_type]))
        order = (sort_by, sort_order) if sort_by is not None else ("created_at", "desc")
        rows, total = self._page_behind(EVALS, Query(tuple(where), *order, limit, page, after=after))
        return [EvalRunRecord.model_validate(row) for row in rows] if deserialize else (rows, total)

    def rename_eval_run(self, eval_run_id: str, name: str, deserialize: bool = True) -> Any:
        """Set the name; gives the evaluation, or None if it is not there."""

        def named(row: Row | None) -> Row | None:
            return row and {**row, "name": name, "updated_at": now_epoch()}

        row = self.update(EVALS, eval_run_id, named)
        return row if row is None or not deserialize else EvalRunRecord.model_validate(row)

    def delete_eval_run(self, eval_run_id: str) -> None:
        """Delete an evaluation."""
        self.delete(EVALS, [eval_run_id])

    def delete_eval_runs(self, eval_run_ids: Sequence[str]) -> None:
        """Delete evaluations."""
        self.delete(EVALS, eval_run_ids)

    # Knowledge -------------------------------------------------------------------------------------------------------

    def upsert_knowledge_content(self, knowledge_row: KnowledgeRow) -> KnowledgeRow:
        """Store a content; all its columns are replaced."""
        self.put(KNOWLEDGE, fitting(KNOWLEDGE, knowledge_row.model_dump(mode="json")))
        return knowledge_row

    def get_knowledge_content(self, id: str) -> KnowledgeRow | None:
        """A content, or None."""
        row = self.get(KNOWLEDGE, id)
        return None if row is None else KnowledgeRow.model_validate(row)

    def get_knowledge_contents(
        self,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        *,
        linked_to: str | None = None,
        after: Place | None = None,
    ) -> tuple[list[KnowledgeRow], int | None]:
        """Contents, and the number before paging (None with `after`)."""
        query = Query(equal(linked_to=linked_to), sort_by, sort_order, limit, page, after=after)
        rows, total = self._page_behind(KNOWLEDGE, query)
        return [KnowledgeRow.model_validate(row) for row in rows], total

    def delete_knowledge_content(self, id: str) -> None:
        """Delete a content."""
        self.delete(KNOWLEDGE, [id])

    # Daily metrics ---------------------------------------------------------------------------------------------------

    def get_metrics(
        self, starting_date: date | None = None, ending_date: date | None = None
    ) -> tuple[list[Row], int | None]:
        """Metrics of the days from one date to the other, both included, and when the newest of them was made."""
        where = []
        if starting_date is not None:
            where.append(Where("from", ("date",), _iso_day(starting_date)))
        if ending_date is not None:
            where.append(Where("to", ("date",), _iso_day(ending_date)))
        rows, _ = self.find(METRICS, Query(tuple(where), "date", "asc"))
        latest = max((row["updated_at"] or 0 for row in rows), default=None)
        return [_with_date(row) for row in rows], latest

    def calculate_metrics(self) -> list[Row] | None:
        """Count the days since the last one that was counted; gives the rows written, None if there are no sessions.

        That day is counted once more, and the day before it while it is not over: a run that began before midnight may
        end after it. Days that were counted before that are final, also when their sessions are deleted.
        """
        today = datetime.now(timezone.utc).date()
        first = self._first_day()
        if first is None:
            return None
        days, headers = Days(first, today), self._active_since(first)
        for start in range(0, len(headers), _BATCH):
            some = headers[start : start + _BATCH]
            runs = self.load_runs([header["session_id"] for header in some])
            for header in some:
                days.add(header, runs.get(header["session_id"], ()))
        return [self._put_day(days[day].row(day, completed=day < today)) for day in sorted(days)]

    def _active_since(self, day: date) -> list[Row]:
        """The headers of the sessions that were made, or had a run, on this day or later."""
        found: dict[str, Row] = {}
        for column in ("created_at", "updated_at"):
            where = (Where("from", (column,), epoch(day)),)
            rows, _ = self.find(SESSIONS, Query(where, columns=_METRICS_COLUMNS))
            found.update((row["session_id"], row) for row in rows)
        return list(found.values())

    def _first_day(self) -> date | None:
        newest, _ = self.find(METRICS, Query(sort_by="date", limit=1, columns=("date", "completed")))
        if newest:
            day = date.fromisoformat(newest[0]["date"])
            return day if newest[0]["completed"] else day - timedelta(days=1)
        query = Query(sort_by="created_at", sort_order="asc", limit=1, columns=("created_at",))
        oldest, _ = self.find(SESSIONS, query)
        return utc_date(oldest[0]["created_at"]) if oldest else None

    def _put_day(self, new: Row) -> Row:
        found, _ = self.find(METRICS, Query(equal(date=new["date"], aggregation_period=PERIOD), limit=1))
        if found:  # such as one with another id, from an older version
            new = {**new, "id": found[0]["id"], "created_at": found[0]["created_at"]}
        self.put(METRICS, new)
        return _with_date(new)


def _filter_type(given: Any) -> str:
    try:
        return EvalFilterType(given).value
    except ValueError:
        known = ", ".join(repr(kind.value) for kind in EvalFilterType)
        raise ValueError(f"filter_type={given!r} is none of {known}.") from None


def _iso_day(day: date | str) -> str:
    """A day as it is stored; of a moment its day. Raises ValueError for a text that is no date."""
    if isinstance(day, datetime):
        return day.date().isoformat()
    return (date.fromisoformat(day) if isinstance(day, str) else day).isoformat()


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _memory(row: Row) -> UserMemory:
    fields = {name: value for name, value in row.items() if value is not None}
    if isinstance(fields["memory"], dict):  # some versions kept the whole record here
        fields = {**fields, **fields["memory"]}
    return UserMemory.from_dict(fields)


def _with_date(row: Row) -> Row:
    return {**row, "date": date.fromisoformat(row["date"]), "completed": bool(row["completed"])}


__all__ = ["Records"]
