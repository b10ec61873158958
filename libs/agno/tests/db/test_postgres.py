"""PostgreSQL: the contract on a real server, and what the product adds to it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from ports import free_port
from sqlalchemy.ext.asyncio import create_async_engine

from agno._io import run_blocking
from agno.agent import Agent
from agno.db._sessions import run_row
from agno.db.base import DbUnavailableError, SessionType
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate
from agno.db.postgres import AsyncPostgresDb, PostgresDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says
from db.awaited import Awaited
from db.contract import a_run, a_session, ids
from db.definitions_contract import DefinitionsContract
from db.migration_contract import SqlMigrationContract
from db.old_versions import OldSql, v2_row
from db.paging_contract import PagingContract
from db.servers.sql import Postgres, a_name, running
from db.sql_contract import ProcessContract, ServerContract
from db.wire import Wire


@pytest.fixture(scope="module")
def server():
    with running(Postgres) as server:
        yield server


class TestPostgresDb(ProcessContract, DefinitionsContract, PagingContract):
    json_types = ("JSON", "JSONB")

    def make(self, server, schema, **options):
        return PostgresDb(server.url(), db_schema=schema, **options)

    def code(self, server, schema):
        return f"from agno.db.postgres import PostgresDb\ndb = PostgresDb({server.url()!r}, db_schema={schema!r})"


class TestAsyncPostgresDb(ServerContract):
    json_types = ("JSON", "JSONB")

    def make(self, server, schema, **options):
        return Awaited(AsyncPostgresDb(server.url(), db_schema=schema, **options))


class TestAsyncPostgresDbOnAsyncpg(ServerContract):
    json_types = ("JSON", "JSONB")

    def make(self, server, schema, **options):
        return Awaited(AsyncPostgresDb(server.url("asyncpg"), db_schema=schema, **options))


@pytest.mark.parametrize("json_type", ["JSON", "JSONB"])
class TestPostgresMigrations(SqlMigrationContract):
    @pytest.fixture
    def db(self, db):
        return db

    @pytest.fixture
    def old(self, db, json_type):
        return OldSql(db, json_type)


def test_the_asynchronous_class_is_migrated_the_same_way(server, db):
    old = OldSql(db)
    old.make_schema()
    old.v1_sessions("agent_sessions", "agents")
    old.v2_sessions(v2_row("of-2.0"))
    adb = AsyncPostgresDb(server.url(), db_schema=db.db_schema)

    async def main() -> None:
        assert (await migrate(adb)).tables[0].written == 3
        assert (await MigrationManager(adb).up()).tables[0].runs == 3
        await adb.migrate_table_from_v1_to_v2(None, "agents", "agent_sessions")
        assert sorted([s.session_id async for s in adb.iter_sessions(batch_size=2)]) == [
            "chat",
            "empty",
            "of-2.0",
            "oldest",
        ]
        await adb.close()

    asyncio.run(main())


@pytest.fixture
def db(server):
    db = PostgresDb(server.url(), db_schema=a_name())
    yield db
    db.close()


# What it costs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[PostgresDb, AsyncPostgresDb])
def wired(request, server):
    """A database, and the wire to it."""
    wire = Wire(server.port)
    made = request.param(server.url(port=wire.port), db_schema=a_name())
    db = made if request.param is PostgresDb else Awaited(made)
    yield db, wire
    db.close()
    wire.close()


def test_a_turn_is_a_read_and_two_writes_of_two_round_trips(wired):
    db, wire = wired
    session = a_session("s", session_data={"session_state": {"n": 0}})

    def cost(step, *arguments, **options):
        wire.round_trips = 0
        step(*arguments, **options)
        return wire.round_trips

    for number in range(4):  # the first ones make tables and prepare statements
        run = a_run(run_id=f"r{number}", status=RunStatus.running)
        read = cost(db.read_session, "s", "agent", runs=3)
        begun = cost(db.begin_run, session, run)
        session.session_data = {"session_state": {"n": number}}
        run.status = RunStatus.completed
        ended = cost(db.finish_run, session, run)
    assert (read, begun, ended) == (1, 2, 2)
    assert cost(db.save_header, session) == 2
    assert ids(db.get_session("s", SessionType.AGENT)) == ["r0", "r1", "r2", "r3"]


def test_the_thousandth_run_writes_what_the_tenth_did(server, db):
    session = a_session("s")
    written = {}
    position = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
    for number in range(1001):
        before = server.execute(position) if number in (10, 1000) else [(0,)]
        run = a_run("answer " * 30, run_id=f"r{number}")
        db.begin_run(session, run)
        session.session_data = {"session_state": {"n": number}}
        db.finish_run(session, run)
        if number in (10, 1000):
            written[number] = int(server.execute(position)[0][0] - before[0][0])
    assert written[1000] <= max(2 * written[10], 16 * 1024)


@pytest.mark.parametrize("table", ["agno_sessions", "agno_sessions_runs"])
def test_reading_a_window_uses_the_indexes(server, db, table):
    for number in range(50):
        db.upsert_session(a_session(f"s{number}", *(a_run() for _ in range(10)), user_id=f"u{number}"))
    schema = db.db_schema
    server.execute(f"ANALYZE {schema}.agno_sessions", f"ANALYZE {schema}.agno_sessions_runs")
    order = "ORDER BY seq DESC LIMIT 3" if table.endswith("runs") else ""
    plan = server.execute(
        "SET enable_seqscan = off", f"EXPLAIN SELECT * FROM {schema}.{table} WHERE session_id = 's7' {order}"
    )
    text = "\n".join(line for (line,) in plan)
    assert "Index Scan" in text and "Seq Scan" not in text and "Sort" not in text


# Engines and addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [PostgresDb, AsyncPostgresDb])
def test_an_address_or_an_engine_is_needed(cls):
    with pytest.raises(ValueError, match=f"{cls.__name__} needs db_url= or db_engine="):
        cls()


@pytest.mark.parametrize("url", ["mysql://root:secret@host/x", "secret", "sqlite:///secret.db"])
def test_an_address_of_something_else_is_refused_and_not_repeated(url):
    with pytest.raises(ValueError, match="is no PostgreSQL address. Write it like") as told:
        PostgresDb(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_driver_is_psycopg_unless_the_address_says_otherwise(server, scheme):
    db = PostgresDb(server.url().replace("postgresql+psycopg", scheme), db_schema=a_name())
    db.upsert_session(a_session())
    assert db.db_engine.dialect.driver == "psycopg" and db.get_session("s") is not None
    db.close()


def test_a_driver_that_cannot_be_used_is_told(server):
    with pytest.raises(ImportError, match="PostgresDb needs the driver `pg8000`. Install it with: pip install"):
        PostgresDb(server.url("pg8000")).get_session("s")


@pytest.mark.parametrize("isolation", [None, "AUTOCOMMIT", "SERIALIZABLE", "REPEATABLE READ"])
def test_an_engine_of_ones_own_is_used_and_left_open(server, isolation):
    options = {} if isolation is None else {"isolation_level": isolation}
    engine = sqlalchemy.create_engine(server.url(), pool_size=1, max_overflow=0, **options)
    db = PostgresDb(db_engine=engine, db_schema=a_name())
    assert db.db_engine is engine
    session = a_session("s", a_run(run_id="a"), a_run(run_id="b"))
    db.upsert_session(session)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: db.finish_run(a_session("s"), a_run(run_id=f"t{n}")), range(12)))
    assert len(db.get_session("s").runs) == 14
    db.close()
    assert engine.pool.checkedin() == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("cls", "engine"), [(PostgresDb, "postgresql://x"), (AsyncPostgresDb, "sync"), (PostgresDb, "async")]
)
def test_an_engine_of_the_other_colour_is_refused(server, cls, engine):
    made = {"sync": lambda: sqlalchemy.create_engine(server.url()), "async": lambda: create_async_engine(server.url())}
    with pytest.raises(TypeError, match=f"db_engine of {cls.__name__} is no SQLAlchemy"):
        cls(db_engine=made[engine]() if engine in made else engine)


def test_what_agno_2_0_showed_is_there(server, db):
    db.upsert_session(a_session("s"))
    assert (PostgresDb("postgresql://x/y").db_schema, db.db_url) == ("ai", server.url())
    assert f"{db.db_schema}.agno_sessions" in db.metadata.tables
    with db.Session() as session:
        assert session.execute(sqlalchemy.text(f"SELECT count(*) FROM {db.db_schema}.agno_sessions")).scalar() == 1


def test_the_password_is_in_no_message(server):
    url = f"postgresql+psycopg://postgres:hunter2@127.0.0.1:{free_port()}/postgres"
    with pytest.raises(DbUnavailableError) as told:
        PostgresDb(url).get_session("s")
    assert "hunter2" not in str(told.value) and "***" in str(told.value)


def test_a_session_is_the_same_in_the_other_classes(server, db):
    db.upsert_session(a_session("s", a_run(run_id="r")))
    other = Awaited(AsyncPostgresDb(server.url("asyncpg"), db_schema=db.db_schema))
    other.finish_run(other.read_session("s", "agent"), a_run(run_id="r2"))
    assert ids(db.get_session("s")) == ["r", "r2"]
    other.close()


# Agents ------------------------------------------------------------------------------------------------------------------


def test_an_agent_uses_the_async_database_in_both_colours(server, db):
    adb = AsyncPostgresDb(server.url(), db_schema=db.db_schema)

    async def asynchronous():
        model = ScriptedModel(says("one"), says("two"))
        agent = Agent(model=model, db=adb, add_history_to_context=True)
        await agent.arun("first", session_id="s", user_id="ann")
        await agent.arun("second", session_id="s", user_id="ann")
        assert [message.content for message in model.requests[1].messages] == ["first", "one", "second"]
        await adb.close()

    asyncio.run(asynchronous())
    asyncio.run(adb.close())  # another loop, which has no connections yet
    Agent(model=ScriptedModel(says("three")), db=adb).run("third", session_id="s", user_id="ann")
    assert [run.content for run in db.get_session("s").runs] == ["one", "two", "three"]
    run_blocking(adb.close())


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_the_loop_goes_on_while_the_database_waits(server, db, driver):
    """Somebody holds the row; meanwhile the loop must turn."""
    db.upsert_session(a_session("s"))
    adb = AsyncPostgresDb(server.url(driver), db_schema=db.db_schema)
    holder = sqlalchemy.create_engine(server.url())

    async def main() -> int:
        turns = 0
        with holder.connect() as connection:
            connection.execute(sqlalchemy.text(f"SELECT 1 FROM {db.db_schema}.agno_sessions FOR UPDATE"))
            writing = asyncio.create_task(adb.rename_session("s", SessionType.AGENT, "new"))
            while turns < 30:
                await asyncio.sleep(0.01)
                turns += 1
            assert not writing.done()
            connection.rollback()
        await writing
        await adb.close()
        return turns

    assert asyncio.run(main()) == 30
    assert db.get_session("s").name == "new"
    holder.dispose()


def test_a_cancelled_call_gives_its_connection_back(server, db):
    db.upsert_session(a_session("s"))
    engine = create_async_engine(server.url(), pool_size=1, max_overflow=0, pool_timeout=30)
    adb = AsyncPostgresDb(db_engine=engine, db_schema=db.db_schema)
    holder = sqlalchemy.create_engine(server.url())

    async def main() -> None:
        await adb.get_session("s")
        with holder.connect() as connection:
            connection.execute(sqlalchemy.text(f"SELECT 1 FROM {db.db_schema}.agno_sessions FOR UPDATE"))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(adb.rename_session("s", SessionType.AGENT, "new"), 0.2)
        assert (await adb.get_session("s")).name is None
        await adb.rename_session("s", SessionType.AGENT, "newer")
        await engine.dispose()

    asyncio.run(main())
    assert db.get_session("s").name == "newer"
    holder.dispose()


def test_a_session_that_always_changes_is_written_in_the_end(server, db):
    """Each time the header was read somebody else writes, until the lock keeps them out."""
    db.finish_run(a_session("s"), a_run(run_id="r0"))
    other = sqlalchemy.create_engine(server.url(), isolation_level="AUTOCOMMIT")
    meddled = []

    def meddle(stored):
        if len(meddled) < 4:
            meddled.append(stored)
            with other.connect() as connection:
                connection.execute(sqlalchemy.text(f"UPDATE {db.db_schema}.agno_sessions SET updated_at = 7"))
        return None

    db.write_session("s", meddle, [run_row("s", a_run(run_id="r1"))])
    assert len(meddled) == 4 and ids(db.get_session("s")) == ["r0", "r1"]
    other.dispose()
