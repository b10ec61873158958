"""What Agno 2.0.0 gets wrong, and programs were right to expect otherwise: one test each, so that it does not come back."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.learn import LearningMachine
from agno.media import File
from agno.models._structured import parse
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import Call, ScriptedModel, Turn, call, says, wants
from agno.tools import tool
from agno.workflow import StepOutput, Workflow

from playing import in_every_mode, play


def told(agent: Agent, name: str, **arguments: Any) -> str:
    """What a tool that the agent has by itself tells the model, in the session "s"."""
    agent.model = ScriptedModel(wants(name, **arguments), says("thanks"))
    tools = agent.run("Tell me", session_id="s").tools or []
    return str(tools[0].result)


def answering(*texts: str, **settings: Any) -> Agent:
    return Agent(model=ScriptedModel(*map(says, texts)), **settings)


# Tools over the session ---------------------------------------------------------------------------------------------------


def test_the_history_tool_gives_the_newest_pairs_with_the_oldest_of_them_first() -> None:
    agent = answering("A", "B", "C", db=InMemoryDb(), read_chat_history=True)
    for question in "abc":
        agent.run(question, session_id="s")
    pairs = json.loads(told(agent, "get_chat_history", num_chats=2))
    assert [(said["role"], said["content"]) for said in pairs] == [
        ("user", "b"), ("assistant", "B"), ("user", "c"), ("assistant", "C"),
    ]  # fmt: skip
    assert told(agent, "get_chat_history", num_chats=0) == ""


def test_the_tool_history_begins_with_the_newest_run() -> None:
    def look(n: int) -> str:
        return f"saw {n}"

    agent = Agent(tools=[look], db=InMemoryDb(), read_tool_call_history=True)
    for n in (1, 2):
        agent.model = ScriptedModel(wants("look", n=n), says("ok"))
        agent.run("Look", session_id="s")
    calls = json.loads(told(agent, "get_tool_call_history"))
    assert [json.loads(made["function"]["arguments"])["n"] for made in calls] == [2, 1]


# What a run gives ---------------------------------------------------------------------------------------------------------


@in_every_mode
def test_results_that_are_nothing_become_text_in_the_same_way_everywhere(mode: str) -> None:
    def zero() -> int:
        return 0

    def nothing() -> None:
        return None

    def empty() -> list[int]:
        return []

    model = ScriptedModel(Turn(calls=(call("zero"), call("nothing"), call("empty"))), says("done"))
    seen = play(Agent(model=model, tools=[zero, nothing, empty]), "go", mode)
    assert [m.content for m in seen.output.messages if m.role == "tool"] == ["0", "", "[]"]


@in_every_mode
def test_texts_and_thoughts_of_all_turns_come_together_and_answers_keep_the_order_of_the_calls(mode: str) -> None:
    def look() -> str:
        return "seen"

    calls = (call("unknown"), call("look"), Call("look", "{broken"))
    model = ScriptedModel(Turn(text="First. ", calls=calls, reasoning="Hm. "), Turn(text="Then.", reasoning="Ah."))
    seen = play(Agent(model=model, tools=[look]), "go", mode)
    answers = [m for m in seen.output.messages if m.role == "tool"]
    assert (seen.output.content, seen.output.reasoning_content) == ("First. Then.", "Hm. Ah.")
    assert [m.tool_call_id for m in answers] == [made.id for made in calls]
    assert [bool(m.tool_call_error) for m in answers] == [True, False, True]


@in_every_mode
def test_metrics_are_final_when_the_end_is_told(mode: str) -> None:
    for component in (answering("hello"), Team([answering("x", name="Ann")], model=ScriptedModel(says("hello")))):
        seen = play(component, "hi", mode)
        known = seen.events[-1].metrics if seen.events else seen.output.metrics
        assert known.duration is not None and 0 <= known.time_to_first_token <= known.duration
        assert known.total_tokens == 15


@pytest.mark.parametrize("kind", ["agent", "team"])
def test_metadata_of_the_component_and_of_the_call_come_together(kind: str) -> None:
    def made(**settings: Any) -> Any:
        agent = answering("x", "x", **settings)
        return agent if kind == "agent" else Team([Agent(name="Ann")], model=agent.model, **settings)

    given, own = {"b": 2, "a": 0}, {"a": 1}
    component = made(metadata=own)
    assert component.run("hi", metadata=given).metadata == {"a": 1, "b": 2}
    assert component.run("hi").metadata == {"a": 1} and made().run("hi", metadata={"b": 1}).metadata == {"b": 1}
    assert (given, own) == ({"b": 2, "a": 0}, {"a": 1})


class Found(BaseModel):
    names: list[str]
    total: int = 0


def test_several_objects_in_one_answer_are_one() -> None:
    text = 'First {"names": ["Ann"], "total": 1} and then {"names": ["Bob"], "total": 2}.'
    assert parse(text, Found) == Found(names=["Ann", "Bob"], total=2)
    assert parse('Only {"names": ["Ann"]} here', Found) == Found(names=["Ann"])
    assert parse('Not {"x": [}, but {"names": [], "total": 3}', Found) == Found(names=[], total=3)


def test_a_dict_without_a_role_is_sent_as_json() -> None:
    agent = answering("ok")
    agent.run({"city": "Bern"})
    assert json.loads(agent.model.requests[0].messages[-1].content) == {"city": "Bern"}


# State and sessions -------------------------------------------------------------------------------------------------------


def test_an_annotated_state_is_the_state_itself() -> None:
    def note(session_state: dict[str, Any]) -> str:
        session_state["noted"] = True
        return "ok"

    agent = Agent(model=ScriptedModel(wants("note"), says("done")), tools=[note], db=InMemoryDb())
    agent.run("go", session_id="s")
    assert agent.get_session_state("s") == {"noted": True}


def test_an_empty_user_is_no_user() -> None:
    assert answering("x", user_id="ann").run("hi", user_id="").user_id == "ann"


def test_a_generated_session_goes_on_but_is_no_setting() -> None:
    agent = answering("x", "y", db=InMemoryDb())
    first, second = agent.run("a"), agent.run("b")
    assert first.session_id == second.session_id and agent.session_id is None
    assert len(agent.get_session().runs) == 2 and agent.get_last_run_output().run_id == second.run_id


def test_a_run_is_looked_up_in_its_own_session_also_where_another_is_cached() -> None:
    agent = answering("x", "y", db=InMemoryDb(), cache_session=True)
    here, there = agent.run("a", session_id="here"), agent.run("b", session_id="there")
    assert agent.get_run_output(there.run_id, "here") is None
    assert agent.get_run_output(here.run_id, "here").run_id == here.run_id


def test_a_name_that_stays_too_long_is_cut_after_three_tries() -> None:
    model = ScriptedModel(says("one two three four five six seven"), repeat=True)
    agent = Agent(model=model, db=InMemoryDb())
    agent.run("hi", session_id="s")
    asked = len(model.requests)
    session = agent.set_session_name("s", autogenerate=True)
    assert len(model.requests) - asked <= 3 and len(session.session_data["session_name"].split()) <= 5


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    return f"paid {amount}"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_run_given_as_an_object_goes_on_in_its_session_and_counts_once(colour: str) -> None:
    agent = Agent(model=ScriptedModel(wants("pay", amount=1), says("done")), tools=[pay], db=InMemoryDb())
    paused = agent.run("pay", session_id="s")
    paused.tools[0].confirmed = True
    done = agent.continue_run(paused) if colour == "sync" else asyncio.run(agent.acontinue_run(paused))
    assert (done.session_id, done.run_id, done.metrics.total_tokens) == ("s", paused.run_id, 30)
    assert [run.status for run in agent.get_session("s").runs] == [RunStatus.completed]


def test_what_a_caller_passes_is_never_changed() -> None:
    def change(session_state: dict[str, Any], dependencies: dict[str, Any]) -> str:
        session_state["list"].append(2)
        return "ok"

    state, call_state, tools = {"list": [1]}, {"more": {"x": 1}}, [change]
    before = copy.deepcopy((state, call_state))
    agent = Agent(model=ScriptedModel(wants("change"), says("ok")), tools=tools, session_state=state, db=InMemoryDb())
    agent.run("go", session_id="s", session_state=call_state)
    agent.add_tool(pay)
    assert (state, call_state) == before and tools == [change] and len(agent.tools) == 2


# Teams and workflows ------------------------------------------------------------------------------------------------------


def test_both_command_lines_of_a_team_take_session_and_user() -> None:
    for method in (Team.cli_app, Team.acli_app):
        assert {"session_id", "user_id"} <= set(inspect.signature(method).parameters)


def test_a_leader_reads_what_was_learned() -> None:
    learning = LearningMachine(learned_knowledge=True)
    team = Team([Agent(name="Ann")], model=ScriptedModel(says("ok")), db=InMemoryDb(), learning=learning)
    team.run("hi", user_id="u")
    assert "<learnings>" in team.model.requests[0].messages[0].content


def test_files_of_a_step_are_stored() -> None:
    output = StepOutput(content="x", files=[File(content=b"text", mime_type="text/plain")])
    assert StepOutput.from_dict(output.to_dict()).files[0].content == b"text"


def test_steps_see_the_user_and_the_state_of_the_call() -> None:
    seen: dict[str, Any] = {}

    def look(step_input: Any, session_state: dict[str, Any], run_context: Any) -> str:
        seen.update(session_state, user=run_context.user_id)
        return "ok"

    workflow = Workflow(steps=[look], user_id="own", session_state={"a": 1}, db=InMemoryDb())
    workflow.run("go", user_id="ann", session_id="s", session_state={"b": 2})
    assert (seen["user"], seen["a"], seen["b"], seen["current_user_id"]) == ("ann", 1, 2, "ann")
    assert workflow.get_session_state("s") == {"a": 1, "b": 2} and workflow.session_state == {"a": 1}


def test_an_async_stream_of_a_workflow_is_read_with_and_without_await() -> None:
    async def kinds(awaited: bool) -> list[str]:
        workflow = Workflow(steps=[lambda step_input: "x"])
        stream: Any = workflow.arun("go", stream=True)
        return [event.event async for event in (await stream if awaited else stream)]

    assert asyncio.run(kinds(True)) == asyncio.run(kinds(False)) != []
