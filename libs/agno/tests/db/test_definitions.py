"""Tables of components and approvals; what is in them is part of the contract of databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from agno.db.sqlite import SqliteDb


def test_tables_are_made_when_they_are_needed_under_the_names_given(tmp_path: Path) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db", components_table="parts", approvals_table="asked")
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'agno_schema_versions' ORDER BY name"
    db.save_component("agent", "a", {})
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute(names).fetchall() == [("parts",)]
    db.create_approval({"id": "1", "approval_type": "audit", "status": "approved", "run_id": "r"})
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute(names).fetchall() == [("asked",), ("parts",)]
