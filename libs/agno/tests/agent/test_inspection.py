"""What a run would send and offer, without running and without storing anything."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.run.agent import RunOutput
from agno.testing import ScriptedModel, says


class Wish(BaseModel):
    text: str


def look() -> str:
    """Look."""
    return "seen"


def asked(agent: Agent, colour: str, method: str, *args: Any, **options: Any) -> Any:
    if colour == "async":
        return asyncio.run(getattr(agent, f"a{method}")(*args, **options))
    return getattr(agent, method)(*args, **options)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_the_system_message_of_a_run(colour: str, tmp_path: Path) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(
        model=ScriptedModel(says("ok")), instructions="For {user_id} in {place}: {n} {kind}", db=db,
        session_state={"n": 1}, session_id="s", input_schema=Wish,
    )  # fmt: skip
    agent.run({"text": "x"}, session_state={"n": 5})
    session = agent.get_session("s")
    options = {"user_id": "ann", "dependencies": {"place": lambda: "Oslo"}, "metadata": {"kind": "teas"}}
    message = asked(agent, colour, "get_system_message", session, **options)
    assert message.role == "system" and message.content == "For ann in Oslo: 5 teas"
    message = asked(agent, colour, "get_system_message", session, {"n": 7}, add_session_state_to_context=True)
    assert "7" in message.content and "<session_state>" in message.content
    assert len(agent.get_session("s").runs) == 1, "nothing is stored"
    assert asked(Agent(model=ScriptedModel()), colour, "get_system_message") is None


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_the_tools_of_a_run(colour: str) -> None:
    def tools(run_context: Any) -> list[Any]:
        return [look, {"type": "web_search"}] if run_context.user_id == "ann" else [look]

    agent = Agent(model=ScriptedModel(), tools=tools, enable_agentic_state=True)
    found = asked(agent, colour, "get_tools", user_id="ann")
    assert [tool["type"] if isinstance(tool, dict) else tool.name for tool in found] == [
        "look", "update_session_state", "web_search",
    ]  # fmt: skip
    assert len(asked(agent, colour, "get_tools", user_id="ben")) == 2


def test_explain_shows_the_history_and_stores_nothing(tmp_path: Path) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(model=ScriptedModel(says("one")), db=db, session_id="s", add_history_to_context=True, tools=[look])
    agent.run("first")
    request = agent.explain("second")
    assert [message.content for message in request["messages"]] == ["first", "one", "second"]
    assert [tool["function"]["name"] for tool in request["tools"]] == ["look"]
    assert len(agent.get_session("s").runs) == 1


def test_an_answer_becomes_a_file(tmp_path: Path) -> None:
    agent = Agent(name="Ada", save_response_to_file=str(tmp_path / "{name}" / "{session_id}-{user_id}-{message}.txt"))
    output = RunOutput(run_id="r", content="Grüße", session_id="s", user_id="u")
    agent.save_run_response_to_file(output, input="hi")
    assert (tmp_path / "Ada" / "s-u-hi.txt").read_text(encoding="utf-8") == "Grüße"
    agent.save_run_response_to_file(RunOutput(content=Wish(text="x")), input={"a": 1}, session_id="t", user_id="v")
    assert len(list((tmp_path / "Ada").iterdir())) == 2
    Agent().save_run_response_to_file(output)
    Agent(save_response_to_file="{unknown}").save_run_response_to_file(output)
