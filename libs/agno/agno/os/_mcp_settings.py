"""How AgentOS is an MCP server. Nothing of the SDK is needed to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class MCPConfig:
    """What clients find at /mcp: those tools of AgentOS that are named (without `tools` all), a name and instructions."""

    tools: Sequence[str] | None = None
    name: str | None = None
    instructions: str | None = None


@dataclass(frozen=True)
class MCPAuth:
    """Where clients get the tokens for /mcp, by OAuth: they read it in the metadata that an answer with status 401 names.

    - `resource_url`: the address of /mcp as clients know it. It is the audience of the tokens.
    - `authorization_servers`: the addresses of those that give the tokens.
    - `scopes`: what clients are to ask them for.
    """

    resource_url: str
    authorization_servers: Sequence[str]
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class MCPSettings:
    """What is served at /mcp. `server` is an `MCPServer` of the user's that gets the tools of AgentOS, too."""

    server: Any = None
    auth: MCPAuth | None = None
    config: MCPConfig = field(default_factory=MCPConfig)


def mcp_settings(
    enabled: bool, server: Any, auth: MCPAuth | None, config: MCPConfig | None, tokens: Any
) -> MCPSettings | None:
    """The settings; None if there is no MCP server. `server` may be True or False as well. `tokens` reads those of requests."""
    if server is not None and not isinstance(server, bool) and not hasattr(server, "streamable_http_app"):
        raise TypeError(f"mcp_server= is True, False or an MCPServer of the package `mcp`, not {server!r}.")
    if not (enabled if server is None else server):
        for name, given in (("mcp_auth", auth), ("mcp_config", config)):
            if given is not None:
                raise ValueError(f"{name}= is only looked at with enable_mcp=True or mcp_server=.")
        return None
    if auth is not None:
        _check_audience(auth, tokens)
    return MCPSettings(None if isinstance(server, bool) else server, auth, config or MCPConfig())


def _check_audience(auth: MCPAuth, tokens: Any) -> None:
    """Raises ValueError where a token for another service would be taken at /mcp."""
    given = tokens.settings.audience if tokens is not None else None
    audience = [given] if isinstance(given, str) else list(given or ())
    if auth.resource_url not in audience:
        raise ValueError(
            "mcp_auth= needs authorization=True and JWTSettings(audience=...) with its resource_url, so that no token for "
            f"another service is taken: {auth.resource_url!r} is not in audience={given!r}."
        )


__all__ = ["MCPAuth", "MCPConfig", "MCPSettings", "mcp_settings"]
