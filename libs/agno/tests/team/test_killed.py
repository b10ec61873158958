"""A team's process is killed while members of its work, and another goes on. The process here really dies, by SIGKILL."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus

from dying import TEAMS, finished
from playing import MODES

# Each tool notes that it ran; the one that is named kills the process before it gives its result.
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from agno.db.sqlite import SqliteDb
from dying import TEAMS, Newsroom
from playing import play

folder, shape, mode, begun, killing, pause = sys.argv[2:]

class Notes:
    def append(self, name):
        with open(f"{folder}/ran.txt", "a") as file:
            file.write(name + "\\n")
        if name == killing:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(pause))  # time to be killed in

team = TEAMS[shape][0](Newsroom(Notes()), db=SqliteDb(db_file=f"{folder}/a.db"), checkpoint="tools")
options = {"run_id": "r", "session_id": "s"}
print("ready", flush=True)
if begun == "yes":
    seen = play(team, None, mode, "continue_run", take_over=True, **options)
else:
    seen = play(team, "go", mode, **options)
if seen.error is not None:
    raise seen.error
"""


def begin(
    folder: Path, shape: str, mode: str, begun: bool, killing: str = "", pause: float = 0.0
) -> subprocess.Popen[str]:
    """A process that begins a run, or goes on with it."""
    given = [str(Path(__file__).parents[1]), str(folder), shape, mode, "yes" if begun else "no", killing, str(pause)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ran(folder: Path) -> Counter[str]:
    file = folder / "ran.txt"
    return Counter(file.read_text().split()) if file.exists() else Counter()


def database(folder: Path) -> SqliteDb:
    return SqliteDb(db_file=folder / "a.db")


def run_in(db: Any) -> Any:
    session = db.get_session("s")
    return None if session is None else session.get_run("r")


@pytest.mark.parametrize(
    ("shape", "mode", "killing"),
    [("coordinate", "arun", "cy2"), pytest.param("broadcast", "run_stream", "dan1", marks=pytest.mark.heavy)],
)
def test_killed_in_a_member_deep_inside_what_was_done_is_not_done_again(
    shape: str, mode: str, killing: str, tmp_path: Path
) -> None:
    process = begin(tmp_path, shape, mode, False, killing)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    db = database(tmp_path)
    before, stored = ran(tmp_path), finished(db)
    assert run_in(db).status is RunStatus.running and stored["desk0"] == stored["core0"] == 1
    process = begin(tmp_path, shape, mode, True)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert run_in(db).content == "desk has it" and ran(tmp_path) - before == TEAMS[shape][1] - stored


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shape", list(TEAMS))
def test_killed_at_random_moments_no_tool_that_succeeded_runs_again(shape: str, tmp_path: Path) -> None:
    dice, kills, number = random.Random(shape), 0, 0
    while kills < 12:
        folder = tmp_path / str(number)
        folder.mkdir()
        kills += killed_until_done(folder, shape, lambda: database(folder), dice)  # noqa: B023  # called at once
        number += 1


def killed_until_done(folder: Path, shape: str, open_db: Callable[[], Any], dice: random.Random) -> int:
    """A run that is killed until it is done; gives how often it was killed in its middle."""
    db, kills, expected = open_db(), 0, TEAMS[shape][1]
    while (run := run_in(db)) is None or run.status is not RunStatus.completed:
        stored, before = finished(db) if run is not None else Counter(), ran(folder)
        process = begin(folder, shape, dice.choice(MODES), run is not None, pause=0.004)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(dice.uniform(0.0, 0.3))
        process.kill()
        _, errors = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), errors
        assert ran(folder) - before <= expected - stored, "it had succeeded, and ran again"
        kills += process.returncode != 0 and run_in(db) is not None
    assert run.content == "desk has it" or shape == "route"
    assert finished(db) == expected and all(one.status is RunStatus.completed for one in db.get_session("s").runs)
    assert sorted(set(run.session_state["done"])) == sorted(expected)
    return kills
