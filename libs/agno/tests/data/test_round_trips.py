"""Every data class goes to plain data and back without loss, and without touching what it was made from."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from data.generated import Progress, instances
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agno.db.schemas import UserMemory
from agno.media import Audio, File, Image, Video
from agno.models.message import Message, MessageReferences
from agno.models.metrics import Metrics, ModelMetrics, ToolCallMetrics
from agno.models.response import ModelResponse, ToolExecution, UserInputField
from agno.run.agent import RUN_EVENT_TYPE_REGISTRY, RunInput, RunOutput
from agno.run.requirement import RunRequirement
from agno.run.team import TEAM_RUN_EVENT_TYPE_REGISTRY, TeamRunOutput
from agno.run.workflow import WORKFLOW_RUN_EVENT_TYPE_REGISTRY, WorkflowRunOutput
from agno.run.workflow_data import StepMetrics, StepOutput, WorkflowMetrics
from agno.session import AgentSession, SessionSummary, TeamSession, WorkflowSession

EVENTS = [
    *RUN_EVENT_TYPE_REGISTRY.values(),
    *TEAM_RUN_EVENT_TYPE_REGISTRY.values(),
    *WORKFLOW_RUN_EVENT_TYPE_REGISTRY.values(),
]
DATA = [
    Message, MessageReferences, Metrics, ModelMetrics, ToolCallMetrics, ModelResponse, ToolExecution, UserInputField,
    RunInput, RunOutput, TeamRunOutput, WorkflowRunOutput, RunRequirement, StepMetrics, StepOutput, WorkflowMetrics,
    AgentSession, TeamSession, WorkflowSession, SessionSummary, UserMemory, Image, Audio, Video, File, Progress,
]  # fmt: skip
ALL = [*EVENTS, *DATA]


def named(cls: type) -> str:
    return f"{cls.__module__.removeprefix('agno.')}.{cls.__name__}"


def through_json(data: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(data))


def containers(value: Any) -> set[int]:
    """The identities of all dicts and lists in plain data and in our objects."""
    if isinstance(value, dict):
        return {id(value)}.union(*(containers(item) for item in value.values()))
    if isinstance(value, (list, tuple)):
        own = {id(value)} if isinstance(value, list) else set()
        return own.union(*(containers(item) for item in value))
    return (
        containers(vars(value)) if type(value).__module__.startswith("agno.") and hasattr(value, "__dict__") else set()
    )


@pytest.mark.parametrize("cls", ALL, ids=named)
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_a_round_trip_through_json_loses_nothing(cls: Any, draw: st.DataObject) -> None:
    original = draw.draw(instances(cls))
    data = original.to_dict()
    again = cls.from_dict(through_json(data))
    assert again == original
    assert again.to_dict() == data


@pytest.mark.parametrize("cls", ALL, ids=named)
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_neither_direction_changes_or_shares_its_argument(cls: Any, draw: st.DataObject) -> None:
    original = draw.draw(instances(cls))
    data = original.to_dict()
    assert not containers(data) & containers(original), "to_dict gives away a list or dict of the object"
    before = copy.deepcopy(data)
    again = cls.from_dict(data)
    assert data == before
    assert not containers(data) & containers(again), "from_dict keeps a list or dict of its argument"


@pytest.mark.parametrize("cls", [c for c in ALL if c is not UserInputField], ids=named)
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_fields_of_a_newer_version_are_kept(cls: Any, draw: st.DataObject) -> None:
    newer = {**draw.draw(instances(cls)).to_dict(), "of_a_newer_version": {"a": [1, None]}}
    assert cls.from_dict(newer).to_dict() == newer


@pytest.mark.parametrize("cls", EVENTS, ids=named)
def test_an_event_built_without_its_constructor_has_all_its_fields(cls: Any) -> None:
    template = {"run_id": "r", "created_at": 1}
    event = cls.__new__(cls)
    event.__dict__.update(template)
    assert event == cls(run_id="r", created_at=1)
    assert event.to_dict() == cls(run_id="r", created_at=1).to_dict()
    assert template == {"run_id": "r", "created_at": 1}


@pytest.mark.parametrize("cls", [RunOutput, TeamRunOutput, WorkflowRunOutput], ids=named)
def test_a_run_may_come_in_a_wrapper(cls: Any) -> None:
    run = cls(run_id="r", content="x")
    assert cls.from_dict({"run": run.to_dict()}) == run
