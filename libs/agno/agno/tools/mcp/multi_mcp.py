"""The tools of several MCP servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import Self

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


class MultiMCPTools(MCPToolkit):
    """Offers the tools of several MCP servers as one toolkit.

    `commands`, `urls` (with one transport each in `urls_transports`) and `server_params_list` add up. The first tool of
    a name wins; `tool_name_prefix` is one prefix for all, or a list with one for each server, in that order.

    `allow_partial_failure` offers the tools of those that can be reached. `header_provider` is for the servers that
    speak HTTP. The other options are those of `MCPTools`.
    """

    def __init__(
        self,
        commands: list[str] | None = None,
        urls: list[str] | None = None,
        urls_transports: list[Transport] | None = None,
        *,
        env: dict[str, str] | None = None,
        server_params_list: Sequence[ServerParams] | None = None,
        timeout_seconds: float = 10,
        client: Any = None,
        include_tools: list[str] | None = None,
        exclude_tools: list[str] | None = None,
        refresh_connection: bool = False,
        allow_partial_failure: bool = False,
        tool_name_prefix: str | list[str | None] | None = None,
        header_provider: HeaderProvider | None = None,
        required: bool = True,
        **toolkit: Any,
    ) -> None:
        user = type(self).__name__
        need_mcp(user)
        params = _all_params(user, commands, urls, urls_transports, env, server_params_list)
        prefixes = _prefixes(user, tool_name_prefix, len(params))
        self.server_params_list = params
        self.client = client
        self.timeout_seconds = timeout_seconds
        self.tool_name_prefix = tool_name_prefix
        self.header_provider = header_provider
        servers = [
            Server(
                one,
                prefix=prefix,
                timeout=timeout_seconds,
                header_provider=None if transport_of(one) == "stdio" else header_provider,
            )
            for one, prefix in zip(params, prefixes, strict=True)
        ]
        super().__init__(
            servers,
            refresh_connection=refresh_connection,
            required=required,
            allow_partial_failure=allow_partial_failure,
            include_tools=include_tools,
            exclude_tools=exclude_tools,
            **toolkit,
        )

    @classmethod
    async def create_and_connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Make one, with the constructor's arguments, and connect it."""
        made = cls(*args, **kwargs)
        await made.connect()
        return made


def _all_params(
    user: str,
    commands: list[str] | None,
    urls: list[str] | None,
    transports: list[Transport] | None,
    env: dict[str, str] | None,
    server_params: Sequence[ServerParams] | None,
) -> list[ServerParams]:
    if not (commands or urls or server_params):
        raise ValueError(f"{user} has no servers: give commands=, urls= or server_params_list=.")
    if transports is not None and len(transports) != len(urls or ()):
        raise ValueError(
            f"urls_transports of {user} has {len(transports)} items and urls has {len(urls or ())}; "
            "give one transport for each address, or leave it out for streamable HTTP."
        )
    found: list[ServerParams] = [stdio_params(command, env, user) for command in commands or ()]
    asked: Sequence[Transport | None] = transports or [None] * len(urls or ())
    for url, transport in zip(urls or (), asked, strict=True):
        check_transport(transport)
        found.append(url_params(url, transport))
    for one in server_params or ():
        check_params(one, None, user)
        found.append(one)
    return found


def _prefixes(user: str, prefix: str | list[str | None] | None, count: int) -> list[str | None]:
    if prefix is None or isinstance(prefix, str):
        return [prefix] * count
    if len(prefix) != count:
        raise ValueError(f"tool_name_prefix of {user} has {len(prefix)} items for {count} servers.")
    return prefix


__all__ = ["MultiMCPTools"]
