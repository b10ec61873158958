"""OpenAI's chat completions, also spoken by Groq, Together, vLLM, LM Studio and many more."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from agno.models.message import Citations, Message
from agno.testing._wire import ServedRequest, base64_of, data, texts
from agno.testing.script import Call, Delta, Fault, Turn, deltas
from agno.utils.ids import new_id

NAME = "openai_chat"
PATH = re.compile(r".*/chat/completions$")
STREAM_TYPE = "text/event-stream"
CANNOT = frozenset({"images", "redacted_reasoning"})

_FINISH = {"tools": "tool_calls", "filter": "content_filter"}
_ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def streams(request: ServedRequest) -> bool:
    return bool(request.json.get("stream"))


def messages(body: Mapping[str, Any]) -> list[Message]:
    return [
        Message(
            "system" if item["role"] == "developer" else item["role"],
            texts(item.get("content")),
            tool_calls=item.get("tool_calls"),
            tool_call_id=item.get("tool_call_id"),
        )
        for item in body.get("messages", ())
    ]


def whole(turn: Turn, request: ServedRequest) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text, "refusal": None}
    message["annotations"] = _annotations(turn.citations)
    if turn.reasoning is not None:
        message["reasoning_content"] = turn.reasoning
    if turn.calls:
        message["tool_calls"] = [_call(made, made.text) for made in turn.calls]
    if turn.audio is not None:
        message["audio"] = {"id": "audio_1", "data": base64_of(turn.audio), **_audio_facts(turn)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(turn)}
    return {**_head(request, "chat.completion"), "choices": [choice], "usage": usage(turn)}


def pieces(turn: Turn, request: ServedRequest) -> Iterator[str]:
    head = _head(request, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return data({**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for delta in deltas(turn):
        yield chunk(_delta(delta))
    if annotations := _annotations(turn.citations):
        yield chunk({"annotations": annotations})
    if turn.audio is not None:
        yield chunk({"audio": {"id": "audio_1", "transcript": turn.audio.transcript or ""}})
        yield chunk({"audio": {"data": base64_of(turn.audio)}})
        yield chunk({"audio": {"expires_at": turn.audio.expires_at or 0}})
    yield chunk({}, _finish(turn))
    if turn.usage is not None and (request.json.get("stream_options") or {}).get("include_usage"):
        yield data({**head, "choices": [], "usage": usage(turn)})
    yield "data: [DONE]\n\n"


def _delta(delta: Delta) -> dict[str, Any]:
    if delta.kind == "text":
        return {"content": delta.text}
    if delta.kind == "reasoning":
        return {"reasoning_content": delta.text}
    if delta.kind == "call" and delta.call is not None:
        return {"tool_calls": [{"index": delta.number, **_call(delta.call, "")}]}
    return {"tool_calls": [{"index": delta.number, "function": {"arguments": delta.text}}]}


def _head(request: ServedRequest, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{new_id()[:12]}",
        "object": kind,
        "created": int(time.time()),
        "model": request.json.get("model", "scripted"),
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _call(made: Call, arguments: str) -> dict[str, Any]:
    return {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": arguments}}


def _finish(turn: Turn) -> str:
    return _FINISH.get(turn.finish_reason, turn.finish_reason)


def _audio_facts(turn: Turn) -> dict[str, Any]:
    assert turn.audio is not None
    return {"transcript": turn.audio.transcript or "", "expires_at": turn.audio.expires_at or 0}


def _annotations(citations: Citations | None) -> list[dict[str, Any]]:
    pages = citations.urls or () if citations is not None else ()
    return [
        {"type": "url_citation", "url_citation": {"url": p.url, "title": p.title, "start_index": 0, "end_index": 0}}
        for p in pages
    ]


def usage(turn: Turn) -> dict[str, Any] | None:
    """Token counts; cached, audio and reasoning tokens are parts of input and output."""
    counts = turn.usage
    if counts is None:
        return None
    return {
        "prompt_tokens": counts.input_tokens,
        "completion_tokens": counts.output_tokens,
        "total_tokens": turn.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": counts.cache_read_tokens,
            "cache_write_tokens": counts.cache_write_tokens,
            "audio_tokens": counts.audio_input_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning_tokens,
            "audio_tokens": counts.audio_output_tokens,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def failure(fault: Fault) -> dict[str, Any]:
    kind, code = _ERRORS.get(fault.status, ("server_error", None))
    return {"error": {"message": fault.message, "type": kind, "param": None, "code": fault.code or code}}


def failure_piece(fault: Fault) -> str:
    return data(failure(fault))
