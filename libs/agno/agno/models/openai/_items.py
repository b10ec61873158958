"""Messages as input items of the responses API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from agno.models._sdk import Link, text_of
from agno.models.message import Message
from agno.models.openai._media import Part, file_part, image_url
from agno.models.openai._messages import arguments_text, tool_result
from agno.utils.log import log_warning

Item = dict[str, Any]
_ANSWERS = frozenset({"assistant", "model"})


def input_items(
    messages: list[Message],
    roles: Mapping[str, str],
    model_id: str,
    links: list[Link],
    *,
    uploaded: bool,
    stored: bool,
) -> list[Item]:
    """The conversation.

    `stored` says that the provider keeps what it answered; documents that are `uploaded` to be searched are left out.
    """
    items: list[Item] = []
    for message in messages:
        if message.role in _ANSWERS:
            items.extend(_answer(message, model_id, stored))
        elif message.tool_call_id is not None:
            output = {"type": "function_call_output", "call_id": message.tool_call_id, "output": tool_result(message)}
            items.append(output)
        else:
            role = roles.get(message.role, message.role)
            items.append({"role": role, "content": _content(message, links, uploaded)})
    return items


# What the model said -------------------------------------------------------------------------------------------------


def _answer(message: Message, model_id: str, stored: bool) -> list[Item]:
    text = text_of(message)
    kept = message.provider_data or {}
    output = kept.get("output")
    # another model cannot read the reasoning, and a text that was changed since is sent as it is now
    if output and kept.get("model") == model_id and _said(output) == text:
        return _as_it_came(output, message, stored)
    items: list[Item] = [{"role": "assistant", "content": text}] if text else []
    items.extend(_call(call) for call in message.tool_calls or ())
    return items


def _said(output: list[Item]) -> str:
    parts = (part for item in output if item["type"] == "message" for part in item["content"])
    return "".join(part.get("text") or part.get("refusal") or "" for part in parts)


def _as_it_came(output: list[Item], message: Message, stored: bool) -> list[Item]:
    """The items of the answer in their order. Reasoning stays only where what followed it follows still."""
    items: list[Item] = []
    calls = _paired(output, message.tool_calls or [])
    for item in output:
        kind = item["type"]
        if kind == "function_call":
            if (call := next(calls)) is not None:
                items.append({**item, **_call(call)})
        elif stored or item.get("encrypted_content") or kind not in ("reasoning", "image_generation_call"):
            items.append(item)
    while items and items[-1]["type"] == "reasoning":
        items.pop()
    return items


def _paired(output: list[Item], calls: list[dict[str, Any]]) -> Iterator[dict[str, Any] | None]:
    """The message's call for each call of the output; None for one that was taken off the message."""
    ids = [item["call_id"] for item in output if item["type"] == "function_call"]
    if len(ids) == len(calls):  # ids may have been made unique since
        return iter(calls)
    by_id = {call["id"]: call for call in calls}
    return iter([by_id.get(call_id) for call_id in ids])


def _call(call: dict[str, Any]) -> Item:
    function = call["function"]
    named = {"name": function["name"], "arguments": arguments_text(function)}
    return {"type": "function_call", "call_id": call["id"], **named}


# What the user said --------------------------------------------------------------------------------------------------


def _content(message: Message, links: list[Link], uploaded: bool) -> Any:
    """Text, or parts if there are media. A list that the user wrote is sent as it is."""
    content = message.content
    parts: list[Part] = []
    for image in message.images or ():
        parts.append({"type": "input_image", "image_url": image_url(image), "detail": image.detail or "auto"})
    for file in message.files or ():
        if uploaded and file.external is None:
            continue
        parts.append(file_part(file, links, partial(_file, file.display_name()), by_url=True))
    for name in ("audio", "videos"):
        if getattr(message, name):
            log_warning(f"The responses API takes no {name}; they are left out of the request")
    if isinstance(content, list) and all(isinstance(part, dict) and "type" in part for part in content):
        return [*content, *parts]
    text = text_of(message)
    if not parts:
        return text
    return [{"type": "input_text", "text": text}, *parts] if text else parts


def _file(name: str, kind: str, value: str) -> Part:
    if kind == "text":
        return {"type": "input_text", "text": f"{name}:\n{value}"}
    if kind == "data":
        return {"type": "input_file", "filename": name, "file_data": value}
    return {"type": "input_file", "file_id" if kind == "id" else "file_url": value}


__all__ = ["input_items"]
