"""DynamoDB: the true client, talking to moto."""

from __future__ import annotations

import json
import random

import pytest

from agno.db.base import DbError, DbUnavailableError, SessionType
from agno.db.dynamo import DynamoDb
from db.contract import DbContract, a_memory, a_run, a_session, an_eval, ids
from db.processes import check_two_writers
from db.servers.dynamo import DynamoServer


@pytest.fixture(scope="module")
def server():
    server = DynamoServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server):
    return server.client()


@pytest.fixture
def db(server, client):
    server.clear()
    return DynamoDb(client)


class TestDynamoDb(DbContract):
    """With tables that are there and empty: making and finding them takes longer than most tests."""

    @pytest.fixture
    def db(self, request, server, client):
        if "_new_database" in request.node.name or server.used is None:
            server.clear()
            server.used = DynamoDb(client)
        server.empty()
        return server.used


def incompressible(size: int) -> str:
    return random.Random(1).randbytes(size // 2).hex()


# Clients and tables ------------------------------------------------------------------------------------------------------


def test_a_region_is_needed_but_no_keys(monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ValueError, match="region_name="):
        DynamoDb()
    assert DynamoDb(region_name="eu-west-1").db_client.meta.region_name == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert DynamoDb().db_client.meta.region_name == "eu-north-1"


def test_tables_are_made_with_their_indexes_at_the_first_write(db, client):
    assert db.get_sessions() == [] and client.list_tables()["TableNames"] == []
    db.upsert_session(a_session("s", a_run()))
    db.upsert_user_memory(a_memory())
    db.create_eval_run(an_eval("e"))
    names = {"agno_eval_runs", "agno_memories", "agno_sessions", "agno_sessions_runs"}
    assert set(client.list_tables()["TableNames"]) == names

    def indexes(table):
        found = client.describe_table(TableName=table)["Table"]
        assert found["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
        return {index["IndexName"] for index in found["GlobalSecondaryIndexes"]}

    columns = ("session_type", "user_id", "agent_id", "team_id", "workflow_id")
    assert indexes("agno_sessions") == {f"{column}-created_at-index" for column in columns}
    assert {"user_id-updated_at-index", "agent_id-updated_at-index"} <= indexes("agno_memories")
    assert {"eval_type-created_at-index", "workflow_id-created_at-index"} <= indexes("agno_eval_runs")


def test_table_names_are_those_given(server, client, db):
    db = DynamoDb(client, session_table="mine", id="db-1")
    db.upsert_session(a_session("s", a_run()))
    assert client.list_tables()["TableNames"] == ["mine", "mine_runs"] and db.id == "db-1"


# Sizes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [60_000, 400_000, 2_000_000])
def test_a_large_run_is_kept_in_parts(db, client, size):
    session, run = a_session("s"), a_run("small", run_id="r")
    db.begin_run(session, run)
    run.content = incompressible(size)
    db.finish_run(session, run)
    db.begin_run(session, a_run(run_id="next"))
    found = db.get_session("s")
    assert ids(found) == ["r", "next"] and found.runs[0].content == run.content
    assert ids(db.read_session("s", runs=1)) == ["next"]
    largest = max(len(json.dumps(item, default=len)) for item in client.scan(TableName="agno_sessions_runs")["Items"])
    assert largest < 400_000
    db.delete_session("s")
    assert client.scan(TableName="agno_sessions_runs")["Items"] == []


def test_a_session_of_many_large_runs_is_written_in_several_transactions(db):
    runs = [a_run("x" * 20_000, run_id=f"r{number}") for number in range(250)]
    db.upsert_session(a_session("s", *runs))
    assert ids(db.get_session("s")) == [run.run_id for run in runs]
    assert ids(db.read_session("s", runs=120)) == [run.run_id for run in runs[-120:]]


def test_a_header_too_large_for_the_product_is_told(db):
    with pytest.raises(DbError, match="size"):
        db.upsert_session(a_session("s", session_data={"session_state": {"a": "x" * 500_000}}))
    assert db.get_session("s") is None


# Injection ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("session_id", ["\0", "\0part:x/0", "#k", ":k", "a OR b"])
def test_ids_are_only_ids(db, session_id):
    db.upsert_session(a_session("s", a_run(run_id=session_id), user_id=session_id))
    db.upsert_session(a_session(session_id, a_run(run_id="other"), user_id=""))
    assert ids(db.get_session("s")) == [session_id] and ids(db.get_session(session_id)) == ["other"]
    assert [s.session_id for s in db.get_sessions(user_id=session_id)] == ["s"]
    assert [s.session_id for s in db.get_sessions(user_id="")] == [session_id]


# Writes are whole --------------------------------------------------------------------------------------------------------


def test_two_processes_may_write_one_session(db, server):
    db.upsert_session(a_session("other", a_run()))
    options = "region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test'"
    made = f"import boto3\nfrom agno.db.dynamo import DynamoDb\ndb = DynamoDb(boto3.client('dynamodb', {options}"
    check_two_writers(db, f"{made}, endpoint_url={server.url!r}))")


def test_a_failed_write_leaves_nothing_of_it(db):
    db.upsert_session(a_session("s", session_data={"session_name": "before"}))
    session = db.read_session("s", "agent")
    session.name = "after"
    with pytest.raises(DbError):
        db.finish_run(session, a_run(run_id="r" * 2000))  # a longer key than the product takes
    found = db.get_session("s")
    assert found.name == "before" and not found.runs


# Failures are told -------------------------------------------------------------------------------------------------------


def test_a_server_that_is_gone_is_told_and_found_again(server):
    server.clear()
    db = DynamoDb(server.client(retries={"total_max_attempts": 1}, connect_timeout=1))
    db.upsert_session(a_session("s"))
    server.stop()
    try:
        for verb in (db.get_sessions, lambda: db.get_session("s"), lambda: db.upsert_session(a_session("t"))):
            with pytest.raises(DbUnavailableError, match=r"^DynamoDB cannot be reached: .*[^.]\.$"):
                verb()
    finally:
        server.start()
    db.upsert_session(a_session("t"))
    assert [s.session_id for s in db.get_sessions()] == ["s", "t"]


def test_missing_credentials_are_told(monkeypatch, server):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    with pytest.raises(DbError, match="needs credentials"):
        DynamoDb(region_name="us-east-1").get_sessions()


# What it costs -----------------------------------------------------------------------------------------------------------


def test_lists_use_the_indexes(db, server):
    for number in range(4):
        user = "ann" if number % 2 else "bob"
        db.upsert_session(a_session(f"s{number}", user_id=user, created_at=number))
        db.upsert_user_memory(a_memory(memory_id=f"m{number}", user_id=user))
        db.create_eval_run(an_eval(f"e{number}", agent_id=user))
    server.requests.clear()
    assert [s.session_id for s in db.get_sessions(SessionType.AGENT, user_id="ann", end_timestamp=2)] == ["s1"]
    assert [s.session_id for s in db.get_sessions(component_id="agent", start_timestamp=2)] == ["s2", "s3"]
    assert [s.session_id for s in db.get_sessions(start_timestamp=1, end_timestamp=2)] == ["s1", "s2"]
    assert [m.memory_id for m in db.get_user_memories(user_id="bob")] == ["m0", "m2"]
    assert len(db.get_eval_runs(eval_type=["accuracy", "performance"])) == 4
    assert "Scan" not in {verb for verb, _ in server.requests}


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
    assert sent[100][0] == sent[10][0] == ["GetItem", "Query", "GetItem", "UpdateItem", "GetItem", "TransactWriteItems"]
    assert sent[100][1] <= 1.1 * sent[10][1]


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------


def test_a_row_with_its_runs_is_read_and_continued(db, client):
    db.upsert_session(a_session("other"))
    runs = [{"run_id": f"old{n}", "agent_id": "agent", "content": "c", "status": "COMPLETED"} for n in range(2)]
    item = {"session_id": {"S": "s"}, "session_type": {"S": "agent"}, "created_at": {"N": "5"}, "user_id": {"S": "ann"}}
    client.put_item(
        TableName="agno_sessions", Item={**item, "runs": {"S": json.dumps(runs)}, "summary": {"NULL": True}}
    )
    session = db.get_sessions(user_id="ann")[0]
    assert ids(session) == ["old0", "old1"]
    db.finish_run(session, a_run(run_id="new"))
    assert ids(db.get_session("s")) == ["old0", "old1", "new"]
    session = db.get_session("s")
    del session.runs[0]
    db.upsert_session(session)
    assert ids(db.get_session("s")) == ["old1", "new"]
