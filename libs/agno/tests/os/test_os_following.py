"""What follows an answer: hooks in the background, memories and summaries, over every way of asking."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import InputCheckError
from agno.guardrails import BaseGuardrail
from agno.hooks import hook
from agno.memory import MemoryManager
from agno.os import AgentOS, RunLimits
from agno.os.interfaces.a2a import A2A
from agno.os.interfaces.agui import AGUI
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.workflow import Step, Workflow

from os_serving import Served, ask, served, until

TEXT = "Nine."


class Gate:
    """Hooks that wait until they may go on, and note what they saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.open = threading.Event()

    def hook(self) -> Any:
        @hook(run_in_background=True)
        def note(run_output: Any) -> None:
            assert self.open.wait(60)
            self.seen.append(str(run_output.content))

        return note


def a_model(*turns: Any) -> ScriptedModel:
    return ScriptedModel(*(turns or (says(TEXT),)), repeat=not turns)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Served, Gate]]:
    gate, db = Gate(), InMemoryDb(id="main")
    clerk = Agent(id="clerk", model=a_model(), db=db, post_hooks=[gate.hook()])
    crew = Team([], id="crew", model=a_model(), db=db, post_hooks=[gate.hook()])
    flow = Workflow(id="flow", steps=[Step(name="first", agent=clerk)], db=db)
    protocols = [AGUI(agent=clerk), OpenAIApi(agents=[clerk]), Vercel(agents=[clerk]), A2A(agents=[clerk])]
    service = AgentOS(agents=[clerk], teams=[crew], workflows=[flow], interfaces=protocols, enable_mcp=True)
    with served(service) as server:
        yield server, gate


def _run(path: str, **form: str) -> Any:
    return "POST", f"/{path}/runs", {"data": {"message": "When?", **form}}


_CHAT = {"model": "clerk", "messages": [{"role": "user", "content": "When?"}]}
_MCP = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
_UI = {"id": "c", "messages": [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "When?"}]}]}
_MESSAGE = {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "When?"}]}
_THREAD = {
    "threadId": "t", "runId": "r", "state": {}, "tools": [], "context": [], "forwardedProps": {},
    "messages": [{"id": "m", "role": "user", "content": "When?"}],
}  # fmt: skip

WAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "agent": _run("agents/clerk"),
    "agent, streamed": _run("agents/clerk", stream="true"),
    "team": _run("teams/crew", stream="false"),
    "team, streamed": _run("teams/crew"),
    "workflow": _run("workflows/flow", stream="false"),
    "workflow, streamed": _run("workflows/flow"),
    "background, streamed": _run("agents/clerk", stream="true", background="true"),
    "AG-UI": ("POST", "/agui", {"json": _THREAD}),
    "chat completion": ("POST", "/v1/chat/completions", {"json": _CHAT}),
    "chat completion, streamed": ("POST", "/v1/chat/completions", {"json": {**_CHAT, "stream": True}}),
    "response": ("POST", "/v1/responses", {"json": {"model": "clerk", "input": "When?"}}),
    "response, streamed": ("POST", "/v1/responses", {"json": {"model": "clerk", "input": "When?", "stream": True}}),
    "Vercel": ("POST", "/api/chat", {"json": _UI}),
    "A2A": ("POST", "/a2a/agents/clerk", {
        "json": {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": _MESSAGE}},
    }),
    "MCP": ("POST", "/mcp", {"headers": _MCP, "json": {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "run_agent", "arguments": {"agent_id": "clerk", "message": "When?"}},
    }}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_hook_in_the_background_runs_when_the_answer_is_out(shared: tuple[Served, Gate], way: str) -> None:
    server, gate = shared
    gate.open.clear()
    gate.seen.clear()
    method, path, options = WAYS[way]
    try:
        answer = httpx.request(method, server.url + path, timeout=30, **options)  # all of it, to its end
        assert answer.status_code == 200 and "Nine" in answer.text and gate.seen == []
    finally:
        gate.open.set()
    until(lambda: gate.seen == [TEXT])


def test_a_hook_in_the_background_runs_behind_a_run_that_was_accepted_and_one_over_a_socket() -> None:
    gate = Gate()
    clerk = Agent(id="clerk", model=a_model(), post_hooks=[gate.hook()], db=InMemoryDb())
    flow = Workflow(id="flow", steps=[Step(name="first", agent=clerk)])
    with TestClient(AgentOS(agents=[clerk], workflows=[flow]).get_app()) as client:
        accepted = client.post("/agents/clerk/runs", data={"message": "When?", "background": "true"})
        run = f"/agents/clerk/runs/{accepted.json()['run_id']}"
        until(lambda: client.get(run).json()["status"] == "COMPLETED")
        with client.websocket_connect("/workflows/ws") as socket:
            socket.receive_json()
            socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "When?"})
            while socket.receive_json()["event"] != "WorkflowCompleted":
                pass
        assert gate.seen == []
        gate.open.set()
        until(lambda: gate.seen == [TEXT, TEXT])


def test_memories_and_the_summary_are_made_when_the_answer_is_out_and_what_they_cost_is_stored() -> None:
    db, gate = InMemoryDb(), threading.Event()

    class Slow(MemoryManager):
        async def acreate_user_memories(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.to_thread(gate.wait, 60)
            return await super().acreate_user_memories(*args, **kwargs)

    remembers = Slow(model=ScriptedModel(wants("add_memory", memory="Likes tea"), says("Done.")), db=db)
    clerk = Agent(id="clerk", model=a_model(), db=db, memory_manager=remembers, enable_user_memories=True)

    async def talk(client: httpx.AsyncClient) -> dict[str, Any]:
        form = {"message": "I like tea", "user_id": "ann", "session_id": "s"}
        answer = (await client.post("/agents/clerk/runs", data=form)).json()
        assert answer["content"] == TEXT and db.get_user_memories("ann") == []
        again = (await client.post("/agents/clerk/runs", data={**form, "session_state": '{"cups": 2}'})).json()
        assert again["status"] == "COMPLETED"
        gate.set()
        while len(db.get_user_memories("ann")) < 1 or service.runs.following:
            await asyncio.sleep(0.01)
        run = (await client.get(f"/agents/clerk/runs/{answer['run_id']}", params={"session_id": "s"})).json()
        assert run["metrics"]["total_tokens"] > answer["metrics"]["total_tokens"]
        session: dict[str, Any] = (await client.get("/sessions/s")).json()
        return session

    service = AgentOS(agents=[clerk])
    session = ask(service, talk)
    assert session["session_state"] == {"cups": 2}, "what the next run wrote is not undone"
    assert len(clerk.get_session("s").runs) == 2


def test_what_fails_behind_an_answer_is_logged_and_the_rest_is_done(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    @hook(run_in_background=True)
    def broken(run_input: Any) -> None:
        raise RuntimeError("a wrong address")

    @hook(run_in_background=True)
    async def whole(run_output: Any) -> None:
        seen.append(run_output.content)

    clerk = Agent(id="clerk", model=a_model(), pre_hooks=[broken], post_hooks=[whole])
    with caplog.at_level(logging.ERROR, "agno"), served(AgentOS(agents=[clerk])) as server:
        answer = httpx.post(f"{server.url}/agents/clerk/runs", data={"message": "When?"}, timeout=30)
        until(lambda: seen == [TEXT])
    assert answer.json()["status"] == "COMPLETED"
    assert caplog.text.count("'broken' failed after the answer was out") == 1 and "a wrong address" in caplog.text


def test_all_hooks_but_guardrails_may_run_in_the_background() -> None:
    gate = Gate()

    class NoCoffee(BaseGuardrail):
        def check(self, run_input: Any) -> None:
            if "coffee" in run_input.input_content:
                raise InputCheckError("We serve tea.")

        async def async_check(self, run_input: Any) -> None:
            self.check(run_input)

    def plain(run_output: Any) -> None:
        assert gate.open.wait(60)
        gate.seen.append(run_output.content)

    clerk = Agent(id="clerk", model=a_model(), pre_hooks=[NoCoffee()], post_hooks=[plain])
    with served(AgentOS(agents=[clerk], run_hooks_in_background=True)) as server:
        refused = httpx.post(f"{server.url}/agents/clerk/runs", data={"message": "coffee"}, timeout=30)
        answer = httpx.post(f"{server.url}/agents/clerk/runs", data={"message": "tea"}, timeout=30)
        assert refused.status_code == 400 and answer.json()["content"] == TEXT and gate.seen == []
        gate.open.set()
        until(lambda: gate.seen == [TEXT])
    assert "_hooks_in_background" not in clerk.__dict__, "the agent is as it was"


@contextmanager
def stopping(service: AgentOS, gate: Gate) -> Iterator[None]:
    with served(service) as server:
        answer = httpx.post(f"{server.url}/agents/clerk/runs", data={"message": "When?"}, timeout=30)
        assert answer.json()["content"] == TEXT and gate.seen == []
        server.stop()
        until(lambda: service.runs.draining)
        yield


def test_a_stop_waits_for_what_follows_answers() -> None:
    gate = Gate()
    clerk = Agent(id="clerk", model=a_model(), post_hooks=[gate.hook()])
    with stopping(AgentOS(agents=[clerk]), gate):
        gate.open.set()
    assert gate.seen == [TEXT]


def test_a_stop_gives_up_what_follows_answers_after_its_time_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    gate, given_up = Gate(), threading.Event()

    @hook(run_in_background=True)
    async def endless(run_output: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    clerk = Agent(id="clerk", model=a_model(), post_hooks=[endless, gate.hook()])
    with (
        caplog.at_level(logging.WARNING, "agno"),
        stopping(AgentOS(agents=[clerk], run_limits=RunLimits(drain=0.1)), gate),
    ):
        assert given_up.wait(30)
    assert "Given up, since the service stops, after the answer was out: endless, note" in caplog.text
    assert gate.seen == []
