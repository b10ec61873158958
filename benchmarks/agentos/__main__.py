"""`python -m benchmarks.agentos`: CPU time of the server per request, AgentOS and a bare FastAPI route in turn.

The model answers at once. The bare route declares the same form and returns the very bytes that AgentOS returned; both run
under uvicorn with one worker. Every second round goes backwards; ratios are taken within a round. `--old` adds Agno 2.0.0 with
the same agent, in an environment of its own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.environments import Environment, built, this_python
from benchmarks.intervals import coverage, estimate, ratios

TARGETS = {"plain": 1.5, "stream": 2.0}
ROWS = ("us", "fastapi")
OLD = "agno-2.0.0"
HTTP = ("h11", "httptools")  # the first is what `AgentOS.serve` takes; the other has to be installed
_BOUNDARY = "bench-boundary"


class Server:
    """A server in a process of its own, and one connection to it."""

    def __init__(self, row: str, folder: Path, http: str = HTTP[0], environment: Environment | None = None) -> None:
        environment = environment or this_python(row, checkout=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = environment.start("agentos.server", row, str(self.port), str(folder), http)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("A server did not start; its message is above.") from None
                time.sleep(0.05)

    def ask(self, form: str, streamed: bool, times: int) -> bytes:
        """Send the same request so many times; gives the last answer."""
        fields = {"message": "hello", "stream": str(streamed).lower(), "session_id": "s"}
        kind, body = _encoded(form, fields)
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        data = b""
        for _ in range(times):
            connection.request("POST", "/agents/a/runs", body, {"Content-Type": kind, "Accept": "*/*"})
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise SystemExit(f"The server answered {answer.status}: {data[:200]!r}")
        connection.close()
        return data

    def cpu(self) -> float:
        """CPU time of all its threads so far, in microseconds."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _encoded(form: str, fields: dict[str, str]) -> tuple[str, bytes]:
    if form == "urlencoded":
        return "application/x-www-form-urlencoded", urlencode(fields).encode()
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = "".join(f'{head}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    return f"multipart/form-data; boundary={_BOUNDARY}", f"{parts}--{_BOUNDARY}--\r\n".encode()


def measured(servers: dict[str, Server], form: str, streamed: bool, times: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU per request, by row, one for each round."""
    found: dict[str, list[float]] = {row: [] for row in servers}
    for server in servers.values():
        server.ask(form, streamed, max(20, times // 4))
    for number in range(rounds):
        for row in list(servers) if number % 2 == 0 else list(servers)[::-1]:
            before = servers[row].cpu()
            servers[row].ask(form, streamed, times)
            found[row].append((servers[row].cpu() - before) / times)
    return found


def record(server: Server, folder: Path) -> str:
    """Keep what AgentOS answers, for the bare route to return."""
    plain, stream = (server.ask("urlencoded", streamed, 1) for streamed in (False, True))
    (folder / "plain").write_bytes(plain)
    (folder / "stream").write_bytes(stream)
    events = stream.count(b"\n\n")
    return f"{len(plain):,} bytes plain; {len(stream):,} bytes in {events} events"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agentos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="few requests: shows that it works")
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    parser.add_argument("--old", action="store_true", help=f"{OLD}, too")
    parser.add_argument("--http", choices=HTTP, default=HTTP[0], help="what uvicorn reads requests with, in all rows")
    given = parser.parse_args()
    rounds, scale = (3, 10) if given.quick else (given.rounds, 1)
    old = {OLD: built(f"os-{OLD}")} if given.old else {}
    found: dict[str, Any] = {}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        folder, servers = Path(name), {}
        for row in (*ROWS, *old):
            servers[row] = Server(row, folder, given.http, old.get(row))
            stack.callback(servers[row].close)
            if row == "us":
                print(record(servers[row], folder))
        for form in ("urlencoded", "multipart"):
            for kind, times in (("plain", 400 // scale), ("stream", 100 // scale)):
                values = measured(servers, form, kind == "stream", times, rounds)
                found[f"{form} {kind}"] = values
                print(line(form, kind, values))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def line(form: str, kind: str, values: dict[str, list[float]]) -> str:
    """One row of the report."""
    ratio, ours, bare = ratios(values["us"], values["fastapi"]), estimate(values["us"]), estimate(values["fastapi"])
    text = (
        f"{form:>10} {kind:<6}  AgentOS {ours.middle:6.0f} µs  bare FastAPI {bare.middle:6.0f} µs  ratio {ratio.middle:.2f} "
        f"({ratio.low:.2f} to {ratio.high:.2f}, {coverage(len(values['us'])):.0%})  target {TARGETS[kind]}"
    )
    if OLD not in values:
        return text
    times, old = ratios(values[OLD], values["us"]), estimate(values[OLD])
    return f"{text}  {OLD} {old.middle:6.0f} µs, {times.middle:.2f} ({times.low:.2f} to {times.high:.2f}) times AgentOS"


if __name__ == "__main__":
    sys.exit(main())
