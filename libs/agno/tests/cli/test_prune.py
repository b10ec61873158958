"""`agno prune`."""

from __future__ import annotations

from pathlib import Path

import pytest

from agno.cli._database import opened
from agno.cli.main import main
from agno.db.mongo import MongoDb
from agno.db.postgres import PostgresDb
from agno.db.sqlite import SqliteDb
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Three old sessions, one of which waits, and a new one with three runs."""
    path = str(tmp_path / "agent.db")
    db = SqliteDb(db_file=path)
    for name, user, status in (("a", "ada", "COMPLETED"), ("b", "bob", "COMPLETED"), ("w", "ada", "PAUSED")):
        run = RunOutput(run_id=f"{name}1", status=RunStatus(status))
        db.upsert_session(AgentSession(name, user_id=user, created_at=1_000, runs=[run]))
    runs = [RunOutput(run_id=f"n{number}", status=RunStatus.completed) for number in range(3)]
    db.upsert_session(AgentSession("new", user_id="ada", runs=runs))
    db.close()
    return path


def left(file: str) -> dict[str, list[str]]:
    found = SqliteDb(db_file=file).get_sessions("agent")
    return {session.session_id: [run.run_id for run in session.runs] for session in found}


def test_what_is_old_or_too_much_goes(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = left(file)
    arguments = ["prune", "--db", file, "--older-than", "30d", "--keep-runs", "2"]
    assert main([*arguments, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "session a",
        "session b",
        "session new: 1 run",
        "2 sessions and 1 run of other sessions would be deleted.",
        "1 session stayed, because a run in it is not at its end.",
    ]
    assert left(file) == before
    assert main(arguments) == 0
    assert "2 sessions and 1 run of other sessions deleted." in capsys.readouterr().out
    assert left(file) == {"w": ["w1"], "new": ["n1", "n2"]}


def test_only_one_user_is_looked_at(file: str) -> None:
    assert main(["prune", "--db", f"sqlite:///{file}", "--older-than", "1.5h", "--user", "bob"]) == 0
    assert left(file).keys() == {"a", "w", "new"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--db", "FILE"], "Say what is to go"),
        (["--db", "missing.db", "--keep-runs", "1"], "There is no SQLite file 'missing.db'"),
        (["--db", "sqlite:///missing.db", "--keep-runs", "1"], "There is no SQLite file 'missing.db'"),
        (["--db", "oracle://host/x", "--keep-runs", "1"], "'oracle' is no database that is known here"),
        (["--db", "FILE", "--keep-runs", "-1"], "negative"),
    ],
)
def test_a_refusal_is_one_sentence(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["prune", *[file if part == "FILE" else part for part in arguments]]) == 2
    assert said in capsys.readouterr().err


def test_an_age_that_is_none_is_told(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["prune", "--db", file, "--older-than", "soon"])
    assert "'soon' is no age" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["prune", "--db", file, "--older-than", "99999999999999d"])
    assert "older than time" in capsys.readouterr().err


def test_the_database_of_an_address_is_the_one_that_is_meant() -> None:
    mongo = opened("mongodb://localhost:1/mine?authSource=admin")
    assert isinstance(mongo, MongoDb) and mongo.db_name == "mine"
    assert isinstance(opened("postgres://u:p@localhost:1/x"), PostgresDb)
