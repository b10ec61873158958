"""Firestore: the true client, talking to a server of its protocol."""

from __future__ import annotations

import random

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from agno.db.base import DbError, DbUnavailableError, SessionType
from agno.db.firestore import FirestoreDb
from db.contract import DbContract, a_memory, a_run, a_session, an_eval, ids
from db.processes import check_two_writers
from db.servers.firestore import FirestoreServer


@pytest.fixture(scope="module")
def server():
    server = FirestoreServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server):
    patch = pytest.MonkeyPatch()
    patch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
    yield firestore.Client(project="p", credentials=AnonymousCredentials())
    patch.undo()


@pytest.fixture
def db(server, client):
    server.clear()
    return FirestoreDb(client)


class TestFirestoreDb(DbContract):
    @pytest.fixture
    def db(self, db):
        return db


# Clients and names -------------------------------------------------------------------------------------------------------


def test_a_project_is_needed():
    with pytest.raises(ValueError, match="project_id="):
        FirestoreDb()


def test_collections_are_those_given(server, client, db):
    db = FirestoreDb(client, session_collection="talks", memory_collection="facts", id="db-1")
    db.upsert_session(a_session("s", a_run(run_id="r")))
    db.upsert_user_memory(a_memory(memory_id="m"))
    names = {name.partition("/documents/")[2] for name in server.documents}
    assert names == {"talks/s", "talks/s/runs/r", "facts/m"} and db.id == "db-1"


@pytest.mark.parametrize("key", ["a/b", "s/runs/r", ".", "..", "__x__", "a" * 2000, "~", "a.b", "-", "x`y"])
def test_no_id_leads_to_another_document(db, server, key):
    db.upsert_session(a_session("s", a_run(run_id=key), user_id=key))
    db.upsert_session(a_session(key, a_run(run_id="other")))
    assert ids(db.get_session("s")) == [key] and ids(db.get_session(key)) == ["other"]
    assert [s.session_id for s in db.get_sessions(user_id=key)] == ["s"]
    depths = sorted(name.count("/") for name in server.documents)
    assert depths == [depths[0], depths[0], depths[0] + 2, depths[0] + 2]
    assert db.delete_session(key) and ids(db.get_session("s")) == [key]


# Sizes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [60_000, 1_000_000, 4_000_000])
def test_a_large_run_is_kept_in_parts(db, server, size):
    session, run = a_session("s"), a_run("small", run_id="r")
    db.begin_run(session, run)
    run.content = random.Random(1).randbytes(size // 2).hex()
    db.finish_run(session, run)
    db.begin_run(session, a_run(run_id="next"))
    found = db.get_session("s")
    assert ids(found) == ["r", "next"] and found.runs[0].content == run.content
    assert ids(db.read_session("s", runs=1)) == ["next"]
    db.delete_session("s")
    assert server.documents == {}


def test_a_session_of_many_runs_is_written_and_deleted_in_batches(db, server):
    runs = [a_run("x" * 12_000, run_id=f"r{number}") for number in range(600)]
    db.upsert_session(a_session("s", *runs))
    assert ids(db.get_session("s")) == [run.run_id for run in runs]
    db.delete_session("s")
    assert server.documents == {}


def test_a_header_too_large_for_the_product_is_told(db):
    with pytest.raises(DbError, match="maximum size"):
        db.upsert_session(a_session("s", session_data={"session_state": {"a": "x" * 1_100_000}}))
    assert db.get_session("s") is None


# Writes are whole --------------------------------------------------------------------------------------------------------


def test_two_processes_may_write_one_session(db, server):
    lines = (
        f"import os\nos.environ['FIRESTORE_EMULATOR_HOST'] = {server.address!r}",
        "from google.auth.credentials import AnonymousCredentials\nfrom google.cloud import firestore",
        "from agno.db.firestore import FirestoreDb",
        "db = FirestoreDb(firestore.Client(project='p', credentials=AnonymousCredentials()))",
    )
    check_two_writers(db, "\n".join(lines))


def test_a_failed_write_leaves_nothing_of_it(db, monkeypatch):
    db.upsert_session(a_session("s", session_data={"session_name": "before"}))
    session = db.read_session("s", "agent")
    session.name = "after"
    monkeypatch.setattr("agno.db.firestore._runs.SMALL", 10**7)  # so that the run is more than a document takes
    with pytest.raises(DbError, match="maximum size"):
        db.finish_run(session, a_run("x" * 1_100_000))
    found = db.get_session("s")
    assert found.name == "before" and not found.runs


# Failures are told -------------------------------------------------------------------------------------------------------


def test_a_server_that_is_gone_is_told_and_found_again(db, server):
    db._options = {"retry": None, "timeout": 5}
    db.upsert_session(a_session("s"))
    server.stop()
    try:
        for verb in (db.get_sessions, lambda: db.get_session("s"), lambda: db.upsert_session(a_session("t"))):
            with pytest.raises(DbUnavailableError, match="^Firestore cannot be reached: "):
                verb()
    finally:
        server.start()
    db._options = FirestoreDb(db.db_client)._options  # which try again until the connection stands
    db.upsert_session(a_session("t"))
    assert [s.session_id for s in db.get_sessions()] == ["s", "t"]


# What it costs -----------------------------------------------------------------------------------------------------------


def test_no_question_needs_an_index_that_somebody_has_to_make(db, server):
    for number in range(4):
        user = "ann" if number % 2 else "bob"
        db.upsert_session(a_session(f"s{number}", user_id=user, created_at=number))
        db.upsert_user_memory(a_memory(memory_id=f"m{number}", user_id=user))
        db.create_eval_run(an_eval(f"e{number}", agent_id=user))
    by_time = {"sort_by": "created_at", "sort_order": "asc", "limit": 5}
    found = db.get_sessions(SessionType.AGENT, "ann", "agent", None, 1, 2, **by_time)
    assert [s.session_id for s in found] == ["s1"]
    assert [s.session_id for s in db.get_sessions(component_id="agent", start_timestamp=2)] == ["s2", "s3"]
    assert [s.session_id for s in db.get_sessions(start_timestamp=1, end_timestamp=2)] == ["s1", "s2"]
    assert len(db.get_user_memories(user_id="bob", sort_by="updated_at")) == 2
    assert len(db.get_eval_runs(eval_type=["accuracy", "performance"], filter_type="agent")) == 4


@pytest.mark.heavy
def test_the_hundredth_turn_asks_what_the_tenth_did(db, server):
    sent = {}
    for number in range(101):
        server.requests.clear()
        session, run = db.read_session("s", "agent", runs=3) or a_session("s"), a_run("answer " * 30)
        db.begin_run(session, run)
        session.session_data = {"session_state": {"n": number}}
        db.finish_run(session, run)
        sent[number] = ([verb for verb, _ in server.requests], sum(size for _, size in server.requests))
    once = ["BatchGetDocuments", "RunQuery", "BatchGetDocuments", "Commit", "BatchGetDocuments", "Commit"]
    assert sent[100][0] == sent[10][0] == once and sent[100][1] <= 1.1 * sent[10][1]


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------


def test_a_row_with_its_runs_is_read_and_continued(db, client):
    runs = [{"run_id": f"old{n}", "agent_id": "agent", "content": "c", "status": "COMPLETED"} for n in range(2)]
    row = {"session_id": "s", "session_type": "agent", "created_at": 5, "user_id": "ann", "runs": runs}
    client.collection("agno_sessions").document("s").set({**row, "session_data": {"session_name": "n"}})
    session = db.get_sessions(user_id="ann")[0]
    assert ids(session) == ["old0", "old1"] and session.name == "n"
    db.finish_run(session, a_run(run_id="new"))
    assert ids(db.get_session("s")) == ["old0", "old1", "new"]
    session = db.get_session("s")
    del session.runs[0]
    db.upsert_session(session)
    assert ids(db.get_session("s")) == ["old1", "new"]
