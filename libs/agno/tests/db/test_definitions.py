"""Components and approvals in the databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb

from .definitions_contract import DefinitionsContract


class TestInMemory(DefinitionsContract):
    @pytest.fixture
    def db(self) -> Any:
        return InMemoryDb()


class TestSqlite(DefinitionsContract):
    @pytest.fixture
    def db(self, tmp_path: Path) -> Any:
        return SqliteDb(db_file=tmp_path / "a.db")

    def test_tables_are_made_when_they_are_needed_under_the_names_given(self, tmp_path: Path) -> None:
        db = SqliteDb(db_file=tmp_path / "a.db", components_table="parts", approvals_table="asked")
        names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        db.save_component("agent", "a", {})
        with sqlite3.connect(tmp_path / "a.db") as connection:
            assert connection.execute(names).fetchall() == [("parts",)]
        db.create_approval({"id": "1", "approval_type": "audit", "status": "approved", "run_id": "r"})
        with sqlite3.connect(tmp_path / "a.db") as connection:
            assert connection.execute(names).fetchall() == [("asked",), ("parts",)]
