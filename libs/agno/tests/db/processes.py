"""Writers in processes of their own, for databases that several processes share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import BaseDb, SessionType
from agno.exceptions import RunClaimedError, RunNotContinuableError
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, wants
from agno.tools import tool
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


_CONTINUER = """
import sys
from agno.agent import Agent
from agno.exceptions import RunNotContinuableError
from agno.testing import ScriptedModel, says
from agno.tools import tool

@tool(requires_confirmation=True)
def pay() -> str:
    print("paying", flush=True)
    sys.stdin.readline()
    return "paid"

agent = Agent(id="payer", model=ScriptedModel(says("ok")), tools=[pay], db=db)
paused = agent.get_run_output("paid-once", "s")
paused.active_requirements[0].confirm()
print("ready", flush=True)
sys.stdin.readline()
try:
    output = agent.continue_run(run_id="paid-once", session_id="s", requirements=paused.requirements, **eval(sys.argv[1]))
    print(output.status.value, flush=True)
except RunNotContinuableError as error:
    print(type(error).__name__, flush=True)
"""


class _Continuer:
    """A process that has read a paused run, and continues it when it is told to."""

    def __init__(self, make_db: str, **options: Any) -> None:
        path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{make_db}\n{_CONTINUER}", repr(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@tool(requires_confirmation=True)
def pay() -> str:
    raise AssertionError("only the other processes pay")


def check_one_continues(db: BaseDb, make_db: str) -> None:
    """Of processes that continue one paused run, one runs its tool; when that is killed, another can take the run over."""
    agent = Agent(id="payer", model=ScriptedModel(wants("pay")), tools=[pay], db=db)
    assert agent.run("go", run_id="paid-once", session_id="s").is_paused
    first, second, third = _Continuer(make_db), _Continuer(make_db), _Continuer(make_db, take_over=True)
    both = [first, second]
    try:
        assert [one.hear() for one in (*both, third)] == ["ready"] * 3
        for one in both:
            one.go()
        said = [one.hear() for one in both]
        assert sorted(said) == ["RunClaimedError", "paying"]
        both[said.index("paying")].process.kill()
        with pytest.raises(RunClaimedError, match="take_over=True"):
            agent.continue_run(run_id="paid-once", session_id="s", requirements=[])
        third.go()
        assert third.hear() == "paying"
        third.go()
        assert third.hear() == "COMPLETED"
        assert [t.result for t in agent.get_run_output("paid-once", "s").tools] == ["paid"]
        with pytest.raises(RunNotContinuableError, match="is completed"):
            agent.continue_run(run_id="paid-once", session_id="s", requirements=[])
    finally:
        for one in (*both, third):
            one.end()
