"""What the SQL databases do before they reach a server."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ports import free_port
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable

from agno.db._async import AsyncBaseDb
from agno.db._codec import from_json, to_json
from agno.db.base import DbUnavailableError
from agno.db.mysql import AsyncMySQLDb, MySQLDb, MysqlDb
from agno.db.postgres import AsyncPostgresDb, PostgresDb
from agno.db.query import Query, Where
from agno.db.singlestore import SingleStoreDb
from agno.db.sql._statements import RunStatements, Statements
from agno.db.sql._text import escaped, escaped_json, padded, plain, plain_json
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.db.tables import MEMORIES, RUNS, SESSIONS
from db.awaited import Awaited
from db.contract import a_session

CLASSES = (PostgresDb, AsyncPostgresDb, MySQLDb, AsyncMySQLDb, SingleStoreDb, SqliteDb, AsyncSqliteDb)
MYSQL = "mysql://ann:secret@127.0.0.1:{port}/x"


@pytest.mark.parametrize("cls", [PostgresDb, AsyncPostgresDb, MySQLDb, AsyncMySQLDb, SingleStoreDb])
def test_names_ids_and_schemas_have_defaults(cls):
    url = "postgresql://h/x" if "Postgres" in cls.__name__ else "mysql://h/x"
    db = cls(db_url=url)
    assert (db.session_table_name, db.knowledge_table_name) == ("agno_sessions", "agno_knowledge")
    assert db.db_schema == (None if cls is SingleStoreDb else "ai") and db.id != cls(db_url=url).id
    named = cls(db_url=url, db_schema="mine", eval_table="e", id="db-1")
    assert (named.db_schema, named.eval_table_name, named.id) == ("mine", "e", "db-1")


@pytest.mark.parametrize("cls", [MySQLDb, AsyncMySQLDb, SingleStoreDb])
def test_an_address_of_mysql_or_an_engine_is_needed(cls):
    with pytest.raises(ValueError, match=f"{cls.__name__} needs db_url= or db_engine="):
        cls()
    with pytest.raises(ValueError, match=f"db_url of {cls.__name__} is no (MySQL|SingleStore) address"):
        cls(db_url="postgresql://h/x")


def test_a_driver_that_waits_is_refused_for_asynchronous_code():
    with pytest.raises(ValueError, match="AsyncMySQLDb cannot use the driver `pymysql`: The asyncio extension"):
        asyncio.run(AsyncMySQLDb(db_url="mysql+pymysql://h/x").get_session("s"))


@pytest.mark.parametrize("cls", [PostgresDb, MySQLDb, SingleStoreDb, AsyncPostgresDb, AsyncMySQLDb])
def test_a_server_that_is_not_there_is_told_in_one_sentence(cls):
    scheme = "postgresql" if "Postgres" in cls.__name__ else "mysql"
    made = cls(db_url=f"{scheme}://ann:secret@127.0.0.1:{free_port()}/x")
    db = Awaited(made) if isinstance(made, AsyncBaseDb) else made
    for use in (lambda: db.get_session("s"), lambda: db.upsert_session(a_session()), lambda: db.get_metrics()):
        with pytest.raises(DbUnavailableError, match="^(PostgreSQL|MySQL|SingleStore) at .*127.0.0.1:[0-9]+/x") as told:
            use()
        assert "secret" not in str(told.value) and "\n" not in str(told.value) and "SELECT" not in str(told.value)
        assert told.value.status_code == 503


def test_singlestore_checks_the_certificate_unless_the_address_says_otherwise():
    options = SingleStoreDb.dialect.connect_options
    strict = options(SingleStoreDb(db_url="mysql://h/x").db_engine.url)
    assert (strict["ssl_verify_cert"], strict["ssl_verify_identity"], strict["charset"]) == (True, True, "utf8mb4")
    open_url = SingleStoreDb(db_url="mysql://h/x?ssl_disabled=true").db_engine.url
    assert "ssl_verify_cert" not in options(open_url)


def ddl(cls, name: str) -> str:
    table = cls(db_url="mysql://h/x", db_schema="s").metadata.tables[f"s.{name}"]
    indexes = [str(CreateIndex(index).compile(dialect=mysql.dialect())) for index in table.indexes]
    return "\n".join([str(CreateTable(table).compile(dialect=mysql.dialect())), *sorted(indexes)])


def test_mysql_texts_have_lengths_and_tell_cases_apart():
    text = ddl(MySQLDb, "agno_sessions")
    assert "session_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL" in text and "UNIQUE (session_id)" in text
    assert "seq BIGINT NOT NULL AUTO_INCREMENT" in text and "session_data JSON" in text
    assert "CREATE INDEX idx_agno_sessions_user_id ON s.agno_sessions (user_id)" in text
    assert "payload LONGTEXT COLLATE utf8mb4_bin NOT NULL" in ddl(MySQLDb, "agno_sessions_runs")
    assert "agno_metrics_uq_metrics_date_period UNIQUE (date, aggregation_period)" in ddl(MySQLDb, "agno_metrics")


def test_singlestore_has_one_unique_key_per_table_and_hash_indexes():
    text = ddl(SingleStoreDb, "agno_metrics")
    assert "PRIMARY KEY (id)" in text and "UNIQUE" not in text and "AUTO_INCREMENT" not in text
    assert "PRIMARY KEY (session_id, run_id)" in ddl(SingleStoreDb, "agno_sessions_runs")
    assert "(user_id) USING hash" in ddl(SingleStoreDb, "agno_sessions")


def test_both_spellings_are_one_class():
    assert MysqlDb is MySQLDb


def test_the_async_base_is_where_users_look_for_it():
    from agno.db import AsyncBaseDb as exported
    from agno.db.base import AsyncBaseDb as in_base

    assert exported is in_base is AsyncBaseDb and issubclass(AsyncPostgresDb, AsyncBaseDb)


def test_no_driver_and_no_orm_is_loaded_before_it_is_needed():
    code = (
        "import sys, agno.db.postgres, agno.db.mysql, agno.db.singlestore; "
        "sys.exit(any(name in sys.modules for name in ('psycopg', 'pymysql', 'asyncpg', 'sqlalchemy.orm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# Texts -------------------------------------------------------------------------------------------------------------------

texts = st.text(alphabet=st.sampled_from('a \0\ufdd0012é\n\\"u'), max_size=8) | st.text(max_size=12)


@given(texts, texts)
def test_texts_come_back_and_stay_apart(one, other):
    stored = padded(escaped(one))
    assert plain(stored) == one and "\0" not in stored and not stored.endswith(" ")
    assert (stored == padded(escaped(other))) == (one == other)


@given(st.recursive(texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)))
def test_json_comes_back(value):
    stored = escaped_json(to_json(value))
    assert "\\u0000" not in stored.replace("\\\\", "") and from_json(plain_json(stored)) == value


# What MySQL 8 and SingleStore are sent, of which no server was at hand: MariaDB takes some things that they do not ---------


def sent(dialect, statement, version=(8, 4, 0)):
    speaking = mysql.dialect()
    speaking.server_version_info, speaking.is_mariadb = version, False
    speaking._requires_alias_for_on_duplicate_key = version >= (8, 0, 20)
    return " ".join(str(statement.compile(dialect=speaking)).split())


def statements(cls):
    db = cls(db_url="mysql://h/x", db_schema="s")
    tables = db._tables
    made = {table.kind: Statements(table, tables.sql_of(table), db.dialect) for table in (SESSIONS, RUNS, MEMORIES)}
    return made, RunStatements(made["sessions"], made["runs"])


def test_mysql_8_is_sent_what_it_knows():
    made, of_runs = statements(MySQLDb)
    assert "AS new ON DUPLICATE KEY UPDATE session_type = new.session_type" in sent(MySQLDb, made["sessions"].upsert)
    assert "ON DUPLICATE KEY UPDATE session_type = VALUES(session_type)" in sent(
        MySQLDb, made["sessions"].upsert, (5, 7, 44)
    )
    named = Query((Where("contains", ("session_data",), "Ber%", "session_name"),), "user_id", "asc", 2, 3)
    rows, count = (sent(MySQLDb, one) for one in made["sessions"].find(named))
    assert "json_unquote(json_extract(s.agno_sessions.session_data, %s))" in rows and "ESCAPE '/'" in rows
    assert rows.endswith("ORDER BY s.agno_sessions.user_id ASC, s.agno_sessions.seq LIMIT %s, %s")
    assert "LIMIT" not in count and "ORDER" not in count
    topics = made["memories"].find(Query((Where("all", ("topics",), ["a"]),)))[0]
    assert "json_contains(s.agno_memories.topics, %s) = %s" in sent(MySQLDb, topics)
    assert sent(MySQLDb, of_runs.stored).endswith("FOR UPDATE")
    assert "ORDER BY s.agno_sessions_runs.seq DESC LIMIT %s" in sent(MySQLDb, of_runs.load)
    walk = made["sessions"].find(Query((Where("behind", ("session_id",), "a"),), "session_id", "asc", 5))[0]
    assert "s.agno_sessions.session_id > %s ORDER BY s.agno_sessions.session_id ASC" in sent(MySQLDb, walk)


def test_singlestore_is_sent_its_own_functions_on_json():
    made, _ = statements(SingleStoreDb)
    named = made["sessions"].find(Query((Where("contains", ("session_data",), "x", "session_name"),)))[0]
    assert "json_extract_string(s.agno_sessions.session_data, %s)" in sent(SingleStoreDb, named)
    topics = made["memories"].find(Query((Where("all", ("topics",), ["a", "b"]),)))[0]
    assert sent(SingleStoreDb, topics).count("json_array_contains_string(s.agno_memories.topics, %s) = %s") == 2
    for statement in (made["sessions"].upsert, named, topics):
        text = sent(SingleStoreDb, statement, (5, 7, 32))  # the version it gives itself
        assert "json_unquote" not in text and "json_contains(" not in text and "AS new" not in text
    assert sent(SingleStoreDb, made["runs"].insert).startswith("INSERT INTO s.agno_sessions_runs (seq, session_id")
