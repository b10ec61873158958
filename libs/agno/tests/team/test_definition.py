"""Teams as data, as copies, as diagrams, and their runs as trees."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import ModelProviderError
from agno.models.openai import OpenAIChat
from agno.run.team import TeamRunOutput
from agno.team import Team, TeamMode
from agno.testing import fails, says, wants
from team.desk import agent, leads, pay, team, to


def desk() -> Team:
    model = OpenAIChat(id="gpt-x", api_key="secret")
    inner = Team([Agent(name="Leaf", role="Deep work")], name="Inner", mode="route")
    return Team([Agent(name="Ann", tools=[pay]), inner], model=model, name="Desk", instructions=["Be kind"])


def test_a_team_comes_back_from_its_data() -> None:
    data = desk().to_dict()
    assert "secret" not in str(data)
    back = Team.from_dict(data)
    assert back.to_dict() == data and back.id == "desk" and back.model.id == "gpt-x"
    assert [type(member) for member in back.members] == [Agent, Team]
    assert back.members[1].team_mode is TeamMode.route and back.members[1].members[0].role == "Deep work"
    assert back.members[0].tools[0].name == "pay"


def test_versions_of_a_team_are_stored() -> None:
    db = InMemoryDb()
    one = desk()
    assert (one.save(db=db), one.save(db=db, label="second")) == (1, 2)
    loaded = Team.load("desk", db=db, label="second")
    assert loaded is not None and loaded.to_dict() == one.to_dict()
    assert Agent.load("desk", db=db) is None
    assert one.delete(db=db) and Team.load("desk", db=db) is None


@pytest.mark.parametrize("wrong", [0, -1, None, "3"])
def test_a_team_without_a_round_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is no number of rounds; give 1 or more"):
        team([agent("Ann")], mode="tasks", max_iterations=wrong)


def test_a_deep_copy_has_members_of_its_own() -> None:
    one = desk()
    twin = one.deep_copy(update={"name": "Twin"})
    assert twin.name == "Twin" and one.name == "Desk"
    assert twin.members[0] is not one.members[0] and twin.members[1].members[0] is not one.members[1].members[0]
    assert twin.members[0].settings().keys() == one.members[0].settings().keys()


def test_a_diagram_shows_who_leads_whom() -> None:
    lines = desk().to_mermaid().splitlines()
    assert lines[0] == "flowchart TD"
    text = "\n".join(lines)
    assert 't["Desk<br/>coordinate"]' in text and 't_1("Ann<br/>pay")' in text
    assert 'subgraph t_2_team["Inner"]' in text and "t_2 --> t_2_1" in text and "t --> t_2" in text
    assert "&quot;x&quot;" in Team([Agent(name='"x"')], name="n").to_mermaid()


def test_a_run_is_a_tree() -> None:
    inner = team([agent("Leaf")], *leads(to("leaf")), name="Inner")
    broken = agent("Broken", fails(ModelProviderError("down")))
    one = team([inner, broken], wants(to("inner"), to("broken")), says("ok"))
    output = one.run("go")
    lines = one.run_tree(output).splitlines()
    assert lines[0].startswith("Team Desk · ") and "30 tokens (with members: 75 tokens)" in lines[0]
    assert lines[1].startswith("├─ Team Inner") and lines[2].startswith("│  └─ Agent Leaf · ")
    assert lines[3].startswith("└─ Agent Broken · error")
    again = TeamRunOutput.from_dict(output.to_dict())
    assert one.run_tree(again) == one.run_tree(output)


def test_hooks_may_run_after_the_response_everywhere() -> None:
    later: list[object] = []

    class Tasks:
        def add_task(self, fn: object, **given: object) -> None:
            later.append(fn)

    def note(run_output: object) -> None:
        raise AssertionError("not now")

    one = team([agent("Ann", post_hooks=[note])], *leads(to("ann")), post_hooks=[note])
    one.propagate_run_hooks_in_background()
    one.run("go", background_tasks=Tasks())
    assert later == [note, note]
