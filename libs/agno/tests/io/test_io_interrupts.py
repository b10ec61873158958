"""Ctrl-C: the run is stored as cancelled, nothing hangs, the program ends quickly and without noise of ours."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play


def tool() -> str:
    raise KeyboardInterrupt


async def async_tool() -> str:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


def generator_tool() -> Iterator[str]:
    yield "first "
    raise KeyboardInterrupt


async def async_generator_tool() -> AsyncGenerator[str, None]:
    yield "first "
    raise KeyboardInterrupt


@in_every_mode
@pytest.mark.parametrize("interrupted", [tool, async_tool, generator_tool, async_generator_tool])
def test_an_interrupt_inside_a_tool_is_a_cancelled_run(mode: str, interrupted: Any) -> None:
    agent = Agent(
        model=ScriptedModel(wants(interrupted.__name__)), tools=[interrupted], db=InMemoryDb(), session_id="s"
    )
    seen = play(agent, "go", mode)
    assert seen.output is not None and seen.output.status is RunStatus.cancelled
    if seen.events:
        assert seen.kinds[-1] == "RunCancelled"
    stored = agent.get_last_run_output()
    assert stored is not None and stored.status is RunStatus.cancelled
    assert [m.role for m in stored.messages] == ["user", "assistant", "tool"]


@in_every_mode
def test_a_tool_that_ends_the_program_ends_it_and_the_run_is_stored(mode: str) -> None:
    def leaves() -> None:
        raise SystemExit(3)

    agent = Agent(model=ScriptedModel(wants("leaves")), tools=[leaves], db=InMemoryDb(), session_id="s")
    with pytest.raises(SystemExit):
        play(agent, "go", mode)
    stored = agent.get_last_run_output()
    assert stored is not None and stored.status is RunStatus.cancelled


# A real signal to a real program -----------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, sys, time
from contextlib import aclosing
from agno._io import SYNC, drive, silent
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says, wants
from stepping import items_of, merged

def say(text):
    sys.stdout.write(text)  # in one piece, whichever thread says it
    sys.stdout.flush()

def sleeps():
    say("ready\\n")
    time.sleep(60)

async def asleep():
    say("ready\\n")
    await asyncio.sleep(60)

def items():
    yield "one "
    say("ready\\n")
    time.sleep(60)

async def aitems():
    yield "one "
    say("ready\\n")
    await asyncio.sleep(60)

def stubborn_hook(function, arguments):
    return function(**arguments)

class Waiting(ScriptedModel):
    def invoke(self, *args, **kwargs):
        sleeps()
    async def ainvoke(self, *args, **kwargs):
        await asleep()

def agent(fn, **settings):
    model = ScriptedModel(wants(fn.__name__), repeat=True)
    return Agent(model=model, tools=[fn], db=SqliteDb(db_file=sys.argv[1]), session_id="s", **settings)

def waiting():
    return Agent(model=Waiting(), db=SqliteDb(db_file=sys.argv[1]), session_id="s")

async def streamed(fn, **settings):
    async with aclosing(agent(fn, **settings).arun("go", stream=True)) as events:
        async for event in events:
            pass

def merging():
    async def branch(n):
        yield n
        await SYNC.call(sleeps)
        yield n
    for item in items_of(merged(SYNC, branch(1), branch(2))):
        pass

def timed():
    async def work(give):
        await SYNC.call(sleeps)

    drive(SYNC.within(60, work, silent))

async def notebook():
    agent(sleeps).run("go")

"""

SCENES = {
    "sync run, sync tool": "agent(sleeps).run('go')",
    "sync run, async tool": "agent(asleep).run('go')",
    "sync run, generator tool": "agent(items).run('go')",
    "sync run, async generator tool": "agent(aitems).run('go')",
    "sync run, model": "waiting().run('go')",
    "sync stream, sync tool": "[print(e.event) for e in agent(sleeps).run('go', stream=True)]",
    "sync stream, async tool": "list(agent(asleep).run('go', stream=True))",
    "sync run under a notebook's loop": "asyncio.new_event_loop().run_until_complete(notebook())",
    "async run, sync tool": "asyncio.run(agent(sleeps).arun('go'))",
    "async run, async tool": "asyncio.run(agent(asleep).arun('go'))",
    "async run, generator tool": "asyncio.run(agent(items).arun('go'))",
    "async run, async generator tool": "asyncio.run(agent(aitems).arun('go'))",
    "async run, model": "asyncio.run(waiting().arun('go'))",
    "async run, async tool behind a plain hook": "asyncio.run(agent(asleep, tool_hooks=[stubborn_hook]).arun('go'))",
    "async stream, sync tool": "asyncio.run(streamed(sleeps))",
    "async stream, async generator tool": "asyncio.run(streamed(aitems))",
}


LONG = 30.0  # what goes on in the programs would take 60 s


def interrupted(line: str, db_file: Path, readies: int = 1, signals: int = 1) -> tuple[int, str, float]:
    """Run a program until it is ready, send SIGINT; its exit code, what it says on stderr, how long it took to end."""
    command = [sys.executable, "-c", f"{PROGRAM}\n{textwrap.dedent(line)}", str(db_file)]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__), "PYTHONWARNINGS": "default::RuntimeWarning"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        try:
            assert program.stdout is not None
            while readies:
                said = program.stdout.readline()
                assert said, program.stderr and program.stderr.read()
                readies -= said.strip() == "ready"
            time.sleep(0.05)
            started = time.perf_counter()
            for _ in range(signals):
                program.send_signal(signal.SIGINT)
                time.sleep(0.05)
            _, error = program.communicate(timeout=LONG)
            return program.returncode, error, time.perf_counter() - started
        finally:
            program.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("scene", SCENES)
def test_a_signal_cancels_the_run_and_the_program_ends(scene: str, tmp_path: Path) -> None:
    db_file = tmp_path / "runs.db"
    code, error, seconds = interrupted(SCENES[scene], db_file)
    assert seconds < LONG
    # asyncio.run raises KeyboardInterrupt once its task is cancelled; a sync run gives its cancelled output
    assert code in (0, -signal.SIGINT, 130), error
    for noise in ("never awaited", "never retrieved", "was destroyed", "Exception ignored", "Exception in thread"):
        assert noise not in error, error
    stored = Agent(model=ScriptedModel(), db=SqliteDb(db_file=str(db_file)), session_id="s").get_session()
    assert stored is not None and [run.status for run in stored.runs] == [RunStatus.cancelled]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("line", "readies"), [("merging()", 2), ("timed()", 1)])
def test_a_signal_ends_the_wait_for_blocking_threads(line: str, readies: int, tmp_path: Path) -> None:
    code, error, seconds = interrupted(line, tmp_path / "none.db", readies=readies)
    assert seconds < LONG and code in (-signal.SIGINT, 130)
    assert error.rstrip().endswith("KeyboardInterrupt") and "Exception in thread" not in error


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_in_the_readers_own_code_stores_the_run(tmp_path: Path) -> None:
    db_file = tmp_path / "runs.db"
    line = """
    done = Agent(model=ScriptedModel(says("a long answer")), db=SqliteDb(db_file=sys.argv[1]), session_id="s")
    for event in done.run("go", stream=True):
        sleeps()
    """
    code, error, seconds = interrupted(line, db_file)
    assert seconds < LONG and code in (-signal.SIGINT, 130), error
    stored = Agent(model=ScriptedModel(), db=SqliteDb(db_file=str(db_file)), session_id="s").get_last_run_output()
    assert stored is not None and stored.status is RunStatus.cancelled


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_sync_run_that_blocks_asyncio_run_ends_at_the_second_signal(tmp_path: Path) -> None:
    """At the first one asyncio.run only cancels its task, which cannot notice."""
    db_file = tmp_path / "runs.db"
    code, error, seconds = interrupted("asyncio.run(notebook())", db_file, signals=2)
    assert seconds < LONG and code in (-signal.SIGINT, 130), error
    stored = Agent(model=ScriptedModel(), db=SqliteDb(db_file=str(db_file)), session_id="s").get_last_run_output()
    assert stored is not None and stored.status is RunStatus.cancelled


def test_after_an_interrupt_everything_still_works() -> None:
    """A notebook goes on after Ctrl-C."""
    agent = Agent(
        model=ScriptedModel(wants("async_tool"), says("fine")), tools=[async_tool], db=InMemoryDb(), session_id="s"
    )
    assert agent.run("go").status is RunStatus.cancelled
    assert agent.run("again").content == "fine"
