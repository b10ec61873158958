"""Settings that cannot be right are refused when the agent is built; what is merely odd is warned of once."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno._engine.toolbox import _tell_apart
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.base import Model
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play


class Film(BaseModel):
    title: str


@pytest.mark.parametrize(
    ("setting", "value", "says_what"),
    [
        ("db", "postgresql://me:secret@host/agno", "db= of type str. It takes a database object"),
        ("db", Path("agno.db"), "such as SqliteDb(db_file='agent.db')"),
        ("db", InMemoryDb, "db= of type ABCMeta"),
        ("model", 5, "model=5, which is of type int. It takes a model such as OpenAIChat(id='gpt-4o')"),
        ("reasoning_model", ScriptedModel, "It takes a model"),
        ("instructions", 5, "instructions=5, which is of type int. It takes a text, a list of texts"),
        ("tools", "search", "tools='search', which is of type str. It takes a list of functions"),
        ("system_message", ["Be kind"], "a text, a Message, or a function"),
        ("output_schema", Film(title="Alien"), "(the class, not an object of it)"),
        ("input_schema", {"title": "str"}, "a class"),
        ("session_state", ["a"], "It takes a dict"),
        ("pre_hooks", print, "It takes a list"),
        ("retries", "3", "a whole number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_construction(setting: str, value: Any, says_what: str) -> None:
    for _ in range(2):  # what fitted before is remembered, what did not is not
        with pytest.raises(TypeError) as refused:
            Agent(**{setting: value})
        text = str(refused.value)
        assert text.startswith(f"Agent got {setting}=") and says_what in text
        assert "secret" not in text and "\n" not in text


def test_what_is_no_tool_is_refused_at_construction() -> None:
    with pytest.raises(TypeError, match=r"tools= of Agent\(.*\) holds 5 \(int\). A tool is a function"):
        Agent(tools=[print, 5])  # type: ignore[list-item]


def test_what_fits_is_taken() -> None:
    def make() -> list[Any]:
        return []

    class Own(Model):
        """A model of somebody's own."""

    for settings in (
        {"model": "openai:gpt-4o", "db": InMemoryDb(), "tools": make, "instructions": make, "system_message": make},
        {"model": Own(id="x"), "tools": (make, {"type": "web_search"}), "instructions": ["a"], "output_schema": Film},
        dict.fromkeys(("model", "db", "tools", "instructions", "output_schema", "checkpoint")),
    ):
        assert Agent(**settings).settings() == settings


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("agno"), "propagate", True)
    _tell_apart.cache_clear()
    return caplog


@in_every_mode
def test_of_two_tools_with_one_name_the_first_is_used_and_one_warning_names_both(mode: str, warned: Any) -> None:
    def look() -> str:
        return "first"

    @tool(name="look")
    def search() -> str:
        return "second"

    model = ScriptedModel(*[wants("look"), says("ok")] * 2)
    agent = Agent(name=f"Looker {mode}", model=model, tools=[look, look, search])
    for _ in range(2):
        assert play(agent, "go", mode).output.tools[0].result == "first"
    assert model.requests[0].tool_names == ["look"]
    [text] = [record.getMessage() for record in warned.records if "two tools" in record.getMessage()]
    assert "two tools named 'look'" in text and ".look is used" in text and ".search is left out" in text


@in_every_mode
def test_two_plain_functions_with_one_name_are_warned_of_as_well(mode: str, warned: Any) -> None:
    def look() -> str:
        return "first"

    search = {}
    exec("def look():\n    return 'second'", {"__name__": "elsewhere"}, search)
    model = ScriptedModel(wants("look"), says("ok"))
    agent = Agent(name=f"Finder {mode}", model=model, tools=[look, search["look"]])
    assert play(agent, "go", mode).output.tools[0].result == "first"
    [text] = [record.getMessage() for record in warned.records if "two tools" in record.getMessage()]
    assert "elsewhere.look is left out" in text


@in_every_mode
def test_the_same_tool_twice_is_no_reason_to_warn(mode: str, warned: Any) -> None:
    def look() -> str:
        return "x"

    play(Agent(model=ScriptedModel(says("ok")), tools=[look, look]), "go", mode)
    assert not [record for record in warned.records if "two tools" in record.getMessage()]
