"""SQLite for asynchronous code."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy

from agno.agent import Agent
from agno.db.base import SessionType
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.testing import ScriptedModel, says
from db.awaited import Awaited
from db.contract import DbContract, a_run, a_session, ids


class TestAsyncSqliteDb(DbContract):
    @pytest.fixture
    def db(self, tmp_path):
        db = Awaited(AsyncSqliteDb(db_file=tmp_path / "agent.db"))
        yield db
        db.close()


class TestAsyncSqliteDbInMemory(DbContract):
    @pytest.fixture
    def db(self):
        return Awaited(AsyncSqliteDb(db_url="sqlite://"))


def test_the_address_of_aiosqlite_is_understood(tmp_path):
    assert AsyncSqliteDb(db_url=f"sqlite+aiosqlite:///{tmp_path}/a.db").db_file == f"{tmp_path}/a.db"


def test_of_an_engine_the_file_is_taken(tmp_path):

    class AsyncEngine:  # as SQLAlchemy's, which would need one more driver
        sync_engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/x%20y.db")
        url = sync_engine.url

    db = AsyncSqliteDb(AsyncEngine())
    asyncio.run(db.upsert_session(a_session("s", a_run(run_id="r"))))
    assert ids(SqliteDb(db_url=f"sqlite:///{tmp_path}/x%20y.db").get_session("s", SessionType.AGENT)) == ["r"]


def test_an_engine_in_memory_is_refused():

    class AsyncEngine:
        sync_engine = sqlalchemy.create_engine("sqlite://")
        url = sync_engine.url

    with pytest.raises(ValueError, match=r"Write AsyncSqliteDb\(db_url='sqlite://'\)"):
        AsyncSqliteDb(AsyncEngine())


def test_an_agent_uses_it_in_both_colours(tmp_path):
    db = AsyncSqliteDb(db_file=tmp_path / "agent.db")
    agent = Agent(model=ScriptedModel(says("one"), says("two")), db=db, add_history_to_context=True)
    asyncio.run(agent.arun("first", session_id="s"))
    agent.run("second", session_id="s")
    assert [m.content for m in agent.model.requests[1].messages] == ["first", "one", "second"]
    assert len(SqliteDb(db_file=tmp_path / "agent.db").get_session("s").runs) == 2
