"""A team's process is killed while members of its work, and another goes on. The process here really dies, by SIGKILL."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from db.servers.sql import Postgres, a_name, running

from agno.db.postgres import PostgresDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus

from dying import TEAMS, finished
from playing import MODES

# Each tool notes that it ran; the one that is named kills the process before it gives its result.
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from dying import TEAMS, Newsroom
from playing import play

folder, database, shape, mode, begun, killing, pause = sys.argv[2:]
exec(database)  # makes `db`

class Notes:
    def append(self, name):
        with open(f"{folder}/ran.txt", "a") as file:
            file.write(name + "\\n")
        print(name, flush=True)
        if name == killing:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(pause))  # time to be killed in

team = TEAMS[shape][0](Newsroom(Notes()), db=db, checkpoint="tools")
options = {"run_id": "r", "session_id": "s"}
if begun == "yes":
    seen = play(team, None, mode, "continue_run", take_over=True, **options)
else:
    seen = play(team, "go", mode, **options)
if seen.error is not None:
    raise seen.error
"""


class Place:
    """Where a run is stored, and its tools note that they ran. `database` is Python that makes its `db`."""

    def __init__(self, folder: Path, database: str = "", db: Any = None) -> None:
        self.folder = folder
        file = str(folder / "a.db")
        self.database = database or f"from agno.db.sqlite import SqliteDb; db = SqliteDb(db_file={file!r})"
        self.db = db if db is not None else SqliteDb(db_file=file)

    def begin(self, shape: str, mode: str, killing: str = "", pause: float = 0.0) -> subprocess.Popen[str]:
        """A process that begins the run, or goes on with it."""
        begun = "no" if self.run() is None else "yes"
        given = [
            str(Path(__file__).parents[1]),
            str(self.folder),
            self.database,
            shape,
            mode,
            begun,
            killing,
            str(pause),
        ]
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", PROGRAM, *given], stdout=pipe, stderr=pipe, text=True)

    def ran(self) -> Counter[str]:
        file = self.folder / "ran.txt"
        return Counter(file.read_text().split()) if file.exists() else Counter()

    def run(self) -> Any:
        session = self.db.get_session("s")
        return None if session is None else session.get_run("r")


@pytest.mark.parametrize(
    ("shape", "mode", "killing"),
    [("coordinate", "arun", "cy2"), pytest.param("broadcast", "run_stream", "dan1", marks=pytest.mark.heavy)],
)
def test_killed_in_a_member_deep_inside_what_was_done_is_not_done_again(
    shape: str, mode: str, killing: str, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    process = place.begin(shape, mode, killing)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    before, stored = place.ran(), finished(place.db)
    assert place.run().status is RunStatus.running and stored["desk0"] == stored["core0"] == 1
    process = place.begin(shape, mode)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert place.run().content == "desk has it" and place.ran() - before == TEAMS[shape][1] - stored


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("product", "shape"), [*(("sqlite", shape) for shape in TEAMS), ("postgres", "coordinate")])
def test_killed_at_random_moments_no_tool_that_succeeded_runs_again(product: str, shape: str, tmp_path: Path) -> None:
    dice, kills, number = random.Random(shape), 0, 0
    with running(Postgres) if product == "postgres" else nullcontext() as server:
        while kills < 8:
            folder = tmp_path / str(number)
            folder.mkdir()
            kills += killed_until_done(
                Place(folder, *(_in_postgres(server) if server is not None else ())), shape, dice
            )
            number += 1


def _in_postgres(server: Postgres) -> tuple[str, Any]:
    url, schema = server.url(), a_name()
    making = f"from agno.db.postgres import PostgresDb; db = PostgresDb({url!r}, db_schema={schema!r})"
    return making, PostgresDb(url, db_schema=schema)


def killed_until_done(place: Place, shape: str, dice: random.Random) -> int:
    """A run that is killed until it is done; gives how often it was killed in its middle."""
    kills, expected = 0, TEAMS[shape][1]
    while (run := place.run()) is None or run.status is not RunStatus.completed:
        stored, before = finished(place.db) if run is not None else Counter(), place.ran()
        process = place.begin(shape, dice.choice(MODES), pause=0.004)
        assert process.stdout is not None
        for _ in range(dice.randint(1, 5)):  # it works for a while, unless it comes to its end
            process.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.02))
        process.kill()
        _, errors = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), errors
        assert place.ran() - before <= expected - stored, "it had succeeded, and ran again"
        kills += process.returncode != 0 and place.run() is not None
    assert run.content == "desk has it" or shape == "route"
    assert finished(place.db) == expected and all(
        one.status is RunStatus.completed for one in place.db.get_session("s").runs
    )
    assert sorted(set(run.session_state["done"])) == sorted(expected)
    place.db.close()
    return kills
