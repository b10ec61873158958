"""What a paused workflow needs from a person, and what happens when a step is refused, fails, or waits too long."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agno.run.base import step_position
from agno.run.requirement import RunRequirement
from agno.run.workflow_data import StepOutput
from agno.utils.codec import Coded
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id


class OnReject(str, Enum):
    """What a rejection means: leave the step out, cancel the run, take the else branch, or do the step again."""

    skip = "skip"
    cancel = "cancel"
    else_branch = "else"
    retry = "retry"


class OnError(str, Enum):
    """What follows when a step failed: the run fails, goes on without the step, or waits for a person."""

    fail = "fail"
    skip = "skip"
    pause = "pause"


class OnTimeout(str, Enum):
    """What follows when nobody answered in time: the run is cancelled, the step is skipped, or it counts as approved."""

    cancel = "cancel"
    skip = "skip"
    approve = "approve"


class PauseKind(str, Enum):
    """Who waits: the workflow at one of its steps, or the agent or team inside of a step."""

    step = "step"
    executor = "executor"


class ExecutorType(str, Enum):
    """What executes a step."""

    agent = "agent"
    team = "team"


_READ = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


@dataclass
class UserInputField(Coded):
    """A value that a person gives before a step runs. `field_type` is the name of a type: str, int, float, bool, list, dict."""

    name: str
    field_type: str = "str"
    description: str | None = None
    value: Any = None
    required: bool = True
    allowed_values: list[Any] | None = None

    def checked(self, value: Any) -> Any:
        """The value as it is wanted. Raises ValueError, saying what was given and what is asked for."""
        kind = _READ.get(self.field_type, str)
        if isinstance(value, bool) is not (kind is bool) or not isinstance(
            value, (kind, int) if kind is float else kind
        ):
            raise ValueError(f"{self.name!r} was given {value!r}, but it must be of type {self.field_type}.")
        if self.allowed_values is not None and value not in self.allowed_values:
            allowed = ", ".join(map(repr, self.allowed_values))
            raise ValueError(f"{self.name!r} was given {value!r}, but it must be one of {allowed}.")
        return value


@dataclass
class _OfStep(Coded):
    """Which step it is about. `key` is its place in the workflow, the same in every process."""

    step_id: str | None = None
    step_name: str | None = None
    step_index: int | tuple[int, ...] | None = field(default=None, metadata={"decode": step_position})
    step_type: str | None = None
    key: str = ""
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now_epoch)


@dataclass
class StepRequirement(_OfStep):
    """An open question of a step: may it run, with which input, which way to go, is its output good, and what does the
    agent in it wait for. Answer with `confirm`, `reject`, `set_user_input`, `select` or `edit`."""

    # may it run
    requires_confirmation: bool = False
    confirmation_message: str | None = None
    confirmed: bool | None = None
    on_reject: str = OnReject.skip.value
    feedback: str | None = None
    # what a person gives
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: list[UserInputField] | None = None
    user_input: dict[str, Any] | None = None
    # which way to go
    requires_route_selection: bool = False
    available_choices: list[str] | None = None
    allow_multiple_selections: bool = False
    selected_choices: list[str] | None = None
    # is the output good
    requires_output_review: bool = False
    output_review_message: str | None = None
    step_output: StepOutput | None = None
    is_edited: bool = False
    requires_iteration_review: bool = False
    iteration: int | None = None
    iteration_results: list[StepOutput] | None = None
    retry_count: int = 0
    max_retries: int | None = None
    # what the agent or team in the step waits for
    requires_executor_input: bool = False
    executor_type: str | None = None
    executor_name: str | None = None
    executor_run_id: str | None = None
    executor_requirements: list[RunRequirement] | None = None
    # how long it waits
    timeout: float | None = None
    timeout_at: float | None = None
    on_timeout: str = OnTimeout.cancel.value

    def confirm(self) -> None:
        """Let the step run; of a review: take the output as it is."""
        self.confirmed = True

    def reject(self, feedback: str | None = None) -> None:
        """Say no. What follows from it is `on_reject`; a step that is done again reads the feedback."""
        self.confirmed, self.feedback = False, feedback

    def edit(self, new_output: Any) -> None:
        """Take another output in place of the one that is reviewed."""
        if not self.needs_review:
            raise ValueError(f"Step {self.step_name!r} has no output to edit yet.")
        output = new_output if isinstance(new_output, StepOutput) else StepOutput(content=new_output)
        if not isinstance(new_output, StepOutput) and self.step_output is not None:
            output = StepOutput(**{**self.step_output.__dict__, "content": new_output})
        self.step_output, self.confirmed, self.is_edited = output, True, True

    def set_user_input(self, validate: bool = True, **values: Any) -> None:
        """Give values by name. Raises ValueError for what was not asked for, and for values of the wrong type."""
        fields = {item.name: item for item in self.user_input_schema or ()}
        if validate and fields:
            if unknown := sorted(values.keys() - fields.keys()):
                raise ValueError(
                    f"Step {self.step_name!r} asks for {', '.join(fields)}; {unknown[0]!r} is not among it."
                )
            values = {name: fields[name].checked(value) for name, value in values.items()}
        for name, value in values.items():
            if name in fields:
                fields[name].value = value
        self.user_input = {**(self.user_input or {}), **values}

    def get_user_input(self, name: str) -> Any:
        """A value that was given, or None."""
        return (self.user_input or {}).get(name)

    def select(self, *choices: str) -> None:
        """Choose the way to go on, by name. Raises ValueError for what is not on offer."""
        offered = self.available_choices or []
        for choice in choices:
            if choice not in offered:
                raise ValueError(f"{self.step_name!r} offers {', '.join(map(repr, offered))}; there is no {choice!r}.")
        if len(choices) > 1 and not self.allow_multiple_selections:
            raise ValueError(f"{self.step_name!r} takes one choice, but got {len(choices)}.")
        self.selected_choices = list(choices)

    def select_single(self, choice: str) -> None:
        """Choose one."""
        self.select(choice)

    def select_multiple(self, choices: list[str]) -> None:
        """Choose several."""
        self.select(*choices)

    @property
    def pause_kind(self) -> PauseKind:
        """Whether the step itself waits, or the agent or team in it."""
        return PauseKind.executor if self.requires_executor_input else PauseKind.step

    @property
    def needs_review(self) -> bool:
        """True for what is asked after the step ran."""
        return self.requires_output_review or self.requires_iteration_review

    @property
    def needs_confirmation(self) -> bool:
        """True until `confirm` or `reject` was called."""
        return self.requires_confirmation and self.confirmed is None

    @property
    def needs_user_input(self) -> bool:
        """True until all required values were given."""
        if not self.requires_user_input or self.confirmed is False:
            return False
        given = self.user_input
        if not self.user_input_schema:
            return given is None
        return any(item.required and item.value is None for item in self.user_input_schema)

    @property
    def needs_route_selection(self) -> bool:
        """True until a way was chosen."""
        return self.requires_route_selection and not self.selected_choices and self.confirmed is not False

    @property
    def needs_output_review(self) -> bool:
        """True until the output was confirmed or rejected."""
        return self.requires_output_review and self.confirmed is None

    @property
    def needs_iteration_review(self) -> bool:
        """True until the round was confirmed or rejected."""
        return self.requires_iteration_review and self.confirmed is None

    @property
    def needs_executor_input(self) -> bool:
        """True until all that the agent or team in the step asks was answered."""
        waiting = self.executor_requirements or ()
        return self.requires_executor_input and any(not requirement.is_resolved() for requirement in waiting)

    @property
    def is_resolved(self) -> bool:
        """True when nothing is missing."""
        return not (
            self.needs_confirmation
            or self.needs_user_input
            or self.needs_route_selection
            or self.needs_output_review
            or self.needs_iteration_review
            or self.needs_executor_input
        )

    @property
    def is_timed_out(self) -> bool:
        """True if nobody answered in time."""
        return self.timeout_at is not None and time.time() >= self.timeout_at and not self.is_resolved

    def start_clock(self) -> None:
        """From now on the time runs, if it is limited."""
        if self.timeout is not None and self.timeout_at is None:
            self.timeout_at = time.time() + self.timeout


@dataclass
class ErrorRequirement(_OfStep):
    """A step failed: try it again, or go on without it?"""

    error_message: str = ""
    error_type: str | None = None
    retry_count: int = 0
    decision: str | None = None

    def retry(self) -> None:
        """Run the step again."""
        self.decision = "retry"

    def skip(self) -> None:
        """Go on without the step."""
        self.decision = "skip"

    @property
    def needs_decision(self) -> bool:
        """True until `retry` or `skip` was called."""
        return self.decision is None

    @property
    def is_resolved(self) -> bool:
        """True when it is decided."""
        return self.decision is not None

    @property
    def should_retry(self) -> bool:
        """True if the step is to be tried again."""
        return self.decision == "retry"

    @property
    def should_skip(self) -> bool:
        """True if the run is to go on without the step."""
        return self.decision == "skip"


def revived_requirement(data: Any) -> Any:
    """A requirement from its dict; an object stays as it is."""
    if not isinstance(data, Mapping):
        return data
    return (ErrorRequirement if "error_message" in data else StepRequirement).from_dict(data)


__all__ = [
    "ErrorRequirement",
    "ExecutorType",
    "OnError",
    "OnReject",
    "OnTimeout",
    "PauseKind",
    "StepRequirement",
    "UserInputField",
    "revived_requirement",
]
