"""Settings that cannot be right are refused when the agent is built; what is merely odd is warned of once."""

from __future__ import annotations

import functools
import gc
import logging
import weakref
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno._engine.toolbox import _tell_apart
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import InputCheckError
from agno.guardrails import BaseGuardrail
from agno.media import Image
from agno.memory import MemoryManager
from agno.models.base import Model
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.tools.reasoning import ReasoningTools

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
        ("user_id", 42, "user_id=42, which is of type int. It takes a text"),
        ("expected_output", ["a poem"], "It takes a text"),
        ("memory_manager", MemoryManager, "It takes a MemoryManager() that is made"),
        ("knowledge_retriever", "find", "It takes a function"),
        ("references_format", "xml", "references_format='xml', which is of type str. It takes 'json' or 'yaml'"),
        ("events_to_skip", "RunContent", "a list of kinds of events"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_construction(setting: str, value: Any, says_what: str) -> None:
    for _ in range(2):  # what fitted before is remembered, what did not is not
        with pytest.raises(TypeError) as refused:
            Agent(**{setting: value})
        text = str(refused.value)
        assert text.startswith(f"Agent got {setting}=") and says_what in text
        assert "secret" not in text and "\n" not in text


@in_every_mode
def test_a_function_for_the_instructions_gives_text(mode: str) -> None:
    seen = play(Agent(model=ScriptedModel(), instructions=lambda: 5), "go", mode)  # type: ignore[arg-type,return-value]
    told = str(seen.error or seen.events[-1].content)
    assert told.startswith("instructions of Agent(") and told.endswith(
        "gave int; it must give a str or a list of them."
    )


def test_what_is_no_tool_is_refused_at_construction() -> None:
    with pytest.raises(TypeError, match=r"tools= of Agent\(.*\) holds 5 \(int\). A tool is a function"):
        Agent(tools=[print, 5])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (int, "holds the class int, which is no tool: write a function that makes a int"),
        (ReasoningTools, r"holds the class ReasoningTools, which is no tool: write ReasoningTools\(\.\.\.\)"),
        (max, "holds <built-in function max> .*A tool is a function"),
        ("search", "holds 'search' .str.. A tool is a function"),
        (None, "holds None .NoneType.. A tool is a function"),
    ],
)
@pytest.mark.parametrize("kind", [Agent, functools.partial(Team, [])])
def test_what_can_be_no_tool_is_refused_when_the_object_is_built(kind: Any, item: Any, told: str) -> None:
    with pytest.raises(TypeError, match=f"tools= of .* {told}"):
        kind(tools=[print, item])


@in_every_mode
def test_tools_that_were_made_for_one_run_are_gone_with_it(mode: str) -> None:
    class Request:
        """What belongs to one request."""

    def closure(request: Request) -> Any:
        def look() -> str:
            return "seen" if request else ""

        return look

    def default(request: Request) -> Any:
        def look(city: str = "Oslo", _request: Any = request) -> str:
            return "seen"

        return look

    for make in (closure, default, lambda request: functools.partial(closure(request))):
        request = Request()
        agent = Agent(model=ScriptedModel(*[wants("look"), says("ok")] * 3), tools=[make(request)])
        for _ in range(3):
            assert play(agent, "go", mode).output.tools[0].result == "seen"
        alive = weakref.ref(request)
        del agent, request
        gc.collect()
        assert alive() is None


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


class Refusing(BaseGuardrail):
    def check(self, run_input: Any) -> None:
        raise InputCheckError("No")

    async def async_check(self, run_input: Any) -> None:
        raise InputCheckError("No")


@pytest.mark.parametrize("hooks", [[Refusing], ["refuse"], [print, None]])
@pytest.mark.parametrize("setting", ["pre_hooks", "post_hooks", "tool_hooks"])
def test_a_hook_that_would_check_nothing_is_refused(setting: str, hooks: list[Any]) -> None:
    Agent(**{setting: [print, Refusing()]})  # that a list fitted says nothing about the next one
    with pytest.raises(TypeError, match="of guardrails that are made, such as"):
        Agent(**{setting: hooks})


@pytest.mark.parametrize("setting", ["knowledge", "memory_manager", "session_summary_manager", "compression_manager"])
def test_a_service_is_an_object(setting: str) -> None:
    with pytest.raises(TypeError, match=f"Agent got {setting}=True, which is of type bool. It takes a"):
        Agent(**{setting: True})


@pytest.mark.parametrize(
    ("option", "value", "says_what"),
    [
        ("session_id", 3, "session_id= of type int. It takes a text, such as '3'"),
        ("user_id", 7, "user_id= of type int. It takes a text, such as '7'"),
        ("session_state", ["a"], "session_state= of type list. It takes a dict"),
        ("metadata", "a", "metadata= of type str. It takes a dict"),
        ("dependencies", ["a"], "dependencies= of type list. It takes a dict"),
        ("images", ["a.png"], r"holds a str. It takes a list of Image objects, such as \[Image\(filepath=...\)\]"),
        ("files", "a.pdf", "files= of type str. It takes a list of File objects"),
        ("images", Image(url="http://x/a.png"), "images= of type Image. It takes a list"),
        ("output_schema", Film(title="Alien"), "the class, not an object of it"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_before_the_run_begins(option: str, value: Any, says_what: str) -> None:
    model = ScriptedModel(says("Hi"))
    with pytest.raises(TypeError, match=says_what):
        Agent(model=model).run("Hi", **{option: value})
    assert model.requests == []


@in_every_mode
def test_a_tool_in_place_of_the_list_of_tools_is_explained(mode: str) -> None:
    def weather(city: str) -> str:
        """The weather."""
        return city

    seen = play(Agent(model=ScriptedModel(says("Hi")), tools=weather), "Hi", mode)
    told = str(seen.error) if seen.error is not None else seen.events[-1].content
    assert "has nothing to give for its parameter 'city'. If it is a tool, write tools=[...]" in told


@pytest.mark.parametrize(
    ("wish", "says_what"),
    [
        ({"run_response": "r1"}, "got a str as the run. Give the RunOutput, or run_id=..."),
        (
            {"run_id": "r", "requirements": ["x"]},
            "requirements= of continue_run holds a str. It takes a list of RunReq",
        ),
        ({"run_id": "r", "requirements": {"id": "x"}}, "requirements= of continue_run is a dict"),
        ({"run_id": "r", "updated_tools": [{"id": "x"}]}, "holds a dict. It takes a list of ToolExecution objects"),
    ],
)
def test_what_is_no_run_and_no_answer_is_refused(wish: dict[str, Any], says_what: str) -> None:
    with pytest.raises(TypeError, match=says_what):
        Agent(model=ScriptedModel(says("Hi"))).continue_run(session_id="s", **wish)


@pytest.mark.parametrize(
    ("option", "hint"),
    [("sesion_id", "Did you mean 'session_id'?"), ("message", "the first argument, or input=."), ("zzz", "$")],
)
def test_an_unknown_option_is_refused_with_a_hint(option: str, hint: str) -> None:
    with pytest.raises(TypeError, match=f"got the unknown option '{option}'.*{hint}"):
        Agent(model=ScriptedModel(says("Hi"))).run(**{option: "Hi"})
