"""Agents talk to MCP servers written in another language: the reference servers, on Node.js, over stdio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from agno.agent import Agent
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play

pytestmark = pytest.mark.node
PROGRAMS = Path(__file__).parent / "node_modules" / ".bin"


def remote_tool(server: str, *arguments: str, name: str) -> Callable[..., Awaitable[str]]:
    """One tool of a server as an async function: the server is started for each call."""
    program = StdioServerParameters(command=str(PROGRAMS / server), args=list(arguments))

    async def call(path: str) -> str:
        """Call the tool of the server."""
        async with stdio_client(program) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            result = await session.call_tool(name, {"path": path})
            return "\n".join(part.text for part in result.content)

    return call


@in_every_mode
def test_an_agent_reads_a_file_through_the_filesystem_server(mode: str, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("the harbour opens at nine")
    tool = remote_tool("mcp-server-filesystem", str(tmp_path), name="read_text_file")
    model = ScriptedModel(wants("call", path=str(note)), says("At nine."))

    seen = play(Agent(model=model, tools=[tool]), "When does the harbour open?", mode)

    assert seen.error is None
    assert seen.output is not None and seen.output.content == "At nine."
    assert model.requests[1].messages[-1].content == "the harbour opens at nine"


@in_every_mode
def test_the_refusal_of_a_server_reaches_the_model(mode: str, tmp_path: Path) -> None:
    tool = remote_tool("mcp-server-filesystem", str(tmp_path), name="read_text_file")
    model = ScriptedModel(wants("call", path=str(tmp_path.parent / "other.txt")), says("I may not read it."))

    play(Agent(model=model, tools=[tool]), "Read the other file", mode)

    assert "Access denied" in str(model.requests[1].messages[-1].content)
