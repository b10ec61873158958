"""How a team works together: coordinate, route, broadcast; in all four modes of running."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from agno.exceptions import ModelProviderError
from agno.run.base import RunStatus
from agno.team import Team, TeamMode
from agno.testing import ScriptedModel, call, fails, says, wants
from team.desk import agent, leads, sent, team, to, to_all

from playing import in_every_mode, play


@in_every_mode
def test_a_leader_coordinates(mode: str) -> None:
    writer, checker = agent("Writer", says("A poem")), agent("Checker")
    desk = team([writer, checker], *leads(to("writer", "Write a poem"), answer="Here it is"))
    seen = play(desk, "A poem, please", mode)
    output = seen.output
    assert output.status is RunStatus.completed and output.content == "Here it is"
    assert [m.content for m in output.member_responses] == ["A poem"]
    member = output.member_responses[0]
    assert member.parent_run_id == output.run_id and member.session_id == output.session_id
    assert sent(desk, 1)[-1].content == "A poem"
    assert "<task>\nWrite a poem\n</task>" in sent(writer)[-1].content
    assert output.metrics.total_tokens == 30, "the leader's own"
    assert output.metrics.details["member:writer"][0].total_tokens == 15
    if seen.events:
        assert seen.kinds == [
            "TeamRunStarted", "TeamToolCallStarted", "RunStarted", "RunContent", "RunCompleted",
            "TeamToolCallCompleted", *["TeamRunContent"] * 3, "TeamRunCompleted",
        ]  # fmt: skip
        inner = [event for event in seen.events if event.event.startswith("Run")]
        assert {(e.agent_name, e.parent_run_id, e.nested_depth) for e in inner} == {("Writer", output.run_id, 1)}
        assert {e.run_id for e in inner} == {member.run_id} and {e.session_id for e in inner} == {output.session_id}


@in_every_mode
def test_a_leader_routes(mode: str) -> None:
    writer = agent("Writer", says("Dear Ann"))
    desk = Team([writer, agent("Checker")], model=ScriptedModel(wants(to("writer"))), mode="route", name="Desk")
    assert desk.respond_directly and desk.team_mode is TeamMode.route
    seen = play(desk, "Write to Ann", mode)
    assert seen.output.content == "Dear Ann" and len(desk.model.requests) == 1
    if seen.events:
        team_text = "".join(e.content for e in seen.events if e.event == "TeamRunContent")
        assert team_text == "".join(e.content for e in seen.events if e.event == "RunContent") == "Dear Ann"
        assert seen.kinds[-2:] == ["TeamToolCallCompleted", "TeamRunCompleted"]


@in_every_mode
def test_a_leader_that_routes_to_nobody_chooses_again(mode: str) -> None:
    desk = team([agent("Writer", says("Dear Ann"))], wants(to("nobody")), wants(to("writer")), respond_directly=True)
    seen = play(desk, "Write to Ann", mode)
    assert seen.output.content == "Dear Ann"
    assert "There is no member 'nobody'" in sent(desk, 1)[-1].content


@in_every_mode
def test_a_route_may_give_structured_output(mode: str) -> None:
    class Letter(BaseModel):
        to: str

    writer = agent("Writer", says('{"to": "Ann"}'))
    desk = team([writer], wants(to("writer")), respond_directly=True, output_schema=Letter)
    seen = play(desk, "Write to Ann", mode)
    assert seen.output.content == Letter(to="Ann") and seen.output.content_type == "Letter"
    assert seen.output.member_responses[0].content == Letter(to="Ann")
    assert writer.output_schema is None
    if seen.events:
        told = [e for e in seen.events if e.event == "TeamRunContent"]
        assert [e.content for e in told] == [Letter(to="Ann")]


@in_every_mode
def test_every_member_gets_a_broadcast(mode: str) -> None:
    members = [agent("Ann"), agent("Ben"), agent("Cy")]
    desk = team(members, *leads(to_all("Say who you are")), delegate_to_all_members=True)
    assert desk.team_mode is TeamMode.broadcast
    seen = play(desk, "Who is there?", mode)
    answer = sent(desk, 1)[-1].content
    assert answer == "Agent Ann: Ann here\nAgent Ben: Ben here\nAgent Cy: Cy here"
    assert [m.agent_name for m in seen.output.member_responses] == ["Ann", "Ben", "Cy"]
    assert all("Say who you are" in sent(member)[-1].content for member in members)
    if seen.events:
        assert seen.kinds[:2] == ["TeamRunStarted", "TeamToolCallStarted"] and seen.kinds[-1] == "TeamRunCompleted"
        said = {e.run_id: "" for e in seen.events if e.event == "RunContent"}
        for event in seen.events:
            if event.event == "RunContent":
                said[event.run_id] += event.content
        assert sorted(said.values()) == ["Ann here", "Ben here", "Cy here"]


def test_members_of_an_async_broadcast_run_at_once() -> None:
    door = asyncio.Event()
    inside: list[str] = []

    def waiting(name: str) -> Any:
        async def wait() -> str:
            """Wait for everybody."""
            inside.append(name)
            if len(inside) == 3:
                door.set()
            await door.wait()
            return name

        return agent(name, wants("wait"), says(name), tools=[wait])

    desk = team([waiting(n) for n in "abc"], *leads(to_all()), delegate_task_to_all_members=True)
    output = asyncio.run(asyncio.wait_for(desk.arun("go"), 30))
    assert output.content == "All done" and sorted(inside) == ["a", "b", "c"]


@in_every_mode
def test_a_member_that_fails_is_told_to_the_leader(mode: str) -> None:
    broken = agent("Broken", fails(ModelProviderError("down")))
    desk = team([broken, agent("Spare")], wants(to("broken")), wants(to("spare")), says("Done by Spare"))
    seen = play(desk, "go", mode)
    assert seen.output.content == "Done by Spare" and seen.output.status is RunStatus.completed
    failed = sent(desk, 1)[-1]
    assert failed.tool_call_error and failed.content == "Agent Broken failed: down"
    assert [m.status for m in seen.output.member_responses] == [RunStatus.error, RunStatus.completed]
    if seen.events:
        assert "RunError" in seen.kinds and "TeamToolCallError" in seen.kinds


@in_every_mode
def test_a_broadcast_survives_a_member_that_fails(mode: str) -> None:
    broken = agent("Broken", fails(ModelProviderError("down")))
    desk = team([broken, agent("Ben")], *leads(to_all()), delegate_task_to_all_members=True)
    seen = play(desk, "go", mode)
    assert seen.output.content == "All done"
    assert sent(desk, 1)[-1].content == "Agent Broken failed: down\nAgent Ben: Ben here"


@in_every_mode
def test_an_error_of_the_leader_is_stored_with_its_members(mode: str) -> None:
    from agno.db.in_memory import InMemoryDb

    desk = team(
        [agent("Ann")], wants(to("ann")), fails(ModelProviderError("leader is down")), db=InMemoryDb(), session_id="s"
    )
    seen = play(desk, "go", mode)
    assert isinstance(seen.error, ModelProviderError) or seen.kinds[-1] == "TeamRunError"
    stored = desk.get_session().runs
    assert sorted(run.status.name for run in stored) == ["completed", "error"]
    assert [m.role for m in desk.get_last_run_output().messages][-1] == "tool"


@in_every_mode
def test_the_tool_call_limit_counts_delegations(mode: str) -> None:
    desk = Team([agent("Ann")], model=ScriptedModel(wants(to("ann")), repeat=True), tool_call_limit=2, name="Desk")
    seen = play(desk, "go", mode)
    assert len(seen.output.member_responses) == 2 and "limit of 2" in seen.output.content


@in_every_mode
def test_teams_in_teams_three_deep(mode: str) -> None:
    leaf = agent("Leaf", says("deep"))
    inner = team([leaf], wants(to("leaf")), says("inner"), name="Inner", role="Deep work")
    middle = team([inner], wants(to("inner")), says("middle"), name="Middle")
    outer = team(
        [middle, agent("Ann")], wants(to("leaf", "dig")), says("outer"), name="Outer", show_members_responses=True
    )
    seen = play(outer, "go", mode)
    output = seen.output
    assert output.content == "outer", "an id inside of a team reaches the team"
    assert output.member_responses[0].team_name == "Middle"
    assert output.member_responses[0].member_responses[0].member_responses[0].content == "deep"
    details = output.metrics.details
    assert {"member:middle", "member:middle/inner", "member:middle/inner/leaf"} <= details.keys()
    assert "  - Team: Inner" in outer.get_members_system_message_content()
    if seen.events:
        depths = {(e.event, e.nested_depth) for e in seen.events}
        assert {("TeamRunStarted", None), ("TeamRunStarted", 1), ("TeamRunStarted", 2), ("RunStarted", 3)} <= depths


def test_members_are_silent_if_asked() -> None:
    desk = team([agent("Ann")], *leads(to("ann")), stream_member_events=False)
    kinds = [event.event for event in desk.run("go", stream=True, stream_events=True)]
    assert all(kind.startswith("Team") for kind in kinds)
    routing = team([agent("Ann")], wants(to("ann")), stream_member_events=False, respond_directly=True)
    events = list(routing.run("go", stream=True, stream_events=True))
    assert all(event.event.startswith("Team") for event in events)
    assert "".join(e.content for e in events if e.event == "TeamRunContent") == "Ann here"


def test_plain_streams_show_tools_and_content_of_all() -> None:
    desk = team([agent("Ann")], *leads(to("ann"), answer="ok"))
    kinds = [event.event for event in desk.run("go", stream=True)]
    assert kinds == ["TeamToolCallStarted", "RunContent", "RunContent", "TeamToolCallCompleted", "TeamRunContent"] or (
        set(kinds) == {"TeamToolCallStarted", "RunContent", "TeamToolCallCompleted", "TeamRunContent"}
    )


def test_stored_events_are_those_of_the_team_and_its_members() -> None:
    kept = []
    for mode in ("run", "run_stream", "arun", "arun_stream"):
        desk = team([agent("Ann")], *leads(to("ann")), store_events=True)
        kept.append([event.event for event in play(desk, "go", mode).output.events])
    assert kept[0] == [
        "TeamRunStarted", "TeamToolCallStarted", "RunStarted", "RunCompleted", "TeamToolCallCompleted",
        "TeamRunCompleted",
    ]  # fmt: skip
    assert kept[0] == kept[1] == kept[2] == kept[3]


def test_settings_that_contradict_are_told(agno_log: pytest.LogCaptureFixture) -> None:
    both = Team([], respond_directly=True, delegate_task_to_all_members=True, name="Both")
    mixed = Team([], mode=TeamMode.route, delegate_task_to_all_members=True)
    assert both.team_mode is TeamMode.broadcast and both.respond_directly is False
    assert mixed.team_mode is TeamMode.route and mixed.delegate_task_to_all_members is False
    assert len(agno_log.records) == 2 and "only one can be" in agno_log.text
    with pytest.raises(ValueError, match="'coordinate', 'route', 'broadcast', 'tasks'"):
        Team([], mode="chaos")


def test_a_hundred_runs_share_one_team() -> None:
    def script(messages: list[Any]) -> Any:
        question = next(m.content for m in messages if m.role == "user")
        answers = [m for m in messages if m.role == "tool"]
        if answers:
            return says(f"{question} -> {answers[-1].content}")
        return wants(call("delegate_task_to_members", task_description=question))

    def echo(messages: list[Any]) -> Any:
        task = messages[-1].content.split("<task>\n")[1].split("\n</task>")[0]
        return says(task.upper())

    members = [agent(name, *[echo] * 100) for name in ("Ann", "Ben")]
    desk = Team(members, model=ScriptedModel(*[script] * 200), mode="broadcast", name="Desk")
    before = [dict(desk.__dict__), *(dict(member.__dict__) for member in members)]

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(desk.arun(f"q{n}") for n in range(100)))

    outputs = asyncio.run(all_at_once())
    assert [o.content for o in outputs] == [f"q{n} -> Agent Ann: Q{n}\nAgent Ben: Q{n}" for n in range(100)]
    assert all(len(o.member_responses) == 2 and o.member_responses[0].parent_run_id == o.run_id for o in outputs)
    assert [desk.settings(), *(m.settings() for m in members)] == [
        {k: v for k, v in old.items() if k in desk._names} for old in before
    ]
