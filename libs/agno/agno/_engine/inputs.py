"""The caller's input: validated, captured, and turned into messages."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from agno._engine.context import Run
from agno._engine.templates import fill
from agno.media import MEDIA
from agno.models._plain import plain_message
from agno.models.message import Message
from agno.utils.log import log_warning

MEDIA_NAMES = frozenset(MEDIA)


def media_of(source: Any) -> dict[str, Any]:
    """The media of an input or an output, by their kind; most have none."""
    fields = source.__dict__
    if not ("images" in fields or "videos" in fields or "audio" in fields or "files" in fields):
        return {}
    return {kind: media for kind in MEDIA if (media := fields.get(kind))}


def validated(value: Any, schema: Any) -> Any:
    """The input as an instance of `input_schema`. Raises ValueError, saying what was received."""
    if schema is None:
        return value
    content = value.content if isinstance(value, Message) else value
    name = getattr(schema, "__name__", str(schema))
    models = isinstance(schema, type) and issubclass(schema, BaseModel)  # else it is a TypedDict
    if isinstance(content, BaseModel) and not (models and isinstance(content, schema)):
        raise ValueError(f"The input is a {type(content).__name__}, but input_schema is {name}.")
    adapter = TypeAdapter(schema)
    try:
        if isinstance(content, str):
            return adapter.validate_json(content)
        if isinstance(content, BaseModel):
            return adapter.validate_python(content.model_dump())
        if isinstance(content, dict):
            return adapter.validate_python(content)
    except ValidationError as error:
        wrong = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_url=False)]
        said = "; ".join(f"{place}: {text}" if place else text for place, text in wrong)
        raise ValueError(f"The input does not fit input_schema {name}: {said}.") from error
    raise ValueError(
        f"The input is a {type(content).__name__}; with input_schema {name} give a dict, JSON text or a {name}."
    )


def hooked_input(run: Run, content: Any) -> Any:
    """The input as the pre-hooks leave it, again as an instance of `input_schema` where it fits one."""
    try:
        return validated(content, run.component.input_schema)
    except ValueError:  # a hook may put a text of its own in the place of the data that the caller had to give
        return content


def as_json(value: Any) -> str:
    """Indented JSON; of a pydantic model without its empty fields."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(indent=2, exclude_none=True)
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()


def is_message_list(value: Any) -> bool:
    """True for a list of messages or of dicts that have a role."""
    return (
        isinstance(value, list)
        and bool(value)
        and (isinstance(value[0], Message) or (isinstance(value[0], dict) and "role" in value[0]))
    )


def run_messages(run: Run) -> list[Message]:
    """The messages that the input stands for. The caller's media go with the last user message."""
    value = run.input
    message: Message | None
    messages: list[Message]
    if isinstance(value, str):
        plain = "{" not in value and run.references_block is None and not run.context.dependencies
        text = value if plain else _content(run, value)
        role = run.component.user_message_role
        message = Message(role, text, **run.extra) if run.extra else plain_message(role, text, run.began)
        messages = [message]
    elif is_message_list(value):
        messages = [m.model_copy() if isinstance(m, Message) else Message(**m) for m in value]
        message = next((m for m in reversed(messages) if m.role == "user"), None)
    else:
        message = _user_message(run, value)
        messages = [] if message is None else [message]
    if run.asked and message is not None and not MEDIA_NAMES.isdisjoint(run.asked):
        _attach_media(run, message)
    return messages


def _user_message(run: Run, value: Any) -> Message | None:
    role = run.component.user_message_role
    if isinstance(value, Message):
        return value.model_copy()
    if isinstance(value, dict) and "role" in value:
        try:
            return Message(**value)
        except (TypeError, ValueError) as error:
            log_warning(f"The input has a role but is no message ({error}); nothing was sent for it")
            return None
    if value is None:
        return Message(role=role, content="") if any(run.asked.get(name) for name in MEDIA) else None
    return Message(role=role, content=_content(run, value), **run.extra)


def said(run: Run) -> str:
    """What the user said in the input, without what was added to it for the model."""
    value = run.input
    if value is None:
        return ""
    if not is_message_list(value):
        value = [value] if isinstance(value, Message) or (isinstance(value, dict) and "role" in value) else None
    if value is None:
        return _filled(run, run.input)
    messages = [m if isinstance(m, Message) else Message(**m) for m in value]
    return "\n".join(m.get_content_string() for m in messages if m.role == "user" and m.content)


def _filled(run: Run, value: Any) -> str:
    """The input as text, with its placeholders filled in."""
    component = run.component
    text = value if isinstance(value, str) else text_of(value)
    if isinstance(value, str) and "{" in value and component.build_user_context and component.resolve_in_context:
        user = {"user_id": run.context.user_id} if run.context.user_id else None
        text = fill(text, run.context.session_state, run.context.dependencies, run.context.metadata, user)
    return text


def _content(run: Run, value: Any) -> Any:
    text = _filled(run, value)
    if not run.component.build_user_context:
        return text
    if run.references_block is not None and isinstance(value, str):
        text += f"\n\n{run.references_block}"
    if run.context.dependencies and run.get("add_dependencies_to_context"):
        text += f"\n\n<additional context>\n{as_json(run.context.dependencies)}\n</additional context>"
    return text


def text_of(value: Any) -> str:
    """Input of any kind as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(value) if all(isinstance(item, str) for item in value) else str(value)
    if isinstance(value, (dict, BaseModel)):
        return as_json(value)
    return str(value)


def _attach_media(run: Run, message: Message) -> None:
    if not run.component.send_media_to_model:
        return
    for name in MEDIA:
        if media := run.asked.get(name):
            setattr(message, name, list(media))


__all__ = [
    "MEDIA",
    "MEDIA_NAMES",
    "as_json",
    "hooked_input",
    "is_message_list",
    "media_of",
    "run_messages",
    "said",
    "text_of",
    "validated",
]
