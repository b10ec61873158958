"""Runs that other protocols began, read, stopped and finished by another worker than the one that began them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from security.whole_os import SECRET, JWTSettings, bearer, token

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS, RunLimits
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession
from agno.testing import ScriptedModel, says, wants

from os_serving import served, until

PAINT: Any = {"type": "function", "name": "paint", "parameters": {"type": "object", "properties": {}}, "strict": False}


class Slow:
    """A tool that waits until it may go on."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    async def wait(self) -> str:
        """Wait."""
        self.began.set()
        while not self.go.is_set():
            await asyncio.sleep(0.01)
        return "waited"


@pytest.fixture
def db(tmp_path: Path) -> SqliteDb:
    return SqliteDb(db_file=str(tmp_path / "a.db"))


def worker(db: SqliteDb | None, *turns: Any, tools: Any = (), given: Any = None, **limits: Any) -> AgentOS:
    agent = Agent(name="Painter", model=ScriptedModel(*turns), tools=list(tools), db=db)
    return AgentOS(
        agents=[agent],
        interfaces=[OpenAIApi(agents=[agent]), Vercel(agents=[agent], resumable=True)],
        run_limits=RunLimits(write_delay=0.01, **limits),
        **(given or {}),
    )


def sdk(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def test_a_response_is_read_from_another_worker_as_from_its_own(db: SqliteDb) -> None:
    slow = Slow()
    with served(worker(db, wants("wait"), says("Blue."), tools=[slow.wait])) as one, served(worker(db)) as other:
        first = sdk(one.url).responses.create(model="painter", input="Hi", background=True)
        assert slow.began.wait(30)
        there = sdk(other.url).responses.retrieve(first.id, stream=True)
        slow.go.set()
        events: list[Any] = list(there)
        again: list[Any] = list(sdk(one.url).responses.retrieve(first.id, stream=True))

    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed" and events[-1].response.output_text == "Blue."
    assert [(e.type, getattr(e, "item_id", None)) for e in events] == [
        (e.type, getattr(e, "item_id", None)) for e in again
    ]


def test_a_chat_is_read_from_another_worker(db: SqliteDb) -> None:
    slow = Slow()
    body = {"id": "c1", "messages": [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}]}
    with served(worker(db, wants("wait"), says("Blue."), tools=[slow.wait])) as one, served(worker(db)) as other:
        with httpx.stream("POST", f"{one.url}/api/chat", json=body, timeout=30) as began:
            assert slow.began.wait(30)
            mine = next(line for line in began.iter_lines() if line.startswith("data:"))
        with httpx.stream("GET", f"{other.url}/api/chat/c1/stream", timeout=30) as there:
            assert there.status_code == 200
            lines = there.iter_lines()
            theirs = next(line for line in lines if line.startswith("data:"))
            slow.go.set()
            rest = [line for line in lines if line.startswith("data:")]

    assert json.loads(mine[5:]) == json.loads(theirs[5:]), "it is the same message"
    assert "".join(json.loads(line[5:]).get("delta", "") for line in rest[:-1]) == "Blue."
    assert rest[-1] == "data: [DONE]"


def test_a_run_is_stopped_by_its_worker_when_another_process_wants_it(db: SqliteDb) -> None:
    slow = Slow()
    with served(worker(db, wants("wait"), says("never"), tools=[slow.wait])) as one:
        client = sdk(one.url)
        first = client.responses.create(model="painter", input="Hi", background=True)
        assert slow.began.wait(30)
        assert db.wish_cancel(first.id.removeprefix("resp_"))
        until(lambda: client.responses.retrieve(first.id).status == "cancelled")


def test_cancelling_a_run_of_another_process_tells_its_worker(db: SqliteDb) -> None:
    agent = Agent(name="Painter", model=ScriptedModel(), db=db)
    run = RunOutput(run_id="r1", session_id="s1", agent_id="painter", status=RunStatus.running)
    db.upsert_session(AgentSession(session_id="s1", agent_id="painter", runs=[run]))
    db.keep_hosted("another", {"r1": {}}, int(time.time()) + 60, new=True)

    assert agent.cancel_run("r1", "s1") and db.cancel_wishes("another") == ["r1"]


@pytest.mark.parametrize(("tools", "last"), [([], "RunCompleted"), ([PAINT], "RunError")])
def test_a_response_of_a_worker_that_died_goes_on_unless_its_client_gave_it_tools(
    tools: Any, last: str, db: SqliteDb, tmp_path: Path
) -> None:
    slow, left = Slow(), SqliteDb(db_file=str(tmp_path / "left.db"))
    with served(worker(db, wants("wait"), says("never"), tools=[slow.wait])) as one:
        first = sdk(one.url).responses.create(model="painter", input="Hi", background=True, tools=tools)
        assert slow.began.wait(30)
        [row] = db.dead_workers(2**40)
        slow.go.set()
    left.keep_hosted("dead", row["runs"], 0, new=True)  # it died before it stored more than this
    second = worker(left, says("Blue."), lease=0.2)

    with served(second) as other:
        run_id = first.id.removeprefix("resp_")
        until(lambda: any(batch.last for batch in left.get_run_events(run_id)))
        kinds = [kind for batch in left.get_run_events(run_id) for kind, _ in batch.frames]
        answer = None if tools else sdk(other.url).responses.retrieve(first.id)

    assert kinds[-1] == last
    assert answer is None or (answer.output_text, answer.status) == ("Blue.", "completed")


@pytest.mark.parametrize("stored", [False, True])
def test_what_goes_on_for_one_user_is_not_there_for_another(stored: bool, db: SqliteDb) -> None:
    slow, keys = (
        Slow(),
        {"authorization": True, "authorization_config": JWTSettings(secret_key=SECRET, algorithm="HS256")},
    )
    service = worker(db if stored else None, *[wants("wait")] * 2, *[says("Blue.")] * 2, tools=[slow.wait], given=keys)
    page = {"messages": [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}]}
    with served(service) as one:
        ann, bob = (httpx.Client(base_url=one.url, headers=bearer(token(name)), timeout=20) for name in ("ann", "bob"))
        first = ann.post("/v1/responses", json={"model": "painter", "input": "Hi", "background": True}).json()["id"]
        assert slow.began.wait(30)
        chat = first.removeprefix("resp_") if stored else "c1"
        with ann.stream("POST", "/api/chat", json={"id": chat, **page}) as mine:
            next(mine.iter_lines())
        path = f"/v1/responses/{first}"
        refused = [bob.get(path), bob.get(f"{path}?stream=true"), bob.post(f"{path}/cancel"), bob.delete(path)]
        refused += [bob.get(f"/api/chat/{chat}/stream"), bob.delete(f"/api/chat/{chat}/stream")]
        still = ann.get(path).json()["status"]
        slow.go.set()
        until(lambda: ann.get(path).json()["status"] == "completed")
        ann.close(), bob.close()

    assert [answer.status_code for answer in refused] == [404] * 4 + [204] * 2 and still == "in_progress"
    assert all(not answer.content for answer in refused[4:])
