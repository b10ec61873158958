"""Learning: stores that keep what conversations teach, in their modes."""

from __future__ import annotations

from typing import Any

import pytest

from agno._io import SYNC, run_blocking
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.learn import LearningMachine, LearningMode, UserMemoryStore
from agno.learn.learnings import Learnings
from agno.models.message import Message
from agno.testing import ScriptedModel, call, says, wants

from playing import in_every_mode, play


@in_every_mode
def test_a_profile_and_memories_are_kept_after_the_run_and_told_to_this_user_only(mode: str, tmp_path: Any) -> None:
    kind = AsyncSqliteDb if mode.startswith("a") else SqliteDb
    db = kind(db_file=str(tmp_path / "a.db"))
    teacher = ScriptedModel(
        wants(call("update_user_profile", field="Name", value="Ann"), call("save_user_memory", memory="Likes tea")),
        says("ok"),
    )
    model = ScriptedModel(says("Hello Ann"), says("Hi"), says("Who?"))
    machine = LearningMachine(model=teacher, user_profile=True, user_memory=True)
    agent = Agent(model=model, db=db, learning=machine)
    output = play(agent, "I am Ann, and I like tea", mode, user_id="ann").output
    assert output.content == "Hello Ann" and output.metrics.details["learning_model"][0].total_tokens == 30
    asked = teacher.requests[0]
    assert "User: I am Ann" in asked.messages[1].content
    assert set(asked.tool_names) == {
        "update_user_profile", "forget_user_profile", "save_user_memory", "forget_user_memory"
    }  # fmt: skip
    plain = Agent(model=model, db=db, learning=LearningMachine(model=ScriptedModel(says("no")), user_profile=True))
    play(plain, "Hi", mode, user_id="ann")
    assert "<user_profile>\n- Name: Ann (id user_profile/ann/name)" in model.requests[1].messages[0].content
    teacherless = Agent(model=model, db=db, learning=LearningMachine(user_memory=LearningMode.AGENTIC))
    play(teacherless, "Hi", mode, user_id="ben")
    assert "tea" not in model.requests[2].messages[0].content


@in_every_mode
def test_learned_knowledge_is_the_agents_own_to_save_and_to_search(mode: str) -> None:
    db = InMemoryDb()
    model = ScriptedModel(
        wants("save_learning", title="Tides", learning="Boats leave at high tide"),
        says("Noted"),
        wants("search_learnings", query="when do boats leave?"),
        says("At high tide"),
    )
    agent = Agent(model=model, db=db, learning=LearningMachine(learned_knowledge=True, namespace="harbour"))
    play(agent, "Remember the tides", mode, user_id="ann")
    output = play(agent, "When do boats leave?", mode, user_id="ben", session_id="other").output
    assert output.tools[0].result == "Tides: Boats leave at high tide"
    assert "Tides: Boats leave" in model.requests[2].messages[0].content
    other = LearningMachine(db=db, learned_knowledge=True)
    assert other.recall() == {"learned_knowledge": []}, "another namespace"


@in_every_mode
def test_in_the_mode_hitl_a_person_confirms(mode: str) -> None:
    db = InMemoryDb()
    model = ScriptedModel(wants("log_decision", decision="Use SQLite", reasoning="One file"), says("Logged"))
    agent = Agent(model=model, db=db, session_id="s", learning=LearningMachine(decision_log="hitl"))
    paused = play(agent, "Decide", mode).output
    assert paused.is_paused and db.get_learnings()[1] == 0
    paused.active_requirements[0].confirm()
    play(agent, None, mode, "continue_run", run_id=paused.run_id, requirements=paused.requirements)
    [row] = db.get_learnings("decision_log")[0]
    assert row["content"] == {"decision": "Use SQLite", "reasoning": "One file"}


def test_in_the_mode_propose_the_user_is_asked_first() -> None:
    text = LearningMachine(db=InMemoryDb(), user_memory="propose").build_context(user_id="ann")
    assert "keep it once they agree" in text


@in_every_mode
def test_the_other_stores(mode: str) -> None:
    db = InMemoryDb()
    teacher = ScriptedModel(
        wants(
            call("update_session_context", context="Planning a trip"),
            call("save_entity_fact", entity="Adler", entity_type="hotel", fact="Has 12 rooms"),
        ),
        says("ok"),
    )
    machine = LearningMachine(model=teacher, session_context=True, entity_memory=True)
    agent = Agent(model=ScriptedModel(says("Ok")), db=db, session_id="trip", learning=machine)
    play(agent, "The Adler has 12 rooms", mode)
    shown = LearningMachine(db=db, session_context=True, entity_memory=True)
    text = shown.build_context(session_id="trip")
    assert "Planning a trip" in text and "Adler (hotel): Has 12 rooms" in text
    assert "Planning" not in shown.build_context(session_id="other")


def test_what_belongs_to_somebody_else_is_not_deleted() -> None:
    db = InMemoryDb()
    machine = LearningMachine(db=db, user_memory="agentic")
    tools = {user: {tool.name: tool.entrypoint for tool in machine.get_tools(user_id=user)} for user in ("ann", "ben")}
    kept = tools["ann"]["save_user_memory"](memory="Likes tea").removeprefix("Kept as ").removesuffix(".")
    assert "Error" in tools["ben"]["forget_user_memory"](id=kept)
    assert tools["ann"]["forget_user_memory"](id=kept) == f"Deleted {kept}."


def test_users_whose_names_have_slashes_or_no_end_do_not_share_a_learning() -> None:
    db = InMemoryDb()
    for user, key in (("a", "b/c"), ("a/b", "c"), ("u" * 300, "1"), ("u" * 300, "2")):
        run_blocking(Learnings(SYNC, db, user_id=user).keep("user_profile", "user", key, {"user": user}))
    rows, total = db.get_learnings()
    assert total == 4 and all(row["content"] == {"user": row["user_id"]} for row in rows)
    assert all(len(row["learning_id"]) <= 128 for row in rows)


def test_a_store_of_ones_own_and_wrong_values() -> None:
    class Jokes(UserMemoryStore):
        name = "jokes"

    machine = LearningMachine(
        db=InMemoryDb(), custom_stores={"jokes": Jokes(mode="agentic", instructions="Good jokes.")}
    )
    assert list(machine.stores) == ["jokes"] and "Good jokes." in machine.build_context()
    with pytest.raises(ValueError, match="user_profile='sometimes'. It takes True, False"):
        LearningMachine(user_profile="sometimes")
    assert LearningMachine(user_profile=True).recall() == {}
    LearningMachine(db=InMemoryDb(), learned_knowledge=True).process([Message("user", "hi")])  # nothing to do: no model
