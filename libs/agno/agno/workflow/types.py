"""What steps receive, and how people look at them. The outputs of steps are data of runs, and offered here too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import BaseModel

from agno.media import Audio, File, Image, Video
from agno.run.output import text_of
from agno.run.workflow_data import StepMetrics, StepOutput, StepType, WorkflowMetrics
from agno.run.workflow_requirements import (
    ErrorRequirement,
    ExecutorType,
    OnError,
    OnReject,
    OnTimeout,
    PauseKind,
    StepRequirement,
    UserInputField,
)
from agno.utils.codec import Coded
from agno.workflow._websocket import WebSocketHandler, format_sse_event
from agno.workflow._words import input_text


@dataclass
class WorkflowExecutionInput(Coded):
    """What a run was given."""

    input: Any = None
    additional_data: dict[str, Any] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    files: list[File] | None = None

    def get_input_as_string(self) -> str | None:
        """The input as text; models, dicts and lists as indented JSON."""
        return input_text(self.input)


@dataclass
class StepInput(Coded):
    """What a step is given: the run's input, and what the steps before it made.

    `previous_step_outputs` has the steps before this one in their order; steps inside of them are found by name, too.
    """

    input: str | dict[str, Any] | list[Any] | BaseModel | Any = None
    previous_step_content: Any = None
    previous_step_outputs: dict[str, StepOutput] | None = None
    additional_data: dict[str, Any] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    files: list[File] | None = None
    workflow_session: Any = field(default=None, repr=False)

    def get_input_as_string(self) -> str | None:
        """The run's input as text; models, dicts and lists as indented JSON."""
        return input_text(self.input)

    def get_step_output(self, step_name: str) -> StepOutput | None:
        """The output of an earlier step, also of one inside of a container; None if it did not run."""
        outputs = self.previous_step_outputs or {}
        if (direct := outputs.get(step_name)) is not None:
            return direct
        return next((found for output in reversed(list(outputs.values())) if (found := output.find(step_name))), None)

    def get_step_content(self, step_name: str) -> Any:
        """What an earlier step gave: of parallel steps a dict by their names, of another container its last content."""
        output = self.get_step_output(step_name)
        if output is None:
            return None
        if output.step_type == StepType.PARALLEL.value and output.steps:
            return _by_name(output)
        return output.told if output.steps else output.content

    def get_all_previous_content(self) -> str:
        """What all steps before gave, under their names; `""` if there are none."""
        told = [(name, output.told) for name, output in (self.previous_step_outputs or {}).items()]
        return "\n\n".join(f"=== {name} ===\n{text_of(content)}" for name, content in told if content is not None)

    def get_last_step_content(self) -> Any:
        """What the last step gave."""
        return last_told(self.previous_step_outputs)

    def get_workflow_history(self, num_runs: int | None = None) -> list[tuple[str, str]]:
        """Input and answer of earlier runs of the session, as many as were loaded; the oldest first."""
        session = self.workflow_session
        return session.get_workflow_history(num_runs) if session is not None else []

    def get_workflow_history_context(self, num_runs: int | None = None) -> str | None:
        """The same as text for a prompt; None if there is none."""
        session = self.workflow_session
        found: str | None = session.get_workflow_history_context(num_runs) if session is not None else None
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the session."""
        twin = StepInput.__new__(StepInput)
        twin.__dict__.update(self.__dict__, workflow_session=None)
        return super(StepInput, twin).to_dict()


def _by_name(output: StepOutput) -> dict[str, str]:
    """What parallel steps gave, by their names; a container among them contributes its own steps."""
    found: dict[str, str] = {}
    for step in output.steps or ():
        if step.steps:
            found.update(_by_name(step))
        else:
            found[step.step_name or ""] = text_of(step.content)
    return found


def last_told(outputs: dict[str, StepOutput] | None) -> Any:
    """The content of the last step that gave any."""
    for output in reversed(list((outputs or {}).values())):
        if (told := output.told) is not None:
            return told
    return None


def refuse_choice(owner: str, setting: str, value: Any, kind: type[Enum]) -> None:
    """Raise ValueError for a value that is not one of a few."""
    try:
        _ = value is None or kind(value)
    except ValueError:
        choices = ", ".join(repr(one.value) for one in kind)
        raise ValueError(f"{owner} has {setting}={value!r}; give one of {choices}.") from None


@dataclass
class HumanReview:
    """What a person is asked about a step: before it runs (`requires_confirmation`, `requires_user_input`), after it
    (`requires_output_review`; a function of the output decides when), and in a loop after each round
    (`requires_iteration_review`).

    `timeout` is in seconds; `on_timeout` applies when the run goes on after it without an answer. `max_retries` limits how
    often a step is done again after a no.
    """

    requires_confirmation: bool = False
    confirmation_message: str | None = None
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: list[Any] | None = None
    requires_output_review: bool | Callable[[StepOutput], bool] = False
    output_review_message: str | None = None
    requires_iteration_review: bool = False
    iteration_review_message: str | None = None
    on_reject: OnReject | str = OnReject.skip
    on_error: OnError | str | None = None
    max_retries: int = 3
    timeout: float | None = None
    on_timeout: OnTimeout | str = OnTimeout.cancel

    def __post_init__(self) -> None:
        for setting, kind in (("on_reject", OnReject), ("on_timeout", OnTimeout), ("on_error", OnError)):
            refuse_choice("HumanReview", setting, getattr(self, setting), kind)
        self.on_reject, self.on_timeout = OnReject(self.on_reject), OnTimeout(self.on_timeout)
        self.on_error = None if self.on_error is None else OnError(self.on_error)

    @property
    def asks(self) -> bool:
        """True if a person is asked about the step, before or after it runs."""
        return bool(self.requires_confirmation or self.requires_user_input or self.requires_output_review)

    @property
    def asks_before(self) -> bool:
        """True if the step waits before it runs."""
        return self.requires_confirmation or self.requires_user_input


__all__ = [
    "ErrorRequirement",
    "ExecutorType",
    "HumanReview",
    "OnError",
    "OnReject",
    "OnTimeout",
    "PauseKind",
    "StepInput",
    "StepMetrics",
    "StepOutput",
    "StepRequirement",
    "StepType",
    "UserInputField",
    "WebSocketHandler",
    "WorkflowExecutionInput",
    "WorkflowMetrics",
    "format_sse_event",
    "last_told",
    "refuse_choice",
]
