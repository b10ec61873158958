"""Events are made without `__init__`: what was not given is the default all the same."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from agno.run import agent, team, workflow
from agno.run.agent import CustomEvent
from agno.run.workflow import LoopExecutionCompletedEvent
from agno.utils.blank import bare

KINDS = sorted(
    {*agent.RUN_EVENT_TYPE_REGISTRY.values(), *team.TEAM_RUN_EVENT_TYPE_REGISTRY.values(),
     *get_args(workflow.WorkflowRunOutputEvent)},
    key=lambda kind: (kind.__module__, kind.__name__),
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_field_of_an_event_can_be_read_whatever_it_was_made_with(kind: Any) -> None:
    made, plain = bare(kind), kind()
    for field in dataclasses.fields(kind):
        if field.name != "created_at":
            assert getattr(made, field.name) == getattr(plain, field.name)
    assert made.created_at > 0


def test_two_events_do_not_share_the_list_that_neither_was_given() -> None:
    one, other = bare(LoopExecutionCompletedEvent), bare(LoopExecutionCompletedEvent)
    one.all_results.append([])
    assert (one.all_results, other.all_results) == ([[]], [])


def test_an_event_of_the_users_own_has_its_defaults() -> None:
    @dataclasses.dataclass
    class Seen(CustomEvent):
        pages: list[str] = dataclasses.field(default_factory=list)

    one, other = Seen(), Seen()
    one.pages.append("a")
    assert other.pages == [] and other.created_at > 0


def test_an_event_says_which_attribute_it_has_not() -> None:
    with pytest.raises(AttributeError, match="LoopExecutionCompletedEvent.*'nothing'"):
        _ = bare(LoopExecutionCompletedEvent).nothing
