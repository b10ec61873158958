"""Processes that store the same content at once, of which one fails or dies: at the end its chunks are there, each once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from db.servers.sql import Postgres, running

from agno.knowledge import Knowledge
from knowledge.attempts import chunks_of, environment, knowledge_of, read_by, stored

LINES, SMALL = 450, 12  # chunks of the large file, of which a hundred are stored at once, and small files beside it
ROUNDS = 2
PROGRAM = """
import asyncio, sys
from knowledge.attempts import knowledge_of, read_by

where, contents, folder, colour, end, at = *sys.argv[1:6], int(sys.argv[6])
knowledge = knowledge_of(where, contents)
options = {"path": folder, "reader": read_by(end, at)}
print("ready", flush=True)
sys.stdin.readline()
if colour == "async":
    asyncio.run(knowledge.add_content_async(**options))
else:
    knowledge.add_content(**options)
"""

pytestmark = pytest.mark.timeout(900)
products = pytest.mark.parametrize(
    "place",
    [
        pytest.param("local", marks=pytest.mark.heavy),
        pytest.param("pgvector", marks=pytest.mark.heavy),
        pytest.param("lancedb", marks=pytest.mark.knowledge),
    ],
    indirect=True,
)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param != "pgvector":
        yield str(tmp_path / {"local": "vectors.db", "lancedb": "lance"}[request.param])
        return
    with running(Postgres) as server:
        yield server.url()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    (made / "large.txt").write_text("\n".join(f"000 {line:06}" for line in range(LINES)))
    for number in range(SMALL):
        (made / f"small{number}.txt").write_text(f"{number:03} 000000")
    return made


class Attempt:
    """A process that adds the folder, and ends well, fails or dies when it has read so many chunks."""

    def __init__(self, place: str, contents: Path, folder: Path, colour: str, end: str, at: int) -> None:
        self.end = end
        command = [sys.executable, "-c", PROGRAM, place, str(contents), str(folder), colour, end, str(at)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment(), text=True, **pipes)

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.process.stderr and self.process.stderr.read()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def check(self) -> None:
        """It ended as it should, or did not come to it as the other one was first."""
        _, said = self.process.communicate(timeout=300)
        allowed = {"dies": (0, -signal.SIGKILL)}.get(self.end, (0,))
        assert self.process.returncode in allowed, said


def at_once(attempts: list[Attempt]) -> None:
    for attempt in attempts:
        attempt.wait_until_ready()
    for attempt in attempts:
        attempt.go()
    for attempt in attempts:
        attempt.check()


def check(knowledge: Knowledge, folder: Path) -> None:
    """Every chunk once, every file completed."""
    assert stored(knowledge, folder) == chunks_of(folder)
    listed, total = knowledge.get_content()
    assert total == 1 + SMALL and {one.status.value for one in listed if one.status} == {"completed"}
    embedder = knowledge.vector_db.embedder  # type: ignore[union-attr]
    before = embedder.count
    knowledge.add_content(path=str(folder), reader=read_by())
    assert embedder.count == before  # the same once more embeds nothing


@products
@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("end", ["well", "fails", "dies"])
def test_one_ends_well_whatever_the_other_does(place: str, folder: Path, tmp_path: Path, colour: str, end: str) -> None:
    chance = random.Random(end + colour)
    for number in range(ROUNDS):
        contents = tmp_path / f"contents{number}.db"
        knowledge = knowledge_of(place, str(contents))
        other = Attempt(place, contents, folder, colour, end, chance.randint(1, LINES + SMALL))
        at_once([Attempt(place, contents, folder, colour, "well", 0), other])
        check(knowledge, folder)
        knowledge.remove_all_content()
        assert stored(knowledge, folder) == []


@products
def test_two_that_fail_and_die_leave_what_the_next_one_completes(place: str, folder: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    for number in range(ROUNDS):
        contents = tmp_path / f"contents{number}.db"
        places = [chance.randint(100, LINES) for _ in range(2)]
        ends = zip(("fails", "dies"), places, strict=True)
        at_once([Attempt(place, contents, folder, "sync", *end) for end in ends])
        knowledge = knowledge_of(place, str(contents))
        knowledge.add_content(path=str(folder), reader=read_by())
        check(knowledge, folder)
        knowledge.remove_all_content()
