"""What a setting may be: said when the object is built, and not by whatever trips over it in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from agno.media import Audio, File, Image, Video
from agno.models.base import Model
from agno.models.message import Message


class Check(NamedTuple):
    """Whether a value fits, and what the setting takes in words."""

    fits: Callable[[Any], bool]
    takes: str
    shows: bool = True  # the value may stand in an error; a database's address holds a password
    looks_inside: bool = False  # its type alone does not tell


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


def _are_hooks(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_is_hook, value))


def _is_hook(value: Any) -> bool:
    """A class has to be made an object first: called as a hook, it would check nothing, and nobody would notice."""
    if isinstance(value, type):
        return False
    return callable(value) or any(hasattr(value, name) for name in ("check", "pre_check", "post_check"))


def _is_service(value: Any) -> bool:
    return not isinstance(value, (str, bytes, int, float, list, tuple, set, Mapping))


def _has(method: str) -> Callable[[Any], bool]:
    return lambda value: hasattr(value, method) and not isinstance(value, type)


_MODEL = Check(_is_a(Model, str), "a model such as OpenAIChat(id='gpt-4o'), or a text such as 'openai:gpt-4o'")
_HOOKS = Check(
    _are_hooks,
    "a list of functions and of guardrails that are made, such as [PIIDetectionGuardrail()]",
    looks_inside=True,
)
_LIST = Check(_is_a(list, tuple), "a list")
_DICT = Check(_is_a(Mapping), "a dict")
_COUNT = Check(_is_a(int), "a whole number")
_STR = Check(_is_a(str), "a text")

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
    **dict.fromkeys(("pre_hooks", "post_hooks", "tool_hooks"), _HOOKS),
    **dict.fromkeys(("additional_input", "fallback_models"), _LIST),
    "knowledge": Check(_is_service, "a Knowledge, or a function that gives one"),
    "knowledge_retriever": Check(callable, "a function, such as lambda query, num_documents: [...]"),
    "memory_manager": Check(
        _has("get_user_memories"), "a MemoryManager() that is made; enable_user_memories=True makes one"
    ),
    "session_summary_manager": Check(
        _has("create_session_summary"),
        "a SessionSummaryManager() that is made; enable_session_summaries=True makes one",
    ),
    "compression_manager": Check(
        _has("compress"), "a CompressionManager() that is made; compress_tool_results=True makes one"
    ),
    "references_format": Check(lambda value: value in ("json", "yaml"), "'json' or 'yaml'", looks_inside=True),
    "events_to_skip": Check(_is_a(list, tuple, set, frozenset), "a list of kinds of events"),
    **dict.fromkeys(
        (
            "id",
            "name",
            "user_id",
            "session_id",
            "role",
            "description",
            "introduction",
            "expected_output",
            "additional_context",
            "system_message_role",
            "user_message_role",
            "save_response_to_file",
            "parser_model_prompt",
            "output_model_prompt",
            "timezone_identifier",
            "datetime_format",
        ),
        _STR,
    ),
    **dict.fromkeys(("session_state", "dependencies", "metadata"), _DICT),
    "knowledge_filters": Check(_is_a(Mapping, list), "a dict"),
    **dict.fromkeys(
        (
            "num_history_runs",
            "num_history_messages",
            "num_history_sessions",
            "num_memories_in_context",
            "max_tool_calls_from_history",
            "reasoning_min_steps",
            "tool_call_limit",
            "retries",
            "reasoning_max_steps",
        ),
        _COUNT,
    ),
}


def refuse_misfits(component: Any) -> bool:
    """Raise TypeError for the first setting that has a value it cannot have. True if their types alone say that they fit."""
    return all([_fits(component, name, value) for name, value in component.__dict__.items()])


def _fits(component: Any, name: str, value: Any) -> bool:
    check = CHECKS.get(name)
    if check is None or value is None:
        return True
    if not check.fits(value):
        kind = type(value).__name__
        shown = f"{name}={value!r}, which is of type {kind}" if check.shows else f"{name}= of type {kind}"
        raise TypeError(f"{type(component).__name__} got {shown}. It takes {check.takes}.")
    return not isinstance(value, type) and not check.looks_inside  # of a plain class its type says too little


# What one run is told --------------------------------------------------------------------------------------------------

_TEXT = (str,)
_MEDIA: dict[str, type[Any]] = {"images": Image, "videos": Video, "audio": Audio, "files": File}
_PLAIN: dict[str, tuple[type[Any], ...]] = {
    **dict.fromkeys(("session_id", "user_id", "run_id", "parent_run_id"), _TEXT),
    **dict.fromkeys(("session_state", "dependencies", "metadata"), (dict, Mapping)),
    **dict.fromkeys(_MEDIA, ()),
    "output_schema": (),
}


def refuse_option(component: Any, name: str, value: Any) -> None:
    """Raise TypeError for an option of a run that has a value it cannot have."""
    kinds = _PLAIN.get(name)
    if kinds is None or value.__class__ in kinds:
        return
    if name in _MEDIA:
        _refuse_media(component, name, value)
    elif name == "output_schema":
        if not _is_schema(value):
            raise _misfit(component, name, value, CHECKS[name].takes)
    elif not isinstance(value, kinds):
        raise _misfit(component, name, value, f"a text, such as {str(value)!r}" if kinds is _TEXT else "a dict")


def _refuse_media(component: Any, name: str, value: Any) -> None:
    kind = _MEDIA[name]
    takes = f"a list of {kind.__name__} objects, such as [{kind.__name__}(filepath=...)] or [{kind.__name__}(url=...)]"
    if isinstance(value, (str, bytes, kind, Mapping)) or not isinstance(value, Iterable):
        raise _misfit(component, name, value, takes)
    for item in value if isinstance(value, (list, tuple)) else ():
        if not isinstance(item, kind):
            raise TypeError(f"{name}= of a run of {component!r} holds a {type(item).__name__}. It takes {takes}.")


def _misfit(component: Any, name: str, value: Any, takes: str) -> TypeError:
    return TypeError(f"A run of {component!r} got {name}= of type {type(value).__name__}. It takes {takes}.")


__all__ = ["CHECKS", "Check", "refuse_misfits", "refuse_option"]
