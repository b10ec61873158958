"""How to reach an MCP server: a command to start, or an address, checked when the toolkit is built."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, Union

from agno.utils.log import log_warning

if TYPE_CHECKING:
    from mcp import StdioServerParameters

Transport = Literal["stdio", "sse", "streamable-http"]

EXECUTABLES = frozenset(
    {"python", "python3", "uv", "uvx", "pipx", "node", "npm", "npx", "yarn", "pnpm", "bun", "deno", "java", "ruby",
     "docker"}
)  # fmt: skip
_FORBIDDEN = "&|;`$()"  # they mean something to a shell, and there is none here


@dataclass
class SSEClientParams:
    """A server that speaks HTTP with server-sent events. Times in seconds."""

    url: str
    headers: dict[str, Any] | None = None
    timeout: float | None = 5
    sse_read_timeout: float | None = 60 * 5


@dataclass
class StreamableHTTPClientParams:
    """A server that speaks streamable HTTP. Times as timedelta or seconds."""

    url: str
    headers: dict[str, Any] | None = None
    timeout: timedelta | float | None = timedelta(seconds=30)
    sse_read_timeout: timedelta | float | None = timedelta(seconds=60 * 5)
    terminate_on_close: bool | None = None


ServerParams = Union["StdioServerParameters", SSEClientParams, StreamableHTTPClientParams]


def need_mcp(user: str) -> Any:
    """The package of the MCP SDK, or an ImportError that says how to get it."""
    if find_spec("mcp") is None:
        raise ImportError(f"{user} needs `mcp`. Install it with: pip install 'mcp>=2,<3'")
    package = import_module("mcp")
    if not hasattr(package, "Client"):
        raise ImportError(f"{user} needs version 2 of `mcp`; an older one is installed. Use: pip install 'mcp>=2,<3'")
    return package


def split_command(command: str) -> list[str]:
    """The words of a command, split as a shell does. Raises ValueError for what is no plain call of a known program."""
    if found := sorted(set(command) & set(_FORBIDDEN)):
        raise ValueError(
            f"The MCP command {command!r} holds {' '.join(found)}: no shell reads it, so it must be a plain call."
        )
    words = shlex.split(command)
    if not words:
        raise ValueError("The MCP command is empty; give the program to start, for example 'npx -y some-server'.")
    program = words[0]
    if PurePath(program).name != program:
        if shutil.which(program) is None:
            raise ValueError(f"The MCP command {command!r} starts {program!r}, which is no executable file.")
    elif _plain_name(program) not in EXECUTABLES:
        raise ValueError(
            f"The MCP command {command!r} starts {program!r}. Programs that may be started by name: "
            f"{', '.join(sorted(EXECUTABLES))}; any other one by its path."
        )
    return words


def _plain_name(program: str) -> str:
    name, extension = os.path.splitext(program)
    return name.lower() if extension.lower() in (".exe", ".cmd", ".bat") else program


def stdio_params(command: str, env: dict[str, str] | None, user: str) -> StdioServerParameters:
    """The parameters of a server that is started by a command. `env` is merged over the SDK's default environment."""
    program, *arguments = split_command(command)
    params: StdioServerParameters = need_mcp(user).StdioServerParameters(command=program, args=arguments, env=env)
    return params


def url_params(url: str, transport: str | None) -> SSEClientParams | StreamableHTTPClientParams:
    """The parameters of a server at an address: streamable HTTP unless SSE is asked for."""
    if transport == "sse":
        log_warning(f"MCP has deprecated the transport 'sse'; ask {url} for 'streamable-http' if it offers it")
        return SSEClientParams(url=url)
    if transport == "stdio":
        log_warning(f"transport='stdio' starts a command and {url} is an address: 'streamable-http' is used")
    return StreamableHTTPClientParams(url=url)


def transport_of(params: ServerParams) -> Transport:
    """Which transport the parameters are for."""
    if isinstance(params, SSEClientParams):
        return "sse"
    return "streamable-http" if isinstance(params, StreamableHTTPClientParams) else "stdio"


def check_transport(transport: str | None) -> None:
    """Complain about a transport that does not exist."""
    if transport not in (None, "stdio", "sse", "streamable-http"):
        raise ValueError(f"transport={transport!r} is unknown; it is 'stdio', 'sse' or 'streamable-http'.")


def check_params(params: Any, transport: str | None, user: str) -> None:
    """Complain about parameters of another class than the transport's."""
    classes: dict[str, type[Any]] = {
        "stdio": need_mcp(user).StdioServerParameters,
        "sse": SSEClientParams,
        "streamable-http": StreamableHTTPClientParams,
    }
    wanted = [classes[transport]] if transport is not None else list(classes.values())
    if not isinstance(params, tuple(wanted)):
        names = " or ".join(kind.__name__ for kind in wanted)
        given = f" with transport={transport!r}" if transport is not None else ""
        raise ValueError(f"server_params={params!r} of {user}{given} is no {names}.")


def label_of(params: ServerParams) -> str:
    """How a server is named in messages: its address without what may be secret, or its command."""
    if isinstance(params, (SSEClientParams, StreamableHTTPClientParams)):
        scheme, _, rest = params.url.partition("://")
        address = rest.split("?", 1)[0].split("#", 1)[0]
        host, slash, path = address.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    # arguments may be long or secret; two are enough to know the server
    return " ".join([PurePath(params.command).name, *params.args[:2]])


__all__ = ["SSEClientParams", "StreamableHTTPClientParams"]
