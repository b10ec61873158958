"""What every database must do with components and approvals. Subclass it and provide `db`."""

from __future__ import annotations

from typing import Any

import pytest

from agno.db.base import DbError
from agno.db.schemas.culture import CulturalKnowledge


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

    def test_cultural_knowledge_is_kept_changed_and_deleted(self, db: Any) -> None:
        assert db.get_cultural_knowledge("x") is None and db.get_all_cultural_knowledge() == []
        first = db.upsert_cultural_knowledge(
            CulturalKnowledge(name="Tone", content="Be brief", categories=["style"], metadata={"a": [1]}, created_at=5)
        )
        assert first.id and first.created_at == 5 and first.updated_at >= 5
        db.upsert_cultural_knowledge(CulturalKnowledge(id="2", name="Dates", agent_id="a"))
        db.upsert_cultural_knowledge(CulturalKnowledge(id=first.id, name="Tone", content="Be brief and kind"))
        found = db.get_cultural_knowledge(first.id)
        assert (found.content, found.created_at, found.categories) == ("Be brief and kind", 5, None)
        assert [knowledge.name for knowledge in db.get_all_cultural_knowledge(name="Dates")] == ["Dates"]
        rows, total = db.get_all_cultural_knowledge(limit=1, sort_by="name", sort_order="asc", deserialize=False)
        assert ([row["name"] for row in rows], total) == (["Dates"], 2)
        assert db.delete_cultural_knowledge("2") is True and db.delete_cultural_knowledge("2") is False
        db.clear_cultural_knowledge()
        assert db.get_all_cultural_knowledge() == []

    def test_learnings_are_found_by_their_owner(self, db: Any) -> None:
        assert db.get_learning("x") is None and db.get_learnings() == ([], 0)
        for number, user in enumerate(("ann", "ann", "ben")):
            kind = "user_profile" if number else "learned_knowledge"
            content = {"text": f"Fact {number}"}
            db.upsert_learning({"learning_id": str(number), "learning_type": kind, "user_id": user, "content": content})
        made = db.get_learning("0")["created_at"]
        db.upsert_learning({"learning_id": "0", "learning_type": "learned_knowledge", "user_id": "ann", "content": {}})
        assert db.get_learning("0")["content"] == {} and db.get_learning("0")["created_at"] == made
        assert {row["learning_id"] for row in db.get_learnings(user_id="ann")[0]} == {"0", "1"}
        assert [row["content"] for row in db.get_learnings("user_profile", user_id="ben")[0]] == [{"text": "Fact 2"}]
        assert [row["learning_id"] for row in db.get_learnings(search_content="fact 1")[0]] == ["1"]
        assert db.get_learnings(limit=1)[1] == 3
        assert db.delete_learnings(["0", "nope"]) == 1
        db.clear_learnings()
        assert db.get_learnings() == ([], 0)
