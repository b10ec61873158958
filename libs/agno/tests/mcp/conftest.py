"""MCP servers to test against: real ones, in processes of their own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from mcp_peers import PEER, HttpPeer


@pytest.fixture
def peer_command() -> str:
    """The command that starts the peer over stdio."""
    return f"{sys.executable} {PEER} stdio"


@pytest.fixture
def serve() -> Iterator[Callable[[str], HttpPeer]]:
    """Start the peer over HTTP, for a test that changes or ends it."""
    with peers() as start:
        yield start


@pytest.fixture(scope="module")
def shared() -> Iterator[Callable[[str], HttpPeer]]:
    """The peer over HTTP, one for each transport, that all tests of a file ask."""
    with peers() as start:
        yield cache(start)


@contextmanager
def peers() -> Iterator[Callable[[str], HttpPeer]]:
    """Start peers over HTTP. The socket listens before the server runs, so nobody has to wait for it."""
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
