"""`python -m benchmarks.knowledge`: storing and searching chunks through Agno, through the product's client, and Agno 2.0.0.

`raw` is the client at its least; `raw-same` stores and reads what we store and read; `raw-safe` also writes a hundred at a time.
The embedder looks its vectors up, so what is measured is what lies between the caller and the product. Each row is a process of its
own with a fresh folder, or a fresh PostgreSQL; rows take turns, and the medians of the rounds are shown.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator

from benchmarks.environments import REPOSITORY, Environment, built, this_python
from benchmarks.knowledge.raw import RAW

PRODUCTS = ("lancedb", "qdrant", "pgvector", "local")
ROWS = ("raw", "raw-same", "raw-safe", "us", "us-content", "agno-2.0.0")
FIGURES = ("add_cpu", "add_clock", "search_cpu", "search_clock")


def environment_of(row: str) -> Environment:
    """This Python for us and the clients; its own for the old version."""
    return built("knowledge-agno-2.0.0") if row == "agno-2.0.0" else this_python(row, checkout=True)


@contextlib.contextmanager
def postgres(wanted: bool) -> Iterator[str]:
    """The URL of a server with pgvector that is there for as long as the block."""
    if not wanted:
        yield "-"
        return
    sys.path.insert(0, str(REPOSITORY / "libs" / "agno" / "tests"))
    from db.servers.sql import Postgres, running

    with running(Postgres) as server:
        yield server.url()


def _products_of(row: str) -> Collection[str]:
    """Only we have a `local` one."""
    return PRODUCTS if row.startswith("us") else RAW.get(row, PRODUCTS[:-1])


def measured(row: str, product: str, chunks: int) -> dict[str, float] | str:
    """The figures of one process, or the end of what went wrong."""
    with tempfile.TemporaryDirectory() as folder, postgres(product == "pgvector") as url:
        place = environment_of(row)
        command = [
            str(place.python),
            "-m",
            "benchmarks.knowledge.worker",
            row,
            product,
            str(chunks),
            f"{folder}/store",
            url,
        ]
        os.makedirs(f"{folder}/store")
        done = subprocess.run(command, env=place.variables, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        return " ".join((done.stderr.strip().splitlines() or ["no message"])[-6:])[-600:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.knowledge", description=__doc__)
    parser.add_argument("--chunks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--products", nargs="+", choices=PRODUCTS, default=list(PRODUCTS))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    options = parser.parse_args()
    print(f"{options.chunks} chunks, medians of {options.rounds} rounds, load {os.getloadavg()[0]:.1f}; milliseconds")
    print(f"| | {' | '.join(FIGURES)} |\n|---|{'---:|' * len(FIGURES)}", flush=True)
    failed = False
    for product in options.products:
        rows = [row for row in options.rows if product in _products_of(row)]
        found: dict[str, list[dict[str, float]]] = {row: [] for row in rows}
        said: dict[str, str] = {}
        for _ in range(options.rounds):
            for row in rows:
                figures = measured(row, product, options.chunks)
                if isinstance(figures, str):
                    said[row] = figures
                else:
                    found[row].append(figures)
        for row in rows:
            if row in said:
                failed = True
                print(f"| {product}, {row} | failed: {said[row]} |", flush=True)
                continue
            cells = [f"{statistics.median(one[name] for one in found[row]):,.1f}" for name in FIGURES]
            print(f"| {product}, {row} | {' | '.join(cells)} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
