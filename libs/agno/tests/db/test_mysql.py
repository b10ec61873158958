"""MySQL and SingleStore: the contract on MariaDB, which is not in a wheel. `make test-services` runs this."""

from __future__ import annotations

import pytest

from agno.db.mysql import MySQLDb
from agno.db.singlestore import SingleStoreDb
from db.contract import DbContract
from db.servers.sql import MariaDb, a_name, running

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def server():
    with running(MariaDb) as server:
        yield server


class TestMySQLDb(DbContract):
    @pytest.fixture
    def db(self, server):
        db = MySQLDb(db_url=server.url(), db_schema=a_name())
        yield db
        db.close()


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
def singlestore_url(server):
    import pymysql

    with pymysql.connect(host="127.0.0.1", port=server.port, user="root") as connection:
        with connection.cursor() as cursor:
            for function in FUNCTIONS:
                cursor.execute(function)
    return f"{server.url()}/ai?ssl_disabled=true"


class TestSingleStoreDb(DbContract):
    @pytest.fixture
    def db(self, singlestore_url):
        db = SingleStoreDb(db_url=singlestore_url, db_schema=a_name())
        yield db
        db.close()
