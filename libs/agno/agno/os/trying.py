"""Serving an AgentOS for a while, and asking it something through its API: for demos and smoke tests."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def try_out(
    os: AgentOS,
    agent_id: str,
    question: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seconds: float | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Serve, ask an agent, say what it answers and where it is; then go on for some seconds, or until Ctrl-C.

    Port 0 takes a free one. Gives the run as the API gave it; RuntimeError if the service did not start or did not answer.
    """
    return asyncio.run(_tried(os, agent_id, question, host, port, seconds, say))


async def _tried(
    os: AgentOS, agent_id: str, question: str, host: str, port: int, seconds: float | None, say: Callable[[str], None]
) -> dict[str, Any]:
    listener = socket.create_server((host, port))
    port = listener.getsockname()[1]
    grace = int(os.runs.limits.drain) + 10
    config = uvicorn.Config(os.get_app(), log_level="warning", access_log=False, timeout_graceful_shutdown=grace)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _started(server, serving)
        url = f"http://{host}:{port}"
        say(f"{os.title} serves at {url} (its documentation: {url}/docs)\n")
        run = await _asked(host, port, agent_id, question)
        say(f"POST {url}/agents/{agent_id}/runs  message={question!r}\n\n{run.get('content')}\n")
        await _stay(serving, seconds, say)
        return run
    finally:
        server.should_exit = True
        await serving
        listener.close()


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            raise RuntimeError("The service did not start; the log above says why.")
        await asyncio.sleep(0.02)


async def _stay(serving: asyncio.Task[None], seconds: float | None, say: Callable[[str], None]) -> None:
    if seconds is None:
        say("It goes on serving; Ctrl-C stops it.")
        await asyncio.wait([serving])
        return
    say(f"It goes on serving for {seconds:.0f} seconds.")
    await asyncio.wait([serving], timeout=seconds)


async def _asked(host: str, port: int, agent_id: str, question: str) -> dict[str, Any]:
    """The run that a POST gives; without a client library, so that a demo needs none."""
    body = json.dumps({"message": question, "stream": False}).encode()
    head = (
        f"POST /agents/{agent_id}/runs HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    status, _, rest = answer.partition(b"\r\n")
    if b" 200 " not in status + b" ":
        raise RuntimeError(
            f"The service answered {status.decode('latin-1')!r}: {rest[-500:].decode('utf-8', 'replace')}"
        )
    run: dict[str, Any] = json.loads(rest.partition(b"\r\n\r\n")[2])
    return run


__all__ = ["try_out"]
