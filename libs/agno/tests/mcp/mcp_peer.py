"""A real MCP server for the tests: `python mcp_peer.py stdio`, or `sse`/`streamable-http` with a listening socket's number."""

from __future__ import annotations

import base64
import os
import sys
from typing import Any

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

PIXEL = base64.b64encode(b"\x89PNG pixel").decode()
server = MCPServer("peer", log_level="CRITICAL")


@server.tool()
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


@server.tool()
def echo(text: str, agent: str = "nobody", self_: str = "") -> str:
    """Give a text back, with whom it is for."""
    return f"{agent}: {text}"


@server.tool(structured_output=False)
def mixed() -> list[Any]:
    """Every kind of content."""
    return [
        TextContent(text="first"),
        ImageContent(data=PIXEL, mime_type="image/png"),
        AudioContent(data=PIXEL, mime_type="audio/wav"),
        EmbeddedResource(resource=TextResourceContents(uri="memo://1", text="from a memo", mime_type="text/plain")),
        EmbeddedResource(resource=BlobResourceContents(uri="blob://1", blob=PIXEL, mime_type="application/zip")),
        EmbeddedResource(resource=BlobResourceContents(uri="blob://2", blob=PIXEL, mime_type="image/png")),
        ResourceLink(name="manual", uri="file:///manual.txt", description="how to"),
        TextContent(text="last ü"),
    ]


@server.tool()
def weather() -> dict[str, int]:
    """Structured output."""
    return {"degrees": 21}


@server.tool()
def fail() -> str:
    """Refuse."""
    raise ToolError("the cellar is locked")


@server.tool()
def crash() -> str:
    """End the server in the middle of the call."""
    os._exit(3)


@server.tool()
def pid() -> str:
    """The server's process."""
    return str(os.getpid())


@server.tool()
def variable(name: str) -> str:
    """A variable of the environment."""
    return os.environ.get(name, "unset")


@server.tool()
async def slow(seconds: float) -> str:
    """Take some time."""
    await anyio.sleep(seconds)
    return "done"


@server.tool()
def header(name: str, ctx: Context[Any, Any]) -> str:
    """A header of the request."""
    request = ctx.request_context.request
    return request.headers.get(name, "unset") if request is not None else "no request"


@server.tool()
def grow(name: str) -> str:
    """Add a tool to the server."""
    server.add_tool(add, name=name, description="grown")
    return "grown"


def main() -> None:
    transport = sys.argv[1]
    if transport == "stdio":
        server.run("stdio")
        return
    app = server.sse_app() if transport == "sse" else server.streamable_http_app()
    uvicorn.run(app, fd=int(sys.argv[2]), log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
