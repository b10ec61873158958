"""Constructors: the names of tables are written once and shown everywhere, in the order of Agno 2.0."""

from __future__ import annotations

import inspect

import pytest

from agno.db.dynamo import DynamoDb
from agno.db.firestore import FirestoreDb
from agno.db.gcs_json import GcsJsonDb
from agno.db.json import JsonDb
from agno.db.mongo import AsyncMongoDb, MongoDb
from agno.db.mysql import AsyncMySQLDb, MySQLDb
from agno.db.postgres import AsyncPostgresDb, PostgresDb
from agno.db.redis import RedisDb
from agno.db.singlestore import SingleStoreDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb

TABLES = ["session_table", "memory_table", "metrics_table", "eval_table", "knowledge_table"]
COLLECTIONS = [name.replace("table", "collection") for name in TABLES]
ORDERS = {
    PostgresDb: ["db_url", "db_engine", "db_schema", *TABLES, "id"],
    AsyncPostgresDb: ["db_url", "db_engine", "db_schema", *TABLES, "id"],
    MySQLDb: ["db_engine", "db_schema", "db_url", *TABLES, "id"],
    AsyncMySQLDb: ["db_engine", "db_schema", "db_url", *TABLES, "id"],
    SingleStoreDb: ["id", "db_engine", "db_schema", "db_url", *TABLES],
    SqliteDb: ["db_engine", "db_url", "db_file", *TABLES, "id"],
    AsyncSqliteDb: ["db_engine", "db_url", "db_file", *TABLES, "id"],
    MongoDb: ["db_client", "db_name", "db_url", *COLLECTIONS, "id"],
    AsyncMongoDb: ["db_client", "db_name", "db_url", *COLLECTIONS, "id"],
    RedisDb: ["id", "redis_client", "db_url", "db_prefix", "expire", *TABLES],
    DynamoDb: ["db_client", "region_name", "aws_access_key_id", "aws_secret_access_key", *TABLES, "id"],
    FirestoreDb: ["db_client", "project_id", *COLLECTIONS, "id"],
    JsonDb: ["db_path", *TABLES, "id"],
    GcsJsonDb: ["bucket_name", "prefix", *TABLES, "project", "credentials", "id"],
}


@pytest.mark.parametrize("cls", ORDERS, ids=lambda cls: cls.__name__)
def test_a_constructor_takes_its_arguments_in_the_order_of_agno_2_0(cls):
    shown = inspect.signature(cls).parameters.values()
    assert [one.name for one in shown if one.kind is one.POSITIONAL_OR_KEYWORD] == ORDERS[cls]
    assert {"components", "approvals"} <= {one.name.partition("_")[0] for one in shown} or cls is GcsJsonDb


@pytest.mark.parametrize(
    "made",
    [
        lambda: PostgresDb("postgresql://h/d", None, "s", "a", "b", "c", "d", "e", "me", approvals_table="f"),
        lambda: AsyncPostgresDb("postgresql://h/d", None, "s", "a", "b", "c", "d", "e", "me", approvals_table="f")._db,
        lambda: MySQLDb(None, "s", "mysql://h/d", "a", "b", "c", "d", "e", "me", approvals_table="f"),
        lambda: AsyncMySQLDb(None, "s", "mysql://h/d", "a", "b", "c", "d", "e", "me", approvals_table="f")._db,
        lambda: SingleStoreDb("me", None, "s", "mysql://h/d", "a", "b", "c", "d", "e", approvals_table="f"),
        lambda: SqliteDb(None, None, "x.db", "a", "b", "c", "d", "e", "me", approvals_table="f"),
        lambda: AsyncSqliteDb(None, None, "x.db", "a", "b", "c", "d", "e", "me", approvals_table="f")._db,
        lambda: MongoDb(object(), "n", None, "a", "b", "c", "d", "e", "me", approvals_collection="f"),
        lambda: RedisDb("me", None, "redis://h", "p", None, "a", "b", "c", "d", "e", approvals_table="f"),
        lambda: JsonDb("x", "a", "b", "c", "d", "e", "me", approvals_table="f"),
    ],
)
def test_names_given_by_place_and_by_name_arrive(made):
    db = made()
    found = (db.session_table_name, db.memory_table_name, db.metrics_table_name, db.eval_table_name)
    assert found == ("a", "b", "c", "d")
    assert (db.knowledge_table_name, db.approvals_table_name, db.id) == ("e", "f", "me")


def test_a_name_that_no_table_has_is_refused():
    with pytest.raises(TypeError, match="sesion_table"):
        PostgresDb("postgresql://h/d", sesion_table="x")
    with pytest.raises(TypeError, match="sesion_table"):
        AsyncSqliteDb(sesion_table="x")


def test_what_a_constructor_was_given_is_known_by_name():
    db = MySQLDb(None, "s", "mysql://h/d", "mine")
    assert db.constructor_arguments() == {
        "db_engine": None,
        "db_schema": "s",
        "db_url": "mysql://h/d",
        "session_table": "mine",
    }
