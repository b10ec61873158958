"""A paused team goes on in processes that really are others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from house.imports import LIBRARY

_PROGRAM = """
import asyncio, sys
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool

phase = sys.argv[1]


def note(text):
    with open("done.txt", "a") as file:
        print(text, file=file)


def look() -> str:
    "Look around."
    note("look")
    return "seen"


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    "Pay an amount."
    note(f"pay {amount}")
    return f"paid {amount}"


def member(name, amount):
    first = [wants(call("look"), call("pay", amount=amount))] if phase == "begin" else []
    return Agent(name=name, model=ScriptedModel(*first, says(f"{name} paid")), tools=[look, pay])


asked = [wants("delegate_task_to_members", task_description="pay")] if phase == "begin" else []
team = Team(
    [member("Ann", 1), member("Ben", 2)], model=ScriptedModel(*asked, says("All paid")), mode="broadcast", name="Desk",
    db=SqliteDb(db_file="team.db"), session_id="s",
)
if phase == "begin":
    print(asyncio.run(team.arun("go", run_id="r")).status.value)
else:
    stored = team.get_run_output("r")
    (asked,) = [one for one in stored.active_requirements if one.member_agent_name == phase]
    asked.confirm()
    output = team.continue_run(run_id="r", requirements=[asked])
    print(output.status.value, output.content if output.status == "COMPLETED" else "")
"""


def test_each_answer_comes_from_a_process_of_its_own(tmp_path: Path) -> None:
    said = []
    for phase in ("begin", "Ben", "Ann"):
        command = [sys.executable, "-c", _PROGRAM, phase]
        environment = {"PYTHONPATH": str(LIBRARY), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    assert said == ["PAUSED", "PAUSED", "COMPLETED All paid"]
    acted = (tmp_path / "done.txt").read_text().split("\n")
    assert sorted(acted[:2]) == ["look", "look"] and acted[2:4] == ["pay 2", "pay 1"] and len(acted) == 5
