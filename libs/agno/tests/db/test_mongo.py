"""MongoDB: the true client, talking to a server of its wire protocol."""

from __future__ import annotations

import asyncio
import gc

import bson
import pymongo
import pytest

from agno.agent import Agent
from agno.db.base import DbError, DbUnavailableError, SessionType
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate
from agno.db.mongo import AsyncMongoDb, MongoDb
from agno.testing import ScriptedModel, says
from db.awaited import Awaited
from db.contract import DbContract, a_memory, a_run, a_session, an_eval, ids
from db.migration_contract import MigrationContract
from db.old_versions import OldMongo, v2_row
from db.processes import check_two_writers
from db.servers.mongo import MongoServer


@pytest.fixture(scope="module", params=[True, False], ids=["replica set", "single server"])
def server(request):
    server = MongoServer(request.param)
    yield server
    server.stop()


@pytest.fixture
def db(server):
    server.clear()
    db = MongoDb(db_url=server.url)
    yield db
    db.close()


@pytest.fixture
def documents(server, db):
    return server.client["agno"]


# Two pairs of the four: the colours share all but how they wait, and what follows is asked of both servers.


@pytest.mark.parametrize("server", [False], ids=["single server"], indirect=True)
class TestMongoDb(DbContract):
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, server):
        with pymongo.MongoClient(server.url) as client:
            yield client

    @pytest.fixture
    def db(self, server, client):
        server.clear()
        return MongoDb(client)


@pytest.mark.parametrize("server", [True], ids=["replica set"], indirect=True)
class TestAsyncMongoDb(DbContract):
    @pytest.fixture
    def db(self, server):
        server.clear()
        db = Awaited(AsyncMongoDb(db_url=server.url))
        yield db
        db.close()


class TestMongoMigrations(MigrationContract):
    @pytest.fixture
    def db(self, db):
        return db

    @pytest.fixture
    def old(self, documents):
        return OldMongo(documents)


def test_the_asynchronous_class_is_migrated_the_same_way(server, documents):
    old = OldMongo(documents)
    old.v1_sessions("agent_sessions", "agents")
    old.v2_sessions(v2_row("of-2.0"))
    db = AsyncMongoDb(db_url=server.url)

    async def main() -> None:
        assert (await migrate(db)).tables[0].written == 3
        assert (await MigrationManager(db).up()).tables[0].runs == 3
        assert sorted([s.session_id async for s in db.iter_sessions(batch_size=2)]) == [
            "chat",
            "empty",
            "of-2.0",
            "oldest",
        ]
        await db.close()

    asyncio.run(main())


# Clients -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [MongoDb, AsyncMongoDb])
def test_a_server_is_needed(cls):
    with pytest.raises(ValueError, match="db_url="):
        cls()


def test_names_are_those_given(server, documents):
    client = pymongo.MongoClient(server.url)
    db = MongoDb(client, "mine", None, "s", "m", "x", "e", "k", id="db-1")
    db.upsert_session(a_session("s", a_run()))
    db.upsert_user_memory(a_memory())
    db.close()
    assert db.get_session("s") and db.db_client is client and db.id == "db-1"
    assert set(server.client["mine"].list_collection_names()) == {"s", "s_runs", "m"}
    client.close()


def test_an_agent_uses_the_async_database_in_both_colours(server, db):
    adb = AsyncMongoDb(db_url=server.url)

    async def asynchronous():
        model = ScriptedModel(says("one"), says("two"))
        agent = Agent(model=model, db=adb, add_history_to_context=True)
        await agent.arun("first", session_id="s", user_id="ann")
        await agent.arun("second", session_id="s", user_id="ann")
        assert [message.content for message in model.requests[1].messages] == ["first", "one", "second"]
        await adb.close()

    asyncio.run(asynchronous())
    asyncio.run(adb.close())  # another loop, which has no client yet
    Agent(model=ScriptedModel(says("three")), db=adb).run("third", session_id="s", user_id="ann")
    assert [run.content for run in db.get_session("s").runs] == ["one", "two", "three"]
    gc.collect()


def test_a_client_of_ones_own_stays_open(server, db):
    async def main():
        client = pymongo.AsyncMongoClient(server.url)
        adb = AsyncMongoDb(db_client=client, db_name="agno")
        await adb.upsert_session(a_session("s", a_run(run_id="r")))
        await adb.close()
        assert ids(await adb.get_session("s", SessionType.AGENT)) == ["r"]
        await client.close()

    asyncio.run(main())
    assert ids(db.get_session("s")) == ["r"]


# Operators and odd values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", [{"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, {"$exists": True}])
def test_a_value_is_never_an_operator(db, operator):
    db.upsert_session(a_session("s", a_run(), user_id="ann"))
    db.upsert_user_memory(a_memory(memory_id="m", topics=["a"], agent_id="a"))
    db.create_eval_run(an_eval("e", agent_id="a"))
    assert db.get_session(operator) is None
    assert db.get_sessions(user_id=operator) == [] and db.get_sessions(component_id=operator) == []
    assert db.get_user_memories(user_id=operator) == [] and db.get_user_memories(topics=[operator]) == []
    assert db.get_user_memory(operator) is None and db.get_eval_runs(agent_id=operator) == []
    assert db.delete_session(operator) is False
    db.delete_user_memories([operator])
    assert len(db.get_user_memories()) == 1 and len(db.get_sessions()[0].runs) == 1


@pytest.mark.parametrize(
    "state", [{"$set": {"a": 1}}, {"a.b": 1}, {"a\0b": 1}, {"big": 2**70}, {"": 1}, {"a": {"$where": "x"}}, {"_id": 5}]
)
def test_any_state_comes_back(db, state):
    db.upsert_session(a_session("s", session_data={"session_state": state}, metadata=state))
    found = db.rename_session("s", SessionType.AGENT, "name")
    assert found.session_data == {"session_state": state, "session_name": "name"} and found.metadata == state


def test_plain_state_can_be_asked_for_on_the_server(db, documents):
    db.upsert_session(a_session("s", session_data={"session_state": {"city": "Rome"}}))
    assert documents["agno_sessions"].find_one({"session_data.session_state.city": "Rome"})["session_id"] == "s"


# Writes are whole --------------------------------------------------------------------------------------------------------


def test_two_processes_may_write_one_session(db, server):
    check_two_writers(db, f"from agno.db.mongo import MongoDb\ndb = MongoDb(db_url={server.url!r})")


def test_a_failed_write_leaves_nothing_of_it(server, db):
    if not server.replica_set:
        pytest.skip("a single server has no transactions")
    db.upsert_session(a_session("s", session_data={"session_name": "before"}))
    session = db.read_session("s", "agent")
    session.name = "after"
    with pytest.raises(DbError, match="larger than"):
        db.finish_run(session, a_run("x" * (17 << 20)))
    found = db.get_session("s")
    assert found.name == "before" and not found.runs
    assert any("abortTransaction" in command for command in server.commands)
    db.finish_run(db.read_session("s", "agent"), a_run(run_id="r"))
    assert ids(db.get_session("s")) == ["r"]


def test_rows_are_unique_on_the_server(server, documents, db):
    db.upsert_session(a_session("s", a_run(run_id="r")))
    unique = {
        tuple(index["key"])
        for command in server.commands
        for index in command.get("indexes", ())
        if index.get("unique")
    }
    assert {("session_id",), ("session_id", "run_id")} <= unique


# Failures are told -------------------------------------------------------------------------------------------------------


def test_a_server_that_is_gone_is_told_and_found_again(db, server):
    db = MongoDb(db_url=server.url.replace("MS=2000", "MS=200"))
    db.upsert_session(a_session("s"))
    server.stop()
    try:
        verbs = (db.get_sessions, lambda: db.get_session("s"), lambda: db.upsert_session(a_session("t")))
        for verb in (*verbs, lambda: db.delete_session("s")):  # which begins a transaction without reading before
            with pytest.raises(DbUnavailableError, match=r"^MongoDB cannot be reached: [^<]*\.$"):
                verb()
    finally:
        server.start()
    db.close()
    db.upsert_session(a_session("t"))
    assert [s.session_id for s in db.get_sessions()] == ["s", "t"]
    db.close()


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------


def test_a_row_of_2_0_is_read_listed_and_continued(db, documents):
    runs = [{"run_id": f"old{n}", "agent_id": "agent", "content": "c", "status": "COMPLETED"} for n in range(2)]
    row = {"session_id": "s", "session_type": "agent", "user_id": "ann", "created_at": 5, "runs": runs, "mine": 1}
    documents["agno_sessions"].insert_one(row)
    session = db.get_sessions(user_id="ann")[0]
    assert ids(session) == ["old0", "old1"]
    db.finish_run(session, a_run(run_id="new"))
    assert ids(db.get_session("s")) == ["old0", "old1", "new"]
    session = db.get_session("s")
    del session.runs[0]
    db.upsert_session(session)
    assert ids(db.get_session("s")) == ["old1", "new"]
    assert documents["agno_sessions"].find_one({"session_id": "s"})["mine"] == 1


# What it costs -----------------------------------------------------------------------------------------------------------


def test_a_page_is_made_on_the_server(db, server):
    for number in range(20):
        db.upsert_session(a_session(f"s{number}", user_id="ann", created_at=number))
    server.commands.clear()
    rows, total = db.get_sessions(user_id="ann", sort_by="created_at", limit=3, page=2, deserialize=False)
    assert [row["session_id"] for row in rows] == ["s16", "s15", "s14"] and total == 20
    (asked,) = [command for command in server.commands if command.get("find") == "agno_sessions" and "limit" in command]
    assert asked["limit"] == 3 and asked["skip"] == 3


def test_the_hundredth_turn_asks_what_the_tenth_did(db, server):
    sent = {}
    for number in range(101):
        server.commands.clear()
        session, run = db.read_session("s", "agent", runs=3) or a_session("s"), a_run("answer " * 30)
        db.begin_run(session, run)
        session.session_data = {"session_state": {"n": number}}
        db.finish_run(session, run)
        sent[number] = (len(server.commands), sum(len(bson.encode(command)) for command in server.commands))
    assert sent[100][0] == sent[10][0] and sent[100][1] <= 1.1 * sent[10][1]
