"""Writers in processes of their own, for databases that several processes share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agno.db.base import BaseDb, SessionType
from agno.run.base import RunStatus
from db.contract import ids

_TURNS = 15
_WRITER = """
import sys
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession

name, turns = sys.argv[1], int(sys.argv[2])
for number in range(turns):
    session = db.read_session("s", "agent", runs=3) or AgentSession("s", agent_id="agent")
    run = RunOutput(run_id=f"{name}-{number}", content="hi" * 500)
    db.begin_run(session, run)
    run.status = RunStatus.completed
    metrics = (session.session_data or {}).get("session_metrics") or {}
    total = metrics.get("total_tokens", 0) + 1
    session.session_data = {**(session.session_data or {}), "session_metrics": {"total_tokens": total}}
    db.finish_run(session, run)
    print(run.run_id, flush=True)
"""


def writer(make_db: str, name: str, turns: int = _TURNS) -> subprocess.Popen[str]:
    """A process that writes `turns` runs into session "s" and prints their ids. `make_db` is code that makes `db`."""
    arguments = [sys.executable, "-c", f"{make_db}\n{_WRITER}", name, str(turns)]
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}  # the databases' fakes are among the tests
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)


def check_two_writers(db: BaseDb, make_db: str) -> None:
    """Two processes write one session from its first moment: no run is lost, and costs add up."""
    writers = [writer(make_db, name) for name in "ab"]
    for process in writers:
        process.communicate(timeout=50)
    assert [process.returncode for process in writers] == [0, 0]
    session = db.get_session("s", SessionType.AGENT)
    assert sorted(ids(session)) == sorted(f"{name}-{number}" for name in "ab" for number in range(_TURNS))
    for name in "ab":
        mine = [run_id for run_id in ids(session) if run_id.startswith(name)]
        assert mine == [f"{name}-{number}" for number in range(_TURNS)]
    assert all(run.status is RunStatus.completed for run in session.runs)
    assert session.session_data["session_metrics"]["total_tokens"] == 2 * _TURNS
