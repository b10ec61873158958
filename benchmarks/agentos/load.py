"""`python -m benchmarks.agentos.load`: many clients at once, many requests, many open streams.

Latencies: 64 connections ask again and again; every second round goes backwards, ratios are taken within a round. Memory:
the resident set of the server, after a tenth of the requests, after half of them and at the end. Streams: all are open before the first is read.
Slow clients: each asks for a stream of 16 MB and does not read it, then all do.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from benchmarks.agentos.__main__ import Server, record
from benchmarks.intervals import coverage, estimate, ratios


@dataclass
class Connection:
    """One kept-alive connection that speaks just enough HTTP, so that the client costs little beside the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, server: Server) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20))

    async def begin(self, session_id: str, streamed: bool, agent: bytes = b"a") -> dict[str, str]:
        """Ask, and read the headers of the answer."""
        fields = {"message": "hello", "stream": str(streamed).lower(), "session_id": session_id}
        body = urlencode(fields).encode()
        self.writer.write(
            b"POST /agents/%b/runs HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % (agent, len(body)) + body
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        if " 200 " not in head[0]:
            raise SystemExit(f"The server answered {head[0]}")
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}

    async def rest(self, headers: dict[str, str]) -> bytes:
        """Read the body."""
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """Read the body, piece by piece."""
        while True:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            piece = await self.reader.readexactly(size + 2)
            if size == 0:
                return
            yield piece[:-2]


async def latencies(server: Server, count: int, clients: int, streamed: bool) -> list[float]:
    """Seconds that each of so many requests took, asked by so many clients at once."""
    found: list[float] = []
    numbers = iter(range(count))

    async def ask(name: int) -> None:
        connection = await Connection.to(server)
        for number in numbers:
            start = time.perf_counter()
            await connection.rest(await connection.begin(f"s{name}-{number // 64 // 50}", streamed))
            found.append(time.perf_counter() - start)
        connection.writer.close()

    await asyncio.gather(*(ask(number) for number in range(clients)))
    return found


async def open_streams(server: Server, count: int) -> float:
    """Open so many streams, then read them all: each must have all its events, in order. Gives the seconds it took."""
    start = time.perf_counter()
    connections = [await Connection.to(server) for _ in range(count)]
    headers = await asyncio.gather(*(one.begin(f"open{n}", True) for n, one in enumerate(connections)))
    bodies = await asyncio.gather(*(one.rest(head) for one, head in zip(connections, headers, strict=True)))
    for body in bodies:
        ids = [int(line[4:]) for line in body.split(b"\n") if line.startswith(b"id: ")]
        if ids != list(range(102)):
            raise SystemExit(f"A stream had the events {ids}")
    for one in connections:
        one.writer.close()
    return time.perf_counter() - start


async def slow_clients(server: Server, count: int) -> list[float]:
    """MiB of the server before so many streams of 16 MB are asked for, while nobody reads them, and when all were read."""
    found = [resident(server)]
    connections = [await Connection.to(server) for _ in range(count)]
    await asyncio.gather(*(one.begin(f"slow{n}", True, b"large") for n, one in enumerate(connections)))
    last = 0.0
    while (now := resident(server)) > last:  # the runs go on until they have to wait
        last = now
        await asyncio.sleep(2)
    found.append(now)
    for one in connections:
        number = -1
        async for piece in one.pieces():
            for line in piece.split(b"\n"):
                if line.startswith(b"id: "):
                    number += 1
                    if int(line[4:]) != number:
                        raise SystemExit(f"Event {line!r} came in place of {number}")
        if number != 2_001:
            raise SystemExit(f"A stream ended with event {number}")
        one.writer.close()
    return [*found, resident(server)]


def resident(server: Server) -> float:
    """MiB that the server has in memory."""
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("The server is gone.")


def compare(servers: dict[str, Server], kind: str, count: int, clients: int, rounds: int) -> None:
    """Print p50 and p99 of each row, and our ratio to the bare route."""
    p50: dict[str, list[float]] = {row: [] for row in servers}
    p99: dict[str, list[float]] = {row: [] for row in servers}
    for number in range(rounds + 1):  # the first warms up
        for row in list(servers) if number % 2 == 0 else list(servers)[::-1]:
            found = quantiles(asyncio.run(latencies(servers[row], count, clients, kind == "stream")), n=100)
            if number:
                p50[row].append(found[49] * 1000)
                p99[row].append(found[98] * 1000)
    for row in servers:
        print(f"{kind:<6} {row:<10} p50 {estimate(p50[row]).middle:7.1f} ms   p99 {estimate(p99[row]).middle:7.1f} ms")
    for row in servers:
        if row != "fastapi":
            for name, values in (("p50", p50), ("p99", p99)):
                ratio = ratios(values[row], values["fastapi"])
                print(f"{kind:<6} {row:<10} {name} is {ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f}, "
                      f"{coverage(rounds):.0%}) times the bare route's")  # fmt: skip


def memory(server: Server, row: str, kind: str, count: int, clients: int) -> None:
    """Print how much memory the server has after a tenth, after a half and after all of the requests."""
    found, asked = [], 0
    for mark in (count // 10, count // 2, count):
        asyncio.run(latencies(server, mark - asked, clients, kind == "stream"))
        asked = mark
        found.append(f"{resident(server):.1f} MiB after {mark:,}")
    print(f"memory {row:<10} {kind:<6} {', '.join(found)} requests")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agentos.load", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=50_000, help="for the memory")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="few requests: shows that it works")
    given = parser.parse_args()
    scale = 20 if given.quick else 1
    rounds = 2 if given.quick else given.rounds
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        servers = {}
        for row in ("us", "us-sqlite", "fastapi"):
            servers[row] = Server(row, Path(name))
            stack.callback(servers[row].close)
            if row == "us":
                print(record(servers[row], Path(name)))
        for kind, count in (("plain", 4_000), ("stream", 1_000)):
            compare(servers, kind, max(200, count // scale), given.clients, rounds)
        for row in ("us", "us-sqlite"):
            took = asyncio.run(open_streams(servers[row], given.streams // scale))
            print(f"{given.streams // scale} streams at once, {row}: all events of all in {took:.1f} s")
        for row in ("us", "us-sqlite"):
            memory(servers[row], row, "plain", given.requests // scale, given.clients)
            memory(servers[row], row, "stream", given.requests // scale // 10, given.clients)
        clients = 20 // scale + 1
        before, unread, after = asyncio.run(slow_clients(servers["us"], clients))
        print(f"{clients} clients that do not read 16 MB each: {before:.1f} MiB before, {unread:.1f} MiB meanwhile, "
              f"{after:.1f} MiB when they had read all")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
