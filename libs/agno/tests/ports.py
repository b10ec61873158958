"""A port of this machine where nothing listens yet."""

from __future__ import annotations

import socket
import sys

_kept: list[socket.socket] = []


def free_port() -> int:
    """A port that refuses connections until a server of ours listens there. On Linux nobody else is given it for as long as
    this process lives: it stays bound, and a server that sets `SO_REUSEADDR`, as servers do, may listen there all the same."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    if sys.platform == "linux":
        _kept.append(probe)
    else:
        probe.close()
    return port
