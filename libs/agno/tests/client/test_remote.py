"""Agents, teams and workflows that run on an AgentOS elsewhere, as if they were here: a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from agno.agent import Agent
from agno.agent.remote import RemoteAgent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.run.base import RunStatus
from agno.team import Team
from agno.team.remote import RemoteTeam
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import Step, Workflow
from agno.workflow.remote import RemoteWorkflow

from os_serving import served


@tool(requires_confirmation=True)
def send(to: str) -> str:
    """Send it."""
    return f"sent to {to}"


def service() -> AgentOS:
    db = InMemoryDb(id="main")
    hello = Agent(id="hello", model=ScriptedModel("Hello there", repeat=True), db=db)
    asker = Agent(
        id="asker", db=db, tools=[send], model=ScriptedModel(*[wants("send", to="Ada"), says("It is done")] * 40)
    )
    crew = Team([Agent(name="One", model=ScriptedModel("one", repeat=True))], id="crew", db=db,
                model=ScriptedModel("We greet you", repeat=True))  # fmt: skip
    flow = Workflow(id="flow", db=db, steps=[Step(name="first", agent=hello)])
    asking = Workflow(id="asking", db=db, steps=[Step(name="first", agent=asker)])
    return AgentOS(agents=[hello, asker], teams=[crew], workflows=[flow, asking])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(service()) as server:
        yield server.url


def play(mode: str, component: Any, *args: Any, method: str = "run", **options: Any) -> tuple[Any, list[Any]]:
    """Output and events of a run in one of the four modes."""
    if mode == "run":
        return getattr(component, method)(*args, **options), []
    if mode == "arun":
        return asyncio.run(getattr(component, f"a{method}")(*args, **options)), []
    options |= {"stream": True, "stream_events": True, "yield_run_output": True}
    if mode == "stream":
        *events, output = getattr(component, method)(*args, **options)
        return output, events

    async def go() -> list[Any]:
        return [item async for item in getattr(component, f"a{method}")(*args, **options)]

    *events, output = asyncio.run(go())
    return output, events


MODES = ["run", "arun", "stream", "astream"]


def remote(url: str, kind: str) -> Any:
    return {"agent": lambda: RemoteAgent(url, "hello"), "team": lambda: RemoteTeam(url, "crew"),
            "workflow": lambda: RemoteWorkflow(url, "flow")}[kind]()  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["agent", "team", "workflow"])
def test_a_remote_component_answers_as_one_of_this_process(url: str, kind: str, mode: str) -> None:
    output, events = play(mode, remote(url, kind), "Hi", session_id=f"s-{kind}-{mode}", user_id="ada")

    assert output.status is RunStatus.completed
    assert output.content == ("We greet you" if kind == "team" else "Hello there")
    assert output.session_id == f"s-{kind}-{mode}" and output.user_id == "ada"
    if events:
        assert {type(event).__module__ for event in events} <= {"agno.run.agent", "agno.run.team", "agno.run.workflow"}
        own = [event.event for event in events if event.run_id == output.run_id]
        assert own[0].endswith("Started") and own[-1].endswith("Completed")
        assert len(own) == len(set(map(id, events))) or kind == "workflow"


@pytest.mark.parametrize("mode", MODES)
def test_a_remote_agent_is_paused_and_goes_on(url: str, mode: str) -> None:
    agent = RemoteAgent(url, "asker")
    paused, _ = play(mode, agent, "Send it", session_id=f"p-{mode}")
    assert paused.is_paused
    paused.active_requirements[0].confirm()

    output, events = play(mode, agent, paused, method="continue_run")

    assert (output.content, output.run_id, output.status) == ("It is done", paused.run_id, RunStatus.completed)
    assert output.tools[0].result == "sent to Ada"
    if events:
        assert events[0].event == "RunContinued"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["agent", "team"])
def test_a_remote_component_is_a_member_of_a_team(url: str, kind: str, mode: str) -> None:
    member = remote(url, kind)
    leader = ScriptedModel(
        wants("delegate_task_to_member", member_id=member.id, task_description="Greet"), says("Done")
    )
    output, events = play(mode, Team([member], model=leader), "Hi", session_id=f"m-{kind}-{mode}")

    assert output.content == "Done"
    said = "Hello there" if kind == "agent" else "We greet you"
    assert output.tools[0].result == said
    assert [one.content for one in output.member_responses] == [said]
    if events:
        inner = [event for event in events if event.run_id == output.member_responses[0].run_id]
        assert inner and {event.parent_run_id for event in inner} == {output.run_id}


@pytest.mark.parametrize("mode", MODES)
def test_a_question_of_a_remote_member_reaches_the_caller_of_the_team(url: str, mode: str) -> None:
    leader = ScriptedModel(wants("delegate_task_to_member", member_id="asker", task_description="Send"), says("Sent"))
    team = Team([RemoteAgent(url, "asker")], model=leader, db=InMemoryDb())
    paused, _ = play(mode, team, "Send it", session_id=f"q-{mode}")
    assert paused.is_paused
    (requirement,) = paused.active_requirements
    assert requirement.member_agent_id == "asker" and requirement.tool_execution.tool_name == "send"
    requirement.confirm()

    output, _ = play(mode, team, paused, method="continue_run")

    assert (output.content, output.tools[0].result) == ("Sent", "It is done")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["agent", "team", "workflow"])
def test_a_remote_component_is_a_step_of_a_workflow(url: str, kind: str, mode: str) -> None:
    flow = Workflow(
        name="Outer",
        steps=[Step(name="far", **{kind: remote(url, kind)}), lambda given: f"{given.previous_step_content}!"],
    )
    output, events = play(mode, flow, "Hi", session_id=f"w-{kind}-{mode}")

    assert output.status is RunStatus.completed
    assert output.content == ("We greet you!" if kind == "team" else "Hello there!")
    if events:
        assert any(
            getattr(event, "parent_run_id", None) == output.run_id or event.run_id != output.run_id for event in events
        )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["agent", "workflow"])
def test_a_question_in_a_remote_step_reaches_the_caller_of_the_workflow(url: str, kind: str, mode: str) -> None:
    far = RemoteAgent(url, "asker") if kind == "agent" else RemoteWorkflow(url, "asking")
    flow = Workflow(name="Outer", steps=[Step(name="far", **{kind: far})], db=InMemoryDb())  # type: ignore[arg-type]
    paused, _ = play(mode, flow, "Send it", session_id=f"v-{kind}-{mode}")
    assert paused.is_paused
    for requirement in paused.step_requirements:
        for inner in requirement.executor_requirements:
            inner.confirm()

    output, _ = play(mode, flow, paused, method="continue_run")

    assert (output.status, output.content) == (RunStatus.completed, "It is done")
