"""`agno prune`: old sessions and runs go, or with `--dry-run` are only listed."""

from __future__ import annotations

import argparse
import re
from contextlib import closing
from datetime import timedelta
from typing import Any

from agno.cli._database import opened
from agno.db.base import Pruned

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_prune(commands: Any, default_db: str) -> None:
    """The subcommand with its options."""
    command = commands.add_parser(
        "prune",
        help="delete old sessions and runs",
        usage="agno prune [--db FILE|URL] [--older-than 30d] [--keep-sessions N] [--keep-runs N] [--dry-run]",
        description="Delete sessions that were not used for long, or are too many, and old runs of the others. "
        "Sessions with a run that is not at its end stay.",
    )
    command.add_argument(
        "--db", default=default_db, help="a SQLite file, or the URL of a database (default: %(default)s)"
    )
    command.add_argument(
        "--older-than", type=age, metavar="AGE", help="sessions not used for so long: 90m, 12h, 30d, 8w"
    )
    command.add_argument("--keep-sessions", type=int, metavar="N", help="all but the newest N of each user")
    command.add_argument("--keep-runs", type=int, metavar="N", help="in each session all but the newest N runs")
    command.add_argument("--user", metavar="ID", help="only sessions of this user")
    command.add_argument("--component", metavar="ID", help="only sessions of this agent, team or workflow")
    command.add_argument("--dry-run", action="store_true", help="only say what would go")
    command.set_defaults(run=prune)


def age(text: str) -> timedelta:
    """A length of time such as `30d`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: write a number and m, h, d or w, such as 30d")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text!r} is older than time: write fewer digits") from None


def prune(options: argparse.Namespace) -> int:
    """Do it, and say what went."""
    if options.older_than is options.keep_sessions is options.keep_runs is None:
        raise ValueError("Say what is to go: agno prune --older-than 30d, --keep-sessions 100 or --keep-runs 50.")
    with closing(opened(options.db)) as db:
        pruned = db.prune(
            older_than=options.older_than,
            keep_sessions=options.keep_sessions,
            keep_runs=options.keep_runs,
            user_id=options.user,
            component_id=options.component,
            dry_run=options.dry_run,
        )
    _tell(pruned, options.dry_run)
    return 0


def _tell(pruned: Pruned, dry_run: bool) -> None:
    for session_id in pruned.sessions:
        print(f"session {session_id}")
    for session_id, runs in pruned.runs.items():
        print(f"session {session_id}: {_counted(len(runs), 'run')}")
    runs_gone = sum(map(len, pruned.runs.values()))
    what = f"{_counted(len(pruned.sessions), 'session')} and {_counted(runs_gone, 'run')} of other sessions"
    print(f"{what} would be deleted." if dry_run else f"{what} deleted.")
    if pruned.busy:
        print(f"{_counted(len(pruned.busy), 'session')} stayed, because a run in it is not at its end.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


__all__ = ["add_prune", "age", "prune"]
