"""The names of keys. No id and no value can make one key look like another."""

from __future__ import annotations

from collections.abc import Iterable

from agno.db.tables import Row, Table

# columns whose values have a set of ids each
INDEXED = {
    "sessions": ("session_type", "user_id", "agent_id", "team_id", "workflow_id"),
    "memories": ("user_id", "agent_id", "team_id"),
    "evals": ("agent_id", "team_id", "workflow_id", "model_id", "eval_type"),
    "knowledge": ("linked_to",),
    "metrics": ("date",),
    "components": ("component_type", "component_id"),
    "approvals": ("status", "run_id", "session_id", "user_id", "agent_id"),
    "culture": ("name", "agent_id", "team_id"),
    "learnings": ("learning_type", "namespace", "user_id", "session_id", "entity_id"),
    "schedules": ("component_id", "user_id"),
    "schedule_runs": ("schedule_id", "phase", "user_id"),
    "workers": (),
    "run_events": ("run_id", "last"),
    "traces": ("run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id"),
    "inbox": ("phase",),
}
# a column of numbers by which ids are sorted
RANGED = {"sessions": "created_at", "evals": "created_at"}


class Keys:
    """The keys of a table; `space` is what they all begin with."""

    def __init__(self, table: Table, space: str) -> None:
        self.table, self._space = table, space
        self.everything = f"{space}:index:all"
        self.ranged = f"{space}:index:{RANGED[table.kind]}" if table.kind in RANGED else self.everything + ":none"

    def record(self, key: str) -> str:
        """A row. An id that looks like an index gets a mark, and so does one that looks marked."""
        return f"{self._space}:{'%' if key.startswith(('index:', '%')) else ''}{key}"

    def index(self, column: str, value: str) -> str:
        """The set of the ids with a value; the value comes last, so it may hold anything."""
        return f"{self._space}:index:{column}:{value}"

    def indexes(self, row: Row | None) -> set[str]:
        """The sets a row is in."""
        columns: Iterable[str] = INDEXED[self.table.kind] if row is not None else ()
        return {self.index(column, row[column]) for column in columns if row and row.get(column) is not None}


class RunKeys:
    """The keys of the runs of a session."""

    def __init__(self, space: str) -> None:
        self._space = space

    def order(self, session_id: str) -> str:
        """A sorted set: run ids by their place."""
        return f"{self._space}:order:{session_id}"

    def payloads(self, session_id: str) -> str:
        """A hash: run id to JSON."""
        return f"{self._space}:data:{session_id}"


__all__ = ["INDEXED", "RANGED", "Keys", "RunKeys"]
