"""Messages in the shape of chat completions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from functools import partial
from typing import Any

from agno.models._sdk import Link, text_of
from agno.models.message import Message
from agno.models.openai._media import Part, audio_part, file_part, image_url
from agno.utils.dttm import now_epoch
from agno.utils.log import log_warning

_ANSWERS = frozenset({"assistant", "model"})


def chat_messages(
    messages: list[Message], roles: Mapping[str, str], echoes: Set[str], links: list[Link]
) -> list[dict[str, Any]]:
    """The conversation. `echoes` names what a server wants back of its own additions to an answer."""
    result = []
    for message in messages:
        if message.role in _ANSWERS:
            sent = _assistant(message, echoes)
        elif message.tool_call_id is not None:
            sent = {"tool_call_id": message.tool_call_id, "content": tool_result(message)}
        else:
            sent = {"content": _content(message, links)}
            if message.name:
                sent["name"] = message.name
        result.append({"role": roles.get(message.role, message.role), **sent})
    return result


def _assistant(message: Message, echoes: Set[str]) -> dict[str, Any]:
    sent: dict[str, Any] = {"content": text_of(message)}
    if message.name:
        sent["name"] = message.name
    if message.tool_calls:
        sent["content"] = sent["content"] or None
        sent["tool_calls"] = [_call(call, echoes) for call in message.tool_calls]
    if (sound := message.audio_output) is not None and not sent["content"]:
        if sound.expires_at is not None and sound.expires_at > now_epoch():
            sent.update(content=None, audio={"id": sound.id})
        else:
            sent["content"] = sound.transcript or ""
    for name in echoes:
        value = (message.provider_data or {}).get(name) or getattr(message, name, None)
        if value:
            sent[name] = value
    return sent


def tool_result(message: Message) -> str:
    """The text of a tool message, the shortened one if there is one."""
    return message.compressed_content or text_of(message)


def arguments_text(function: Mapping[str, Any]) -> str:
    """The arguments of a tool call as JSON text; a call without any has an empty object."""
    arguments = function.get("arguments")
    return arguments if isinstance(arguments, str) and arguments else json.dumps(arguments or {})


def _call(call: dict[str, Any], echoes: Set[str]) -> dict[str, Any]:
    function = call["function"]
    sent = {key: call[key] for key in echoes if key in call}
    named = {"name": function["name"], "arguments": arguments_text(function)}
    return {"id": call["id"], "type": "function", "function": named, **sent}


def _content(message: Message, links: list[Link]) -> Any:
    """Text, or parts if there are media. A list that the user wrote is sent as it is."""
    content = message.content
    parts: list[Part] = []
    for image in message.images or ():
        picture = {"url": image_url(image)}
        if image.detail:
            picture["detail"] = image.detail
        parts.append({"type": "image_url", "image_url": picture})
    parts.extend(audio_part(audio, links) for audio in message.audio or ())
    for file in message.files or ():
        parts.append(file_part(file, links, partial(_file, file.display_name()), by_url=False))
    if message.videos:
        log_warning("Chat completions take no videos; they are left out of the request")
    if isinstance(content, list) and all(isinstance(part, dict) and "type" in part for part in content):
        return [*content, *parts]
    text = text_of(message)
    if not parts:
        return text
    return [{"type": "text", "text": text}, *parts] if text else parts


def _file(name: str, kind: str, value: str) -> Part:
    if kind == "text":
        return {"type": "text", "text": f"{name}:\n{value}"}
    return {"type": "file", "file": {"file_id": value} if kind == "id" else {"filename": name, "file_data": value}}


__all__ = ["arguments_text", "chat_messages", "tool_result"]
