"""An ingestion of 500 files that is killed twenty times, anywhere, and then comes to its end."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.attempts import chunks_of, environment, knowledge_of, stored

FILES, LARGE, KILLS = 500, 25, 20  # every so many files one has more chunks than go into a batch
PROGRAM = """
import asyncio, os, signal, sys, threading
from knowledge.attempts import knowledge_of, read_by
where, contents, folder, calls, colour = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
knowledge = knowledge_of(where, contents)
left = calls

def count(frame, event, argument):  # called at each call and return of anything, so it dies anywhere
    global left
    left -= 1
    if left <= 0:  # threads may pass it at once
        os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(count)
threading.setprofile(count)  # what blocks is in threads, where it is awaited
if colour == "async":
    asyncio.run(knowledge.add_content_async(path=folder, reader=read_by()))
else:
    knowledge.add_content(path=folder, reader=read_by())
sys.setprofile(None)
threading.setprofile(None)
print(calls - left, knowledge.vector_db.embedder.count)
"""

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    for number in range(FILES):
        lines = 130 if number % LARGE == 0 else 1 + number % 4
        (made / f"{number:03}.txt").write_text("\n".join(f"{number:03} {line:06}" for line in range(lines)))
    return made


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(where: str, contents: Path, folder: Path, calls: int, colour: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, where, str(contents), str(folder), str(calls), colour]
    return subprocess.run(command, env=environment(), timeout=300, capture_output=True, text=True, check=False)


def test_every_chunk_is_there_once_after_all_kills(place: str, colour: str, folder: Path, tmp_path: Path) -> None:
    chance = random.Random(20)
    kills = KILLS if colour == "sync" else 8
    if "://" in place:
        kills = 3  # with a server each run takes ten times as long
    contents = tmp_path / "contents.db"
    whole = run(str(tmp_path / "whole.db"), tmp_path / "whole_contents.db", folder, 10**12, colour)
    calls, embedded = map(int, whole.stdout.split())
    assert embedded == len(chunks_of(folder)), whole.stderr

    for _ in range(kills):
        done = run(place, contents, folder, chance.randint(1, calls // 8), colour)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
    killed_early = knowledge_of(place, str(contents)).get_content()[1] < FILES
    assert done.returncode == -signal.SIGKILL or not killed_early

    last = run(place, contents, folder, 10**12, colour)
    assert last.returncode == 0, last.stderr
    knowledge = knowledge_of(place, str(contents))
    assert stored(knowledge, folder) == chunks_of(folder)
    listed, total = knowledge.get_content()
    assert total == FILES and {one.status.value for one in listed if one.status} == {"completed"}
    assert run(place, contents, folder, 10**12, colour).stdout.split()[1] == "0"  # the same once more embeds nothing
