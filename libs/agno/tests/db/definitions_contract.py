"""What every database must do with components and approvals. Subclass it and provide `db`."""

from __future__ import annotations

import time
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

    def test_an_older_version_is_put_in_use_again_and_stays(self, db: Any) -> None:
        for n in (1, 2, 3):
            db.save_component("agent", "a", {"n": n}, name="A", metadata={"m": n})
        assert db.save_component("agent", "a", {"n": 4}, metadata={"m": 4}, current=False) == 4
        assert db.get_component("agent", "a")["version"] == 3
        row = db.update_component("agent", "a", version=1, name="B")
        assert (row["version"], row["latest"], row["name"], row["metadata"]) == (1, 4, "B", {"m": 4})
        assert db.load_component("agent", "a")["config"] == {"n": 1}
        assert db.delete_component("agent", "a", version=3) and db.load_component("agent", "a")["config"] == {"n": 1}
        assert db.update_component("agent", "b", name="B") is None and db.get_component("agent", "b") is None
        with pytest.raises(DbError, match="has no version 9"):
            db.update_component("agent", "a", version=9)

    def test_a_draft_is_changed_until_it_is_published(self, db: Any) -> None:
        db.save_component("agent", "a", {"n": 1}, stage="draft")
        with pytest.raises(DbError, match="is a draft"):
            db.update_component("agent", "a", version=1)
        assert db.update_component_version("agent", "a", 1, config={"n": 2}, notes="why")["config"] == {"n": 2}
        assert db.get_component("agent", "a")["version"] is None
        assert db.update_component_version("agent", "a", 1, stage="published")["notes"] == "why"
        assert db.get_component("agent", "a")["version"] == 1
        with pytest.raises(DbError, match="is published, so it stays"):
            db.update_component_version("agent", "a", 1, config={})
        assert db.update_component_version("agent", "a", 2, config={}) is None

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

    # Traces ----------------------------------------------------------------------------------------------------------

    def test_no_trace_is_there_at_first(self, db: Any) -> None:
        assert db.get_trace("x") is None and db.get_traces() == ([], 0)
        assert db.get_trace_session_stats() == ([], 0)
        assert db.delete_traces(["x"]) == 0 and db.prune_traces(keep=0) == 0

    def test_a_trace_comes_back_as_it_was(self, db: Any) -> None:
        saved = db.save_trace(a_trace("t", spans=[{"span_id": "a", "attributes": {"gen_ai.x": "ü", "$n": [1, None]}}]))
        assert db.get_trace("t") == saved and saved["started_us"] == _START
        db.save_trace(a_trace("t", status="error"))
        assert db.get_trace("t")["status"] == "error" and db.get_traces()[1] == 1

    def test_traces_are_listed_newest_first_and_light(self, db: Any) -> None:
        for n in range(5):
            db.save_trace(a_trace(f"t{n}", n, session_id=f"s{n % 2}", run_id=f"r{n}"))
        rows, total = db.get_traces(limit=2)
        assert [row["trace_id"] for row in rows] == ["t4", "t3"] and total == 5 and "spans" not in rows[0]
        more, none = db.get_traces(limit=2, after=rows[-1]["place"])
        assert [row["trace_id"] for row in more] == ["t2", "t1"] and none is None
        assert [row["trace_id"] for row in db.get_traces(limit=2, page=3)[0]] == ["t0"]
        assert [row["trace_id"] for row in db.get_traces(session_id="s1")[0]] == ["t3", "t1"]
        assert [row["trace_id"] for row in db.get_traces(run_id="r2")[0]] == ["t2"]
        since = _START // 1_000_000 + 3
        assert [row["trace_id"] for row in db.get_traces(since=since)[0]] == ["t4", "t3"]
        assert [row["trace_id"] for row in db.get_traces(until=since - 3)[0]] == ["t0"]
        after = db.get_traces(session_id="s0", limit=1, after=db.get_traces(session_id="s0", limit=1)[0][0]["place"])
        assert [row["trace_id"] for row in after[0]] == ["t2"]

    def test_a_user_has_no_traces_of_others(self, db: Any) -> None:
        for name, user in (("a", "ann"), ("b", "ben"), ("n", None)):
            db.save_trace(a_trace(name, user_id=user))
        assert [row["trace_id"] for row in db.get_traces(user_id="ann")[0]] == ["a"]
        assert db.get_trace("b", user_id="ann") is None and db.get_trace("n", user_id="ann") is None
        assert db.delete_traces(["a", "b", "n"], user_id="ann") == 1
        assert db.get_trace("b") is not None and db.get_trace_session_stats(user_id="ann") == ([], 0)

    def test_sessions_say_how_often_they_were_traced(self, db: Any) -> None:
        for n, session in enumerate(["s", "t", "s"]):
            db.save_trace(a_trace(f"t{n}", n, session_id=session, user_id="ann", agent_id="a"))
        rows, total = db.get_trace_session_stats(user_id="ann")
        begin = _START // 1_000_000
        assert total == 2 and rows[0] == {
            "session_id": "s", "user_id": "ann", "agent_id": "a", "team_id": None, "workflow_id": None,
            "total_traces": 2, "first_trace_at": begin, "last_trace_at": begin + 2,
        }  # fmt: skip
        assert [row["session_id"] for row in db.get_trace_session_stats(limit=1, page=2)[0]] == ["t"]

    def test_old_traces_go_and_so_do_those_beyond_a_number(self, db: Any) -> None:
        now = int(time.time())
        for n in range(4):
            db.save_trace(a_trace(f"t{n}", now - _START // 1_000_000 - 100 * n))
        assert db.prune_traces(older_than=250) == 1 and db.get_trace("t3") is None
        assert db.prune_traces(keep=1) == 2 and [row["trace_id"] for row in db.get_traces()[0]] == ["t0"]
        assert db.prune_traces(older_than=1000, keep=1) == 0
        with pytest.raises(ValueError, match="needs older_than= or keep="):
            db.prune_traces()


_START = 1_700_000_000_000_000


def a_trace(trace_id: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("duration_us", "span_count", "error_count", "dropped_spans"), 1)
    return {"trace_id": trace_id, "status": "completed", "session_id": "s", "spans": [], "usage": {"cost": 0.5}, **counts,
            "started_us": _START + second * 1_000_000, **fields}  # fmt: skip
