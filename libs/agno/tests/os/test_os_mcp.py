"""AgentOS as an MCP server, asked by the true client over streamable HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import jwt
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.middleware import JWTSettings
from agno.os.settings import AgnoAPISettings
from agno.testing import ScriptedModel, fails, says
from agno.workflow import Workflow

from os_serving import request, served

SECRET = "a secret of at least 32 characters"


def an_os(**settings: Any) -> AgentOS:
    db = InMemoryDb(id="main")
    clerk = Agent(id="clerk", model=ScriptedModel(says("We open at nine."), repeat=True), db=db)
    broken = Agent(id="broken", model=ScriptedModel(fails(RuntimeError("sk-secret")), repeat=True), db=db)
    flow = Workflow(id="flow", steps=[lambda step_input: f"done {step_input.input}"], db=db)
    return AgentOS(name="Shop", agents=[clerk, broken], workflows=[flow], enable_mcp=True, **settings)


def talk(os: AgentOS, work: Callable[[ClientSession], Awaitable[Any]], headers: dict[str, str] | None = None) -> Any:
    async def go(url: str) -> Any:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(*streams[:2]) as session,
        ):
            await session.initialize()
            return await work(session)

    with served(os) as server:
        return asyncio.run(go(f"{server.url}/mcp"))


def called(name: str, **arguments: Any) -> Callable[[ClientSession], Awaitable[Any]]:
    return lambda session: session.call_tool(name, arguments)


def test_the_tools_of_the_contract_are_there() -> None:
    found = talk(an_os(), lambda session: session.list_tools())

    assert {tool.name for tool in found.tools} == {
        *("get_agentos_config", "run_agent", "run_team", "run_workflow"),
        *("get_sessions_for_agent", "get_sessions_for_team", "get_sessions_for_workflow"),
        *("create_memory", "get_memories_for_user", "update_memory", "delete_memory"),
    }
    run = next(tool for tool in found.tools if tool.name == "run_agent")
    assert set(run.input_schema["required"]) == {"agent_id", "message"} and run.description


def test_a_client_runs_an_agent_and_a_workflow_and_finds_the_session() -> None:
    async def work(session: ClientSession) -> list[Any]:
        run = await session.call_tool("run_agent", {"agent_id": "clerk", "message": "When?", "user_id": "ada"})
        flow = await session.call_tool("run_workflow", {"workflow_id": "flow", "message": "x"})
        sessions = await session.call_tool("get_sessions_for_agent", {"agent_id": "clerk", "db_id": "main"})
        return [run.structured_content, flow.structured_content, sessions.structured_content]

    run, flow, sessions = talk(an_os(), work)

    assert (run["content"], run["status"]) == ("We open at nine.", "COMPLETED")
    assert flow["content"] == "done x"
    assert [one["session_name"] for one in sessions["result"]] == ["When?"]
    assert sessions["result"][0]["session_id"] == run["session_id"]


def test_memories_are_kept_changed_and_deleted() -> None:
    async def work(session: ClientSession) -> list[Any]:
        made = await session.call_tool("create_memory", {"db_id": "main", "memory": "Likes tea", "user_id": "ada"})
        key = made.structured_content["memory_id"]
        await session.call_tool(
            "update_memory", {"db_id": "main", "memory_id": key, "memory": "Likes cake", "user_id": "ada"}
        )
        kept = await session.call_tool("get_memories_for_user", {"user_id": "ada"})
        await session.call_tool("delete_memory", {"db_id": "main", "memory_id": key})
        gone = await session.call_tool("get_memories_for_user", {"user_id": "ada"})
        return [kept.structured_content["result"], gone.structured_content["result"]]

    kept, gone = talk(an_os(), work)

    assert [one["memory"] for one in kept] == ["Likes cake"] and gone == []


def test_an_error_says_what_is_the_callers_and_nothing_of_the_inside() -> None:
    unknown = talk(an_os(), called("run_agent", agent_id="nope", message="x"))
    failed = talk(an_os(), called("run_agent", agent_id="broken", message="x"))

    assert unknown.is_error and "Agent not found" in unknown.content[0].text
    assert failed.is_error and "sk-secret" not in failed.content[0].text and "log" in failed.content[0].text


def test_without_the_key_nobody_gets_in() -> None:
    keyed = an_os(settings=AgnoAPISettings(os_security_key="the key"))
    refused = request(keyed, "POST", "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert refused.status_code == 401
    again = an_os(settings=AgnoAPISettings(os_security_key="the key"))
    assert talk(again, lambda session: session.list_tools(), {"Authorization": "Bearer the key"}).tools


def test_a_user_meets_only_what_is_that_users() -> None:
    def token(user: str, *scopes: str) -> dict[str, str]:
        claims = {"sub": user, "scopes": list(scopes)}
        return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}

    config = JWTSettings(secret_key=SECRET, algorithm="HS256")
    everything = ("mcp:write", "agents:run", "sessions:read", "memories:read", "memories:write", "memories:delete")
    os = an_os(authorization=True, authorization_config=config)
    db = os.dbs["main"]
    talk(os, called("create_memory", db_id="main", memory="secret", user_id="ada"), token("ada", *everything))
    key = db.get_user_memories("ada")[0].memory_id
    again = an_os(authorization=True, authorization_config=config)
    again.components.dbs["main"] = db

    async def work(session: ClientSession) -> list[Any]:
        change = {"db_id": "main", "memory_id": key, "memory": "mine", "user_id": "ada"}
        return [
            await session.call_tool("get_memories_for_user", {"user_id": "ada"}),
            await session.call_tool("update_memory", change),
            await session.call_tool("delete_memory", {"db_id": "main", "memory_id": key}),
        ]

    found, changed, _ = talk(again, work, token("bob", *everything))

    assert found.structured_content["result"] == [] and changed.is_error
    assert [one.memory for one in db.get_user_memories("ada")] == ["secret"]
    denied = an_os(authorization=True, authorization_config=config)
    answer = talk(denied, called("run_agent", agent_id="clerk", message="x"), token("bob", "mcp:write"))
    assert answer.is_error and "agents:clerk:run" in answer.content[0].text


def test_serving_mcp_leaves_the_log_of_the_program_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    before = root.level
    an_os().get_app()
    assert root.handlers == [] and root.level == before
