"""The tools of one MCP server."""

from __future__ import annotations

from typing import Any

from agno.tools.mcp._server import HeaderProvider, Server
from agno.tools.mcp._toolkit import MCPToolkit
from agno.tools.mcp.params import (
    ServerParams,
    Transport,
    check_params,
    check_transport,
    need_mcp,
    stdio_params,
    transport_of,
    url_params,
)


class MCPTools(MCPToolkit):
    """Offers the tools of an MCP server, which is reached in exactly one of four ways.

    `command` starts it (split like a shell does, but no shell runs it), `url` is its address, `server_params` are the
    SDK's or our parameters for more control, `session` is a session that you opened and close yourself.

        async with MCPTools("npx -y @modelcontextprotocol/server-everything") as tools:
            await Agent(model=..., tools=[tools]).arun("...")

    An agent connects it by itself when it is not connected, and closes it after the run.

    `required=False` makes a server that cannot be reached a warning and the toolkit empty. `refresh_connection` lists
    the tools anew for every run. `header_provider` gives HTTP headers for a run: a function of `run_context` or of
    nothing; each set of headers has a connection of its own. `client` is kept alive beside `session`.
    """

    def __init__(
        self,
        command: str | None = None,
        *,
        url: str | None = None,
        env: dict[str, str] | None = None,
        transport: Transport | None = None,
        server_params: ServerParams | None = None,
        session: Any = None,
        timeout_seconds: float = 10,
        client: Any = None,
        include_tools: list[str] | None = None,
        exclude_tools: list[str] | None = None,
        refresh_connection: bool = False,
        tool_name_prefix: str | None = None,
        header_provider: HeaderProvider | None = None,
        required: bool = True,
        **toolkit: Any,
    ) -> None:
        user = type(self).__name__
        need_mcp(user)
        check_transport(transport)
        _check_one_way(user, command=command, url=url, server_params=server_params, session=session)
        params = _params(user, command, url, env, transport, server_params, session)
        self.transport = transport_of(params) if params is not None else None
        if header_provider is not None and self.transport not in ("sse", "streamable-http"):
            raise ValueError(f"header_provider= of {user} gives HTTP headers, so it needs url= or HTTP server_params=.")
        self.server_params = params
        self.session = session
        self.client = client
        self.timeout_seconds = timeout_seconds
        self.tool_name_prefix = tool_name_prefix
        self.header_provider = header_provider
        server = Server(
            params,
            session=session,
            prefix=tool_name_prefix,
            timeout=timeout_seconds,
            header_provider=header_provider,
        )
        super().__init__(
            [server],
            refresh_connection=refresh_connection,
            required=required,
            allow_partial_failure=False,
            include_tools=include_tools,
            exclude_tools=exclude_tools,
            **toolkit,
        )


def _check_one_way(user: str, **ways: Any) -> None:
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise ValueError(
            f"{user} has {' and '.join(f'{name}=' for name in given)}; give exactly one of {_names(ways)}."
        )
    if not given:
        raise ValueError(f"{user} does not know its server: give one of {_names(ways)}.")


def _names(ways: dict[str, Any]) -> str:
    return ", ".join(f"{name}=" for name in ways)


def _params(
    user: str,
    command: str | None,
    url: str | None,
    env: dict[str, str] | None,
    transport: Transport | None,
    server_params: ServerParams | None,
    session: Any,
) -> ServerParams | None:
    if session is not None:
        return None
    if server_params is not None:
        check_params(server_params, transport, user)
        return server_params
    if url is not None:
        return url_params(url, transport)
    assert command is not None
    if transport not in (None, "stdio"):
        raise ValueError(
            f"transport={transport!r} of {user} needs url= or server_params=; command={command!r} is stdio."
        )
    return stdio_params(command, env, user)


__all__ = ["MCPTools"]
