"""A workflow whose process died goes on from its last finished step. The process here really dies, by SIGKILL."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.workflow import Workflow

from playing import MODES, play

# Every step notes that it ran; the steps that `killing` names kill the process.
STEPS = """
import os, signal
from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import Condition, Loop, Parallel, Router, Step, Steps, Workflow

def steps_of(folder, killing, shape):
    def step(name):
        def work(step_input, session_state):
            with open(f"{folder}/ran.txt", "a") as file:
                file.write(name + "\\n")
            if name in killing:
                os.kill(os.getpid(), signal.SIGKILL)
            session_state[name] = step_input.previous_step_content
            return name
        work.__name__ = name
        return work
    if shape == "ten":
        return [step(f"s{n}") for n in range(1, 11)]
    def note(step_input, session_state):
        with open(f"{folder}/ran.txt", "a") as file:
            file.write("decided\\n")
        return True
    agent = Agent(name="writer", model=ScriptedModel(says("text"), repeat=True))
    inner = Workflow(name="inner", steps=[step("i1"), agent, step("i2")])
    return [
        step("s1"),
        Steps("box", steps=[
            Parallel(step("p1"), Steps("ps", steps=[step("p2"), step("p3")]), name="par"),
            Condition(note, [step("c1")], name="if"),
            Router(lambda si: ["r2", "r1"], [step("r1"), step("r2")], name="way"),
        ]),
        Loop([step("l1"), step("l2")], name="loop", max_iterations=2),
        Step("nested", workflow=inner),
        step("s2"),
    ]
"""
PROGRAM = (
    STEPS
    + """
import asyncio, sys
from agno.db.sqlite import SqliteDb

folder, killing, shape, mode = sys.argv[1:]
workflow = Workflow(name="w", session_id="s", db=SqliteDb(db_file=f"{folder}/w.db"), steps=steps_of(folder, killing, shape))
options = {"run_id": "r", "session_state": {"began": True}}
if mode == "run":
    workflow.run("go", **options)
elif mode == "run_stream":
    list(workflow.run("go", stream=True, **options))
elif mode == "arun":
    asyncio.run(workflow.arun("go", **options))
else:
    async def read():
        async for _ in workflow.arun("go", stream=True, **options):
            pass
    asyncio.run(read())
"""
)
space: dict[str, Any] = {}
exec(STEPS, space)  # the same steps for this process


def killed(folder: Path, killing: str, shape: str, mode: str) -> None:
    arguments = [sys.executable, "-c", PROGRAM, str(folder), killing, shape, mode]
    process = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert process.returncode == -signal.SIGKILL, process.stderr


def workflow_in(folder: Path, shape: str) -> Workflow:
    steps = space["steps_of"](folder, "nothing", shape)
    return Workflow(name="w", session_id="s", db=SqliteDb(db_file=f"{folder}/w.db"), steps=steps)


def ran(folder: Path) -> list[str]:
    return (folder / "ran.txt").read_text().split()


@pytest.mark.parametrize(("mode", "first"), list(zip(MODES, [*MODES[1:], MODES[0]], strict=True)))
def test_killed_after_step_six_of_ten_the_six_do_not_run_again(mode: str, first: str, tmp_path: Path) -> None:
    killed(tmp_path, "s7", "ten", first)
    workflow = workflow_in(tmp_path, "ten")
    stored = workflow.get_run("r")
    assert stored is not None and stored.status is RunStatus.running
    assert [one.content for one in stored.step_results] == [f"s{n}" for n in range(1, 7)]
    assert stored.session_state == {"began": True, "s1": None, **{f"s{n}": f"s{n - 1}" for n in range(2, 7)}}
    seen = play(workflow, None, mode, "continue_run", run_id="r")
    assert seen.output.content == "s10" and seen.output.input == "go"
    assert ran(tmp_path) == [*(f"s{n}" for n in range(1, 8)), *(f"s{n}" for n in range(7, 11))]
    session = workflow.get_session("s")
    assert [run.run_id for run in session.runs] == ["r"] and session.runs[0].status is RunStatus.completed
    assert session.session_data["session_state"]["s10"] == "s9" and session.session_data["session_state"]["began"]
    with SqliteDb(db_file=f"{tmp_path}/w.db")._reading() as connection:
        assert connection.execute("SELECT count(*) FROM agno_sessions_runs").fetchone() == (1,)


@pytest.mark.parametrize("moment", ["p3", "c1", "r1", "l2", "i2", "s2"])
def test_killed_anywhere_no_finished_step_and_no_decision_is_made_again(moment: str, tmp_path: Path) -> None:
    expected = workflow_in(tmp_path, "all").run("go", session_id="other", session_state={"began": True})
    (tmp_path / "ran.txt").unlink()
    mode = MODES[["p3", "c1", "r1", "l2", "i2", "s2"].index(moment) % 4]
    killed(tmp_path, moment, "all", mode)
    before = ran(tmp_path)
    seen = play(workflow_in(tmp_path, "all"), None, mode, "continue_run", run_id="r")
    assert seen.output.content == expected.content == "s2"
    assert seen.output.session_state == expected.session_state
    assert [one.to_dict()["content"] for one in seen.output.step_results] == [
        one.to_dict()["content"] for one in expected.step_results
    ]
    after = ran(tmp_path)[len(before) :]
    once = [name for name in before if name != moment and name not in ("l1", "l2", "p1")]
    assert not set(once) & set(after), "what was finished is not done again"
    assert after.count("decided") == (0 if "decided" in before else 1)
    agents = [run for nested in seen.output.step_executor_runs for run in nested.step_executor_runs]
    assert [run.content for run in agents] == ["text"]


def test_without_checkpoints_a_killed_run_begins_again(tmp_path: Path) -> None:
    db = SqliteDb(db_file=f"{tmp_path}/w.db")
    rows: list[int] = []

    def look(step_input: Any) -> str:
        with db._reading() as connection:
            rows.append(connection.execute("SELECT count(*) FROM agno_sessions_runs").fetchone()[0])
        return "x"

    for checkpoint, expected in (("runs", [1, 1]), ("steps", [1, 2])):
        rows.clear()
        db.delete_sessions(["s"])
        steps = [look, space["Step"]("again", executor=look), space["Step"]("last", executor=lambda: "y")]
        Workflow(session_id="s", db=db, steps=steps, checkpoint=checkpoint).run("go")
        assert rows == expected


def test_what_is_written_for_a_step_does_not_grow_with_the_steps_before_it(tmp_path: Path) -> None:
    db = SqliteDb(db_file=f"{tmp_path}/w.db")
    sizes: list[int] = []
    note = db.note_progress

    def noting(*given: Any, **options: Any) -> None:
        note(*given, **options)
        with db._reading() as connection:
            row = connection.execute("SELECT length(payload) FROM agno_sessions_runs ORDER BY seq DESC LIMIT 1")
            sizes.append(row.fetchone()[0])

    db.note_progress = noting  # type: ignore[method-assign]
    steps = [space["Step"](f"s{n:02}", executor=lambda: "the same") for n in range(40)]
    Workflow(session_id="s", db=db, steps=steps).run("go")
    assert len(sizes) == 39 and max(sizes) - min(sizes) <= 12  # digits of numbers
