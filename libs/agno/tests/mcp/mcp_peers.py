"""What the tests know of the servers that they start."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
