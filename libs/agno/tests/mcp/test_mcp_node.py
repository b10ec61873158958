"""MCPTools against servers of other makers, on Node.js. The folder of the npm packages is AGNO_NODE_MODULES."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.testing import ScriptedModel, says, wants
from agno.tools.function import ToolResult
from agno.tools.mcp import MCPTools, MultiMCPTools

from playing import MODES, play

pytestmark = pytest.mark.node

TESTS = Path(__file__).resolve().parents[1]
# where a developer, and where CI puts them
PLACES = (TESTS.parents[2] / ".node" / "node_modules", TESTS / "node" / "node_modules")


def command(package: str, *arguments: str) -> str:
    """The command that starts a server. A missing package fails: a skipped test would look like a passed one."""
    given = os.environ.get("AGNO_NODE_MODULES")
    places = (Path(given),) if given else PLACES
    for place in places:
        script = place / "@modelcontextprotocol" / package / "dist" / "index.js"
        if script.exists():
            return shlex.join(["node", str(script), *arguments])
    looked = " and ".join(str(place) for place in places)
    pytest.fail(f"@modelcontextprotocol/{package} is not in {looked}; install it there or set AGNO_NODE_MODULES.")


async def ask(tools: MCPTools | MultiMCPTools, tool: str, /, **arguments: Any) -> ToolResult:
    entrypoint = tools.functions[tool].entrypoint
    assert entrypoint is not None
    result = await entrypoint(**arguments)
    assert isinstance(result, ToolResult)
    return result


def test_the_server_of_everything() -> None:
    async def main() -> None:
        async with MCPTools(command("server-everything", "stdio")) as tools:
            assert {"echo", "get-sum", "get-tiny-image"} <= set(tools.functions)
            assert (await ask(tools, "echo", message="hällo")).content == "Echo: hällo"
            assert "5" in (await ask(tools, "get-sum", a=2, b=3)).content
            image = (await ask(tools, "get-tiny-image")).images
            assert image is not None and (image[0].content or b"").startswith(b"\x89PNG")
            assert image[0].mime_type == "image/png"
            refused = await ask(tools, "get-sum", a="two", b=3)
            assert refused.metadata == {"is_error": True} and "answered with an error" in refused.content

    asyncio.run(main())


def test_a_folder_on_a_server(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "note.txt").write_text("the note")
        async with MCPTools(command("server-filesystem", str(tmp_path))) as tools:
            assert "read_text_file" in tools.functions
            assert (await ask(tools, "read_text_file", path=str(tmp_path / "note.txt"))).content == "the note"
            await ask(tools, "write_file", path=str(tmp_path / "new.txt"), content="written")
            assert (tmp_path / "new.txt").read_text() == "written"
            outside = await ask(tools, "read_text_file", path="/etc/hostname")
            assert outside.metadata == {"is_error": True}

    asyncio.run(main())


def test_both_as_one_toolkit(tmp_path: Path) -> None:
    async def main() -> None:
        commands = [command("server-everything", "stdio"), command("server-filesystem", str(tmp_path))]
        async with MultiMCPTools(commands, include_tools=["echo", "list_directory"]) as tools:
            assert list(tools.functions) == ["echo", "list_directory"]
            assert (await ask(tools, "echo", message="x")).content == "Echo: x"

    asyncio.run(main())


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_uses_it_in_every_mode(mode: str) -> None:
    tools = MCPTools(command("server-everything", "stdio"))
    with ScriptedModel(wants("get-sum", a=2, b=3), says("5")) as model:
        seen = play(Agent(model=model, tools=[tools]), "2+3?", mode)
    assert seen.error is None and seen.output is not None and seen.output.content == "5"
    assert "5" in model.requests[1].messages[-1].content and not tools.is_connected
