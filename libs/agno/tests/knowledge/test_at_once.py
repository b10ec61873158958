"""Processes that store the same content at once, of which one fails or dies: at the end its chunks are there, each once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agno.knowledge import Knowledge
from knowledge.attempts import chunks_of, environment, knowledge_of, read_by, stored

LINES, SMALL = 450, 12  # chunks of the large file, of which a hundred are stored at once, and small files beside it
ENDS_AT = 260  # chunks, where one fails or dies
EARLY, LATE = 99, 250  # chunks, before the first hundred is stored, and after the second
PROGRAM = """
import asyncio, sys
from knowledge.attempts import knowledge_of, read_beside

where, contents, folder, colour, end, at, meets_at, mine, other = sys.argv[1:]
knowledge = knowledge_of(where, contents)
options = {"path": folder, "reader": read_beside(end, int(at), int(meets_at), mine, other)}
if colour == "async":
    asyncio.run(knowledge.add_content_async(**options))
else:
    knowledge.add_content(**options)
"""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    (made / "large.txt").write_text("\n".join(f"000 {line:06}" for line in range(LINES)))
    for number in range(SMALL):
        (made / f"small{number}.txt").write_text(f"{number:03} 000000")
    return made


class Pair:
    """Two processes that add the folder, each with how it ends, and at how many chunks it waits for the other one."""

    def __init__(self, place: str, contents: Path, folder: Path, colour: str) -> None:
        self.given = [place, str(contents), str(folder), colour]
        self.files = contents.with_suffix(".one"), contents.with_suffix(".other")

    def run(self, one: tuple[str, int], other: tuple[str, int]) -> None:
        ends = (one[0], other[0])
        processes = [
            self._started(*one, *self.files),
            self._started(*other, *reversed(self.files)),
        ]
        for process, end in zip(processes, ends, strict=True):
            _, said = process.communicate(timeout=300)
            # who was to die may have had nothing to do, as the other one was first
            assert process.returncode in ((0, -signal.SIGKILL) if end == "dies" else (0,)), said

    def _started(self, end: str, meets_at: int, mine: Path, other: Path) -> subprocess.Popen[str]:
        end_at = [end, str(ENDS_AT), str(meets_at), str(mine), str(other)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self.given, *end_at], env=environment(), text=True, **pipes
        )


def check(knowledge: Knowledge, folder: Path) -> None:
    """Every chunk once, every file completed, and the same once more embeds nothing."""
    assert stored(knowledge, folder) == chunks_of(folder)
    listed, total = knowledge.get_content()
    assert total == 1 + SMALL and {one.status.value for one in listed if one.status} == {"completed"}
    embedder = knowledge.vector_db.embedder  # type: ignore[union-attr]
    before = embedder.count
    knowledge.add_content(path=str(folder), reader=read_by())
    assert embedder.count == before


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("end", ["well", "fails", "dies"])
def test_one_ends_well_whatever_the_other_does(place: str, folder: Path, tmp_path: Path, colour: str, end: str) -> None:
    for well_at, other_at in (
        (EARLY, LATE),
        (LATE, EARLY),
    ):  # the other one is under way first, then the one that ends well
        contents = tmp_path / f"contents{well_at}.db"
        Pair(place, contents, folder, colour).run(("well", well_at), (end, other_at))
        knowledge = knowledge_of(place, str(contents))
        check(knowledge, folder)
        knowledge.remove_all_content()
        assert stored(knowledge, folder) == []


def test_two_that_fail_and_die_leave_what_the_next_one_completes(place: str, folder: Path, tmp_path: Path) -> None:
    for fails_at, dies_at in ((EARLY, LATE), (LATE, EARLY)):
        contents = tmp_path / f"contents{fails_at}.db"
        Pair(place, contents, folder, "sync").run(("fails", fails_at), ("dies", dies_at))
        knowledge = knowledge_of(place, str(contents))
        knowledge.add_content(path=str(folder), reader=read_by())
        check(knowledge, folder)
        knowledge.remove_all_content()
