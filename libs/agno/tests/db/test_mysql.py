"""MySQL and SingleStore: the contract on MariaDB, which is not in a wheel. `make test-services` runs this."""

from __future__ import annotations

import pytest

from agno.db.mysql import AsyncMySQLDb, MySQLDb
from agno.db.singlestore import SingleStoreDb
from db.awaited import Awaited
from db.definitions_contract import DefinitionsContract
from db.migration_contract import SqlMigrationContract
from db.old_versions import OldSql
from db.paging_contract import PagingContract
from db.servers.sql import MariaDb, a_name, running
from db.sql_contract import ProcessContract, ServerContract

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def server():
    with running(MariaDb) as server:
        yield server


class TestMySQLDb(ProcessContract, DefinitionsContract, PagingContract):
    def make(self, server, schema, **options):
        return MySQLDb(db_url=server.url(), db_schema=schema, **options)

    def code(self, server, schema):
        return f"from agno.db.mysql import MySQLDb\ndb = MySQLDb(db_url={server.url()!r}, db_schema={schema!r})"


class TestAsyncMySQLDb(ServerContract):
    def make(self, server, schema, **options):
        return Awaited(AsyncMySQLDb(db_url=server.url("asyncmy"), db_schema=schema, **options))


class TestMySQLMigrations(SqlMigrationContract):
    @pytest.fixture
    def db(self, server):
        db = MySQLDb(db_url=server.url(), db_schema=a_name())
        yield db
        db.close()

    @pytest.fixture
    def old(self, db):
        return OldSql(db)


# Functions that SingleStore has, for MariaDB
FUNCTIONS = [
    "CREATE DATABASE ai CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE FUNCTION ai.json_extract_string(document LONGTEXT CHARSET utf8mb4, name TEXT) "
    "RETURNS LONGTEXT CHARSET utf8mb4 DETERMINISTIC "
    "RETURN JSON_UNQUOTE(JSON_EXTRACT(document, CONCAT('$.', name)))",
    "CREATE FUNCTION ai.json_array_contains_string(document LONGTEXT CHARSET utf8mb4, item LONGTEXT CHARSET utf8mb4) "
    "RETURNS INT DETERMINISTIC "
    "RETURN JSON_CONTAINS(document, JSON_QUOTE(item))",
]


@pytest.fixture(scope="module")
def singlestore(server):
    server.execute(*FUNCTIONS)
    return server


class TestSingleStoreDb(ProcessContract, DefinitionsContract, PagingContract):
    @pytest.fixture(autouse=True)
    def _functions(self, singlestore):
        pass

    def make(self, server, schema, **options):
        return SingleStoreDb(db_url=f"{server.url()}/ai?ssl_disabled=true", db_schema=schema, **options)

    def code(self, server, schema):
        arguments = f"db_url='{server.url()}/ai?ssl_disabled=true', db_schema={schema!r}"
        return f"from agno.db.singlestore import SingleStoreDb\ndb = SingleStoreDb({arguments})"
