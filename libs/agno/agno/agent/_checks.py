"""What a setting may be: said when the object is built, and not by whatever trips over it in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from agno.models.base import Model
from agno.models.message import Message


class Check(NamedTuple):
    """Whether a value fits, and what the setting takes in words."""

    fits: Callable[[Any], bool]
    takes: str
    shows: bool = True  # the value may stand in an error; a database's address holds a password


def _is_a(*kinds: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_db(value: Any) -> bool:
    return hasattr(value, "get_session") and not isinstance(value, type)


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, list, tuple)) or callable(value)


def _is_prompt(value: Any) -> bool:
    return isinstance(value, (str, Message)) or callable(value)


def _is_schema(value: Any) -> bool:
    return isinstance(value, type) and hasattr(value, "model_json_schema")


def _are_tools(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or callable(value)


_MODEL = Check(_is_a(Model, str), "a model such as OpenAIChat(id='gpt-4o'), or a text such as 'openai:gpt-4o'")
_LIST = Check(_is_a(list, tuple), "a list")
_DICT = Check(_is_a(Mapping), "a dict")
_COUNT = Check(_is_a(int), "a whole number")

CHECKS: dict[str, Check] = {
    **dict.fromkeys(("model", "reasoning_model", "parser_model", "output_model", "followup_model"), _MODEL),
    "db": Check(_is_db, "a database object, such as SqliteDb(db_file='agent.db')", shows=False),
    "tools": Check(
        _are_tools, "a list of functions, Toolkits and dicts of the provider's, or a function that makes it"
    ),
    "instructions": Check(_is_text, "a text, a list of texts, or a function that gives one of these"),
    "system_message": Check(_is_prompt, "a text, a Message, or a function that gives a text"),
    "output_schema": Check(_is_schema, "a class made from pydantic's BaseModel (the class, not an object of it)"),
    "input_schema": Check(_is_a(type), "a class: of pydantic's BaseModel, or a TypedDict"),
    **dict.fromkeys(("pre_hooks", "post_hooks", "tool_hooks", "additional_input", "fallback_models"), _LIST),
    **dict.fromkeys(("session_state", "dependencies", "metadata"), _DICT),
    "knowledge_filters": Check(_is_a(Mapping, list), "a dict"),
    **dict.fromkeys(
        ("num_history_runs", "num_history_messages", "tool_call_limit", "retries", "reasoning_max_steps"), _COUNT
    ),
}


# Types that were found to fit; but of a plain class its type says too little.
_known: dict[str, set[type[Any]]] = {name: {type(None)} for name in CHECKS}
_MOST = 100  # of these for each setting


def refuse_misfits(component: Any) -> None:
    """Raise TypeError for the first setting that has a value it cannot have."""
    known_of = _known.get
    for name, value in component.__dict__.items():
        known = known_of(name)
        if known is not None and value.__class__ not in known:
            _look_at(component, name, value)


def _look_at(component: Any, name: str, value: Any) -> None:
    check, kind, known = CHECKS[name], type(value), _known[name]
    if not check.fits(value):
        shown = (
            f"{name}={value!r}, which is of type {kind.__name__}" if check.shows else f"{name}= of type {kind.__name__}"
        )
        raise TypeError(f"{type(component).__name__} got {shown}. It takes {check.takes}.")
    if kind is not type and len(known) < _MOST:
        known.add(kind)


__all__ = ["CHECKS", "Check", "refuse_misfits"]
