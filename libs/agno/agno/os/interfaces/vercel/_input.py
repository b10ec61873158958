"""What a chat of the AI SDK sends, as the input of a run."""

from __future__ import annotations

import base64
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agno.media import Audio, File, Image, Video
from agno.models.message import Message
from agno.os.interfaces._frontend import client_function
from agno.os.interfaces._questions import open_questions
from agno.run.base import to_json
from agno.tools.function import Function

_MEDIA: dict[str, tuple[str, Any]] = {"image": ("images", Image), "audio": ("audio", Audio), "video": ("videos", Video)}


class UIMessage(BaseModel):
    """A message of the page, made of parts."""

    model_config = ConfigDict(extra="ignore")

    id: str = ""
    role: Literal["system", "user", "assistant"]
    parts: list[dict[str, Any]]


class ClientTool(BaseModel):
    """A tool that the page runs."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: str = Field(min_length=1)
    description: str | None = None
    input_schema: dict[str, Any] | None = Field(None, alias="inputSchema")


class ChatBody(BaseModel):
    """What `DefaultChatTransport` posts, and what the page puts into its `body`."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1)
    messages: list[UIMessage] = Field(min_length=1)
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    tools: list[ClientTool] = []
    dependencies: dict[str, Any] | None = None
    session_state: dict[str, Any] | None = Field(None, alias="sessionState")


def functions(given: ChatBody) -> list[Function]:
    """The tools of the page."""
    return [client_function(tool.name, tool.description, tool.input_schema) for tool in given.tools]


# Answers to a run that waits -----------------------------------------------------------------------------------------


def answer(output: Any, message: UIMessage) -> tuple[bool, list[str]]:
    """Put what the page answered into a waiting run: whether there was something, and the calls that were denied.
    Raises ValueError for an answer that does not fit."""
    parts = {part["toolCallId"]: part for part in _tool_parts(message)}
    found, denied = False, []
    for question in open_questions(output):
        part = parts.get(str(question.tool_call_id))
        if part is None:
            continue
        given, state = part.get("approval"), part.get("state")
        approval = given if isinstance(given, dict) else {}
        if question.kind == "confirmation" and state == "approval-responded" and approval.get("id") == question.id:
            approved = approval.get("approved")
            question.answer({"approved": approved, "note": approval.get("reason")})
            if approved is False:
                denied.append(str(question.tool_call_id))
            found = True
        elif question.kind != "confirmation" and state in ("output-available", "output-error"):
            question.answer(part.get("output") if state == "output-available" else f"Error: {part.get('errorText')}")
            found = True
    return found, denied


def has_answers(message: UIMessage) -> bool:
    """Whether the page answers something with this message."""
    states = ("approval-responded", "output-available", "output-error")
    return message.role == "assistant" and any(part.get("state") in states for part in _tool_parts(message))


def _tool_parts(message: UIMessage) -> list[dict[str, Any]]:
    return [part for part in message.parts if _tool_name(part) and isinstance(part.get("toolCallId"), str)]


def _tool_name(part: dict[str, Any]) -> str | None:
    kind = str(part.get("type"))
    if kind == "dynamic-tool":
        return str(part.get("toolName"))
    return kind.removeprefix("tool-") if kind.startswith("tool-") else None


# Messages ------------------------------------------------------------------------------------------------------------


def as_messages(messages: list[UIMessage]) -> list[Message]:
    """The whole conversation, with its tools and files, as the input of a run."""
    found: list[Message] = []
    for message in messages:
        if message.role == "assistant":
            found += _of_assistant(message)
        else:
            found.append(Message(role=message.role, content=text_of(message), **media_of(message)))
    return found


def _of_assistant(message: UIMessage) -> list[Message]:
    found: list[Message] = []
    for part in message.parts:
        if part.get("type") == "text" and part.get("text"):
            found.append(Message(role="assistant", content=str(part["text"])))
        elif (name := _tool_name(part)) is not None and part.get("state") in ("output-available", "output-error"):
            key = str(part.get("toolCallId"))
            call = {"name": name, "arguments": json.dumps(part.get("input") or {})}
            calls = [{"id": key, "type": "function", "function": call}]
            found.append(Message(role="assistant", tool_calls=calls))
            output = part.get("output") if part["state"] == "output-available" else f"Error: {part.get('errorText')}"
            content = output if isinstance(output, str) else to_json(output, None)
            found.append(Message(role="tool", tool_call_id=key, tool_name=name, content=content))
    return found


def text_of(message: UIMessage) -> str:
    """Its text."""
    return "\n".join(str(part.get("text", "")) for part in message.parts if part.get("type") == "text")


def media_of(message: UIMessage) -> dict[str, list[Any]]:
    """Its files, as options of a run. Raises ValueError for one that cannot be read."""
    found: dict[str, list[Any]] = {}
    for part in message.parts:
        if part.get("type") == "file":
            mime = str(part.get("mediaType") or "")
            name, kind = _MEDIA.get(mime.partition("/")[0], ("files", File))
            found.setdefault(name, []).append(_medium(kind, part.get("url"), mime, part.get("filename")))
    return found


def _medium(kind: Any, url: Any, mime: str, filename: Any) -> Any:
    facts: dict[str, Any] = {"mime_type": mime} if mime else {}
    if kind is File and isinstance(filename, str):
        facts["filename"] = filename
    if not isinstance(url, str) or not url:
        raise ValueError("A file of the chat has no url.")
    if url.startswith(("http://", "https://")):
        return kind(url=url, **facts)
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not comma:
        raise ValueError(f"A file of the chat has the url {url[:40]!r}; send an http(s) url or a data: url.")
    try:
        return kind(content=base64.b64decode(data, validate=True), **facts)
    except ValueError as error:
        raise ValueError(f"A file of the chat cannot be read: {error}") from None


__all__ = ["ChatBody", "UIMessage", "answer", "as_messages", "functions", "has_answers", "media_of", "text_of"]
