"""Looking up earlier sessions, and what a new session begins with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, fails, says, wants

from playing import in_every_mode, play


def add(a: int, b: int) -> str:
    return str(a + b)


@pytest.fixture(params=["memory", "sqlite"])
def db(request: Any, tmp_path: Any) -> Any:
    return InMemoryDb() if request.param == "memory" else SqliteDb(db_file=tmp_path / "a.db")


def fill(db: Any) -> None:
    """Sessions of two users and of two agents; the newest is the last."""
    for agent, user, session, question in (
        ("helper", "ada", "tea", "Which tea is green?"),
        ("helper", "ada", "coffee", "Which coffee is strong?"),
        ("helper", "ada", "cocoa", "Which cocoa is sweet?"),
        ("helper", "bob", "secret", "What is my secret tea?"),
        ("other", "ada", "elsewhere", "Which tea does the other agent know?"),
        ("helper", None, "nobody", "Whose tea is it?"),
    ):
        writer = Agent(
            name=agent, model=ScriptedModel(wants("add", a=1, b=2), says(f"About {session}")), tools=[add], db=db
        )
        writer.run(question, session_id=session, user_id=user)
        Agent(name=agent, model=ScriptedModel(fails(500)), db=db).run(
            "lost", session_id=session, user_id=user, stream=True
        )


def asked(
    db: Any, mode: str, tool: str, user: str | None, session: str = "now", arguments: Any = None, **settings: Any
) -> str:
    """What the tool gives to the model."""
    model = ScriptedModel(wants(tool, **(arguments or {})), says("ok"))
    agent = Agent(name="helper", model=model, db=db, **settings)
    play(agent, "go", mode, session_id=session, user_id=user)
    answer = model.requests[1].messages[-1]
    assert not answer.tool_call_error, answer.content
    return str(answer.content)


@in_every_mode
def test_previous_messages_are_those_of_this_user_and_agent(db: Any, mode: str) -> None:
    fill(db)
    tool, on = "get_previous_session_messages", {"search_session_history": True}
    found = json.loads(asked(db, mode, tool, "ada", **on))
    assert {s["session_id"] for s in found} <= {"tea", "coffee", "cocoa"} and len(found) == 2, "two by default"
    found = json.loads(asked(db, mode, tool, "ada", session="now2", num_history_sessions=9, **on))
    assert {s["session_id"] for s in found} == {"tea", "coffee", "cocoa", "now"}
    tea = next(s for s in found if s["session_id"] == "tea")
    assert tea["messages"] == [
        {"role": "user", "content": "Which tea is green?"},
        {"role": "assistant", "content": "About tea"},
    ]
    found = json.loads(asked(db, mode, tool, "ada", session="tea", num_history_sessions=9, **on))
    assert "tea" not in {s["session_id"] for s in found}, "never the session the run is in"
    assert [s["session_id"] for s in json.loads(asked(db, mode, tool, None, **{"session": "x", **on}))] == ["nobody"]
    assert "no earlier sessions" in asked(db, mode, tool, "carl", session="y", **on)
    assert "no earlier sessions" in asked(db, mode, tool, "ada", session="z", num_history_sessions=0, **on)


@in_every_mode
def test_a_search_finds_exchanges_by_their_words(db: Any, mode: str) -> None:
    fill(db)
    tool, on = "search_past_sessions", {"search_past_sessions": True}
    found = json.loads(asked(db, mode, tool, "ada", arguments={"query": "strong COFFEE tea"}, **on))
    assert [(f["session_id"], f["user"], f["assistant"]) for f in found] == [
        ("coffee", "Which coffee is strong?", "About coffee"),
        ("tea", "Which tea is green?", "About tea"),
    ]
    everything = json.loads(asked(db, mode, tool, "ada", session="n2", **on))
    assert {f["session_id"] for f in everything} == {"tea", "coffee", "cocoa", "now"}
    one = json.loads(asked(db, mode, tool, "ada", session="n3", num_past_sessions_to_search=1, **on))
    assert len({f["session_id"] for f in one}) == 1
    # the newest run of each session failed, so there is nothing in it
    none = asked(db, mode, tool, "ada", session="n4", num_past_session_runs_in_search=0, **on)
    assert "no earlier sessions" in none


@in_every_mode
def test_a_new_session_begins_with_the_introduction(db: Any, mode: str) -> None:
    model = ScriptedModel(says("I do"), says("Yes"), says("Again"))
    agent = Agent(model=model, db=db, introduction="Hello, I know tea.", add_history_to_context=True)
    for text, session in (("Do you?", "s"), ("Really?", "s"), ("Do you?", "other")):
        assert play(agent, text, mode, session_id=session).output.status is RunStatus.completed
    first, second = agent.get_session("s"), agent.get_session("other")
    assert [run.content for run in first.runs] == ["Hello, I know tea.", "I do", "Yes"]
    assert [(m.role, m.content) for m in first.runs[0].messages] == [("assistant", "Hello, I know tea.")]
    assert [m.content for m in model.requests[1].messages] == ["Hello, I know tea.", "Do you?", "I do", "Really?"]
    assert [run.content for run in second.runs] == ["Hello, I know tea.", "Again"]
