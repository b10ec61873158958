"""Events: one class for each kind, and how stored ones are found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest
from data.generated import Progress

from agno.models.response import ToolExecution
from agno.run import agent, team, workflow
from agno.run.agent import RunEvent, RunOutput
from agno.run.base import RunStatus
from agno.run.team import TeamRunEvent, TeamRunOutput
from agno.run.workflow import WorkflowRunEvent, WorkflowRunOutput
from agno.run.workflow_data import StepOutput


@pytest.mark.parametrize(
    ("kinds", "union", "registry"),
    [
        (RunEvent, agent.RunOutputEvent, agent.RUN_EVENT_TYPE_REGISTRY),
        (TeamRunEvent, team.TeamRunOutputEvent, team.TEAM_RUN_EVENT_TYPE_REGISTRY),
        (WorkflowRunEvent, workflow.WorkflowRunOutputEvent, workflow.WORKFLOW_RUN_EVENT_TYPE_REGISTRY),
    ],
    ids=["agent", "team", "workflow"],
)
def test_each_kind_has_one_class(kinds: Any, union: Any, registry: dict[str, type]) -> None:
    assert {kind.value for kind in kinds} == set(registry)
    assert list(registry.values()) == list(get_args(union))
    assert all(cls.__doc__ and not cls.__doc__.startswith(cls.__name__) for cls in registry.values())


def test_a_team_has_the_agents_events_under_the_same_class_names() -> None:
    for kind, cls in agent.RUN_EVENT_TYPE_REGISTRY.items():
        twin = getattr(team, cls.__name__)
        assert twin.event == ("CustomEvent" if kind == "CustomEvent" else f"Team{kind}")
        own = {name for name in cls.__dataclass_fields__ if not name.startswith("agent_")}
        assert own <= set(twin.__dataclass_fields__)


def test_the_names_of_the_changelog_are_the_same_classes() -> None:
    assert workflow.WorkflowRunStartedEvent is workflow.WorkflowStartedEvent
    assert workflow.WorkflowRunCompletedEvent is workflow.WorkflowCompletedEvent
    assert workflow.WorkflowRunErrorEvent is workflow.WorkflowErrorEvent
    assert workflow.WorkflowRunCancelledEvent is workflow.WorkflowCancelledEvent


@pytest.mark.parametrize(
    "read",
    [
        agent.run_output_event_from_dict,
        team.team_run_output_event_from_dict,
        workflow.workflow_run_output_event_from_dict,
    ],
)
def test_an_unknown_kind_is_refused_with_the_known_ones(read: Any) -> None:
    with pytest.raises(ValueError, match=r"Unknown event 'Nothing'\. Known events: .*CustomEvent"):
        read({"event": "Nothing"})


def test_a_team_reader_takes_members_events_and_a_workflow_reader_all() -> None:
    events = [agent.RunContentEvent(content="a"), team.RunContentEvent(content="b"), workflow.StepStartedEvent()]
    assert [team.team_run_output_event_from_dict(e.to_dict()) for e in events[:2]] == events[:2]
    assert [workflow.workflow_run_output_event_from_dict(e.to_dict()) for e in events] == events


@pytest.mark.parametrize("flavour", [agent, team, workflow])
def test_a_custom_event_comes_back_as_its_owner_s(flavour: Any) -> None:
    event = flavour.CustomEvent(run_id="r")
    assert type(workflow.workflow_run_output_event_from_dict(event.to_dict())) is flavour.CustomEvent
    stored = WorkflowRunOutput(run_id="w", events=[event])
    assert WorkflowRunOutput.from_dict(stored.to_dict()).events == [event]


def test_a_stored_event_of_the_users_own_is_a_custom_event_with_all_its_data() -> None:
    @dataclass
    class Delivered(agent.CustomEvent):
        event: str = "Delivered"
        parcel: str = ""

    for kind in (Progress(percent=5), Delivered(parcel="p")):
        data = RunOutput(run_id="r", events=[kind]).to_dict()
        [again] = RunOutput.from_dict(data).events or []
        assert isinstance(again, agent.CustomEvent)
        assert again.to_dict() == kind.to_dict()


def test_members_events_in_a_team_s_run_stay_the_members() -> None:
    run = TeamRunOutput(run_id="t", events=[agent.RunStartedEvent(agent_id="a"), team.RunStartedEvent(team_id="t")])
    assert TeamRunOutput.from_dict(run.to_dict()).events == run.events


def test_events_say_whether_the_run_is_paused_or_cancelled() -> None:
    for flavour in (agent, team):
        assert flavour.RunPausedEvent().is_paused and not flavour.RunPausedEvent().is_cancelled
        assert flavour.RunCancelledEvent(reason="x").is_cancelled
        assert not flavour.RunStartedEvent().is_paused
    assert workflow.WorkflowErrorEvent().is_error
    assert workflow.WorkflowCancelledEvent().status is RunStatus.cancelled
    assert workflow.WorkflowCompletedEvent().status is RunStatus.completed
    assert workflow.StepStartedEvent().status is RunStatus.running


def test_a_paused_event_sorts_its_tools_by_what_they_need() -> None:
    tools = [
        ToolExecution("1", requires_confirmation=True),
        ToolExecution("2", requires_user_input=True),
        ToolExecution("3", external_execution_required=True),
    ]
    for thing in (agent.RunPausedEvent(tools=tools), RunOutput(tools=tools), TeamRunOutput(tools=tools)):
        assert thing.tools_requiring_confirmation == tools[:1]
        assert thing.tools_requiring_user_input == tools[1:2]
        assert thing.tools_awaiting_external_execution == tools[2:]


def test_positions_of_nested_steps_are_tuples_also_after_json() -> None:
    event = workflow.StepStartedEvent(step_index=(1, 0))
    assert workflow.StepStartedEvent.from_dict({**event.to_dict(), "step_index": [1, 0]}) == event


def test_a_step_output_event_shows_the_step_s_output() -> None:
    event = workflow.StepOutputEvent(step_output=StepOutput(content="c", success=False, error="e", stop=True))
    assert (event.content, event.success, event.error, event.stop) == ("c", False, "e", True)
    assert (workflow.StepOutputEvent().content, workflow.StepOutputEvent().success) == (None, True)


@pytest.mark.parametrize("text", ["cancelled", "CANCELLED", "Cancelled"])
def test_a_status_is_found_in_any_case(text: str) -> None:
    assert RunStatus(text) is RunStatus.cancelled
    assert RunStatus(text).value == "CANCELLED"
    with pytest.raises(ValueError):
        RunStatus("no such status")
    with pytest.raises(ValueError):
        RunStatus(3)


def test_the_status_of_a_stored_run_is_the_enum_again() -> None:
    for cls in (RunOutput, TeamRunOutput, WorkflowRunOutput):
        assert cls.from_dict({"status": "CANCELLED"}).status is RunStatus.cancelled
        assert cls.from_dict({"status": "CANCELLED"}).is_cancelled
        assert cls.from_dict({"status": "OF_A_NEWER_VERSION"}).to_dict()["status"] == "OF_A_NEWER_VERSION"
    assert WorkflowRunOutput(status=RunStatus.cancelled).has_completed()
    assert not WorkflowRunOutput().has_completed()
