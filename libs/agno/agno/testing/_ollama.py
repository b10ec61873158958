"""Ollama's chat: lines of JSON instead of events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from agno.models.message import Message
from agno.testing._wire import ServedRequest, arguments_object
from agno.testing.script import Call, Fault, Turn, deltas, to_json

NAME = "ollama"
PATH = re.compile(r".*/api/chat$")
STREAM_TYPE = "application/x-ndjson"
CANNOT = frozenset({"images", "audio", "citations", "redacted_reasoning", "signature"})

_FINISH = {"tools": "stop"}


def streams(request: ServedRequest) -> bool:
    return bool(request.json.get("stream", True))


def messages(body: Mapping[str, Any]) -> list[Message]:
    return [
        Message(
            item["role"],
            item.get("content") or "",
            tool_calls=[_kept_call(made["function"]) for made in item.get("tool_calls") or ()] or None,
            tool_name=item.get("tool_name"),
        )
        for item in body.get("messages", ())
    ]


def _kept_call(function: Mapping[str, Any]) -> dict[str, Any]:
    said = {"name": function.get("name"), "arguments": to_json(function.get("arguments") or {})}
    return {"id": None, "type": "function", "function": said}


def whole(turn: Turn, request: ServedRequest) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or ""}
    if turn.reasoning is not None:
        message["thinking"] = turn.reasoning
    if turn.calls:
        message["tool_calls"] = [_call(made) for made in turn.calls]
    return {**_head(request), "message": message, **_ending(turn)}


def pieces(turn: Turn, request: ServedRequest) -> Iterator[str]:
    head = _head(request)

    def line(**message: Any) -> str:
        said = {"role": "assistant", "content": "", **message}
        return f"{to_json({**head, 'message': said, 'done': False})}\n"

    for delta in deltas(turn):
        if delta.kind == "text":
            yield line(content=delta.text)
        elif delta.kind == "reasoning":
            yield line(thinking=delta.text)
        elif delta.kind == "call" and delta.call is not None:  # the protocol does not split calls
            yield line(tool_calls=[_call(delta.call)])
    yield f"{to_json({**head, 'message': {'role': 'assistant', 'content': ''}, **_ending(turn)})}\n"


def _call(made: Call) -> dict[str, Any]:
    return {"function": {"name": made.name, "arguments": arguments_object(made, NAME)}}


def _head(request: ServedRequest) -> dict[str, Any]:
    moment = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    return {"model": request.json.get("model", "scripted"), "created_at": moment}


def _ending(turn: Turn) -> dict[str, Any]:
    ending: dict[str, Any] = {"done": True, "done_reason": _FINISH.get(turn.finish_reason, turn.finish_reason)}
    if turn.usage is not None:
        ending |= {"prompt_eval_count": turn.usage.input_tokens, "eval_count": turn.usage.output_tokens}
        ending |= {"total_duration": 3_000_000, "load_duration": 1_000_000}
        ending |= {"prompt_eval_duration": 1_000_000, "eval_duration": 1_000_000}
    return ending


def failure(fault: Fault) -> dict[str, Any]:
    return {"error": fault.message}


def failure_piece(fault: Fault) -> str:
    return f"{to_json(failure(fault))}\n"
