"""A workflow killed at random moments, again and again, and continued each time by another process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.workflow import Workflow

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]

# A workflow in a workflow: a loop over parallel sequences of functions and agents, each of which notes that it began.
STEPS = """
import os, time
from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import Loop, Parallel, Step, Steps, Workflow

def steps_of(folder):
    def note(name):
        with open(f"{folder}/ran.txt", "a") as file:
            file.write(name + "\\n")
        time.sleep(0.003)  # time to be killed in

    def function(name):
        def work(step_input, session_state):
            note(name)
            session_state.setdefault(name, []).append(len(session_state.get(name, ())))
            return name
        return Step(name, executor=work)

    def agent(name):
        def answer(messages):
            note(name)
            return says(f"text of {name}")
        return Agent(name=name, model=ScriptedModel(answer, repeat=True))

    def branch(letter):
        return Steps(f"branch {letter}", steps=[function(f"{letter}1"), agent(f"{letter}2"), function(f"{letter}3")])

    rounds = Loop([function("r1"), Parallel(*map(branch, "abc"), name="side by side"), agent("r2")], name="rounds", max_iterations=3)
    inner = Workflow(name="inner", steps=[function("i1"), rounds, function("i2")])
    return [function("o1"), Step("nested", workflow=inner), function("o2")]
"""
PROGRAM = (
    STEPS
    + """
import asyncio, sys
from agno.db.sqlite import SqliteDb

folder, mode, begun = sys.argv[1:]
workflow = Workflow(name="w", session_id="s", db=SqliteDb(db_file=f"{folder}/w.db"), steps=steps_of(folder))
print("ready", flush=True)
if mode == "run":
    workflow.continue_run(run_id="r", take_over=True) if begun == "yes" else workflow.run("go", run_id="r")
else:
    asyncio.run(workflow.acontinue_run(run_id="r", take_over=True) if begun == "yes" else workflow.arun("go", run_id="r"))
"""
)
ROUNDS = 3
EXPECTED = Counter({name: 1 for name in ("o1", "o2", "i1", "i2")})
EXPECTED.update({f"{letter}{number}": ROUNDS for letter in "abc" for number in (1, 2, 3)})
EXPECTED.update({"r1": ROUNDS, "r2": ROUNDS})
KILLS = 20


def steps_of(folder: Path) -> Any:
    space: dict[str, Any] = {}
    exec(STEPS, space)
    return space["steps_of"](folder)


def stored_run(folder: Path) -> Any:
    workflow = Workflow(name="w", session_id="s", db=SqliteDb(db_file=f"{folder}/w.db"), steps=steps_of(folder))
    return workflow.get_run("r")


def finished(run: Any) -> Counter[str]:
    """How often each function and agent has a record of its end."""
    names: Counter[str] = Counter()
    for record in (run.progress if run is not None else None) or ():
        output = record.get("output")
        if output is not None:
            names[output["step_name"] if isinstance(output, dict) else output.step_name] += 1
    return Counter({name: count for name, count in names.items() if name in EXPECTED})


def ran(folder: Path) -> Counter[str]:
    file = folder / "ran.txt"
    return Counter(file.read_text().split()) if file.exists() else Counter()


@pytest.mark.parametrize("mode", ["run", "arun"])
def test_killed_at_random_moments_no_finished_step_runs_again(mode: str, tmp_path: Path) -> None:
    dice, kills, number = random.Random(f"{mode} 4"), 0, 0
    while kills < KILLS:
        kills += one_run(tmp_path / str(number), mode, dice)
        number += 1


def one_run(folder: Path, mode: str, dice: random.Random) -> int:
    """A run that is killed until it is done; gives how often it was killed in its middle."""
    folder.mkdir()
    kills = 0
    while True:
        run = stored_run(folder)
        if run is not None and run.status is RunStatus.completed:
            break
        done, before = finished(run), ran(folder)
        was_killed = play_and_kill(folder, mode, run is not None, dice)
        again = ran(folder) - before
        for name, count in again.items():
            assert count <= EXPECTED[name] - done[name], f"{name} had finished, and ran again"
        kills += was_killed and bool(finished(stored_run(folder)))
    assert run.content == "o2"
    state = run.session_state
    assert {name: len(values) for name, values in state.items()} == {
        name: count for name, count in EXPECTED.items() if name[-1] != "2" or name in ("o2", "i2")
    }
    for values in state.values():
        assert values == list(range(len(values))), "each step saw what it had left in the state"
    agents = Counter(one.agent_name for nested in run.step_executor_runs for one in nested.step_executor_runs)
    assert agents == Counter({"a2": ROUNDS, "b2": ROUNDS, "c2": ROUNDS, "r2": ROUNDS})
    return kills


def play_and_kill(folder: Path, mode: str, begun: bool, dice: random.Random) -> bool:
    """Let a process begin the run or go on with it, and kill it at a random moment, if it has not ended by then."""
    arguments = [sys.executable, "-c", PROGRAM, str(folder), mode, "yes" if begun else "no"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(dice.uniform(0.0, 0.35))
    process.kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode != 0
