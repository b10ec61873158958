"""What every database must do with components and approvals. Subclass it and provide `db`."""

from __future__ import annotations

from typing import Any

import pytest

from agno.db.base import DbError


class DefinitionsContract:
    """Versions of components, and records of approvals."""

    def test_nothing_is_there_at_first(self, db: Any) -> None:
        assert db.load_component("agent", "a") is None and db.get_components() == ([], 0)
        assert db.get_approval("x") is None and db.get_approvals() == ([], 0)
        assert db.delete_component("agent", "a") is False and db.delete_approval("x") is False

    def test_versions_are_numbered_and_the_published_one_is_in_use(self, db: Any) -> None:
        assert db.save_component("agent", "a", {"n": 1}, name="A", label="old") == 1
        assert db.save_component("agent", "a", {"n": [2, {"deep": None}]}, notes="why") == 2
        assert db.save_component("agent", "a", {"n": 3}, stage="draft") == 3
        assert db.load_component("agent", "a")["config"] == {"n": [2, {"deep": None}]}
        assert db.load_component("agent", "a", version=3)["config"] == {"n": 3}
        assert db.load_component("agent", "a", label="old")["version"] == 1
        assert db.load_component("agent", "a", version=4) is None and db.load_component("team", "a") is None
        assert [row["version"] for row in db.component_versions("agent", "a")] == [1, 2, 3]

    def test_a_component_with_drafts_only_gives_the_newest(self, db: Any) -> None:
        db.save_component("agent", "a", {"n": 1}, stage="draft")
        db.save_component("agent", "a", {"n": 2}, stage="draft")
        assert db.load_component("agent", "a")["config"] == {"n": 2}

    def test_components_are_listed_once_each(self, db: Any) -> None:
        for _ in range(2):
            db.save_component("agent", "a", {}, name="A", description="about")
        db.save_component("team", "a", {})
        rows, total = db.get_components("agent")
        assert total == 1 and (rows[0]["name"], rows[0]["description"], rows[0]["version"]) == ("A", "about", 2)
        assert db.get_components()[1] == 2 and len(db.get_components(limit=1)[0]) == 1

    def test_deleting_a_version_puts_the_one_before_in_use(self, db: Any) -> None:
        for n in (1, 2):
            db.save_component("agent", "a", {"n": n})
        assert db.delete_component("agent", "a", version=2) and not db.delete_component("agent", "a", version=2)
        assert db.load_component("agent", "a")["config"] == {"n": 1}
        assert db.save_component("agent", "a", {"n": 3}) == 3, "a number is never given twice"
        assert db.delete_component("agent", "a") and db.get_components() == ([], 0)

    def test_an_approval_is_decided_once(self, db: Any) -> None:
        db.create_approval({"id": "1", "approval_type": "required", "status": "pending", "run_id": "r", "user_id": "ann",
                            "tool_args": {"amount": 3}})  # fmt: skip
        db.create_approval({"id": "2", "approval_type": "audit", "status": "approved", "run_id": "r"})
        assert db.get_approval("1")["tool_args"] == {"amount": 3} and db.count_pending_approvals() == 1
        assert [row["id"] for row in db.get_approvals("pending", run_id="r")[0]] == ["1"]
        assert db.get_approvals(user_id="ben") == ([], 0)
        row = db.resolve_approval("1", True, resolved_by="boss", resolution_data={"note": "fine"})
        assert (row["status"], row["resolved_by"]) == ("approved", "boss") and row["resolved_at"]
        with pytest.raises(DbError, match="is approved already"):
            db.resolve_approval("1", False)
        with pytest.raises(DbError, match="is not there"):
            db.resolve_approval("3", False)
        assert db.get_approval("1")["status"] == "approved" and db.count_pending_approvals() == 0
        assert db.update_approval("1", expected_status="pending", status="rejected") is None
        with pytest.raises(ValueError, match="has no 'colour'"):
            db.update_approval("1", colour="red")
        assert db.delete_approval("1") and db.get_approval("1") is None
