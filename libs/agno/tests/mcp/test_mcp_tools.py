"""MCPTools and MultiMCPTools against real servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_peers import PEER, HttpPeer, process_exists

from agno.agent import Agent
from agno.exceptions import RemoteServerUnavailableError
from agno.run.context import RunContext
from agno.testing import ScriptedModel, call, says, wants, wants_many
from agno.tools.function import Function, FunctionCall, FunctionExecutionResult, ToolResult
from agno.tools.mcp import MCPTools, MultiMCPTools, SSEClientParams, StreamableHTTPClientParams

from playing import MODES, play

TOOLS = [
    "add", "echo", "mixed", "weather", "fail", "crash", "pid", "variable", "slow", "header", "grow",
]  # fmt: skip
Serve = Callable[[str], HttpPeer]


async def ask(tools: MCPTools | MultiMCPTools, tool: str, /, **arguments: Any) -> ToolResult:
    """Call a tool as the engine does, but without an agent."""
    entrypoint = tools.functions[tool].entrypoint
    assert entrypoint is not None
    result = await entrypoint(**arguments)
    assert isinstance(result, ToolResult)
    return result


async def pid_of(tools: MCPTools | MultiMCPTools, name: str = "pid") -> int:
    return int((await ask(tools, name)).content)


in_every_transport = pytest.fixture(params=["stdio", "streamable-http", "sse"])
# a process that starts on a busy machine may need longer than the default
PATIENT = 40


def options_for(transport: str, peer_command: str, serve: Serve) -> dict[str, Any]:
    if transport == "stdio":
        return {"command": peer_command, "timeout_seconds": PATIENT}
    return {"url": serve(transport).url, "transport": transport, "timeout_seconds": PATIENT}


@in_every_transport
def options(request: pytest.FixtureRequest, peer_command: str, shared: Serve) -> dict[str, Any]:
    """The constructor's arguments for a server over each transport; over HTTP others ask it too."""
    return options_for(request.param, peer_command, shared)


@pytest.fixture
def there(shared: Serve) -> dict[str, Any]:
    """The constructor's arguments for a server that is there already, where the transport is not the matter."""
    return options_for("streamable-http", "", shared)


@in_every_transport
def own_options(request: pytest.FixtureRequest, peer_command: str, serve: Serve) -> dict[str, Any]:
    """The same for a server that this test may change or end."""
    return options_for(request.param, peer_command, serve)


# Tools and results -------------------------------------------------------------------------------------------------------


async def _offered(options: dict[str, Any]) -> None:
    async with MCPTools(**options) as tools:
        assert list(tools.functions) == TOOLS and tools.is_connected
        add = tools.functions["add"]
        assert isinstance(add, Function) and add.description == "Add two numbers."
        assert add.parameters["required"] == ["a", "b"]
        assert add.parameters["properties"]["a"]["type"] == "integer"
        assert (await ask(tools, "add", a=2, b=3)).content == "5"
    assert not tools.is_connected


def test_tools_are_offered_and_called_over_every_transport(options: dict[str, Any]) -> None:
    asyncio.run(_offered(options))


def test_every_kind_of_content_becomes_text_or_media(there: dict[str, Any]) -> None:
    async def main() -> ToolResult:
        async with MCPTools(**there) as tools:
            return await ask(tools, "mixed")

    result = asyncio.run(main())
    assert result.content.splitlines() == [
        "first",
        "[image image/png]",
        "[audio audio/wav]",
        "from a memo",
        "[resource blob://1, application/zip, 10 bytes]",
        "blob://2 [image image/png]",
        "manual (file:///manual.txt): how to",
        "last ü",
    ]
    assert [image.content for image in result.images or ()] == [b"\x89PNG pixel"] * 2
    assert [(audio.content, audio.mime_type) for audio in result.audios or ()] == [(b"\x89PNG pixel", "audio/wav")]


def test_structured_output_is_kept(there: dict[str, Any]) -> None:
    async def main() -> ToolResult:
        async with MCPTools(**there) as tools:
            return await ask(tools, "weather")

    result = asyncio.run(main())
    assert json.loads(result.content) == {"degrees": 21}
    assert result.metadata == {"structured_content": {"degrees": 21}}


def test_an_error_of_the_server_is_a_result_that_says_so(options: dict[str, Any]) -> None:
    async def main() -> list[ToolResult]:
        async with MCPTools(**options) as tools:
            refused = [await ask(tools, "fail"), await ask(tools, "add", a="many", b=1)]
            assert (await ask(tools, "add", a=1, b=1)).content == "2"
            return refused

    for result in asyncio.run(main()):
        assert "answered with an error" in result.content and result.metadata == {"is_error": True}


def test_arguments_may_have_names_that_the_engine_injects_elsewhere(there: dict[str, Any]) -> None:
    async def main() -> FunctionExecutionResult:
        async with MCPTools(**there) as tools:
            wanted = FunctionCall(tools.functions["echo"], {"text": "hi", "agent": "Bond"}, call_id="1")
            return await wanted.aexecute(agent="the running agent")

    assert asyncio.run(main()).result == "Bond: hi"


def test_the_environment_is_merged_over_the_default_one(peer_command: str) -> None:
    async def main() -> list[str]:
        async with MCPTools(peer_command, env={"PEER_SECRET": "42"}, timeout_seconds=PATIENT) as tools:
            return [(await ask(tools, "variable", name=name)).content for name in ("PEER_SECRET", "PATH", "PEER_OTHER")]

    os.environ["PEER_OTHER"] = "not for servers"
    try:
        secret, path, other = asyncio.run(main())
    finally:
        del os.environ["PEER_OTHER"]
    assert (secret, other) == ("42", "unset") and path == os.environ["PATH"]


def test_calls_run_at_the_same_time(options: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**options) as tools:
            slow = [asyncio.create_task(ask(tools, "slow", seconds=60)) for _ in range(5)]
            await asyncio.sleep(0.1)  # they go out first
            assert (await ask(tools, "add", a=1, b=2)).content == "3"
            assert not any(call.done() for call in slow)
            for call in slow:
                call.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(main())


# Filters and names -------------------------------------------------------------------------------------------------------


def test_filters_choose_tools(there: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**there, include_tools=["echo", "add"]) as tools:
            assert list(tools.functions) == ["add", "echo"]
        async with MCPTools(**there, exclude_tools=TOOLS[1:]) as tools:
            assert list(tools.functions) == ["add"]

    asyncio.run(main())


@pytest.mark.parametrize("setting", ["include_tools", "exclude_tools"])
def test_a_filter_with_an_unknown_name_is_an_error_that_leaves_no_process(
    setting: str, peer_command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []

    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT, **{setting: ["add", "nothing"]})
        judge = tools._check_filters
        monkeypatch.setattr(tools, "_check_filters", lambda *a, **k: (pids.extend(children()), judge(*a, **k)))
        with pytest.raises(ValueError, match=f"{setting}= of 'MCPTools' names 'nothing'; its tools are add, echo"):
            await tools.connect()
        assert not tools.is_connected

    asyncio.run(main())
    assert pids and not any(process_exists(pid) for pid in pids)


def children() -> list[int]:
    """The peers that this process has started over stdio."""
    found: list[int] = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # threads and processes come and go
            pids = map(int, (task / "children").read_text().split())
            found += [pid for pid in pids if f"{PEER.name}\0stdio" in Path(f"/proc/{pid}/cmdline").read_text()]
    return found


def test_a_prefix_goes_before_the_names_and_filters_take_both(there: dict[str, Any]) -> None:
    async def main() -> None:
        options: dict[str, Any] = {
            "tool_name_prefix": "calc",
            "include_tools": ["add", "calc_echo"],
            "requires_confirmation_tools": ["add"],
            "stop_after_tool_call_tools": ["calc_echo"],
        }
        async with MCPTools(**there, **options) as tools:
            assert list(tools.functions) == ["calc_add", "calc_echo"]
            add, echo = tools.functions.values()
            assert add.requires_confirmation and not echo.requires_confirmation
            assert echo.stop_after_tool_call and echo.show_result and not add.stop_after_tool_call
            assert (await ask(tools, "calc_add", a=1, b=2)).content == "3"

    asyncio.run(main())


def test_refreshing_lists_the_tools_of_the_same_server_anew(own_options: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**own_options) as tools:
            pid = await pid_of(tools)
            await ask(tools, "grow", name="more")
            assert "more" not in tools.functions
            await tools.initialize()
            assert (await ask(tools, "more", a=1, b=2)).content == "3"
            assert await pid_of(tools) == pid

    asyncio.run(main())


# Several servers ---------------------------------------------------------------------------------------------------------


def test_several_servers_are_one_toolkit(peer_command: str, serve: Serve) -> None:
    async def main() -> None:
        http, sse = serve("streamable-http"), serve("sse")
        tools = await MultiMCPTools.create_and_connect(
            [peer_command],
            [http.url, sse.url],
            ["streamable-http", "sse"],
            server_params_list=[StdioServerParameters(command=sys.executable, args=[str(PEER), "stdio"])],
            tool_name_prefix=["a", "b", "c", None],
            timeout_seconds=PATIENT,
        )
        try:
            names = [f"{prefix}_{name}" for prefix in "abc" for name in TOOLS] + TOOLS
            assert list(tools.functions) == names
            pids = [await pid_of(tools, name) for name in ("a_pid", "b_pid", "c_pid", "pid")]
            assert len(set(pids)) == 4 and pids[1:3] == [http.process.pid, sse.process.pid]
        finally:
            await tools.close()
        assert not process_exists(pids[0]) and not process_exists(pids[3])

    asyncio.run(main())


def test_the_first_tool_of_a_name_wins(there: dict[str, Any]) -> None:
    async def main() -> int:
        async with MultiMCPTools(
            urls=[there["url"]] * 2, urls_transports=["streamable-http"] * 2, timeout_seconds=PATIENT
        ) as tools:
            return len(tools.functions)

    assert asyncio.run(main()) == len(TOOLS)


@pytest.mark.parametrize(("partial", "required"), [(False, True), (True, True), (False, False)])
def test_a_server_that_fails_fails_all_unless_that_is_allowed(partial: bool, required: bool, peer_command: str) -> None:
    async def main() -> None:
        tools = MultiMCPTools(
            [peer_command],
            ["http://127.0.0.1:9/mcp"],
            allow_partial_failure=partial,
            required=required,
            timeout_seconds=PATIENT,
        )
        if required and not partial:
            with pytest.raises(RemoteServerUnavailableError, match="127.0.0.1:9/mcp cannot be used"):
                await tools.connect()
            assert not tools.is_connected and children() == []
            return
        async with tools:
            assert list(tools.functions) == TOOLS

    asyncio.run(main())


# Servers that are not there, or not any more -----------------------------------------------------------------------------

ABSENT: list[dict[str, Any]] = [
    {"url": "http://127.0.0.1:9/mcp"},
    {"url": "http://127.0.0.1:9/sse", "transport": "sse"},
    {"command": "python3 -c pass"},
    {"server_params": StdioServerParameters(command="no-such-program-here")},
]


@pytest.mark.parametrize("options", ABSENT, ids=["http", "sse", "ends-at-once", "no-program"])
def test_a_required_server_that_cannot_be_reached_is_an_error_that_names_it(options: dict[str, Any]) -> None:
    async def main() -> None:
        with pytest.raises(RemoteServerUnavailableError, match="MCP server .* cannot be used: .+") as caught:
            await MCPTools(**options).connect()
        assert "unhandled errors in a TaskGroup" not in str(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize("options", ABSENT, ids=["http", "sse", "ends-at-once", "no-program"])
@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_is_not_required_leaves_the_toolkit_empty(options: dict[str, Any], mode: str) -> None:
    tools = MCPTools(**options, required=False)
    with ScriptedModel(says("without tools")) as model:
        seen = play(Agent(model=model, tools=[tools]), "hi", mode)
    assert seen.error is None and seen.output is not None and seen.output.content == "without tools"
    assert dict(tools.functions) == {} and not tools.is_connected


@pytest.mark.parametrize("transport", ["sse", "streamable-http"])
def test_a_server_that_accepts_and_says_nothing_times_out(transport: Any) -> None:
    async def main() -> float:
        silent = await asyncio.start_server(lambda r, w: r.read(), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        started = asyncio.get_running_loop().time()
        with pytest.raises(RemoteServerUnavailableError):
            await MCPTools(url=f"http://127.0.0.1:{port}/x", transport=transport, timeout_seconds=0.5).connect()
        silent.close()
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(main()) < 10


@pytest.mark.heavy
def test_a_server_that_dies_in_a_call_is_a_result_that_says_so(own_options: dict[str, Any]) -> None:
    async def main() -> None:
        tools = MCPTools(**own_options)
        await tools.connect()
        for result in [await ask(tools, "crash"), await ask(tools, "add", a=1, b=2)]:
            assert "failed, server" in result.content and result.metadata == {"is_error": True}
        await asyncio.wait_for(tools.close(), 40)
        assert not tools.is_connected

    asyncio.run(main())


def test_a_server_that_was_killed_is_a_result_and_connecting_again_starts_another(peer_command: str) -> None:
    async def main() -> None:
        async with MCPTools(peer_command, timeout_seconds=PATIENT) as tools:
            first = await pid_of(tools)
            os.kill(first, signal.SIGKILL)
            assert (await ask(tools, "add", a=1, b=2)).metadata == {"is_error": True}
            assert not tools.is_connected
            await tools.connect()
            assert await pid_of(tools) != first

    asyncio.run(main())


def test_a_killed_http_server_is_a_result(serve: Serve) -> None:
    async def main(transport: str) -> None:
        peer = serve(transport)
        async with MCPTools(url=peer.url, transport=transport, timeout_seconds=PATIENT) as tools:  # type: ignore[arg-type]
            tools._servers[0].timeout = 3
            peer.kill()
            for _ in range(2):
                result = await asyncio.wait_for(ask(tools, "add", a=1, b=2), PATIENT)
                assert "failed, server" in result.content
            assert not tools.is_connected

    for transport in ("streamable-http", "sse"):
        asyncio.run(main(transport))


@pytest.mark.parametrize("size", [1, pytest.param(2_000_000, marks=pytest.mark.heavy)])
def test_a_frozen_server_is_a_result_after_the_timeout(size: int, peer_command: str) -> None:
    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT)
        await tools.connect()
        tools._servers[0].timeout = 1
        pid = await pid_of(tools)
        os.kill(pid, signal.SIGSTOP)
        result = await asyncio.wait_for(ask(tools, "echo", text="x" * size), 30)
        assert result.metadata == {"is_error": True}
        await asyncio.wait_for(tools.close(), 30)
        assert not process_exists(pid)

    asyncio.run(main())


def test_a_call_that_takes_too_long_does_not_end_the_connection(options: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**options) as tools:
            tools._servers[0].timeout = 0.5
            assert "time" in (await ask(tools, "slow", seconds=30)).content
            tools._servers[0].timeout = 10
            assert (await ask(tools, "add", a=1, b=2)).content == "3"

    asyncio.run(main())


def test_a_call_before_connecting_and_after_closing_is_a_result(there: dict[str, Any]) -> None:
    async def main() -> None:
        tools = MCPTools(**there)
        async with tools:
            pass
        assert "not connected" in (await ask(tools, "add", a=1, b=2)).content

    asyncio.run(main())


# Tasks, loops and threads ------------------------------------------------------------------------------------------------


def test_it_may_be_opened_used_and_closed_by_different_tasks(options: dict[str, Any]) -> None:
    async def main() -> None:
        tools = MCPTools(**options)
        await asyncio.create_task(tools.connect())
        assert (await asyncio.create_task(ask(tools, "add", a=1, b=1))).content == "2"
        await asyncio.create_task(tools.close())
        assert not tools.is_connected

    asyncio.run(main())


def test_a_call_from_another_loop_is_forwarded(options: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**options) as tools:
            results: list[str] = []

            def elsewhere() -> None:
                results.append(asyncio.run(ask(tools, "add", a=1, b=2)).content)

            threads = [threading.Thread(target=elsewhere) for _ in range(4)]
            for thread in threads:
                thread.start()
            await asyncio.to_thread(lambda: [thread.join() for thread in threads])
            assert results == ["3"] * 4

    asyncio.run(main())


def test_it_may_be_closed_from_another_loop(peer_command: str) -> None:
    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT)
        await tools.connect()
        pid = await pid_of(tools)
        await asyncio.to_thread(lambda: asyncio.run(tools.close()))
        assert not process_exists(pid)

    asyncio.run(main())


def test_a_loop_that_ends_takes_its_connection_along_and_another_may_connect(peer_command: str) -> None:
    tools = MCPTools(peer_command, timeout_seconds=PATIENT)

    async def forgetful() -> int:
        await tools.connect()
        return await pid_of(tools)

    first = asyncio.run(forgetful())
    assert not process_exists(first) and not tools.is_connected
    assert asyncio.run(ask(tools, "add", a=1, b=2)).metadata == {"is_error": True}
    second = asyncio.run(forgetful())
    assert second != first and not process_exists(second)


def test_connecting_at_the_same_time_starts_one_server(peer_command: str) -> None:
    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT)
        await asyncio.gather(*(tools.connect() for _ in range(5)))
        assert len(children()) == 1
        await tools.close()
        assert children() == []

    asyncio.run(main())


def test_a_cancelled_connect_leaves_no_process(peer_command: str) -> None:
    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT)
        connecting = asyncio.create_task(tools.connect())
        while not children():
            await asyncio.sleep(0.005)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert not tools.is_connected
        await asyncio.wait_for(_gone(), 30)

    async def _gone() -> None:
        while children():
            await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_cancelled_call_ends_at_once_and_the_connection_goes_on(options: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**options) as tools:
            calling = asyncio.create_task(ask(tools, "slow", seconds=30))
            await asyncio.sleep(0.1)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(calling, 20)
            assert (await ask(tools, "add", a=1, b=2)).content == "3"

    asyncio.run(main())


def test_closing_ends_calls_that_are_under_way(there: dict[str, Any]) -> None:
    async def main() -> None:
        tools = MCPTools(**there)
        await tools.connect()
        calling = asyncio.create_task(ask(tools, "slow", seconds=30))
        await asyncio.sleep(0.1)
        await tools.close()
        assert "closed" in (await asyncio.wait_for(calling, 20)).content

    asyncio.run(main())


def test_a_given_session_is_used_and_left_open(peer_command: str) -> None:
    async def main() -> None:
        params = StdioServerParameters(command=sys.executable, args=[str(PEER), "stdio"])
        async with Client(stdio_client(params), mode="legacy") as client:
            for session in (client.session, client):
                tools = MCPTools(session=session)
                await tools.initialize()
                assert (await ask(tools, "add", a=1, b=2)).content == "3"
                await tools.close()
            assert len((await client.list_tools()).tools) == len(TOOLS)

    asyncio.run(main())


# Headers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [SSEClientParams, StreamableHTTPClientParams])
def test_headers_are_sent(params: Any, shared: Serve) -> None:
    async def main() -> str:
        peer = shared("sse" if params is SSEClientParams else "streamable-http")
        async with MCPTools(server_params=params(url=peer.url, headers={"X-Who": "me"})) as tools:
            return (await ask(tools, "header", name="X-Who")).content

    assert asyncio.run(main()) == "me"


@pytest.mark.parametrize("mode", MODES)
def test_a_header_provider_gives_headers_for_the_run(mode: str, shared: Serve) -> None:
    def headers(run_context: RunContext) -> dict[str, str]:
        return {"X-User": str(run_context.user_id)}

    tools = MCPTools(url=shared("streamable-http").url, header_provider=headers)
    for user in ("ann", "bob"):
        with ScriptedModel(wants("header", name="X-User"), says("ok")) as model:
            seen = play(Agent(model=model, tools=[tools]), "hi", mode, user_id=user)
        assert seen.error is None and model.requests[1].messages[-1].content == user
        # what only the engine needs is not shown to the model
        described = next(t["function"] for t in model.requests[0].tools or () if t["function"]["name"] == "header")
        assert list(described["parameters"]["properties"]) == ["name"]


def test_a_header_provider_that_needs_no_run_is_asked_when_connecting(shared: Serve) -> None:
    async def given() -> dict[str, str]:
        return {"X-User": "service"}

    async def main() -> str:
        async with MCPTools(url=shared("streamable-http").url, header_provider=given) as tools:
            return (await ask(tools, "header", name="X-User")).content

    assert asyncio.run(main()) == "service"


# Agents ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_connects_uses_and_closes_it(mode: str, options: dict[str, Any]) -> None:
    tools = MCPTools(**options)
    with ScriptedModel(wants_many(call("add", a=1, b=2), call("fail")), says("3")) as model:
        seen = play(Agent(model=model, tools=[tools]), "1+2?", mode)
    assert seen.error is None and seen.output is not None and seen.output.content == "3"
    answers = [m.content for m in model.requests[1].messages if m.role == "tool"]
    assert answers[0] == "3" and "the cellar is locked" in answers[1]
    assert not tools.is_connected and children() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_dead_server_does_not_end_the_run(mode: str, peer_command: str) -> None:
    tools = MCPTools(peer_command, timeout_seconds=PATIENT)
    with ScriptedModel(wants("crash"), wants("add", a=1, b=2), says("sorry")) as model:
        seen = play(Agent(model=model, tools=[tools]), "go", mode)
    assert seen.error is None and seen.output is not None and seen.output.content == "sorry"
    for request in model.requests[1:]:
        assert "failed, server" in request.messages[-1].content


@pytest.mark.parametrize("mode", MODES)
def test_pictures_reach_the_model_as_media(mode: str, there: dict[str, Any]) -> None:
    with ScriptedModel(wants("mixed"), says("nice")) as model:
        seen = play(Agent(model=model, tools=[MCPTools(**there)]), "show", mode)
    assert seen.error is None
    images = [image for message in model.requests[1].messages for image in message.images or ()]
    assert [image.content for image in images] == [b"\x89PNG pixel"] * 2


def test_a_sync_run_inside_a_loop_uses_the_connection_of_that_loop(there: dict[str, Any]) -> None:
    async def main() -> None:
        async with MCPTools(**there) as tools:
            pid = await pid_of(tools)
            with ScriptedModel(wants("pid"), says("ok")) as model:
                await asyncio.to_thread(Agent(model=model, tools=[tools]).run, "who?")
            assert model.requests[1].messages[-1].content == str(pid)
            assert tools.is_connected

    asyncio.run(main())


def test_holders_share_a_connection_and_the_last_one_closes_it(peer_command: str) -> None:
    async def main() -> None:
        tools = MCPTools(peer_command, timeout_seconds=PATIENT)
        await asyncio.gather(tools.hold(), tools.hold())
        await tools.hold()
        assert len(children()) == 1
        await tools.release()
        await tools.release()
        assert (await ask(tools, "add", a=1, b=2)).content == "3"
        await tools.release()
        assert not tools.is_connected and children() == []

    asyncio.run(main())


def test_a_holder_does_not_close_what_was_connected_before(peer_command: str) -> None:
    async def main() -> None:
        async with MCPTools(peer_command, refresh_connection=True, timeout_seconds=PATIENT) as tools:
            await ask(tools, "grow", name="more")
            await tools.hold()
            assert "more" in tools.functions
            await tools.release()
            assert tools.is_connected

    asyncio.run(main())
