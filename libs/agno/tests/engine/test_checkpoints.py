"""A run whose process died is continued from what is stored of it. The process here really dies, by SIGKILL."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent, ToolCallCompletedEvent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, call, fails, says, wants
from agno.tools import tool

from dying import Dying, Newsroom, plays_again
from playing import MODES, in_every_mode, play

# Every tool notes that it ran; the tool "third" kills the process the first time.
PROGRAM = """
import asyncio, os, signal, sys
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, call, says, wants

folder, checkpoint, mode = sys.argv[1:]

def note(name):
    with open(f"{folder}/ran.txt", "a") as file:
        file.write(name + "\\n")
    return f"{name} is done"

def first(session_state):
    session_state["first"] = True
    return note("first")

def second():
    return note("second")

def third():
    note("third")
    os.kill(os.getpid(), signal.SIGKILL)

agent = Agent(
    model=ScriptedModel(wants("first"), wants(call("second"), call("third"))), tools=[first, second, third],
    db=SqliteDb(db_file=f"{folder}/a.db"), instructions="Work", checkpoint=checkpoint if checkpoint != "None" else None,
)
options = {"session_id": "s", "run_id": "r"}
if mode == "run":
    agent.run("go", **options)
elif mode == "run_stream":
    list(agent.run("go", stream=True, **options))
elif mode == "arun":
    asyncio.run(agent.arun("go", **options))
else:
    async def read():
        async for _ in agent.arun("go", stream=True, **options):
            pass
    asyncio.run(read())
"""


def killed(folder: Path, checkpoint: str | None, mode: str) -> Any:
    """Let a process die in a run, and give what is stored of it."""
    arguments = [sys.executable, "-c", PROGRAM, str(folder), str(checkpoint), mode]
    process = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert process.returncode == -signal.SIGKILL, process.stderr
    return SqliteDb(db_file=folder / "a.db").get_session("s").runs[0]


def resuming_agent(folder: Path, *turns: Any) -> tuple[Agent, ScriptedModel]:
    def ran(name: str) -> Any:
        def tool() -> str:
            with (folder / "ran.txt").open("a") as file:
                file.write(name + "\n")
            return f"{name} is done"

        tool.__name__ = name
        return tool

    model = ScriptedModel(*turns)
    tools = [ran("first"), ran("second"), ran("third")]
    return Agent(model=model, tools=tools, db=SqliteDb(db_file=folder / "a.db"), instructions="Work"), model


@pytest.mark.parametrize("first", ["run", "arun_stream"])
@in_every_mode
def test_with_tools_no_finished_tool_runs_again(mode: str, first: str, tmp_path: Path) -> None:
    stored = killed(tmp_path, "tools", first)
    assert stored.status is RunStatus.running
    assert stored.last_checkpoint_at_message_index == len(stored.messages)
    agent, model = resuming_agent(tmp_path, says("all done"))
    with model:
        seen = play(agent, None, mode, "continue_run", run_id="r", session_id="s")
    assert seen.output.content == "all done" and seen.output.status is RunStatus.completed
    ran = (tmp_path / "ran.txt").read_text().split()
    # in an async run the tools of a turn run side by side: `third` may kill before `second` is noted
    assert ran.count("first") == 1 and ran.count("third") == 2
    assert ran.count("second") == 1 or first != "run"
    assert [m.content for m in model.requests[0].messages if m.role == "tool"] == [
        f"{name} is done" for name in ("first", "second", "third")
    ]
    session = agent.get_session("s")
    assert len(session.runs) == 1 and session.session_data["session_state"] == {"first": True}
    assert session.session_data["session_metrics"]["total_tokens"] == seen.output.metrics.total_tokens == 45
    if seen.events:
        assert seen.kinds[0] == "RunContinued"


@in_every_mode
def test_with_tool_batch_the_turn_that_broke_off_is_asked_again(mode: str, tmp_path: Path) -> None:
    killed(tmp_path, "tool-batch", mode)
    agent, model = resuming_agent(tmp_path, wants("second"), says("ok"))
    with model:
        seen = play(agent, None, mode, "continue_run", run_id="r", session_id="s")
    assert (tmp_path / "ran.txt").read_text().split().count("first") == 1
    assert [m.role for m in model.requests[0].messages] == ["system", "user", "assistant", "tool"]
    assert seen.output.content == "ok" and len(seen.output.tools) == 2


@pytest.mark.parametrize("checkpoint", [None, "runs"])
def test_without_checkpoints_the_run_begins_again_from_its_input(checkpoint: str | None, tmp_path: Path) -> None:
    for mode in MODES:
        folder = tmp_path / mode
        folder.mkdir()
        killed(folder, checkpoint, mode)
        agent, model = resuming_agent(folder, says("ok"))
        seen = play(agent, None, mode, "continue_run", run_id="r", session_id="s")
        assert seen.output.content == "ok"
        assert [m.content for m in model.requests[0].messages] == ["Work", "go"]


@in_every_mode
def test_a_run_that_failed_is_resumed(mode: str) -> None:
    def step() -> str:
        ran.append("step")
        return "done"

    ran: list[str] = []
    model = ScriptedModel(wants("step"), fails(503), says("ok"))
    agent = Agent(model=model, tools=[step], db=InMemoryDb(), session_id="s")
    play(agent, "go", mode, run_id="r")
    assert agent.get_run_output("r").status is RunStatus.error
    seen = play(agent, None, mode, "continue_run", run_id="r")
    assert seen.output.content == "ok" and ran == ["step"]
    assert [m.role for m in seen.output.messages] == ["user", "assistant", "tool", "assistant"]
    metrics = agent.get_session_metrics()
    assert metrics.total_tokens == seen.output.metrics.total_tokens == 30, "nothing is counted twice"


@in_every_mode
def test_checkpoints_are_in_the_store_while_tools_run(mode: str) -> None:
    db = InMemoryDb()
    seen_by_tool: list[Any] = []

    def look(n: int) -> str:
        run = db.get_session("s").runs[-1]
        seen_by_tool.append((run.status, len(run.messages or ())))
        return str(n)

    script = (wants("look", n=1), wants("look", n=2), says("ok"))
    for checkpoint, expected in (("runs", [0, 0]), ("tool-batch", [0, 3]), ("tools", [2, 4])):
        seen_by_tool.clear()
        agent = Agent(model=ScriptedModel(*script), tools=[look], db=db, session_id="s", checkpoint=checkpoint)
        seen = play(agent, "go", mode)
        assert seen.output.content == "ok"
        assert seen_by_tool == [(RunStatus.running, count) for count in expected]


@in_every_mode
def test_tools_that_end_at_the_same_time_leave_the_newest_state(mode: str) -> None:
    db = InMemoryDb()

    def work(n: int) -> str:
        return f"r{n}"

    def check(messages: list[Any]) -> Any:
        stored = db.get_session("s").runs[-1]
        assert [m.content for m in stored.messages if m.role == "tool"] == [f"r{n}" for n in range(8)]
        return says("ok")

    model = ScriptedModel(wants(*[call("work", n=n) for n in range(8)]), check)
    agent = Agent(model=model, tools=[work], db=db, session_id="s", checkpoint="tools")
    assert play(agent, "go", mode).output.content == "ok"


def test_an_unknown_checkpoint_is_refused() -> None:
    agent = Agent(model=ScriptedModel(), db=InMemoryDb(), checkpoint="often")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'often' is none of 'runs', 'tool-batch', 'tools'"):
        agent.run("go")


def test_a_tool_that_is_the_last_is_so_also_for_who_goes_on() -> None:
    ran: list[str] = []

    def lasting(room: Newsroom, db: Any, **settings: Any) -> Agent:
        last = tool(stop_after_tool_call=True)(room.tool("last"))
        return Agent(name="a", model=ScriptedModel(wants("last"), repeat=True), tools=[last], db=db, **settings)

    db = Dying(ran)
    whole = lasting(Newsroom(ran), db, checkpoint="tools").run("go", run_id="r", session_id="s")
    assert whole.content == "last is done" and len(db.moments) == 4
    for moment in range(3):
        run, _, again, stored = plays_again(db, moment, lasting, checkpoint="tools")
        assert run.content == whole.content and again == Counter(["last"]) - stored


class Held(SqliteDb):
    """A database whose write of the first tool lasts until the second one has ended, too."""

    def __init__(self, file: Path) -> None:
        super().__init__(db_file=file)
        self.go_on, self.told = threading.Event(), threading.Event()
        self.seen: dict[str, str | None] = {}

    def finish_run(self, session: Any, run: Any, *args: Any, **options: Any) -> None:
        first_only = [message.content for message in run.messages if message.role == "tool"] == ["one"]
        if first_only:
            self.go_on.set()
            assert self.told.wait(30)
        super().finish_run(session, run, *args, **options)
        if first_only:
            self.seen = {one.tool_name: one.result for one in self.get_session("s").runs[-1].tools}


def test_a_tool_that_ends_while_another_is_stored_is_stored_with_its_own_message(tmp_path: Path) -> None:
    db = Held(tmp_path / "a.db")

    def first() -> str:
        return "one"

    async def second() -> str:
        await asyncio.to_thread(db.go_on.wait, 30)
        return "two"

    model = ScriptedModel(wants(call("first"), call("second")), says("done"))
    agent = Agent(model=model, tools=[first, second], db=db, checkpoint="tools", session_id="s")

    async def go() -> None:
        async for event in agent.arun("go", stream=True, stream_events=True):
            if isinstance(event, ToolCallCompletedEvent) and event.tool.tool_name == "second":
                db.told.set()

    asyncio.run(go())
    assert db.seen == {"first": "one", "second": None}
    assert {one.tool_name: one.result for one in db.get_session("s").runs[-1].tools} == {
        "first": "one",
        "second": "two",
    }
