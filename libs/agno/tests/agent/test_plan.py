"""A run looks only where the settings can call for it, and nobody can tell: it does what it would do if it looked
everywhere, whatever is set, wherever and whenever it is set."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno._engine import plan
from agno.agent import Agent
from agno.compression.manager import CompressionManager
from agno.culture import CulturalKnowledge, CultureManager
from agno.db.in_memory import InMemoryDb
from agno.db.schemas.memory import UserMemory
from agno.learn import LearningMachine, LearningMode
from agno.memory import MemoryManager
from agno.models.fallback import FallbackConfig
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession, TeamSession
from agno.session.summary import SessionSummary, SessionSummaryManager
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools.function import Function
from agno.tools.toolkit import Toolkit

from playing import in_every_mode, play


def look() -> str:
    """Look around."""
    return "a harbour"


class Compass(Toolkit):
    def __init__(self) -> None:
        super().__init__(tools=[look], instructions="Use the compass.", add_instructions=True)


class Skills:
    def get_system_prompt_snippet(self) -> str:
        return "You can sail."

    def get_tools(self) -> list[Function]:
        function = Function.from_callable(look)
        function.instructions, function.add_instructions = "Sail with care.", True
        return [function]


class Found(BaseModel):
    name: str
    role: str = "sailor"


class Books:
    """A knowledge that says what it is asked for."""

    valid_metadata_filters = {"author"}
    max_results = 1

    def search(self, query: str, **options: Any) -> list[Any]:
        return []

    def retrieve(self, query: str, **options: Any) -> list[Any]:
        return []

    def get_tools(self, **options: Any) -> list[Any]:
        return [look]

    def build_context(self, **options: Any) -> str:
        return "There are books."


def other() -> ScriptedModel:
    return ScriptedModel(says("Fine"), id="other", repeat=True)


noted: list[list[str]] = []


def note(**given: Any) -> None:
    """A hook."""
    noted.append(sorted(given))


def retrieve(query: str, **given: Any) -> list[Any]:
    noted.append(sorted(given.get("filters") or ()))
    return [{"content": "Boats leave at high tide"}]


# A value for each setting that is not a switch. A new setting needs one here, or the tests say so.
VALUES: dict[str, Callable[[], Any]] = {
    **{name: other for name in ("model", "reasoning_model", "parser_model", "output_model", "followup_model")},
    "add_culture_to_context": lambda: True,
    "add_memories_to_context": lambda: True,
    "add_session_summary_to_context": lambda: True,
    "additional_context": lambda: "The sea is rough.",
    "num_memories_in_context": lambda: 1,
    "additional_input": lambda: ["Hello"],
    "callable_knowledge_cache_key": lambda: note,
    "callable_members_cache_key": lambda: note,
    "callable_tools_cache_key": lambda: note,
    "checkpoint": lambda: "tools",
    "compression_manager": lambda: CompressionManager(model=other(), compress_tool_results_limit=1),
    "culture_manager": lambda: CultureManager(model=other()),
    "datetime_format": lambda: "%Y",
    "db": InMemoryDb,
    "debug_level": lambda: 2,
    "delay_between_retries": lambda: 2,
    "dependencies": lambda: {"place": "harbour"},
    "description": lambda: "You are {current_user_id}'s pilot.",
    "enable_agentic_knowledge_filters": lambda: True,
    "events_to_skip": lambda: ["RunStarted"],
    "expected_output": lambda: "A course.",
    "fallback_config": lambda: FallbackConfig(on_error=[other()]),
    "fallback_models": lambda: [other()],
    "id": lambda: "pilot",
    "input_schema": lambda: Found,
    "instructions": lambda: "Be brief.",
    "introduction": lambda: "Ahoy!",
    "knowledge": Books,
    "knowledge_filters": lambda: {"author": "Ann"},
    "knowledge_retriever": lambda: retrieve,
    "learning": lambda: LearningMachine(model=other(), user_memory=LearningMode.AGENTIC),
    "max_iterations": lambda: 3,
    "max_member_response_chars": lambda: 10,
    "max_tool_calls_from_history": lambda: 1,
    "members": lambda: [Agent(name="Deckhand", model=other())],
    "memory_manager": lambda: MemoryManager(model=other()),
    "metadata": lambda: {"port": "home"},
    "mode": lambda: "route",
    "name": lambda: "Pilot",
    "num_followups": lambda: 1,
    "num_history_messages": lambda: 1,
    "num_history_runs": lambda: 1,
    "num_history_sessions": lambda: 1,
    "num_past_session_runs_in_search": lambda: 1,
    "num_past_sessions_to_search": lambda: 1,
    "num_team_history_runs": lambda: 1,
    "output_model_prompt": lambda: "Write.",
    "output_schema": lambda: Found,
    "parser_model_prompt": lambda: "Parse.",
    "post_hooks": lambda: [note],
    "pre_hooks": lambda: [note],
    "reasoning_agent": lambda: Agent(model=other()),
    "reasoning_max_steps": lambda: 2,
    "reasoning_min_steps": lambda: 2,
    "references_format": lambda: "yaml",
    "retries": lambda: 1,
    "role": lambda: "Pilot",
    "save_response_to_file": lambda: "answer.txt",
    "session_id": lambda: "s",
    "session_state": lambda: {"depth": 3},
    "session_summary_manager": lambda: SessionSummaryManager(model=other()),
    "skills": Skills,
    "stream": lambda: True,
    "structured_outputs": lambda: True,
    "system_message": lambda: "You are a pilot.",
    "system_message_role": lambda: "developer",
    "timezone_identifier": lambda: "Europe/Paris",
    "tool_call_limit": lambda: 0,
    "tool_choice": lambda: "auto",
    "tool_hooks": lambda: [note],
    "tools": lambda: [Compass()],
    "user_id": lambda: "ann",
    "user_message_role": lambda: "customer",
}
# what some settings need beside them, to have something to do
BESIDE: dict[str, dict[str, Callable[[], Any]]] = {
    "add_datetime_to_context": {"datetime_format": VALUES["datetime_format"]},
    "add_name_to_context": {"name": VALUES["name"]},
    "add_knowledge_to_context": {"knowledge_retriever": VALUES["knowledge_retriever"]},
    "enable_agentic_knowledge_filters": {"knowledge": VALUES["knowledge"]},
    "knowledge_filters": {
        "add_knowledge_to_context": lambda: True,
        "knowledge_retriever": VALUES["knowledge_retriever"],
    },
    "db": {"add_history_to_context": lambda: True, "session_id": VALUES["session_id"]},
    "parser_model": {"output_schema": VALUES["output_schema"]},
    "compress_tool_results": {"compression_manager": VALUES["compression_manager"]},
    "dependencies": {"description": lambda: "You are in the {place}."},
    "update_cultural_knowledge": {"culture_manager": VALUES["culture_manager"]},
    "enable_user_memories": {"memory_manager": VALUES["memory_manager"]},
}
# what a checkpoint stores is replaced when the run ends; the others are asked for by workflows, and tested there
UNSEEN = {"checkpoint", "add_dependencies_to_context", "add_session_state_to_context"}
KINDS = (Agent, Team)


def value_of(kind: Any, name: str) -> Any:
    default = getattr(kind, name)
    if name in VALUES:
        return VALUES[name]()
    assert isinstance(default, bool), f"{name} of {kind.__name__} is new: give it a value in VALUES"
    return not default


def filled_db(kind: Any) -> InMemoryDb:
    """A database in which there is something of everything."""
    db = InMemoryDb()
    db.upsert_user_memory(UserMemory(memory="Likes tea", memory_id="m", user_id="ann"))
    CultureManager(db=db).add_cultural_knowledge(CulturalKnowledge(id="c", name="Tone", content="Be brief"))
    run = RunOutput(run_id="before", session_id="s", status=RunStatus.completed, content="Ahoy")
    summary = SessionSummary(summary="They spoke of boats")
    sessions = {Agent: AgentSession, Team: TeamSession}
    db.upsert_session(sessions[kind](session_id="s", user_id="ann", runs=[run], summary=summary))
    return db


def told(kind: Any, settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What runs with these settings do, as far as it can be seen: one with options, one without, and one whose model fails."""
    noted.clear()
    caplog.clear()
    model = settings.get("model") or ScriptedModel(wants("look"), says("Fine"), says("Fine"), fails(503), repeat=True)
    given = {"db": filled_db(kind), "tools": [look], **settings, "model": model}
    if kind is Team:
        given.setdefault("members", VALUES["members"]())
    component = kind(**given)
    asked = {"name": "Ann"} if "input_schema" in settings else "Hi"
    seen = [play(component, asked, "run_stream", session_id="s", user_id="ann")]
    seen += [play(component, asked, "run", stream=False) for _ in range(2)]
    requests = [
        ([(m.role, m.content) for m in request.messages], request.tools, request.tool_choice, request.response_format)
        for request in model.requests
    ]
    files = sorted(path.read_text() for path in Path().iterdir())
    for path in Path().iterdir():
        path.unlink()
    stored = [len(session.runs or ()) for session in given["db"].get_sessions()]
    found = [requests, files, list(noted), [record.levelname for record in caplog.records], stored]
    found.append(component.cached_session is None)
    for one in seen:
        output = one.output
        if output is None:
            found.append(repr(one.error))
            continue
        found += [one.kinds, output.status, output.content, output.metadata, len(output.events or ())]
        found += [sorted(output.session_state or ()), output.model]
    return found


def differing(
    kind: Any, names: Any, allowed: Callable[..., bool], monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """The settings whose run is another one if the plan allows what `allowed` says."""
    found = []
    for name in sorted(names):
        runs = []
        for patched in (False, True):
            settings = {other: make() for other, make in BESIDE.get(name, {}).items()}
            settings[name] = value_of(kind, name)
            with monkeypatch.context() as patch:
                patch.setattr(plan, "_planners", {})
                if patched:
                    patch.setattr(plan.Plan, "may", allowed)
                runs.append(told(kind, settings, caplog))
        if runs[0] != runs[1]:
            found.append(name)
    return found


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agno._engine.prompt.get_location", lambda: {"city": "Paris"})
    yield


@pytest.mark.parametrize("kind", KINDS)
def test_with_any_setting_a_run_is_what_it_would_be_if_it_looked_everywhere(
    kind: Any, monkeypatch: Any, caplog: Any
) -> None:
    assert differing(kind, kind._names, lambda self, *names: True, monkeypatch, caplog) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_setting_that_a_plan_knows_is_seen_by_these_tests(kind: Any, monkeypatch: Any, caplog: Any) -> None:
    known = plan.Planner(kind).names
    seen = differing(kind, known, lambda self, *names: False, monkeypatch, caplog)
    unseen = sorted(set(known) - set(seen) - UNSEEN)
    assert not unseen, " ".join(unseen)


@pytest.mark.parametrize("kind", KINDS)
@in_every_mode
def test_what_is_set_after_the_first_run_counts(mode: str, kind: Any) -> None:
    model = ScriptedModel(says("Fine"), repeat=True)
    component = kind(model=model, **({"members": []} if kind is Team else {}))
    play(component, "Hi", mode)
    component.markdown, component.read_chat_history = True, True
    play(component, "Hi", mode)
    component.markdown, component.read_chat_history = False, False
    play(component, "Hi", mode)
    component.description = "A pilot"
    play(component, "Hi", mode)
    del component.description
    play(component, "Hi", mode)
    texts = [str(request.messages[0].content) for request in model.requests]
    assert ["markdown" in text for text in texts] == [False, True, False, False, False]
    assert ["A pilot" in text for text in texts] == [False, False, False, True, False]
    assert ["get_chat_history" in r.tool_names for r in model.requests] == [False, True, False, False, False]


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_class_says_counts_for_an_object_that_has_not_run(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    members: dict[str, Any] = {"members": []} if kind is Team else {}
    model = ScriptedModel(says("Fine"), repeat=True)
    component = kind(model=model, **members)
    kind(model=model, **members).run("Hi")
    monkeypatch.setattr(kind, "description", "A pilot", raising=False)
    component.run("Hi")
    assert ["A pilot" in str(request.messages[0].content) for request in model.requests] == [False, True]


def test_a_copy_has_plans_of_its_own() -> None:
    agent = Agent(model=ScriptedModel(says("Fine"), repeat=True), name="Pilot")
    agent.run("Hi")
    twin = copy.copy(agent)
    twin.description, twin.name = "A captain", "Captain"
    assert twin.run("Hi").agent_id == "captain" and agent.run("Hi").agent_id == "pilot"
    texts = [str(request.messages[0].content) for request in agent.model.requests]
    assert ["A captain" in text for text in texts] == [False, True, False]


@in_every_mode
def test_what_a_hook_or_a_toolkit_sets_counts_in_this_run(mode: str) -> None:
    class Chart(Toolkit):
        requires_connect = True

        def connect(self) -> None:
            agent.expected_output = "A course"
            super().connect()

    def brief(agent: Agent) -> None:
        agent.description, agent.enable_agentic_state = "A pilot", True

    model = ScriptedModel(says("Fine"))
    agent = Agent(model=model, tools=[Chart()], pre_hooks=[brief])
    play(agent, "Hi", mode)
    text = model.requests[0].messages[0].content
    assert "A pilot" in text and "A course" in text
    assert "update_session_state" in model.requests[0].tool_names


@in_every_mode
def test_what_a_tool_sets_counts_in_this_run(mode: str) -> None:
    ended = []

    def change(agent: Agent) -> str:
        """Change the agent."""
        agent.post_hooks = [lambda run_output: ended.append(run_output.content)]
        agent.output_model = ScriptedModel(says("Written"))
        return "changed"

    agent = Agent(model=ScriptedModel(wants("change"), says("Fine")), tools=[change])
    assert play(agent, "Hi", mode).output.content == "Written"
    assert ended == ["Written"]


def test_a_tool_that_is_exchanged_in_the_list_is_the_new_one() -> None:
    def look() -> str:
        """Look back."""
        return "the sea"

    model = ScriptedModel(says("Fine"), repeat=True)
    agent = Agent(model=model, tools=[globals()["look"]])
    agent.run("Hi")
    agent.tools[0] = look
    agent.run("Hi")
    described = [request.tools[0]["function"]["description"] for request in model.requests]
    assert described == ["Look around.", "Look back."]


def test_the_tools_are_those_that_are_in_the_list_when_a_run_begins() -> None:
    def hear() -> str:
        """Listen."""
        return "waves"

    model = ScriptedModel(says("Fine."), repeat=True)
    agent = Agent(model=model, tools=[look])
    agent.run("Go")
    agent.tools.append(hear)
    agent.run("Go")
    agent.tools.remove(look)
    agent.run("Go")
    agent.tools[:] = [look]
    agent.run("Go")
    offered = [[tool["function"]["name"] for tool in request.tools] for request in model.requests]
    assert offered == [["look"], ["look", "hear"], ["hear"], ["look"]]
