"""PostgreSQL: the contract on a real server, and what the product adds to it."""

from __future__ import annotations

import pytest

from agno.db.postgres import PostgresDb
from db.contract import DbContract
from db.servers.sql import Postgres, a_name, running


@pytest.fixture(scope="module")
def server():
    with running(Postgres) as server:
        yield server


class TestPostgresDb(DbContract):
    @pytest.fixture
    def db(self, server):
        db = PostgresDb(server.url(), db_schema=a_name())
        yield db
        db.close()
