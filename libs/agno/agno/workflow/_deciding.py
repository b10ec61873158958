"""Functions and expressions that decide: conditions, routes, the ends of loops."""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from agno.utils.parameters import accepted
from agno.workflow._executors import outcome_of
from agno.workflow._place import Place
from agno.workflow._state import snapshot
from agno.workflow.types import StepInput

if TYPE_CHECKING:
    from agno.workflow._node import Node


async def decided(node: Node, place: Place, name: str, rule: Any, subject: Any, names: dict[str, Any]) -> Any:
    """What a function says of `subject`, or an expression of `names`."""
    if isinstance(rule, str):
        return evaluate(rule, names, f"{name} of {node.label!r}")
    offered = {"session_state": place.state, "run_context": place.context, "step_choices": names.get("step_choices")}
    return await outcome_of(place, rule, partial(rule, subject, **accepted(rule, offered)), None)


async def remembered(place: Place, name: str, decide: Any) -> Any:
    """A decision: made once, and kept with the progress of the run."""
    journal = place.run.journal
    known = journal.noted(place, name)
    if known is None:
        before = snapshot(place.state)
        known = await decide()
        await journal.note(place, name, known, before)
    return known


def names_for(place: Place, given: StepInput, **more: Any) -> dict[str, Any]:
    """What an expression can name."""
    outputs = given.previous_step_outputs or {}
    return {
        "input": given.get_input_as_string() if not isinstance(given.input, (dict, list)) else given.input,
        "previous_step_content": given.previous_step_content,
        "previous_step_outputs": {name: output.told for name, output in outputs.items()},
        "additional_data": given.additional_data or {},
        "session_state": place.state,
        **more,
    }


def evaluate(expression: str, names: dict[str, Any], owner: str) -> Any:
    """The value of a CEL expression. Raises ValueError, naming the expression."""
    try:
        cel = import_module("celpy")
    except ImportError as error:
        raise ImportError(f"{owner} is an expression, which needs `cel-python`: pip install agno[cel]") from error
    adapted = import_module("celpy.adapter").json_to_cel
    try:
        found = _program(expression).evaluate({name: adapted(_plain(value)) for name, value in names.items()})
    except (cel.CELEvalError, cel.CELParseError) as error:
        raise ValueError(f"{owner} is {expression!r}, which cannot be evaluated: {reason_of(error)}") from error
    return _from_cel(found)


def reason_of(error: Exception) -> str:
    """What is wrong with an expression, without all that it could have named."""
    said = error.args[0] if error.args else error
    return str(said).partition(" (in activation ")[0].strip()


@lru_cache(maxsize=256)
def compiled(expression: str) -> Any:
    """The tree of an expression. Raises celpy.CELParseError."""
    return _environment().compile(expression)


@lru_cache(maxsize=256)
def _program(expression: str) -> Any:
    return _environment().program(compiled(expression))


@lru_cache(maxsize=1)
def _environment() -> Any:
    return import_module("celpy").Environment()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return _plain(value.model_dump()) if hasattr(value, "model_dump") else str(value)


def _from_cel(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "BoolType":
        return bool(value)
    if isinstance(value, list):
        return [_from_cel(item) for item in value]
    return str(value) if isinstance(value, str) else value


__all__ = ["compiled", "decided", "evaluate", "names_for", "reason_of", "remembered"]
