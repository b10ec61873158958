"""`agno migrate`: what older versions wrote, for this one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agno.cli._database import EXAMPLES, opened
from agno.cli._sentences import tell
from agno.db._schema import KNOWN_VERSIONS, SCHEMA_VERSION
from agno.db.base import BaseDb, MigrationRequiredError
from agno.db.migrations._move import Moved, Report, look_at_runs
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate
from agno.db.query import Query
from agno.db.tables import SESSIONS

_V1 = ("agent_sessions", "team_sessions", "workflow_sessions", "memories")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes. The long names are those of the variables in the script of Agno 2.0."""
    add = parser.add_argument
    add("db", metavar="DB", help=f"the database: {EXAMPLES}, or a SQLite file")
    add("--dry-run", action="store_true", help="read and convert everything, and write nothing")
    add("--drop-old", action="store_true", help="drop each old table of which every row was moved (default: keep them)")
    add(
        "--batch-size",
        type=_positive,
        default=5000,
        metavar="N",
        help="how many ids to read at once (default: %(default)s)",
    )
    add(
        "--to",
        choices=KNOWN_VERSIONS,
        default=SCHEMA_VERSION,
        help="version of the schema; 2.0.0 goes back to what Agno 2.0 reads",
    )
    add("--db-schema", metavar="NAME", help="schema of the new tables (default: ai), or the database of MongoDB")
    add("--v1-tables-schema", metavar="NAME", help="schema of the tables of Agno 1 (default: that of the new ones)")
    for kind in _V1:
        add(f"--v1-{kind.replace('_', '-')}-table-name", metavar="NAME", help="default: recognised by its columns")
    add("--v2-sessions-table-name", metavar="NAME", help="default: agno_sessions")
    add("--v2-memories-table-name", metavar="NAME", help="default: agno_memories")


def run(options: argparse.Namespace) -> int:
    """Migrate; the exit code is 0, or 2 if rows could not be moved."""
    db = opened(options.db, options.db_schema, options.v2_sessions_table_name, options.v2_memories_table_name)
    try:
        with _bars() as show:
            report = _migrated(db, options, show)
    except KeyboardInterrupt:
        tell("interrupted. Begin again with the same command: what was moved is not moved twice.")
        raise
    finally:
        db.close()
    for table in report.tables:
        print(_line(table, options.dry_run))
    if not report.tables:
        print("There is nothing to migrate.")
    report.check()
    return 0


def _migrated(db: BaseDb, options: argparse.Namespace, show: Any) -> Report:
    names = {f"{kind}_table_name": getattr(options, f"v1_{kind}_table_name") for kind in _V1}
    how: dict[str, Any] = {"batch_size": options.batch_size, "progress": show}
    manager = MigrationManager(db, **how)
    if options.to != SCHEMA_VERSION:
        if options.dry_run:
            raise ValueError("--dry-run does not go with --to: there is nothing to convert on the way back.")
        down: Report = manager.down(options.to)
        return down
    report: Report = migrate(
        db, options.v1_tables_schema, **names, dry_run=options.dry_run, drop_old=options.drop_old, **how
    )
    if options.dry_run:
        report.tables += _full(db, how)
    else:
        report.tables += manager.up(keep_old=not options.drop_old).tables
    return report


def _full(db: BaseDb, how: dict[str, Any]) -> list[Moved]:
    """What becomes of the sessions of Agno 2.0 that hold their runs."""
    try:
        if MigrationManager(db).versions().get("sessions") is None:
            return []
        db.find(SESSIONS, Query(limit=0))  # refuses a table of another program
    except MigrationRequiredError:  # of Agno 1; its rows were counted already
        return []
    moved = look_at_runs(db, db.old_tables(), **how)
    return [moved] if moved.there else []


# What is shown -----------------------------------------------------------------------------------------------------------


@contextmanager
def _bars() -> Iterator[Any]:
    """A bar for each table, on standard error if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bars:

        def show(moved: Moved) -> None:
            if moved.name not in tasks:
                tasks[moved.name] = bars.add_task(moved.name, total=moved.there or None)
            bars.update(tasks[moved.name], completed=moved.done)

        yield show


def _line(moved: Moved, dry_run: bool) -> str:
    what = "would be moved" if dry_run else "moved"
    line = f"{moved.name} ({moved.kind.replace('_', ' ')}): {moved.written:,} {what}"
    if moved.runs:
        line += f" with {moved.runs:,} runs"
    if moved.kept:
        line += f", {moved.kept:,} there already"
    if moved.failed:
        line += f", {len(moved.failed):,} failed"
    return line + (", old table dropped" if moved.dropped else "")


def _positive(given: str) -> int:
    if not given.isdigit() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no number of rows; give 1 or more")
    return int(given)


__all__ = ["add_options", "run"]
