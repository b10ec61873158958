"""A worker is killed while runs go on, and another one begins: no run is lost, and each event is seen once."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from agno.db.sqlite import SqliteDb
from agno.os import RunLimits
from agno.os._keeper import Keeper
from agno.os._sse import RunLog

from os_serving import agent, an_os, events, kinds, request

_SERVER = """
import asyncio, sys
from agno.agent import Agent
from agno.os import AgentOS, RunLimits
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says, wants

def note(line: str) -> None:
    with open(sys.argv[3], "a") as file:
        file.write(line + "\\n")

async def quick(run_context) -> str:
    "Done at once."
    note("quick " + run_context.session_id)
    return "quick"

async def slow(run_context) -> str:
    "Takes long in the first process."
    note("slow " + run_context.session_id)
    await asyncio.sleep(float(sys.argv[4]))
    return "slow"

def turn(messages):
    done = [m.tool_name for m in messages if m.role == "tool"]
    return wants("quick") if not done else wants("slow") if len(done) == 1 else says("the end")

helper = Agent(name="Helper", model=ScriptedModel(turn, repeat=True), tools=[quick, slow], db=SqliteDb(db_file=sys.argv[1]))
service = AgentOS(agents=[helper], run_limits=RunLimits(lease=2))
service.serve(service.get_app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


class Worker:
    """A service in a process of its own."""

    def __init__(self, place: Path, port: int, seconds: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        arguments = [str(place / "a.db"), str(port), str(place / "tools"), str(seconds)]
        self.process = subprocess.Popen([sys.executable, "-c", _SERVER, *arguments])

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@contextmanager
def workers(place: Path) -> Iterator[Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started: list[Worker] = []

    def start(seconds: float) -> Worker:
        started.append(Worker(place, port, seconds))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.process.kill()
            one.process.wait(20)


class Reader:
    """A client: what it has seen of one run, by number."""

    def __init__(self, client: httpx.AsyncClient, name: str, background: bool) -> None:
        self.client, self.name, self.background = client, name, background
        self.seen: list[tuple[int, str, dict[str, Any]]] = []
        self.slow = asyncio.Event()
        self.run_id = ""

    async def begin(self) -> None:
        form = {"message": "hi", "stream": "true", "session_id": self.name, "background": str(self.background).lower()}
        try:
            async with self.client.stream("POST", "/agents/helper/runs", data=form) as response:
                await self._read(response)
        except httpx.TransportError:  # the worker was killed
            pass

    async def come_back(self) -> None:
        last = {"Last-Event-ID": str(self.seen[-1][0])}
        place = f"/agents/helper/runs/{self.run_id}/stream"
        async with self.client.stream("GET", place, params={"session_id": self.name}, headers=last) as response:
            assert response.status_code == 200, await response.aread()
            await self._read(response)

    async def _read(self, response: httpx.Response) -> None:
        number, kind = -1, ""
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                self.seen.append((number, kind, json.loads(line[6:])))
                self.run_id = self.run_id or self.seen[-1][2]["run_id"]
                if kind == "ToolCallStarted" and self.seen[-1][2]["tool"]["tool_name"] == "slow":
                    self.slow.set()


async def _kill_and_come_back(place: Path, count: int) -> list[Reader]:
    limits = httpx.Limits(max_connections=None)
    with workers(place) as start:
        first = start(600)
        async with httpx.AsyncClient(base_url=first.url, trust_env=False, timeout=120, limits=limits) as client:
            await _answering(client)
            readers = [Reader(client, f"s{number}", number % 2 == 0) for number in range(count)]
            tasks = [asyncio.create_task(reader.begin()) for reader in readers]
            await asyncio.gather(*(asyncio.wait_for(reader.slow.wait(), 90) for reader in readers))
            first.kill()
            await asyncio.gather(*tasks)
            start(0)
            await _answering(client)
            await asyncio.gather(*(reader.come_back() for reader in readers))
    return readers


async def _answering(client: httpx.AsyncClient) -> None:
    for _ in range(3000):
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise AssertionError("the service does not answer")


@pytest.mark.parametrize("count", [5, pytest.param(200, marks=[pytest.mark.heavy, pytest.mark.timeout(400)])])
def test_after_a_worker_was_killed_no_run_is_lost_and_each_event_is_seen_once(count: int, tmp_path: Path) -> None:
    readers = asyncio.run(_kill_and_come_back(tmp_path, count))
    helper = agent(db=SqliteDb(db_file=str(tmp_path / "a.db")))
    calls = (tmp_path / "tools").read_text().splitlines()
    for reader in readers:
        numbers, kinds = [one[0] for one in reader.seen], [one[1] for one in reader.seen]
        assert numbers == sorted(set(numbers)), "nothing comes twice"
        assert kinds[0] == "RunStarted" and kinds.count("RunContinued") == reader.background
        run = helper.get_last_run_output(reader.name)
        assert run is not None
        if reader.background:
            assert run.status.value == "COMPLETED" and run.content == "the end" and kinds[-1] == "RunCompleted"
            assert kinds.count("ToolCallCompleted") == 2 and kinds.count("RunCompleted") == 1
            assert calls.count(f"quick {reader.name}") == 1, "a tool that succeeded does not run again"
        else:
            assert run.status.value == "ERROR" and kinds[-1] == "RunError"
            assert reader.seen[-1][2]["content"] == "The worker of this run died before it ended."
            assert calls.count(f"slow {reader.name}") == 1


def test_a_worker_whose_runs_were_taken_over_stops_them_and_writes_no_more(tmp_path: Path) -> None:
    async def go() -> tuple[bool, list[str]]:
        db = SqliteDb(db_file=str(tmp_path / "a.db"))
        keeper, log = Keeper(db, lease=30, delay=0.01), RunLog(1000)
        task = asyncio.create_task(asyncio.sleep(60))
        keeper.begin("r", {"kind": "agent"}, log, task=lambda: task, sure=True)
        log.append(b"A", b"{}")
        await keeper.written()
        [seen] = db.dead_workers(2**40)
        assert db.take_worker(seen, "another", 2**41) is not None
        log.append(b"B", b"{}")
        keeper.begin("s", {"kind": "agent"})  # makes it write its note again
        await keeper.written()
        await asyncio.wait([task])
        await keeper.stop()
        return task.cancelled(), [kind for batch in db.get_run_events("r") for kind, _ in batch.frames]

    assert asyncio.run(go()) == (True, ["A"])


def test_a_run_that_is_over_at_once_is_not_written_down(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "a.db"))
    service = an_os(agents=[agent(db=db)], run_limits=RunLimits(write_delay=30))
    form = {"message": "hi", "stream": "true"}
    answer = request(service, "POST", "/agents/helper/runs", data=form)
    assert kinds(answer.text)[-1] == "RunCompleted" and db.get_run_events(events(answer.text)[0][2]["run_id"]) == []
