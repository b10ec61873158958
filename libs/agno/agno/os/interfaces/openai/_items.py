"""What a client of the Responses API sends, as the input of a run."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool

from agno.media import File
from agno.models.message import Message
from agno.os._output_schemas import class_of
from agno.os.interfaces._frontend import client_function
from agno.os.interfaces._questions import open_questions
from agno.os.interfaces.openai._input import Extra, image_of
from agno.tools.function import Function


class ResponseRequest(BaseModel):
    """The body of `POST /v1/responses`. Settings of the model, such as `temperature`, are the component's."""

    model_config = ConfigDict(extra="ignore")

    model: str
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    stream: StrictBool | None = None
    background: StrictBool | None = None
    store: StrictBool | None = None
    tools: list[dict[str, Any]] | None = None
    text: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    agno: Extra | None = None

    @property
    def session_id(self) -> str | None:
        """The conversation. Raises ValueError for one that has no id."""
        found = self.conversation
        if isinstance(found, dict):
            found = found.get("id")
            if not isinstance(found, str):
                raise ValueError("conversation is an id, or an object with an id.")
        return found or None


@dataclass
class Given:
    """Messages, and answers to what a run waits for."""

    messages: list[Message] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)
    spoke: bool = False

    @property
    def answers(self) -> bool:
        """Whether there is an answer to something."""
        return bool(self.outputs or self.approvals)


def read(given: str | list[dict[str, Any]]) -> Given:
    """The input. Raises ValueError for an item that cannot be read."""
    if isinstance(given, str):
        return Given([Message(role="user", content=given)], spoke=True)
    if not given:
        raise ValueError("input is empty; send a text, or a list with items.")
    found = Given()
    for item in given:
        _READERS.get(str(item.get("type", "message")), _unknown)(item, found)
    return found


def _unknown(item: dict[str, Any], found: Given) -> None:
    kinds = ", ".join(_READERS)
    raise ValueError(f"An input item of type {item.get('type')!r} cannot be read here; these can: {kinds}.")


def _message(item: dict[str, Any], found: Given) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in ("user", "assistant", "system", "developer"):
        raise ValueError(f"A message has the role {role!r}; it is user, assistant, system or developer.")
    texts, images, files = _parts(content)
    found.spoke = found.spoke or role == "user"
    found.messages.append(
        Message(
            role="system" if role == "developer" else role,
            content="\n".join(texts), images=images or None, files=files or None,
        )
    )  # fmt: skip


def _parts(content: Any) -> tuple[list[str], list[Any], list[Any]]:
    texts: list[str] = []
    images: list[Any] = []
    files: list[Any] = []
    if isinstance(content, str):
        return [content], images, files
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("input_text", "output_text", "refusal"):
            texts.append(str(part.get("text", part.get("refusal", ""))))
        elif kind == "input_image" and part.get("image_url"):
            images.append(image_of(part["image_url"]))
        elif kind == "input_file" and (part.get("file_data") or part.get("file_url")):
            files.append(_file(part))
        else:
            raise ValueError(
                f"A part of type {kind!r} cannot be read here; send input_text, input_image with image_url, or "
                "input_file with file_data or file_url."
            )
    return texts, images, files


def _file(part: dict[str, Any]) -> File:
    name = part.get("filename")
    if part.get("file_url"):
        return File(url=str(part["file_url"]), filename=name)
    head, comma, data = str(part["file_data"]).rpartition(",")
    mime = head.removeprefix("data:").partition(";")[0] if comma else None
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("The file_data of a file is not base64.") from None
    return File(content=content, filename=name, mime_type=mime or None)


def _call(item: dict[str, Any], found: Given) -> None:
    function = {"name": str(item.get("name")), "arguments": str(item.get("arguments") or "{}")}
    call = {"id": str(item.get("call_id")), "type": "function", "function": function}
    last = found.messages[-1] if found.messages else None
    if last is not None and last.role == "assistant" and last.tool_calls:
        last.tool_calls.append(call)
    else:
        found.messages.append(Message(role="assistant", tool_calls=[call]))


def _output(item: dict[str, Any], found: Given) -> None:
    key, output = item.get("call_id"), item.get("output")
    if not isinstance(key, str):
        raise ValueError("A function_call_output has no call_id.")
    found.outputs[key] = "\n".join(_parts(output)[0])
    found.messages.append(Message(role="tool", tool_call_id=key, content=found.outputs[key]))


def _approval(item: dict[str, Any], found: Given) -> None:
    key, approve = item.get("approval_request_id"), item.get("approve")
    if not isinstance(key, str) or not isinstance(approve, bool):
        raise ValueError("An mcp_approval_response needs approval_request_id, and approve as true or false.")
    found.approvals[key] = {"approved": approve, "note": item.get("reason")}


_READERS: dict[Any, Any] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _output,
    "mcp_approval_response": _approval,
    "mcp_approval_request": lambda item, found: None,  # what the run asked; it knows that itself
    "reasoning": lambda item, found: None,  # of an earlier answer; models are not given it again
}


def answer(output: Any, given: Given) -> None:
    """Put the answers into a waiting run. Raises ValueError for one that nothing waits for."""
    questions = open_questions(output)
    calls = {q.tool_call_id: q for q in questions if q.kind == "external_execution"}
    asked = {q.id: q for q in questions if q.kind == "confirmation"}
    for key, text in given.outputs.items():
        if key not in calls:
            raise ValueError(f"No function call with call_id {key!r} waits for its output.")
        calls[key].answer(text)
    for key, payload in given.approvals.items():
        if key not in asked:
            raise ValueError(f"No approval request {key!r} waits for an answer.")
        asked[key].answer(payload)


def functions(given: ResponseRequest) -> list[Function]:
    """The tools of the client. Raises ValueError for others than functions."""
    found = []
    for tool in given.tools or ():
        if tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            raise ValueError(f"A tool of type {tool.get('type')!r} is not known here; send tools of type 'function'.")
        found.append(client_function(tool["name"], tool.get("description"), tool.get("parameters")))
    return found


def output_schema(given: ResponseRequest) -> Any:
    """The class for `text.format`, or None for text."""
    wanted = (given.text or {}).get("format") or {}
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    if kind != "json_schema" or not isinstance(wanted.get("schema"), dict):
        raise ValueError(f"text.format {kind!r} is not known here; send 'text', or 'json_schema' with a schema.")
    return class_of(wanted["schema"])


__all__ = ["Given", "ResponseRequest", "answer", "functions", "output_schema", "read"]
