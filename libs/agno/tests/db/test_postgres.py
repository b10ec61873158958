"""PostgreSQL: the contract on a real server, and what the product adds to it."""

from __future__ import annotations

import pytest

from agno.db.postgres import AsyncPostgresDb, PostgresDb
from db.awaited import Awaited
from db.definitions_contract import DefinitionsContract
from db.servers.sql import Postgres, running
from db.sql_contract import ProcessContract, ServerContract


@pytest.fixture(scope="module")
def server():
    with running(Postgres) as server:
        yield server


class TestPostgresDb(ProcessContract, DefinitionsContract):
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
