"""The database in JSON files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from agno.db.base import DbError, DbUnavailableError, InvalidSchemaError, SessionType
from agno.db.json import JsonDb
from agno.run.base import RunStatus
from db.contract import DbContract, a_memory, a_run, a_session, ids
from db.processes import check_two_writers, writer


class TestJsonDb(DbContract):
    @pytest.fixture
    def db(self, tmp_path):
        return JsonDb(db_path=tmp_path / "data")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def db(folder):
    return JsonDb(str(folder))


def make(folder: Path) -> str:
    return f"from agno.db.json import JsonDb\ndb = JsonDb({str(folder)!r})"


# Files -------------------------------------------------------------------------------------------------------------------


def test_the_default_folder_is_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert JsonDb().db_path == tmp_path / "agno_json_db"
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_an_indented_array_and_a_run_is_a_line(folder):
    db = JsonDb(folder, session_table="mine", id="db-1")
    assert db.id == "db-1"
    db.upsert_session(a_session("s", a_run(run_id="r"), user_id="ann"))
    text = (folder / "mine.json").read_text()
    assert json.loads(text)[0]["user_id"] == "ann" and text.startswith('[\n  {\n    "session_id": "s"')
    (log,) = (folder / "mine_runs").iterdir()
    assert json.loads(log.read_text())["run"]["content"] == "hi"


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "..", "a\0b"])
def test_a_table_name_that_is_a_path_is_refused(folder, name):
    with pytest.raises(ValueError, match="becomes part of a path"):
        JsonDb(folder, memory_table=name)


@pytest.mark.parametrize(
    "session_id", ["../../escape", "/etc/passwd", "..", "a" * 5000, "C:\\x", "s\0", "agno_sessions"]
)
def test_no_session_id_leads_out_of_the_folder(tmp_path, session_id):
    db = JsonDb(tmp_path / "in" / "data")
    db.upsert_session(a_session(session_id, a_run(run_id="r")))
    assert ids(db.get_session(session_id, SessionType.AGENT)) == ["r"]
    everything = {path.parent for path in tmp_path.rglob("*") if path.is_file()}
    assert everything == {db.db_path, db.db_path / "agno_sessions_runs"}
    db.delete_session(session_id)
    assert not list((db.db_path / "agno_sessions_runs").iterdir())


def test_ids_that_differ_in_case_or_signs_have_their_own_runs(db):
    for session_id in ("a/b", "a_b", "A_B", "a\\b"):
        db.upsert_session(a_session(session_id, a_run(run_id=f"run of {session_id}")))
    assert [ids(s) for s in db.get_sessions()] == [[f"run of {key}"] for key in ("a/b", "a_b", "A_B", "a\\b")]


# Several processes, and their deaths -------------------------------------------------------------------------------------


def test_two_processes_may_write_one_session(db, folder):
    check_two_writers(db, make(folder))


def test_a_writer_that_is_killed_leaves_whole_files(db, folder):
    told: list[str] = []
    for number in range(6):
        process = writer(make(folder), f"w{number}", turns=100_000)
        told.append(process.stdout.readline().strip())
        time.sleep(0.003 * number)
        process.kill()
        told += process.communicate()[0].split()
        session = db.get_session("s", SessionType.AGENT)
        assert set(told) <= set(ids(session))
        finished = [run for run in session.runs if run.status is RunStatus.completed]
        assert (
            session.session_data["session_metrics"]["total_tokens"] == len(finished) >= len(session.runs) - number - 1
        )
    assert ids(db.read_session("s", "agent", runs=2)) == ids(db.get_session("s"))[-2:]


def test_what_a_dead_writer_left_at_the_end_is_cut_off(db, folder):
    db.upsert_session(a_session("s", a_run(run_id="a")))
    (log,) = (folder / "agno_sessions_runs").iterdir()
    with log.open("ab") as file:
        file.write(b'{"run_id":"never","new":true,"run":{"run_id":"ne')
    (folder / "agno_sessions.json.new").write_text("[{")
    assert ids(db.get_session("s")) == ["a"]
    db.begin_run(db.get_session("s"), a_run(run_id="b"))
    assert ids(db.get_session("s")) == ["a", "b"] and "never" not in log.read_text()


def test_a_failed_write_leaves_nothing_of_it(db, folder, monkeypatch):
    db.upsert_session(a_session("s", session_data={"session_name": "before"}))
    session = db.read_session("s", "agent")
    session.name = "after"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(db._folder, "replace", full)
    with pytest.raises(DbUnavailableError, match="No space left"):
        db.finish_run(session, a_run())
    monkeypatch.undo()
    found = db.get_session("s")
    assert found.name == "before" and not found.runs


# Failures are told -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["[{", "not json", "\udcff"])
def test_a_broken_file_is_not_an_empty_one(db, folder, content):
    folder.mkdir()
    (folder / "agno_memories.json").write_text(content, errors="surrogateescape")
    for verb in (db.get_user_memories, db.clear_memories, lambda: db.upsert_user_memory(a_memory())):
        with pytest.raises(DbError, match="holds no JSON"):
            verb()
    assert (folder / "agno_memories.json").read_text(errors="surrogateescape") == content


@pytest.mark.parametrize("content", ['{"a": 1}', "[1]", '[{"no": "key"}]', "null"])
def test_json_of_something_else_is_refused(db, folder, content):
    folder.mkdir()
    (folder / "agno_memories.json").write_text(content)
    with pytest.raises(InvalidSchemaError, match="invalid schema"):
        db.get_user_memories()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    db = JsonDb(tmp_path / "file")
    with pytest.raises(DbUnavailableError, match="cannot be used"):
        db.upsert_session(a_session())
    with pytest.raises(DbUnavailableError, match="cannot be used"):
        db.get_sessions()


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------


@pytest.fixture
def v2(db, folder):
    folder.mkdir()
    runs = [{"run_id": f"old{n}", "agent_id": "agent", "content": f"c{n}", "status": "COMPLETED"} for n in range(3)]
    row = {"session_id": "s", "session_type": "agent", "agent_id": "agent", "created_at": 5, "extra": 1, "runs": runs}
    (folder / "agno_sessions.json").write_text(json.dumps([row]))
    return db


def test_runs_of_a_2_0_file_are_read_and_followed_by_new_ones(v2, folder):
    session = v2.read_session("s", "agent", runs=2)
    assert ids(session) == ["old1", "old2"]
    v2.finish_run(session, a_run(run_id="new"))
    assert ids(v2.get_session("s")) == ["old0", "old1", "old2", "new"]
    assert ids(v2.get_sessions()[0]) == ["old0", "old1", "old2", "new"]
    assert json.loads((folder / "agno_sessions.json").read_text())[0]["extra"] == 1


def test_a_run_taken_out_of_a_2_0_file_is_deleted(v2):
    session = v2.get_session("s")
    del session.runs[1]
    v2.upsert_session(session)
    assert ids(v2.get_session("s")) == ["old0", "old2"]


# What it costs -----------------------------------------------------------------------------------------------------------


def test_the_two_hundredth_run_writes_what_the_tenth_did(db, folder):
    def size() -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    written = {}
    session = a_session("s")
    db.begin_run(session, a_run())
    db._folder.replace = lambda name, data: (folder / name).write_bytes(data)  # without waiting for the disk
    for number in range(201):
        before, run = size(), a_run("answer " * 30)
        db.begin_run(session, run)
        db.finish_run(session, run)
        written[number] = size() - before
    assert written[200] <= 1.1 * written[10]
    assert os.path.getsize(folder / "agno_sessions.json") < 1000


def test_a_window_is_read_without_the_rest(db, folder):
    db.upsert_session(a_session("s", *(a_run(run_id=f"r{n}") for n in range(50))))
    (log,) = (folder / "agno_sessions_runs").iterdir()
    text = log.read_bytes()
    log.write_bytes(text.replace(b'{"run_id":"r3"', b'{"broken  "r3"'))
    assert ids(db.read_session("s", "agent", runs=3)) == ["r47", "r48", "r49"]
    with pytest.raises(DbError):
        db.get_session("s")


def test_a_continued_run_keeps_its_place(db):
    session = a_session("s")
    for number in range(6):
        db.begin_run(session, a_run(run_id=f"r{number}", status=RunStatus.paused))
    db.finish_run(session, a_run("continued", run_id="r1"))
    assert ids(db.read_session("s", "agent", runs=2)) == ["r4", "r5"]
    assert db.get_session("s").runs[1].content == "continued"
