"""What the toolkits check when they are built."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from mcp import StdioServerParameters

from agno.tools.mcp import MCPTools, MultiMCPTools, SSEClientParams, StreamableHTTPClientParams
from agno.tools.mcp.params import label_of, split_command

URL = "http://127.0.0.1:1/mcp"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("npx -y some-server 'a b'", ["npx", "-y", "some-server", "a b"]),
        ('uvx server --name "x y"', ["uvx", "server", "--name", "x y"]),
        ("docker run -i image", ["docker", "run", "-i", "image"]),
        (f"{sys.executable} server.py", [sys.executable, "server.py"]),
    ],
)
def test_a_command_is_split_like_a_shell_does(given: str, words: list[str]) -> None:
    assert split_command(given) == words


@pytest.mark.parametrize("character", list("&|;`$()"))
def test_a_command_with_a_character_for_shells_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="no shell reads it"):
        MCPTools(f"python server.py {character} x")


@pytest.mark.parametrize("command", ["bash script", "curl http://x", "python4 x", "./not-there x", "/no/such/file"])
def test_a_program_that_is_not_known_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="starts"):
        MCPTools(command)


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        MCPTools("  ")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"transport": "sse"},
        {"transport": "streamable-http"},
        {"command": "python x", "url": URL},
        {"command": "python x", "transport": "sse"},
        {"url": URL, "transport": "pigeon"},
        {"server_params": SSEClientParams(URL), "transport": "stdio"},
        {"server_params": SSEClientParams(URL), "transport": "streamable-http"},
        {"server_params": StreamableHTTPClientParams(URL), "transport": "sse"},
        {"server_params": StdioServerParameters(command="python"), "transport": "sse"},
        {"server_params": URL},
        {"command": "python x", "header_provider": dict},
    ],
)
def test_options_that_do_not_name_exactly_one_server_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        MCPTools(**options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"commands": ["bash x"]},
        {"urls": [URL], "urls_transports": ["sse", "sse"]},
        {"urls": [URL], "urls_transports": ["pigeon"]},
        {"server_params_list": [URL]},
        {"urls": [URL], "tool_name_prefix": ["a", "b"]},
    ],
)
def test_several_servers_are_checked_too(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        MultiMCPTools(**options)


@pytest.mark.parametrize("transport", [None, "stdio", "streamable-http"])
def test_an_address_means_streamable_http(transport: Any) -> None:
    tools = MCPTools(url=URL, transport=transport)
    assert tools.transport == "streamable-http"
    assert isinstance(tools.server_params, StreamableHTTPClientParams)


def test_sse_is_used_when_it_is_asked_for() -> None:
    assert isinstance(MCPTools(url=URL, transport="sse").server_params, SSEClientParams)


def test_parameters_have_the_documented_defaults() -> None:
    sse, http = SSEClientParams(URL), StreamableHTTPClientParams(URL)
    assert (sse.headers, sse.timeout, sse.sse_read_timeout) == (None, 5, 300)
    assert http.timeout is not None and http.sse_read_timeout is not None and http.terminate_on_close is None
    assert (http.timeout.total_seconds(), http.sse_read_timeout.total_seconds()) == (30, 300)  # type: ignore[union-attr]
    assert MCPTools(url=URL).timeout_seconds == 10


def test_a_toolkit_is_named_and_empty_before_it_is_connected() -> None:
    tools = MCPTools("python x", instructions="Use them", add_instructions=True)
    assert (tools.name, dict(tools.functions), tools.is_connected) == ("MCPTools", {}, False)
    assert tools.instructions == "Use them" and tools.requires_connect
    assert MultiMCPTools(commands=["python x"]).name == "MultiMCPTools"


def test_messages_name_a_server_without_its_secrets() -> None:
    assert label_of(SSEClientParams("https://me:secret@host:1/sse?key=secret#x")) == "https://host:1/sse"
    assert label_of(StdioServerParameters(command="/opt/bin/npx", args=["-y", "server", "token"])) == "npx -y server"


def test_without_the_sdk_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.tools.mcp.params.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install 'mcp>=2,<3'"):
        MCPTools(url=URL)
