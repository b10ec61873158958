"""Real processes on one SQLite file: each firing happens once, also when a process is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from clocks import reporter

from agno.db.sqlite import SqliteDb
from agno.scheduler import FiringStatus, Scheduler, Schedules

_WORKER = """
import asyncio, sys
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.scheduler import Scheduler
from agno.testing import ScriptedModel, says, wants

path, what = sys.argv[1:]


async def hold() -> str:
    "Hold on."
    print("began", flush=True)
    await asyncio.Event().wait()
    return ""


turns = [wants("hold")] if what == "hold" else [says("done")]
agent = Agent(name="Reporter", model=ScriptedModel(*turns, repeat=True), tools=[hold])
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(Scheduler(SqliteDb(db_file=path), [agent], lease=2).run_due())
print(len(agent.model.requests), flush=True)
"""


def worker(path: Path, what: str = "work") -> subprocess.Popen[str]:
    """A process that has begun, and waits for a line before it looks for what is due."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(path), what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_two_processes_fire_each_of_two_hundred_once(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "s.db"))
    schedules = Schedules(db)
    for n in range(200):
        schedules.create(f"n{n}", component_type="agent", component_id="reporter", run_at=time.time() - 1)
    workers = [worker(tmp_path / "s.db") for _ in range(2)]
    for process in workers:  # both at once
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(process.communicate(timeout=50)[0]) for process in workers]
    firings, total = schedules.firings()
    assert sum(counts) == 200 == total == len({firing.schedule_id for firing in firings})
    assert {firing.status for firing in firings} == {FiringStatus.COMPLETED}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_what_a_killed_process_had_is_run_by_another_one(tmp_path: Path) -> None:
    db: Any = SqliteDb(db_file=str(tmp_path / "s.db"))
    schedules = Schedules(db)
    schedules.create("News", component_type="agent", component_id="reporter", run_at=time.time() - 1)
    process = worker(tmp_path / "s.db", "hold")
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "began\n"
    process.kill()
    process.wait(30)

    [firing] = schedules.firings()[0]
    assert firing.status is FiringStatus.RUNNING and firing.lease_until is not None
    early = Scheduler(db, [reporter()], clock=lambda: firing.lease_until - 1)
    assert asyncio.run(early.run_due()) == 0
    late = Scheduler(db, [reporter()], clock=lambda: firing.lease_until)
    assert asyncio.run(late.run_due()) == 1
    [firing] = schedules.firings()[0]
    assert (firing.status, firing.takeovers, firing.worker) == (FiringStatus.COMPLETED, 1, late.worker)
