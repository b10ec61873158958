"""Who the members are, what they are sent, and what comes back from them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.media import Image
from agno.run.context import RunContext
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.utils.team import get_member_id
from agno.workflow import Workflow
from team.desk import agent, leads, sent, team, to, to_all

from playing import in_every_mode, play


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"id": "My researchAgent"}, "my-research-agent"),
        ({"id": "a_b--c.d!"}, "a-b-c.d"),
        ({"id": "123e4567-e89b-12d3-a456-426614174000", "name": "News Desk"}, "news-desk"),
        ({"name": "webSearch"}, "web-search"),
    ],
)
def test_ids_that_the_leader_reads(settings: dict[str, Any], expected: str) -> None:
    assert get_member_id(Agent(**settings)) == expected


def test_a_team_refuses_what_cannot_work() -> None:
    ann = agent("Ann")
    with pytest.raises(ValueError, match="lists .*'Ann'.* twice"):
        Team([ann, agent("Ben"), ann], name="Desk")
    with pytest.raises(ValueError, match="two that are called 'Ann'"):
        Team([ann, agent("Ann")])
    with pytest.raises(ValueError, match="two that are called 'same'"):
        Team([Agent(name="Ann", id="same"), Agent(name="Ben", id="same")])
    with pytest.raises(TypeError, match="functions and toolkits go into tools="):
        Team([print])
    with pytest.raises(TypeError, match="is .*'Ann'.* It takes a list"):
        Team(ann)
    with pytest.raises(TypeError, match="Team needs members="):
        Team()
    with pytest.raises(TypeError, match="Did you mean 'members'"):
        Team([], member=ann)


def test_a_team_in_itself_is_refused() -> None:
    inner = Team([], name="Inner")
    outer = Team([inner], name="Outer", model=ScriptedModel(says("x")))
    inner.members = [outer]
    with pytest.raises(ValueError, match="'Inner' > 'Outer' > 'Inner'"):
        Team([inner], name="Top")
    with pytest.raises(ValueError, match="would be a member of itself"):
        outer.run("go")


def test_positions_of_older_programs() -> None:
    model = ScriptedModel(says("x"))
    desk = Team([], "the-id", model, "Desk", "leads")
    assert (desk.members, desk.id, desk.model, desk.name, desk.role) == ([], "the-id", model, "Desk", "leads")
    assert list(inspect.signature(Team).parameters)[:5] == ["members", "id", "model", "name", "role"]
    with pytest.raises(TypeError, match="members= twice"):
        Team([], members=[])


@in_every_mode
def test_an_unknown_member_is_explained_to_the_leader(mode: str) -> None:
    desk = team([agent("Ann")], wants(to("bob")), wants(to("Ann")), says("ok"))
    seen = play(desk, "go", mode)
    told = sent(desk, 1)[-1]
    assert told.tool_call_error and "no member 'bob'" in told.content and "ID: ann" in told.content
    assert seen.output.content == "ok" and len(seen.output.member_responses) == 1, "a name will do"


def test_a_member_is_sent_its_task() -> None:
    ann, ben = agent("Ann", says("tea")), agent("Ben", says("ok"), expected_output="One word")
    desk = team(
        [ann, ben],
        wants(to("ann", "brew", expected_output="a cup")),
        wants(to("ben", "check", expected_output="an essay")),
        says("done"),
        share_member_interactions=True,
    )
    desk.run("go")
    assert "<expected_output>\na cup\n</expected_output>" in sent(ann)[-1].content
    text = sent(ben)[-1].content
    assert "an essay" not in text and "<member interactions>\nMember: Ann\nTask: brew\nResponse: tea" in text


def test_members_may_get_the_users_input_as_it_is() -> None:
    ann = agent("Ann")
    desk = team([ann], *leads(to("ann", "ignored")), determine_input_for_members=False)
    desk.run("What the user said")
    assert sent(ann)[-1].content == "What the user said"


def test_media_of_the_user_and_of_members_are_passed_on() -> None:
    picture = Image(url="https://example.com/a.png")
    ann, ben = agent("Ann"), agent("Ben")
    desk = team([ann, ben], *leads(to("ann"), to("ben")))
    desk.run("go", images=[picture])
    assert sent(ann)[-1].images == [picture]
    assert "attached: images" in sent(desk)[0].content
    made = Image(url="https://example.com/b.png")
    painter = agent("Painter", says("done", images=(made,)))
    desk = team([painter, ben], wants(to("painter")), wants(to("ben")), says("ok"), share_member_interactions=True)
    output = desk.run("go")
    assert [image.url for image in output.images] == [made.url]
    assert [image.url for image in sent(ben, 1)[-1].images] == [made.url]


def count(run_context: RunContext, name: str) -> str:
    """Note a name.

    Args:
        name: The name.
    """
    run_context.session_state.setdefault("seen", []).append(name)
    run_context.session_state.setdefault("new", []).append("somebody")
    run_context.session_state["last"] = name
    return str(run_context.session_state["seen"])


@in_every_mode
@pytest.mark.parametrize("together", [True, False])
def test_what_members_do_to_the_state_comes_together(mode: str, together: bool) -> None:
    members = [agent(n, wants("count", name=n), says("ok"), tools=[count]) for n in ("Ann", "Ben")]
    turns = leads(to_all()) if together else (wants(to("ann")), wants(to("ben")), says("All done"))
    desk = team(members, *turns, delegate_task_to_all_members=together, db=InMemoryDb(), session_id="s")
    seen = play(desk, "go", mode, session_state={"seen": ["start"], "kept": 1})
    state = desk.get_session_state()
    assert state == {"seen": ["start", "Ann", "Ben"], "new": ["somebody"] * 2, "kept": 1, "last": "Ben"}
    assert seen.output.session_state == state
    saw = sent(members[1], 1)[-1].content
    assert saw == ("['start', 'Ben']" if together else "['start', 'Ann', 'Ben']")


def test_a_workflow_is_no_member() -> None:
    with pytest.raises(TypeError, match=r"holds Workflow\(name='Press'\).* a workflow goes into tools="):
        Team([Workflow(name="Press", steps=[])])


def test_options_of_the_run_reach_the_members() -> None:
    seen: dict[str, Any] = {}

    def look(run_context: RunContext) -> str:
        """Look at the run."""
        seen.update(vars(run_context))
        return "ok"

    ann = agent("Ann", wants("look"), says("ok"), tools=[look], metadata={"own": 1})
    team([ann], *leads(to("ann"))).run(
        "go", user_id="u", session_id="s", dependencies={"d": lambda: 1}, metadata={"m": 2}
    )
    assert (seen["user_id"], seen["session_id"]) == ("u", "s")
    assert seen["dependencies"] == {"d": 1} and seen["metadata"] == {"m": 2, "own": 1}


def test_members_without_a_model_use_the_teams() -> None:
    model = ScriptedModel(wants(to("inner")), wants(to("leaf")), says("leaf"), says("inner"), says("outer"))
    own = agent("Own", says("mine"))
    inner = Team([Agent(name="Leaf")], name="Inner")
    desk = Team([inner, own], model=model, name="Outer")
    assert desk.run("go").content == "outer" and len(model.requests) == 5
    assert inner.model is None, "configuration stays as it was"


def test_what_members_answer_is_bounded_for_the_leader() -> None:
    ann = agent("Ann", says("x" * 100))
    desk = team([ann], *leads(to("ann")), max_member_response_chars=10)
    output = desk.run("go")
    assert sent(desk, 1)[-1].content == "xxxxxxxxxx\n[90 more characters are not shown]"
    assert output.member_responses[0].content == "x" * 100


def test_structured_answers_and_tasks() -> None:
    class Task(BaseModel):
        topic: str

    class Note(BaseModel):
        text: str

    ann = agent("Ann", says('{"text": "hi"}'), input_schema=Task, output_schema=Note)
    desk = team([ann], wants(to("ann", "no json")), wants(to("ann", '{"topic": "tea"}')), says("ok"))
    output = desk.run("go")
    assert "JSON with the fields topic" in sent(desk)[0].content
    assert "input_schema Task" in sent(desk, 1)[-1].content and sent(desk, 1)[-1].tool_call_error
    assert '"topic": "tea"' in sent(ann)[-1].content
    assert sent(desk, 2)[-1].content == '{\n  "text": "hi"\n}' and output.member_responses[0].content == Note(text="hi")


def test_structured_input_and_output_of_a_team() -> None:
    class Question(BaseModel):
        topic: str

    class Answer(BaseModel):
        text: str

    desk = team([agent("Ann")], wants(to("ann")), says('{"text": "x"}'), input_schema=Question, output_schema=Answer)
    assert desk.run({"topic": "tea"}).content == Answer(text="x")
    with pytest.raises(ValueError, match="input_schema Question"):
        desk.run("no json")


def test_members_may_be_made_for_each_run() -> None:
    made: list[str | None] = []

    def members(user_id: str | None) -> list[Agent]:
        made.append(user_id)
        return [agent("Ann", says("for " + str(user_id)))]

    desk = team(members, *leads(to("ann")) * 2, name="Desk")
    assert desk.run("go", user_id="u").member_responses[0].content == "for u"
    desk.run("go", user_id="v")
    assert made == ["u", "v"]
    desk.clear_callable_cache("members")
    broken = team(lambda: [1], says("x"))
    with pytest.raises(TypeError, match="A member is an Agent or a Team"):
        broken.run("go")


def test_members_may_change_between_runs() -> None:
    desk = team([agent("Ann")], *leads(to("ann")), *leads(to("ben")))
    desk.run("go")
    desk.members = [*desk.members, agent("Ben")]
    assert desk.run("go").member_responses[0].agent_name == "Ben"


def test_the_leader_has_tools_of_its_own_and_reads_about_members() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    helper = agent("Ann", tools=[add], role="Counts")
    desk = team(
        [helper], wants(call("get_member_information"), call("add", a=1, b=2)), says("ok"),
        tools=[add], get_member_information_tool=True,
    )  # fmt: skip
    assert [tool.name for tool in desk.get_tools()] == ["add", "delegate_task_to_member", "get_member_information"]
    desk.run("go")
    answers = [m.content for m in sent(desk, 1) if m.role == "tool"]
    assert "Role: Counts" in answers[0] and "- add" in answers[0] and answers[1] == "3"
    assert "Member tools" in sent(desk)[0].content
    quiet = team([helper], says("x"), add_member_tools_to_context=False)
    assert "Member tools" not in quiet.get_members_system_message_content()


@in_every_mode
def test_tool_hooks_of_a_leader_see_delegations(mode: str) -> None:
    seen: list[Any] = []

    def hook(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        seen.append((function_name, arguments["member_id"]))
        return function_call(**arguments) if arguments["member_id"] == "ann" else "not allowed"

    desk = team([agent("Ann"), agent("Ben")], *leads(to("ann"), to("ben")), tool_hooks=[hook])
    output = play(desk, "go", mode).output
    assert output.content == "All done"
    assert sorted(seen) == [("delegate_task_to_member", "ann"), ("delegate_task_to_member", "ben")]
    assert [m.content for m in sent(desk, 1) if m.role == "tool"] == ["Ann here", "not allowed"]
    assert len(output.member_responses) == 1


def test_debugging_a_team_shows_its_members(agno_log: pytest.LogCaptureFixture) -> None:
    from agno.utils import log

    levels = [logger.level for logger in (log.agent_logger, log.team_logger, log.workflow_logger)]
    try:
        output = team([agent("Ann")], *leads(to("ann")), debug_mode=True).run("go")
    finally:
        for logger, level in zip((log.agent_logger, log.team_logger, log.workflow_logger), levels, strict=True):
            logger.setLevel(level)
    assert output.run_id in agno_log.text and output.member_responses[0].run_id in agno_log.text


def test_sections_of_the_leaders_prompt_stand_in_order() -> None:
    desk = team(
        [agent("Ann")], says("x"), description="A desk", instructions="Be {mood}", expected_output="Text",
        additional_context="More", add_session_state_to_context=True, session_state={"mood": "kind"}, role="Leads",
    )  # fmt: skip
    text = str(desk.get_system_message().content)
    marks = ["You lead a team", "<team_members>", "<how_to_respond>", "<description>", "<your_role>", "Be kind",
             "<expected_output>", "<additional_context>\nMore", "<session_state>"]  # fmt: skip
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert team([], says("x"), system_message="Mine").get_system_message().content == "Mine"


def test_explaining_a_team_asks_nobody() -> None:
    desk = team([agent("Ann")], says("x"))
    request = desk.explain("go")
    assert [tool["function"]["name"] for tool in request["tools"]] == ["delegate_task_to_member"]
    assert not desk.model.requests


def test_importing_teams_loads_no_web_framework() -> None:
    program = "import sys, agno.team; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split())
    assert "agno.team" in loaded and not loaded & {"fastapi", "starlette", "rich", "sqlalchemy", "httpx", "openai"}
