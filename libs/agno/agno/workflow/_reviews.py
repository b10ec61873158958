"""Asking people: before a step, about its output, which way to go, and what to do about a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from agno.exceptions import error_type_of
from agno.run.workflow import (
    ConditionPausedEvent,
    RouterPausedEvent,
    StepCompletedEvent,
    StepContinuedEvent,
    StepOutputReviewEvent,
    StepPausedEvent,
)
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import ErrorRequirement, StepRequirement, UserInputField
from agno.workflow._failing import Paused, Refused
from agno.workflow._place import Place
from agno.workflow._state import snapshot
from agno.workflow.types import OnReject, OnTimeout, StepInput

if TYPE_CHECKING:
    from agno.workflow._node import Node

Attempt = Callable[[Place, StepInput], Awaitable[StepOutput]]


def _requirement(node: Node, place: Place, **asked: Any) -> StepRequirement:
    review = node.review
    return StepRequirement(
        step_id=node.step_id,
        step_name=node.label,
        step_index=place.index,
        step_type=node.step_type.value,
        key=place.key,
        on_reject=OnReject(review.on_reject).value,
        timeout=review.timeout,
        on_timeout=OnTimeout(review.on_timeout).value,
        max_retries=review.max_retries,
        **asked,
    )


async def answered(
    node: Node, place: Place, kind: str, make: Callable[[], StepRequirement], event: type[Any], **details: Any
) -> StepRequirement:
    """The question with its answer. While there is none the run pauses; what nobody answered in time answers itself."""
    found: StepRequirement | None = place.run.replies.pop((place.key, kind), None)
    fresh = found is None
    if found is None:
        found = make()
        found.start_clock()
    elif found.is_timed_out:
        _time_out(node, found)
    elif found.confirmed is not None:
        found.confirmed = found.confirmed is True  # a text such as "false", from a form, is no yes
    if found.is_resolved:
        if not fresh:
            await node.emit(place, StepContinuedEvent)
        return found
    await node.emit(place, event, requirements=[found.to_dict()], **details)
    raise Paused([found])


def _time_out(node: Node, found: StepRequirement) -> None:
    if found.on_timeout == OnTimeout.cancel.value:
        raise Refused(f"Nobody answered step {node.label!r} within {found.timeout} seconds")
    found.confirmed = found.on_timeout == OnTimeout.approve.value
    if found.confirmed:
        found.requires_user_input = found.requires_route_selection = found.requires_executor_input = False
    else:
        found.on_reject = OnReject.skip.value


async def before(node: Node, place: Place, given: StepInput) -> tuple[StepInput, OnReject | None]:
    """Ask whether the step may run, and for what it needs. Gives its input, or what a no means."""
    journal, review = place.run.journal, node.review
    known = journal.noted(place, "start")
    while known is None:
        event = _PAUSED.get(node.step_type, StepPausedEvent)
        found = await answered(node, place, "start", lambda: _start(node, place), event)
        if found.confirmed is False and found.on_reject == OnReject.retry.value:
            continue  # asked again, until it is a yes
        if found.confirmed is False and found.on_reject == OnReject.cancel.value:
            raise _refused(f"Step {node.label!r}", found.feedback)
        refused = found.on_reject if found.confirmed is False else None
        known = {"refused": refused, "user_input": found.user_input}
        await journal.note(place, "start", known)
    if known["refused"] is not None:
        return given, OnReject(known["refused"])
    if review.requires_user_input and known["user_input"] is not None:
        given = with_data(given, user_input=known["user_input"])
    return given, None


def _refused(what: str, feedback: str | None) -> Refused:
    return Refused(f"{what} was rejected" + (f": {feedback}" if feedback else ""))


_PAUSED = {StepType.CONDITION: ConditionPausedEvent, StepType.ROUTER: RouterPausedEvent}


def _start(node: Node, place: Place) -> StepRequirement:
    review = node.review
    return _requirement(
        node,
        place,
        requires_confirmation=review.requires_confirmation,
        confirmation_message=review.confirmation_message,
        requires_user_input=review.requires_user_input,
        user_input_message=review.user_input_message,
        user_input_schema=_fields(review.user_input_schema),
    )


def _fields(schema: list[Any] | None) -> list[UserInputField] | None:
    """The fields to ask for, as copies: a run must not write on the step."""
    if not schema:
        return None
    return [UserInputField.from_dict(item) if isinstance(item, dict) else replace(item) for item in schema]


def with_data(given: StepInput, **data: Any) -> StepInput:
    """The input with something more in `additional_data`."""
    twin = StepInput.__new__(StepInput)
    twin.__dict__.update(given.__dict__)
    twin.additional_data = {**(given.additional_data or {}), **data}
    return twin


async def reviewed(node: Node, place: Place, given: StepInput, attempt: Attempt) -> StepOutput:
    """Run, and ask whether the output is good; after a no do it again with the feedback, or leave it."""
    journal = place.run.journal
    tries: dict[str, Any] = journal.noted(place, "tries") or {"count": 0, "feedback": None}
    for draft in map(StepOutput.from_dict, tries.get("left", ())):
        _bring_back(place, draft)
        place.run.count_all(draft)
    output: StepOutput | None = None
    if (waiting := place.run.replies.get((place.key, "output"))) is not None:
        output = _shown(place, waiting, tries["count"])
    while True:
        if output is None:
            before = snapshot(place.state)
            output = await attempt(place, with_data(given, feedback=tries["feedback"]) if tries["count"] else given)
            if not output.success or not _is_wanted(node, output):
                return output
            await journal.note(place, f"made {tries['count']}", True, before)
        ask = partial(_output, node, place, output, tries["count"])
        found = await answered(node, place, "output", ask, StepOutputReviewEvent, step_output=output)
        if found.confirmed:
            return await _accepted(node, place, found, output)
        if found.on_reject == OnReject.cancel.value:
            raise _refused(f"The output of step {node.label!r}", found.feedback)
        if found.on_reject != OnReject.retry.value or tries["count"] >= node.review.max_retries:
            return node.output(skipped=True, content=f"The output of {node.label} was rejected.")
        left = [*tries.get("left", ()), _spent(output).to_dict()]
        tries = {"count": tries["count"] + 1, "feedback": found.feedback, "left": left}
        await journal.note(place, "tries", tries)
        journal.forget(place.key)
        place.run.count(output)
        output = None


def _shown(place: Place, waiting: StepRequirement, count: int) -> StepOutput | None:
    """The output that a person was shown, with the effects on state and runs that making it had."""
    output = waiting.step_output
    if output is not None:
        place.run.journal.noted(place, f"made {count}")
        _bring_back(place, output)
        for inner in output.steps or ():
            place.run.count_all(inner)
    return output


def _bring_back(place: Place, output: StepOutput) -> None:
    """The runs that made an output are among those of the step."""
    pool = place.run.journal.pool
    if output.step_run_id in pool:
        place.run.executed(place.key, pool[output.step_run_id])
    for inner in output.steps or ():
        _bring_back(place, inner)


def _spent(output: StepOutput) -> StepOutput:
    """What stays of an output that a person refused: which runs made it, and what they cost."""
    return StepOutput(
        step_name=output.step_name,
        executor_type=output.executor_type,
        executor_name=output.executor_name,
        step_run_id=output.step_run_id,
        metrics=output.metrics,
        steps=[_spent(inner) for inner in output.steps or ()] or None,
    )


def _is_wanted(node: Node, output: StepOutput) -> bool:
    wanted = node.review.requires_output_review
    return bool(wanted(output)) if callable(wanted) else wanted


def _output(node: Node, place: Place, output: StepOutput, count: int) -> StepRequirement:
    return _requirement(
        node,
        place,
        requires_output_review=True,
        output_review_message=node.review.output_review_message,
        step_output=output,
        retry_count=count,
    )


async def _accepted(node: Node, place: Place, found: StepRequirement, output: StepOutput) -> StepOutput:
    if not found.is_edited or found.step_output is None:
        return output
    edited = found.step_output
    edited.step_name, edited.step_id, edited.step_type = output.step_name, output.step_id, output.step_type
    await node.emit(place, StepCompletedEvent, content=edited.content, step_response=edited)
    return edited


@dataclass
class Verdict:
    """What a person said of a round of a loop."""

    good: bool
    on_reject: str
    feedback: str | None = None
    edited: StepOutput | None = None  # in place of what the round gave last


async def iteration(node: Node, place: Place, number: int, tries: int, results: list[StepOutput]) -> Verdict | None:
    """Ask whether a round of a loop was good; `tries` is how often it was not. None if nobody is to be asked."""
    journal = place.run.journal
    if not node.review.requires_iteration_review:
        return None

    def make() -> StepRequirement:
        return _requirement(
            node,
            place,
            requires_iteration_review=True,
            output_review_message=node.review.iteration_review_message,
            iteration=number,
            retry_count=tries,
            iteration_results=results,
            step_output=results[-1] if results else None,
        )

    name = f"review {number}~{tries}"
    known = journal.noted(place, name)
    if known is None:
        found = await answered(node, place, "iteration", make, StepOutputReviewEvent)
        edited = found.step_output.to_dict() if found.is_edited and found.step_output is not None else None
        known = {"good": found.confirmed is not False, "on_reject": found.on_reject, "feedback": found.feedback}
        known["edited"] = edited
        await journal.note(place, name, known)
    if not known["good"] and known["on_reject"] == OnReject.cancel.value:
        raise _refused(f"Round {number} of {node.label!r}", known["feedback"])
    return Verdict(**known | {"edited": known["edited"] and StepOutput.from_dict(known["edited"])})


async def selection(node: Node, place: Place, choices: list[str], multiple: bool) -> list[str] | None:
    """Let a person choose the way, by name. None if the answer was no."""

    def make() -> StepRequirement:
        return _requirement(
            node,
            place,
            requires_route_selection=True,
            user_input_message=node.review.user_input_message,
            available_choices=choices,
            allow_multiple_selections=multiple,
        )

    found = await answered(node, place, "route", make, RouterPausedEvent, available_choices=choices)
    return found.selected_choices if found.confirmed is not False else None


async def ask_about_failure(node: Node, place: Place, text: str, error: Exception) -> None:
    """Pause, and let a person decide about a step that failed."""
    journal = place.run.journal
    count = (journal.noted(place, "failures") or 0) + 1
    await journal.note(place, "failures", count)
    found = ErrorRequirement(
        step_id=node.step_id,
        step_name=node.label,
        step_index=place.index,
        step_type=node.step_type.value,
        key=place.key,
        error_message=text,
        error_type=error_type_of(error),
        retry_count=count - 1,
    )
    await node.emit(place, StepPausedEvent, requirements=[found.to_dict()])
    raise Paused([found])


__all__ = ["answered", "ask_about_failure", "before", "iteration", "reviewed", "selection", "with_data"]
