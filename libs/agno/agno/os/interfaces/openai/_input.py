"""What a client of OpenAI's API sends, as the input of a run."""

from __future__ import annotations

import base64
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from agno.media import Image
from agno.models.message import Message
from agno.os._output_schemas import class_of
from agno.os.interfaces._frontend import client_function
from agno.os.interfaces._questions import open_questions
from agno.tools.function import Function


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Extra(_Part):
    """What a run takes and OpenAI's API has no place for: `extra_body={"agno": {...}}` of the SDK."""

    dependencies: dict[str, Any] | None = None
    session_state: dict[str, Any] | None = None


class ChatMessage(_Part):
    """A message of a chat."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class ChatRequest(_Part):
    """The body of `POST /v1/chat/completions`. Settings of the model, such as `temperature`, are the component's."""

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: StrictBool | None = None
    stream_options: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    n: Literal[1] | None = None
    agno: Extra | None = None


def functions(given: ChatRequest) -> list[Function]:
    """The tools of the client. Raises ValueError for others than functions."""
    found = []
    for tool in given.tools or ():
        inner = tool.get("function")
        if tool.get("type") != "function" or not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            raise ValueError(f"A tool of type {tool.get('type')!r} is not known here; send tools of type 'function'.")
        found.append(client_function(inner["name"], inner.get("description"), inner.get("parameters")))
    return found


def output_schema(given: ChatRequest) -> Any:
    """The class for `response_format`, or None for text."""
    wanted = given.response_format or {}
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    schema = (wanted.get("json_schema") or {}).get("schema")
    if kind != "json_schema" or not isinstance(schema, dict):
        raise ValueError(f"response_format {kind!r} is not known here; send 'text', or 'json_schema' with a schema.")
    return class_of(schema)


def tool_results(messages: list[ChatMessage]) -> dict[str, str]:
    """The results at the end of the messages, by the id of the call."""
    found: dict[str, str] = {}
    for message in reversed(messages):
        if message.role != "tool":
            break
        found.setdefault(str(message.tool_call_id), _text(message.content))
    return found


def answer(output: Any, results: dict[str, str]) -> bool:
    """Put the client's results into a waiting run; False if it waits for others."""
    external = [q for q in open_questions(output) if q.kind == "external_execution" and q.tool_call_id in results]
    for question in external:
        question.answer(results[str(question.tool_call_id)])
    return bool(external)


def newest(messages: list[ChatMessage]) -> list[ChatMessage]:
    """What came after the last answer."""
    last = max((n for n, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[last + 1 :]


def as_messages(messages: list[ChatMessage]) -> list[Message]:
    """The messages, with their images, as the input of a run."""
    return [_message(message) for message in messages]


def as_text(messages: list[ChatMessage]) -> tuple[str, list[Image]]:
    """The newest user message, for what takes no list of messages."""
    for message in reversed(messages):
        if message.role == "user":
            return _text(message.content), _images(message.content)
    raise ValueError("There is no message of the role 'user'.")


def _message(given: ChatMessage) -> Message:
    role = "system" if given.role == "developer" else given.role
    return Message(
        role=role,
        content=_text(given.content),
        images=_images(given.content) or None,
        tool_calls=given.tool_calls,
        tool_call_id=given.tool_call_id,
    )


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part.get("text", "")) for part in content if part.get("type") == "text")


def _images(content: Any) -> list[Image]:
    found = []
    for part in () if content is None or isinstance(content, str) else content:
        kind = part.get("type")
        if kind == "image_url":
            found.append(image_of((part.get("image_url") or {}).get("url")))
        elif kind != "text":
            raise ValueError(f"A part of type {kind!r} cannot be read here; send 'text' or 'image_url'.")
    return found


def image_of(url: Any) -> Image:
    """An image from its address or its `data:` URL. Raises ValueError for what is neither."""
    if not isinstance(url, str) or not url:
        raise ValueError("An image_url has no url.")
    if not url.startswith("data:"):
        return Image(url=url)
    head, _, data = url.partition(",")
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("The data of an image is not base64.") from None
    return Image(content=content, mime_type=head[len("data:") :].partition(";")[0] or None)


__all__ = ["ChatMessage", "ChatRequest", "Extra", "answer", "as_messages", "as_text", "functions", "image_of",
           "newest", "output_schema", "tool_results"]  # fmt: skip
