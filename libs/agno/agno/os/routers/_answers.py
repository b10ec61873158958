"""What a request to continue a run may say, for agents, teams and workflows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

from agno.models.response import ToolExecution
from agno.os import _docs as docs
from agno.os._bodies import Body
from agno.run.requirement import RunRequirement
from agno.run.workflow_requirements import ErrorRequirement, StepRequirement

_COMMON: dict[str, Any] = {
    "session_id": docs.TEXT,
    "user_id": docs.TEXT,
    "stream": {"type": "boolean", "default": True},
    "background": {"type": "boolean", "default": False},
}
_OF_AGENTS: dict[str, Any] = {
    "tools": docs.JSON_ARRAY,
    "requirements": docs.JSON_ARRAY,
    **_COMMON,
    "input": docs.TEXT,
    "continue_from": docs.TEXT,
    "additional_instructions": docs.TEXT,
    **dict.fromkeys(("fork", "fork_session", "regenerate", "replace_original"), docs.FLAG),
}
_OF_WORKFLOWS: dict[str, Any] = {
    "step_requirements": docs.JSON_ARRAY,
    "error_requirements": docs.JSON_ARRAY,
    **_COMMON,
}


@dataclass(frozen=True)
class Continuations:
    """The fields of one kind of component, and how they become options of `acontinue_run`."""

    fields: dict[str, Any]
    options: Callable[[Body], dict[str, Any]]


def _of_agent(body: Body) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for field, option, kind in (
        ("tools", "updated_tools", ToolExecution),
        ("requirements", "requirements", RunRequirement),
    ):
        if (found := _objects(body, field, kind)) is not None:
            options[option] = found
    for name in ("input", "additional_instructions"):
        if (text := body.text(name)) is not None:
            options[name] = text
    if (place := body.text("continue_from")) is not None:
        options["continue_from"] = int(place) if place.lstrip("-").isdigit() else place
    for name in ("fork", "fork_session", "regenerate"):
        if body.flag(name, False):
            options[name] = True
    if body.has("replace_original"):  # no is something else than nothing: the answer becomes a run of its own
        options["replace_original"] = body.flag("replace_original", False)
    return options


def _of_workflow(body: Body) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, kind in (("step_requirements", StepRequirement), ("error_requirements", ErrorRequirement)):
        if (found := _objects(body, name, kind)) is not None:
            options[name] = found
    return options


def _objects(body: Body, name: str, kind: Any) -> list[Any] | None:
    data = body.json(name)
    if data is None or data == []:
        return None
    try:
        if not isinstance(data, list):
            raise TypeError("it is no array")
        found = [kind.from_dict(item) for item in data]
        if kind is ToolExecution and not all(tool.tool_call_id for tool in found):
            raise ValueError("each tool needs the tool_call_id that the paused run gave it")
        return found
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise HTTPException(400, f"Invalid structure or content for {name}: {error}") from None


CONTINUATIONS = {
    "agent": Continuations(_OF_AGENTS, _of_agent),
    "team": Continuations(_OF_AGENTS, _of_agent),
    "workflow": Continuations(_OF_WORKFLOWS, _of_workflow),
}

__all__ = ["CONTINUATIONS", "Continuations"]
