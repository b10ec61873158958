"""Anthropic's messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, groupby
from typing import Any

from agno.models.message import Citations, Message
from agno.models.metrics import Metrics
from agno.testing._wire import ServedRequest, arguments_object, event, texts
from agno.testing.script import Fault, Turn, deltas, to_json
from agno.utils.ids import new_id

NAME = "anthropic"
PATH = re.compile(r".*/messages$")
STREAM_TYPE = "text/event-stream"
CANNOT = frozenset({"images", "audio"})

_FINISH = {"stop": "end_turn", "tools": "tool_use", "length": "max_tokens", "filter": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
Block = dict[str, Any]


def streams(request: ServedRequest) -> bool:
    return bool(request.json.get("stream"))


def messages(body: Mapping[str, Any]) -> list[Message]:
    found = [Message("system", texts(body["system"]))] if body.get("system") else []
    for item in body.get("messages", ()):
        found.extend(_messages(item["role"], item.get("content")))
    return found


def _messages(role: str, content: Any) -> Iterator[Message]:
    if isinstance(content, str):
        yield Message(role, content)
        return
    rest, calls = [], []
    for block in content or ():
        if block.get("type") == "tool_result":
            yield Message("tool", texts(block.get("content")), tool_call_id=block.get("tool_use_id"))
        elif block.get("type") == "tool_use":
            function = {"name": block["name"], "arguments": to_json(block.get("input") or {})}
            calls.append({"id": block["id"], "type": "function", "function": function})
        elif block.get("type") == "text":
            rest.append(block["text"])
    if rest or calls:
        yield Message(role, "".join(rest), tool_calls=calls or None)


def whole(turn: Turn, request: ServedRequest) -> dict[str, Any]:
    blocks: list[Block] = []
    if turn.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": turn.reasoning, "signature": _signature(turn)})
    if turn.redacted_reasoning is not None:
        blocks.append({"type": "redacted_thinking", "data": turn.redacted_reasoning})
    if turn.text is not None:
        blocks.append({"type": "text", "text": turn.text, "citations": _citations(turn.citations) or None})
    for made in turn.calls:
        given = arguments_object(made, NAME)
        blocks.append({"type": "tool_use", "id": made.id, "name": made.name, "input": given})
    return _message(request, blocks, _finish(turn), usage(turn.usage))


def _message(request: ServedRequest, blocks: list[Block], stop: str | None, counts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{new_id()[:12]}",
        "type": "message",
        "role": "assistant",
        "model": request.json.get("model", "scripted"),
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": counts,
    }


def _finish(turn: Turn) -> str:
    return _FINISH.get(turn.finish_reason, turn.finish_reason)


def _signature(turn: Turn) -> str:
    return turn.signature or "c2NyaXB0ZWQ="


def usage(counts: Metrics | None) -> dict[str, Any]:
    """Token counts; `input_tokens` is what was neither read from nor written to the cache."""
    counts = counts or Metrics()
    return {
        "input_tokens": counts.input_tokens,
        "cache_creation_input_tokens": counts.cache_write_tokens,
        "cache_read_input_tokens": counts.cache_read_tokens,
        "output_tokens": counts.output_tokens,
        "output_tokens_details": {"thinking_tokens": counts.reasoning_tokens},
        "service_tier": "standard",
    }


def _citations(citations: Citations | None) -> list[Block]:
    if citations is None:
        return []
    pages = [
        {
            "type": "web_search_result_location",
            "url": page.url,
            "title": page.title,
            "cited_text": page.title or "",
            "encrypted_index": "c2NyaXB0ZWQ=",
        }
        for page in citations.urls or ()
    ]
    documents = [
        {
            "type": "char_location",
            "cited_text": document.cited_text or "",
            "document_index": number,
            "document_title": document.document_title,
            "start_char_index": 0,
            "end_char_index": len(document.cited_text or ""),
            "file_id": None,
        }
        for number, document in enumerate(citations.documents or ())
    ]
    return [*pages, *documents]


# Events --------------------------------------------------------------------------------------------------------------


def _event(name: str, **values: Any) -> str:
    return event(name, {"type": name, **values})


def pieces(turn: Turn, request: ServedRequest) -> Iterator[str]:
    counts = usage(turn.usage)
    yield _event("message_start", message=_message(request, [], None, {**counts, "output_tokens": 1}))
    yield _event("ping")
    position = count()
    groups = groupby(
        deltas(turn), key=lambda delta: ("call" if delta.kind == "arguments" else delta.kind, delta.number)
    )
    redacted = turn.redacted_reasoning
    for (kind, _), group in groups:
        if redacted is not None and kind != "reasoning":
            yield from _block(next(position), {"type": "redacted_thinking", "data": redacted}, [])
            redacted = None
        first = next(group)
        if kind == "call":
            made = first.call
            assert made is not None
            start: Block = {"type": "tool_use", "id": made.id, "name": made.name, "input": {}}
            changes: Iterator[Block] = ({"type": "input_json_delta", "partial_json": d.text} for d in group)
        elif kind == "text":
            start = {"type": "text", "text": ""}
            changes = _text_changes(first.text, group, turn)
        else:
            start = {"type": "thinking", "thinking": "", "signature": ""}
            changes = _thinking_changes(first.text, group, turn)
        yield from _block(next(position), start, changes)
    if redacted is not None:
        yield from _block(next(position), {"type": "redacted_thinking", "data": redacted}, [])
    ending = {"stop_reason": _finish(turn), "stop_sequence": None}
    yield _event("message_delta", delta=ending, usage={k: v for k, v in counts.items() if k != "service_tier"})
    yield _event("message_stop")


def _block(index: int, start: Block, changes: Any) -> Iterator[str]:
    yield _event("content_block_start", index=index, content_block=start)
    for change in changes:
        yield _event("content_block_delta", index=index, delta=change)
    yield _event("content_block_stop", index=index)


def _text_changes(first: str, rest: Iterator[Any], turn: Turn) -> Iterator[Block]:
    for citation in _citations(turn.citations):
        yield {"type": "citations_delta", "citation": citation}
    yield {"type": "text_delta", "text": first}
    for delta in rest:
        yield {"type": "text_delta", "text": delta.text}


def _thinking_changes(first: str, rest: Iterator[Any], turn: Turn) -> Iterator[Block]:
    yield {"type": "thinking_delta", "thinking": first}
    for delta in rest:
        yield {"type": "thinking_delta", "thinking": delta.text}
    yield {"type": "signature_delta", "signature": _signature(turn)}


def failure(fault: Fault) -> dict[str, Any]:
    error = {"type": fault.code or _ERRORS.get(fault.status, "api_error"), "message": fault.message}
    return {"type": "error", "error": error, "request_id": "req_scripted"}


def failure_piece(fault: Fault) -> str:
    return event("error", failure(fault))
