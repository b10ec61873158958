"""The Python client of MCP uses AgentOS as a server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from mcp import Client
from serving import served

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.os.settings import AgnoAPISettings
from agno.testing import ScriptedModel, fails, says


def calls_of(os: AgentOS, *calls: tuple[str, dict[str, Any]]) -> tuple[list[str], list[Any]]:
    """The names of the tools, and the results of calls."""

    async def talk(url: str) -> tuple[list[str], list[Any]]:
        async with Client(url) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            return names, [await client.call_tool(name, arguments) for name, arguments in calls]

    with served(os.get_app()) as address:
        return asyncio.run(talk(f"{address}/mcp/"))


def test_eleven_tools_run_components_and_reach_sessions_and_memories(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "a.db"), id="main")
    agent = Agent(name="Painter", model=ScriptedModel(says("Blue."), fails(RuntimeError("sk-secret"))), db=db)
    memory = {"db_id": "main", "memory": "likes blue", "user_id": "ada"}

    names, results = calls_of(
        AgentOS(agents=[agent], enable_mcp=True),
        ("get_agentos_config", {}),
        ("run_agent", {"agent_id": "painter", "message": "Which colour?"}),
        ("get_sessions_for_agent", {"agent_id": "painter", "db_id": "main"}),
        ("create_memory", memory),
        ("get_memories_for_user", {"user_id": "ada"}),
        ("run_agent", {"agent_id": "nobody", "message": "?"}),
        ("run_agent", {"agent_id": "painter", "message": "Again?"}),
    )

    assert len(names) == 11
    config, ran, sessions, made, memories, missing, failed = results
    assert config.structured_content["agents"][0]["id"] == "painter"
    assert ran.structured_content["content"] == "Blue."
    assert len(sessions.structured_content["result"]) == 1
    assert made.structured_content["memory"] == "likes blue"
    assert [m["user_id"] for m in memories.structured_content["result"]] == ["ada"]
    assert missing.is_error and "not found" in str(missing.content)
    assert failed.is_error and "sk-secret" not in str(failed.content)


def test_it_is_behind_the_key() -> None:
    agent = Agent(name="Painter", model=ScriptedModel())
    os = AgentOS(agents=[agent], enable_mcp=True, settings=AgnoAPISettings(os_security_key="k"))

    with served(os.get_app()) as address:
        assert httpx.post(f"{address}/mcp/", json={}).status_code == 401
