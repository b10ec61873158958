"""Sessions and memories of Agno 1 into the tables of today. The command `agno migrate` does the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agno.db._async import AsyncBaseDb
from agno.db._old_tables import OldTables
from agno.db._sessions import session_of as object_of
from agno.db.base import BaseDb
from agno.db.migrations._move import BATCH, Moved, Progress, Report, found_tables, move_table, out_of_the_way, quiet
from agno.db.migrations._v1_rows import AGENT, KINDS, MEMORY, TEAM, WORKFLOW, OldTable, memory_of, session_of
from agno.db.schemas.memory import UserMemory
from agno.session import AgentSession, TeamSession, WorkflowSession


def migrate(
    db: BaseDb | AsyncBaseDb,
    v1_db_schema: str | None = None,
    agent_sessions_table_name: str | None = None,
    team_sessions_table_name: str | None = None,
    workflow_sessions_table_name: str | None = None,
    memories_table_name: str | None = None,
    batch_size: int = BATCH,
    *,
    dry_run: bool = False,
    drop_old: bool = False,
    progress: Progress = quiet,
) -> Any:
    """Move what Agno 1 wrote into the tables of `db`; gives a `Report`, to be awaited if the database is asynchronous.

    Tables that are not named are recognised by their columns if none is named. A session or memory that is there already is
    not touched, so the same call goes on after an interruption. `dry_run` reads and converts everything and writes nothing.
    `drop_old` drops each old table of which every row was moved. Rows that cannot be moved are in `Report.failed`.
    """
    names = (agent_sessions_table_name, team_sessions_table_name, workflow_sessions_table_name, memories_table_name)
    schema = v1_db_schema or None

    def work() -> Report:
        target: BaseDb = db._db if isinstance(db, AsyncBaseDb) else db
        old = target.old_tables()
        tables = [OldTable(name, kind, schema) for name, kind in zip(names, KINDS, strict=True) if name]
        options: Any = {"batch_size": batch_size, "dry_run": dry_run, "progress": progress}
        return Report([_moved(target, old, table, drop_old, options) for table in tables or found_tables(old, schema)])

    return db._run(work) if isinstance(db, AsyncBaseDb) else work()


def _moved(db: BaseDb, old: OldTables, table: OldTable, drop_old: bool, options: Mapping[str, Any]) -> Moved:
    table = out_of_the_way(db, old, table, dry_run=options["dry_run"])
    if table.name not in old.columns(table.schema):
        place = f" in the schema {table.schema!r}" if table.schema else ""
        raise ValueError(f"There is no table {table.name!r}{place} to migrate {table.kind} from. Check the name.")
    moved = move_table(db, old, table, **options)
    if drop_old and not moved.failed and not options["dry_run"]:
        old.drop(table.schema, table.name)
        moved.dropped = True
    return moved


def get_all_table_content(db: BaseDb, db_schema: str | None, table_name: str) -> list[dict[str, Any]]:
    """All rows of a table, as the driver gives them. It reads the whole table; `migrate` does not."""
    old = db.old_tables()
    schema = db_schema or None
    columns = old.columns(schema).get(table_name)
    if columns is None:
        raise ValueError(f"There is no table {table_name!r} in {db_schema or 'the database'!r}.")
    key = next(name for name in ("session_id", "id", "memory_id", *sorted(columns)) if name in columns)
    found: list[dict[str, Any]] = []
    after = None
    while keys := old.keys(schema, table_name, key, after, BATCH):
        after = keys[-1]
        for start in range(0, len(keys), 500):
            found += old.rows(schema, table_name, key, keys[start : start + 500])
    return found


def parse_agent_sessions(v1_content: Sequence[Mapping[str, Any]]) -> list[AgentSession]:
    """The sessions in rows of a table of agents' sessions."""
    return [_session(AGENT, row) for row in v1_content]


def parse_team_sessions(v1_content: Sequence[Mapping[str, Any]]) -> list[TeamSession]:
    """The sessions in rows of a table of teams' sessions."""
    return [_session(TEAM, row) for row in v1_content]


def parse_workflow_sessions(v1_content: Sequence[Mapping[str, Any]]) -> list[WorkflowSession]:
    """The sessions in rows of a table of workflows' sessions."""
    return [_session(WORKFLOW, row) for row in v1_content]


def parse_memories(v1_content: Sequence[Mapping[str, Any]]) -> list[UserMemory]:
    """The memories in rows of a table of memories."""
    rows = [memory_of(row) for row in v1_content]
    return [UserMemory.from_dict({name: value for name, value in row.items() if value is not None}) for row in rows]


def _session(kind: str, row: Mapping[str, Any]) -> Any:
    session = session_of(kind, row)
    return object_of(session.header, [(run["run_id"], run["payload"]) for run in session.runs])


def migrate_table(db: BaseDb, v1_db_schema: str | None, v1_table_name: str, v1_table_type: str) -> Report:
    """One table; its type is one of agent_sessions, team_sessions, workflow_sessions and memories."""
    table = OldTable(v1_table_name, v1_table_type, v1_db_schema or None)
    options: Any = {"batch_size": BATCH, "dry_run": False, "progress": quiet}
    return Report([_moved(db, db.old_tables(), table, False, options)])


__all__ = [
    "MEMORY",
    "Report",
    "get_all_table_content",
    "migrate",
    "migrate_table",
    "parse_agent_sessions",
    "parse_memories",
    "parse_team_sessions",
    "parse_workflow_sessions",
]
