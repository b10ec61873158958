"""What a waiting run asks, in one form for agents, teams and workflows; every protocol shows it in its own way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agno.exceptions import FOR_CALLERS
from agno.run.base import RunStatus
from agno.run.requirement import RunRequirement
from agno.run.workflow_requirements import ErrorRequirement, StepRequirement

DECLINED = "The user declined."


@dataclass
class Question:
    """One open question of a waiting run.

    `kind` is `confirmation`, `user_input`, `user_feedback`, `external_execution`, `selection` or `retry`; `answer`
    takes the payload that `schema` (JSON Schema) describes, and `decline` says no. Both raise ValueError for what does
    not fit. They change the requirements of the run, with which `go_on` continues it.
    """

    id: str
    kind: str
    message: str
    schema: dict[str, Any]
    answer: Callable[[Any], None]
    decline: Callable[[], None]
    tool_call_id: str | None = None
    tool_name: str | None = None
    tool_args: dict[str, Any] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)


def open_questions(output: Any) -> list[Question]:
    """The open questions of a run that waits; an event that says so will do as well.

    A run that went on has none: it keeps its requirements as they were before they were answered.
    """
    waits = getattr(output, "status", RunStatus.paused) is RunStatus.paused
    return list(_open_questions(output)) if waits else []


def _open_questions(output: Any) -> Iterator[Question]:
    for item in getattr(output, "step_requirements", None) or ():
        if not item.is_resolved:
            yield from _of_step(item)
    for item in getattr(output, "error_requirements", None) or ():
        if not item.is_resolved:
            yield _of_error(item)
    for item in getattr(output, "requirements", None) or ():
        if isinstance(item, RunRequirement) and not item.is_resolved():
            yield _of_tool(item)


def go_on(component: Any, output: Any, **options: Any) -> Any:
    """`acontinue_run` with the answers that were given. By the id where there is a database, for that is where other
    processes see that it goes on; else with the object."""
    if component.db is None:
        return component.acontinue_run(output, **options)
    options = {"run_id": output.run_id, "session_id": output.session_id, **options}
    if component.session_type == "workflow":
        return component.acontinue_run(
            step_requirements=output.step_requirements, error_requirements=output.error_requirements, **options
        )
    return component.acontinue_run(requirements=output.requirements, **options)


# Tools of agents and teams -------------------------------------------------------------------------------------------


def _of_tool(requirement: RunRequirement) -> Question:
    tool, kind = requirement.tool_execution, str(requirement.pause_type)
    assert tool is not None
    build = {
        "confirmation": _confirmation,
        "external_execution": _external,
        "user_feedback": _feedback,
        "user_input": _input,
    }
    question = build[kind](requirement, tool.tool_name)
    question.tool_call_id, question.tool_name = tool.tool_call_id, tool.tool_name
    question.tool_args = dict(tool.tool_args or {})
    return question


def _confirmation(requirement: RunRequirement, name: str | None) -> Question:
    def answer(payload: Any) -> None:
        agreed, note = agreement(payload)
        if agreed:
            requirement.confirm()
        else:
            requirement.reject(note)

    message = f"The tool {name} wants to run. Allow it?"
    return Question(requirement.id, "confirmation", message, AGREEMENT, answer, lambda: requirement.reject(DECLINED))


def _external(requirement: RunRequirement, name: str | None) -> Question:
    def answer(payload: Any) -> None:
        requirement.set_external_execution_result(payload if isinstance(payload, str) else json.dumps(payload))

    message = f"The tool {name} is to be run by you. What is its result?"
    return Question(requirement.id, "external_execution", message, {"type": "string"}, answer, lambda: answer(DECLINED))


def _feedback(requirement: RunRequirement, name: str | None) -> Question:
    asked = [question["question"] for question in requirement.user_feedback_schema or ()]
    schema = {"type": "object", "properties": {question: {} for question in asked}}
    message = " ".join(asked) or "There is a question for you."

    def answer(payload: Any) -> None:
        requirement.provide_user_feedback(_mapping(requirement.id, payload))

    return Question(requirement.id, "user_feedback", message, schema, answer, _undeclinable(requirement.id))


def _input(requirement: RunRequirement, name: str | None) -> Question:
    fields = [item for item in requirement.user_input_schema or () if item.value is None]  # the model gave the others
    properties = {item.name: {"description": item.description or ""} for item in fields}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    message = f"The tool {name} needs from you: {', '.join(properties)}."

    def answer(payload: Any) -> None:
        requirement.provide_user_input(_mapping(requirement.id, payload))

    return Question(requirement.id, "user_input", message, schema, answer, _undeclinable(requirement.id))


# Steps of workflows --------------------------------------------------------------------------------------------------


def _of_step(step: StepRequirement) -> Iterator[Question]:
    if step.requires_executor_input:
        yield from (_of_tool(item) for item in step.executor_requirements or () if not item.is_resolved())
        return
    if step.needs_route_selection:
        yield _selection(step)
    elif step.needs_user_input:
        yield _step_input(step)
    else:
        yield _step_confirmation(step)


def _step_confirmation(step: StepRequirement) -> Question:
    if step.needs_review:
        message = step.output_review_message or f"Is the output of step {step.step_name!r} good?"
    else:
        message = step.confirmation_message or f"May step {step.step_name!r} run?"

    def answer(payload: Any) -> None:
        if isinstance(payload, dict) and "edited" in payload:
            step.edit(payload["edited"])
            return
        agreed, note = agreement(payload)
        if agreed:
            step.confirm()
        else:
            step.reject(note)

    return Question(step.id, "confirmation", message, AGREEMENT, answer, lambda: step.reject(DECLINED))


def _step_input(step: StepRequirement) -> Question:
    fields = step.user_input_schema or []
    properties = {item.name: {"description": item.description or ""} for item in fields}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [item.name for item in fields if item.required],
    }
    message = step.user_input_message or f"Step {step.step_name!r} needs from you: {', '.join(properties)}."

    def answer(payload: Any) -> None:
        step.set_user_input(**_mapping(step.id, payload))

    return Question(step.id, "user_input", message, schema, answer, lambda: step.reject(DECLINED))


def _selection(step: StepRequirement) -> Question:
    choices = step.available_choices or []
    schema: dict[str, Any] = {"type": "array", "items": {"enum": choices}, "minItems": 1}
    message = step.user_input_message or f"Which way is {step.step_name!r} to go?"

    def answer(payload: Any) -> None:
        step.select(*([payload] if isinstance(payload, str) else payload))

    question = Question(step.id, "selection", message, schema, answer, lambda: step.reject(DECLINED))
    question.choices = list(choices)
    return question


def _of_error(error: ErrorRequirement) -> Question:
    why = f": {error.error_message}" if error.error_type in FOR_CALLERS else ""  # the rest is in the log
    message = f"Step {error.step_name!r} failed{why}. Try it again, or go on without it?"

    def answer(payload: Any) -> None:
        if payload == "skip" or payload is False:
            error.skip()
        elif payload in ("retry", True, None):
            error.retry()
        else:
            raise ValueError(f"Step {error.step_name!r} failed; the answer is 'retry' or 'skip', not {payload!r}.")

    question = Question(error.id, "retry", message, {"enum": ["retry", "skip"]}, answer, error.skip)
    question.choices = ["retry", "skip"]
    return question


# Payloads ------------------------------------------------------------------------------------------------------------

AGREEMENT: dict[str, Any] = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "note": {"type": "string"}},
    "required": ["approved"],
}


def agreement(payload: Any) -> tuple[bool, str | None]:
    """Whether a payload agrees, and the note with it. None agrees: a bare "go on"."""
    if payload is None or isinstance(payload, bool):
        return payload is not False, None
    if isinstance(payload, dict):
        for name in ("approved", "confirmed", "accepted"):
            if isinstance(payload.get(name), bool):
                note = payload.get("note")
                return payload[name], note if isinstance(note, str) else None
    raise ValueError('A confirmation is answered with true, false or {"approved": true or false, "note": "..."}.')


def _mapping(key: str, payload: Any) -> dict[str, Any]:
    if not isinstance(payload, dict):
        raise ValueError(f"Question {key!r} asks for values: the answer must be an object by field name.")
    return payload


def _undeclinable(key: str) -> Callable[[], None]:
    def decline() -> None:
        raise ValueError(f"Question {key!r} asks for values; it cannot be declined, only answered.")

    return decline


__all__ = ["DECLINED", "Question", "agreement", "go_on", "open_questions"]
