"""A worker is killed while runs go on, and another one begins: no run is lost, and each event is seen once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from db.servers.sql import Postgres, running
from ports import free_port
from starlette.testclient import TestClient

from agno.db.base import DbUnavailableError
from agno.db.postgres import PostgresDb
from agno.db.sqlite import SqliteDb
from agno.os import RunLimits
from agno.os._keeper import Keeper
from agno.os._sse import RunLog
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.testing import says, wants
from agno.workflow import Step, Workflow

from os_serving import agent, an_os, events, kinds, request, served, until

_SERVER = """
import asyncio, sys
from agno.agent import Agent
from agno.os import AgentOS, RunLimits
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.workflow import Step, Workflow

def note(line: str) -> None:
    with open(sys.argv[3], "a") as file:
        file.write(line + "\\n")

async def quick(run_context) -> str:
    "Done at once."
    note("quick " + run_context.session_id)
    return "quick"

async def more(run_context) -> str:
    "Done at once, too."
    note("more " + run_context.session_id)
    return "more"

async def slow(run_context) -> str:
    "Takes long in the first process."
    note("slow " + run_context.session_id)
    await asyncio.sleep(float(sys.argv[4]))
    return "slow"

def turn(messages):
    done = [m.tool_name for m in messages if m.role == "tool"]
    return wants("quick") if not done else wants("slow") if len(done) == 1 else says("the end")

def lead(messages):
    done = any(m.role == "tool" for m in messages)
    return says("the end") if done else wants("delegate_task_to_member", member_id="member", task_description="do it")

exec(sys.argv[1])  # makes `db`
tools = {"tools": [quick, slow], "model": ScriptedModel(turn, repeat=True)}

async def first(step_input, run_context):
    return await quick(run_context)

def work(messages):
    done = [m.tool_name for m in messages if m.role == "tool"]
    return wants("more") if not done else wants("slow") if len(done) == 1 else says("worked")

worker = Agent(name="Worker", tools=[more, slow], model=ScriptedModel(work, repeat=True))

helper = Agent(name="Helper", db=db, **tools)
desk = Team(name="Desk", members=[Agent(name="Member", **tools)], model=ScriptedModel(lead, repeat=True), db=db)
last = Agent(name="Last", model=ScriptedModel(says("the end"), repeat=True))
flow = Workflow(name="Flow", steps=[Step(name="first", executor=first), Step(name="second", agent=worker), last], db=db)
service = AgentOS(agents=[helper], teams=[desk], workflows=[flow], run_limits=RunLimits(lease=2))
service.serve(service.get_app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


class Worker:
    """A service in a process of its own. `database` is Python that makes its `db`."""

    def __init__(self, database: str, tools: Path, port: int, seconds: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        arguments = [database, str(port), str(tools), str(seconds)]
        self.process = subprocess.Popen([sys.executable, "-c", _SERVER, *arguments])

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@contextmanager
def workers(database: str, tools: Path) -> Iterator[Any]:
    port = free_port()
    started: list[Worker] = []

    def start(seconds: float) -> Worker:
        started.append(Worker(database, tools, port, seconds))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.process.kill()
            one.process.wait(20)


class Reader:
    """A client: what it has seen of one run, by number. Each third is in the background, streamed, or waited for."""

    def __init__(self, client: httpx.AsyncClient, number: int) -> None:
        self.client, self.name = client, f"s{number}"
        self.kind, self.mode = (
            ("agent", "team", "workflow")[number % 3],
            ("background", "streamed", "awaited")[number // 3 % 3],
        )
        self.runs = f"/{self.kind}s/{_SERVED[self.kind]}/runs"
        self.seen: list[tuple[int, str, dict[str, Any]]] = []
        self.slow = asyncio.Event()
        self.run_id = ""

    async def begin(self) -> None:
        form = {"message": "hi", "session_id": self.name, "stream": str(self.mode != "awaited").lower(),
                "background": str(self.mode == "background").lower()}  # fmt: skip
        try:
            async with self.client.stream("POST", self.runs, data=form) as response:
                await self._read(response)
        except httpx.TransportError:  # the worker was killed
            pass

    async def ask_what_became_of_it(self) -> None:
        runs = f"/sessions/{self.name}/runs"
        [run] = (await self.client.get(runs, params={"type": self.kind})).json()
        self.run_id = run["run_id"]
        while run["status"] == "RUNNING":
            await asyncio.sleep(0.1)
            run = (await self.client.get(f"{self.runs}/{self.run_id}", params={"session_id": self.name})).json()

    async def come_back(self) -> None:
        last = {"Last-Event-ID": str(self.seen[-1][0])}
        place = f"{self.runs}/{self.run_id}/stream"
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
                if _is_slow(kind, self.seen[-1][2]):
                    self.slow.set()


_SERVED = {"agent": "helper", "team": "desk", "workflow": "flow"}
_ENDS = {"agent": ("RunCompleted", "RunError"), "team": ("TeamRunCompleted", "TeamRunError"),
         "workflow": ("WorkflowCompleted", "WorkflowError")}  # fmt: skip


def _is_slow(kind: str, data: dict[str, Any]) -> bool:
    return kind == "ToolCallStarted" and bool(data["tool"]["tool_name"] == "slow")


async def _kill_and_come_back(database: str, db: Any, tools: Path, count: int) -> list[Reader]:
    limits = httpx.Limits(max_connections=None)
    with workers(database, tools) as start:
        first = start(600)
        async with httpx.AsyncClient(base_url=first.url, trust_env=False, timeout=120, limits=limits) as client:
            await _answering(client)
            readers = [Reader(client, number) for number in range(count)]
            tasks = [asyncio.create_task(reader.begin()) for reader in readers]
            await asyncio.wait_for(_all_slow(readers, tools, db), 120)
            first.kill()
            await asyncio.gather(*tasks)
            start(0)
            await _answering(client)
            await asyncio.gather(*(reader.come_back() for reader in readers if reader.mode != "awaited"))
            for reader in readers:
                if reader.mode == "awaited":
                    await reader.ask_what_became_of_it()
    return readers


async def _all_slow(readers: list[Reader], tools: Path, db: Any) -> None:
    """Every run is in its slow tool and noted by its worker, and who follows one has seen that."""
    await asyncio.gather(*(reader.slow.wait() for reader in readers if reader.mode != "awaited"))
    while not tools.exists() or tools.read_text().count("slow") < len(readers):
        await asyncio.sleep(0.05)
    while sum(len(worker["runs"]) for worker in db.dead_workers(2**40)) < len(readers):
        await asyncio.sleep(0.05)


async def _answering(client: httpx.AsyncClient) -> None:
    for _ in range(3000):
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise AssertionError("the service does not answer")


_MANY = [pytest.mark.heavy, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    ("product", "count"),
    [("sqlite", 9), pytest.param("sqlite", 200, marks=_MANY), pytest.param("postgres", 200, marks=_MANY)],
)
def test_after_a_worker_was_killed_no_run_is_lost_and_each_event_is_seen_once(
    product: str, count: int, tmp_path: Path
) -> None:
    with _database(product, tmp_path) as (database, db):
        readers = asyncio.run(_kill_and_come_back(database, db, tmp_path / "tools", count))
        calls = (tmp_path / "tools").read_text().splitlines()
        for reader in readers:
            numbers = [one[0] for one in reader.seen]
            assert numbers == sorted(set(numbers)), "nothing comes twice"
            session = db.get_session(reader.name, reader.kind)
            assert session is not None
            _came_to_its_end(reader, session, calls)


@contextmanager
def _database(product: str, place: Path) -> Iterator[tuple[str, Any]]:
    """Python that makes a database, and one that is made."""
    if product == "sqlite":
        file = str(place / "a.db")
        yield f"from agno.db.sqlite import SqliteDb; db = SqliteDb(db_file={file!r})", SqliteDb(db_file=file)
        return
    with running(Postgres) as server:
        db = PostgresDb(server.url())
        yield f"from agno.db.postgres import PostgresDb; db = PostgresDb({server.url()!r})", db
        db.close()


def _came_to_its_end(reader: Reader, session: Any, calls: list[str]) -> None:
    run, kinds, (good, bad) = session.get_run(reader.run_id), [one[1] for one in reader.seen], _ENDS[reader.kind]
    if reader.mode == "background":
        assert run.status.value == "COMPLETED" and run.content == "the end", (reader.kind, run.status, run.content)
        assert kinds[-1] == good and kinds.count(good) == 1 and kinds.count(bad) == 0, (reader.kind, kinds)
        assert calls.count(f"quick {reader.name}") == 1, "what succeeded does not run again"
        assert calls.count(f"more {reader.name}") == (reader.kind == "workflow"), "nor in a member or in a step"
        assert calls.count(f"slow {reader.name}") == 2
        return
    assert run.status.value == "ERROR" and calls.count(f"slow {reader.name}") == 1
    assert all(one.status.value != "RUNNING" for one in session.runs), "nor does what is inside of it"
    if reader.mode == "streamed":
        last = reader.seen[-1][2]
        assert kinds[-1] == bad
        assert (last.get("content") or last.get("error")) == "The worker of this run died before it ended."


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


class Fragile(SqliteDb):
    """A database that goes away in the middle of a run, and comes back."""

    down = False

    def write_session(self, *given: Any, **options: Any) -> Any:
        if self.down:
            raise DbUnavailableError("gone")
        return super().write_session(*given, **options)

    def keep_hosted(self, *given: Any, **options: Any) -> Any:
        if self.down:
            raise DbUnavailableError("gone")
        return super().keep_hosted(*given, **options)


@pytest.mark.parametrize("form", [{"stream": "true"}, {"stream": "false"}, {"stream": "true", "background": "true"}])
def test_a_run_whose_end_could_not_be_stored_is_marked_when_the_database_is_back(
    form: dict[str, str], tmp_path: Path
) -> None:
    db = Fragile(db_file=str(tmp_path / "a.db"))

    def break_off() -> str:
        db.down = True
        return "ok"

    helper = agent(wants("break_off"), says("the end"), tools=[break_off], db=db)
    with served(an_os(agents=[helper], run_limits=RunLimits(lease=1))) as server:
        place = f"{server.url}/agents/helper/runs"
        answer = httpx.post(place, data={"message": "hi", "session_id": "s", **form}, trust_env=False, timeout=30)
        told = kinds(answer.text)[-1] == "RunError" if form["stream"] == "true" else answer.status_code == 503
        assert told, answer.text
        db.down = False
        until(lambda: helper.get_last_run_output("s").status.value == "ERROR", 30)  # type: ignore[union-attr]
    assert db.dead_workers(2**40) == []


def test_a_run_in_the_background_is_refused_while_the_database_is_away_and_nothing_of_it_is_begun(
    tmp_path: Path,
) -> None:
    db = Fragile(db_file=str(tmp_path / "a.db"))
    helper = agent(says("hello"), db=db)
    flow = Workflow(name="Flow", steps=[Step(name="first", agent=helper)], db=db)
    interfaces = [OpenAIApi(agents=[helper]), Vercel(agents=[helper], resumable=True)]
    service = an_os(agents=[helper], workflows=[flow], interfaces=interfaces)
    form = {"message": "hi", "background": "true"}
    parts = [{"type": "text", "text": "hi"}]
    with TestClient(service.get_app(), raise_server_exceptions=False) as client:
        db.down = True
        asked = [
            client.post("/agents/helper/runs", data=form),
            client.post("/agents/helper/runs", data={**form, "stream": "true"}),
            client.post("/v1/responses", json={"model": "helper", "input": "hi", "background": True}),
            client.post("/api/chat", json={"id": "c", "messages": [{"id": "m", "role": "user", "parts": parts}]}),
        ]
        for answer in asked:
            assert answer.status_code == 503 and "the run was not begun" in answer.text, answer.text
        with client.websocket_connect("/workflows/ws") as socket:
            socket.receive_json()
            socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "hi"})
            assert "the run was not begun" in socket.receive_json()["error"]
        assert helper.model.requests == [] and not service.runs.active and not service.runs.ended
        db.down = False
        accepted = client.post("/agents/helper/runs", data=form)
        run = f"/agents/helper/runs/{accepted.json()['run_id']}"
        assert accepted.status_code == 202
        until(lambda: client.get(run).json()["status"] == "COMPLETED")
    assert db.dead_workers(2**40) == []


def test_a_run_that_is_over_at_once_is_not_written_down(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "a.db"))
    service = an_os(agents=[agent(db=db)], run_limits=RunLimits(write_delay=30))
    form = {"message": "hi", "stream": "true"}
    answer = request(service, "POST", "/agents/helper/runs", data=form)
    assert kinds(answer.text)[-1] == "RunCompleted" and db.get_run_events(events(answer.text)[0][2]["run_id"]) == []
