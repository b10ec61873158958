"""Redis, on a true server."""

from __future__ import annotations

import json

import pytest
import redis

from agno.db.base import DbError, DbUnavailableError, SessionType
from agno.db.redis import RedisDb
from db.contract import DbContract, a_memory, a_run, a_session, ids
from db.processes import check_one_continues, check_two_writers
from db.servers.redis import RedisServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = redis.Redis.from_url(server.url, decode_responses=True)
    client.flushall()
    yield client
    client.close()


class TestRedisDb(DbContract):
    @pytest.fixture
    def db(self, server, client):
        return RedisDb(db_url=server.url)


class TestRedisDbOfAClientThatDoesNotDecode(DbContract):
    @pytest.fixture
    def db(self, server, client):
        return RedisDb(redis_client=redis.Redis.from_url(server.url), db_prefix="mine")


@pytest.fixture
def db(server, client):
    return RedisDb(db_url=server.url)


# Keys --------------------------------------------------------------------------------------------------------------------


def test_a_server_is_needed():
    with pytest.raises(ValueError, match="db_url="):
        RedisDb()


def test_keys_are_those_users_know(db, client):
    db.upsert_session(a_session("s", a_run(run_id="r"), user_id="ann"))
    db.upsert_user_memory(a_memory(memory_id="m"))
    names = set(client.keys())
    assert {"agno:sessions:s", "agno:sessions:index:user_id:ann", "agno:sessions:index:session_type:agent"} <= names
    assert {"agno:memories:m", "agno:memories:index:user_id:ann"} <= names
    assert client.smembers("agno:sessions:index:agent_id:agent") == {"s"}


def test_prefix_and_table_names_keep_databases_apart(server, client):
    one, two = RedisDb(db_url=server.url, db_prefix="one"), RedisDb(db_url=server.url, db_prefix="two")
    three = RedisDb(redis_client=client, db_prefix="one", session_table="mine", memory_table="remembered", id="x")
    for db in (one, two, three):
        db.upsert_session(a_session("s", a_run(run_id=f"{db.db_prefix} {db.session_table_name}")))
    assert [ids(db.get_session("s")) for db in (one, two, three)] == [
        ["one agno_sessions"],
        ["two agno_sessions"],
        ["one mine"],
    ]
    assert three.id == "x" and client.exists("one:mine:s") and client.exists("one:mine_runs:data:s")
    with pytest.raises(ValueError, match="Leave out colons"):
        RedisDb(db_url=server.url, session_table="a:b")


@pytest.mark.parametrize(
    "session_id", ["index:user_id:ann", "%index:user_id:ann", "%", "index:all", "data:s", "s:data", "a:b", "*", "{x}"]
)
def test_no_id_reaches_another_key(db, session_id):
    db.upsert_session(a_session("s", a_run(run_id="mine"), user_id="ann"))
    db.upsert_session(a_session(session_id, a_run(run_id="other"), user_id="x:index:user_id:ann"))
    assert ids(db.get_session(session_id)) == ["other"] and ids(db.get_session("s")) == ["mine"]
    assert [s.session_id for s in db.get_sessions(user_id="ann")] == ["s"]
    assert [s.session_id for s in db.get_sessions()] == ["s", session_id]
    assert db.delete_session(session_id) and ids(db.get_session("s")) == ["mine"]


def test_a_row_that_changes_hands_changes_lists(db, client):
    session = a_session("s")
    db.upsert_session(session)
    session.user_id = "ann"
    db.upsert_session(session)
    session.user_id = "bob"
    db.upsert_session(session)
    assert db.get_sessions(user_id="ann") == [] and len(db.get_sessions(user_id="bob")) == 1
    db.delete_session("s")
    assert client.keys() == []


# Forgetting --------------------------------------------------------------------------------------------------------------


def test_what_expires_leaves_the_lists_too(server, client):
    db = RedisDb(db_url=server.url, expire=100)
    db.upsert_session(a_session("s", a_run(), user_id="ann"))
    assert all(0 < client.ttl(f"agno:{key}") <= 100 for key in ("sessions:s", "runs:data:s", "runs:order:s"))
    client.expire("agno:sessions:s", 5)
    db.begin_run(db.get_session("s"), a_run())
    assert client.ttl("agno:sessions:s") > 5
    client.delete("agno:sessions:s")
    assert db.get_sessions(user_id="ann") == [] and db.get_sessions() == []
    assert not client.sismember("agno:sessions:index:user_id:ann", "s")
    assert not client.sismember("agno:sessions:index:all", "s")


# Several processes, and failures -----------------------------------------------------------------------------------------


def test_two_processes_may_write_one_session(db, server):
    check_two_writers(db, f"from agno.db.redis import RedisDb\ndb = RedisDb(db_url={server.url!r})")


def test_of_processes_that_continue_one_run_one_does(db, server):
    check_one_continues(db, f"from agno.db.redis import RedisDb\ndb = RedisDb(db_url={server.url!r})")


def test_a_server_that_is_gone_is_told_and_found_again(tmp_path):
    server = RedisServer(tmp_path)
    db = RedisDb(redis_client=redis.Redis.from_url(server.url, retry=None))
    db.upsert_session(a_session("s"))
    server.stop()
    for verb in (db.get_sessions, lambda: db.get_session("s"), lambda: db.upsert_session(a_session("t"))):
        with pytest.raises(DbUnavailableError, match=r"Redis at .*redis.sock cannot be reached"):
            verb()
    server.start()
    assert db.get_session("s") is None
    db.upsert_session(a_session("t"))
    assert [s.session_id for s in db.get_sessions()] == ["t"]
    server.stop()


def test_a_full_server_is_told(db, client):
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(DbUnavailableError, match="takes no writes"):
            db.upsert_session(a_session())
    finally:
        client.config_set("maxmemory", 0)
    assert db.get_session("s") is None


def test_the_password_is_in_no_message():
    db = RedisDb(redis_client=redis.Redis.from_url("redis://:secret@127.0.0.1:1", retry=None))
    with pytest.raises(DbUnavailableError, match=r"Redis at 127.0.0.1:1 cannot be reached") as told:
        db.get_sessions()
    assert "secret" not in str(told.value)


def test_a_key_of_another_type_is_told(db, client):
    client.sadd("agno:sessions:s", "x")
    with pytest.raises(DbError, match="WRONGTYPE"):
        db.get_session("s")


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------


def test_a_row_of_2_0_is_read_listed_and_continued(db, client):
    runs = [{"run_id": f"old{n}", "agent_id": "agent", "content": "c", "status": "COMPLETED"} for n in range(2)]
    row = {"session_id": "s", "session_type": "agent", "user_id": "ann", "created_at": 5, "runs": runs}
    client.set("agno:sessions:s", json.dumps(row))
    client.sadd("agno:sessions:index:user_id:ann", "s")
    session = db.get_sessions(user_id="ann")[0]
    assert ids(session) == ["old0", "old1"]
    db.finish_run(session, a_run(run_id="new"))
    assert ids(db.get_session("s")) == ["old0", "old1", "new"]
    session = db.get_session("s")
    del session.runs[0]
    db.upsert_session(session)
    assert ids(db.get_session("s")) == ["old1", "new"]


# What it costs -----------------------------------------------------------------------------------------------------------


def commands(client) -> dict[str, int]:
    return {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in client.info("commandstats").items()}


def test_no_question_walks_through_all_keys(db, client):
    for number in range(20):
        user = "ann" if number % 10 == 0 else "bob"
        db.upsert_session(a_session(f"s{number}", user_id=user, created_at=number))
    client.config_resetstat()
    before = client.info("stats")["keyspace_hits"]
    assert len(db.get_sessions(SessionType.AGENT, user_id="ann", with_runs=False)) == 2
    assert client.info("stats")["keyspace_hits"] - before == 2 + 2  # two sets, two rows
    assert len(db.get_sessions(start_timestamp=18, with_runs=False)) == 2
    assert not {"keys", "scan", "smembers"} & commands(client).keys()


def test_the_hundredth_turn_sends_what_the_tenth_did(db, client):
    sent = {}
    for number in range(101):
        before = client.info("stats")["total_net_input_bytes"] + client.info("stats")["total_net_output_bytes"]
        session, run = db.read_session("s", "agent", runs=3) or a_session("s"), a_run("answer " * 30)
        db.begin_run(session, run)
        session.session_data = {"session_state": {"n": number}}
        db.finish_run(session, run)
        after = client.info("stats")
        sent[number] = after["total_net_input_bytes"] + after["total_net_output_bytes"] - before
    assert sent[100] <= 1.1 * sent[10]
