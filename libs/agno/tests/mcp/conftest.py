"""MCP servers to test against: real ones, in processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PEER = Path(__file__).with_name("mcp_peer.py")


@dataclass
class HttpPeer:
    """A server on loopback."""

    transport: str
    url: str
    process: subprocess.Popen[bytes]
    listening: socket.socket

    def kill(self) -> None:
        """End it; connecting is refused from then on."""
        self.process.kill()
        self.process.wait()
        self.listening.close()


@pytest.fixture
def peer_command() -> str:
    """The command that starts the peer over stdio."""
    return f"{sys.executable} {PEER} stdio"


@pytest.fixture
def serve() -> Iterator[Callable[[str], HttpPeer]]:
    """Start the peer over HTTP. The socket listens before the server runs, so nobody has to wait for it."""
    started: list[HttpPeer] = []

    def start(transport: str) -> HttpPeer:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.set_inheritable(True)
        process = subprocess.Popen(
            [sys.executable, str(PEER), transport, str(listening.fileno())], pass_fds=[listening.fileno()]
        )
        path = "sse" if transport == "sse" else "mcp"
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/{path}"
        started.append(HttpPeer(transport, url, process, listening))
        return started[-1]

    yield start
    for peer in started:
        peer.kill()


def process_exists(pid: int) -> bool:
    """True while a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
