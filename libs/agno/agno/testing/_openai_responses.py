"""OpenAI's responses."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from itertools import count, groupby
from typing import Any

from agno.models.message import Citations, Message
from agno.testing import _openai_chat
from agno.testing._wire import ServedRequest, base64_of, event, texts
from agno.testing.script import Call, Delta, Fault, Turn, deltas
from agno.utils.ids import new_id

NAME = "openai_responses"
PATH = re.compile(r".*/responses$")
STREAM_TYPE = "text/event-stream"
CANNOT = frozenset({"audio", "redacted_reasoning"})

_INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}
Item = dict[str, Any]
Events = Iterator[tuple[str, dict[str, Any]]]


def streams(request: ServedRequest) -> bool:
    return bool(request.json.get("stream"))


def messages(body: Mapping[str, Any]) -> list[Message]:
    found = [Message("system", body["instructions"])] if body.get("instructions") else []
    given = body.get("input", ())
    if isinstance(given, str):
        return [*found, Message("user", given)]
    return [*found, *(message for item in given if (message := _message(item)) is not None)]


def _message(item: Mapping[str, Any]) -> Message | None:
    kind = item.get("type", "message")
    if kind == "message":
        return Message("system" if item["role"] == "developer" else item["role"], texts(item.get("content")))
    if kind == "function_call_output":
        return Message("tool", texts(item.get("output")), tool_call_id=item.get("call_id"))
    if kind == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        calls = [{"id": item.get("call_id"), "type": "function", "function": function}]
        return Message("assistant", "", tool_calls=calls)
    return None


def whole(turn: Turn, request: ServedRequest) -> dict[str, Any]:
    return _response(turn, request, _items(turn, request))


def _items(turn: Turn, request: ServedRequest) -> list[Item]:
    items: list[Item] = []
    if turn.reasoning is not None:
        items.append(_reasoning(turn, request, turn.reasoning))
    items.extend(_picture(image.original_prompt, base64_of(image)) for image in turn.images)
    if turn.text is not None:
        items.append(_text_item(turn.text, turn.citations))
    items.extend(_call_item(made, made.text) for made in turn.calls)
    return items


def _response(turn: Turn, request: ServedRequest, items: list[Item], status: str | None = None) -> dict[str, Any]:
    asked = request.json
    reason = _INCOMPLETE.get(turn.finish_reason)
    status = status or ("incomplete" if reason else "completed")
    return {
        "id": f"resp_{new_id()[:12]}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "metadata": asked.get("metadata") or {},
        "model": asked.get("model", "scripted"),
        "output": items,
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "previous_response_id": asked.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None, **(asked.get("reasoning") or {})},
        "service_tier": "default",
        "store": asked.get("store", True),
        "temperature": asked.get("temperature", 1.0),
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p", 1.0),
        "truncation": asked.get("truncation", "disabled"),
        "usage": None if status == "in_progress" else _usage(turn),
        "user": asked.get("user"),
    }


def _reasoning(turn: Turn, request: ServedRequest, text: str) -> Item:
    item: Item = {"id": f"rs_{new_id()[:12]}", "type": "reasoning", "summary": [], "status": None}
    if text:
        item["summary"] = [{"type": "summary_text", "text": text}]
    if "reasoning.encrypted_content" in (request.json.get("include") or ()):
        item["encrypted_content"] = turn.signature or "scripted"
    return item


def _picture(prompt: str | None, content: str | None, status: str = "completed") -> Item:
    item: Item = {"id": f"ig_{new_id()[:12]}", "type": "image_generation_call", "status": status, "result": content}
    return {**item, "revised_prompt": prompt} if prompt else item


def _text_item(text: str, citations: Citations | None, status: str = "completed") -> Item:
    return {
        "id": f"msg_{new_id()[:12]}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [_text_part(text, citations)],
    }


def _text_part(text: str, citations: Citations | None) -> Item:
    return {"type": "output_text", "text": text, "annotations": _annotations(citations), "logprobs": []}


def _annotations(citations: Citations | None) -> list[Item]:
    if citations is None:
        return []
    pages = [
        {"type": "url_citation", "url": page.url, "title": page.title, "start_index": 0, "end_index": 0}
        for page in citations.urls or ()
    ]
    documents = [
        {"type": "file_citation", "file_id": f"file_{n}", "filename": d.file_name or d.document_title or "", "index": n}
        for n, d in enumerate(citations.documents or ())
    ]
    return [*pages, *documents]


def _call_item(made: Call, arguments: str, status: str = "completed") -> Item:
    return {
        "id": f"fc_{new_id()[:12]}",
        "type": "function_call",
        "status": status,
        "call_id": made.id,
        "name": made.name,
        "arguments": arguments,
    }


def _usage(turn: Turn) -> dict[str, Any] | None:
    counts = turn.usage
    if counts is None:
        return None
    return {
        "input_tokens": counts.input_tokens,
        "input_tokens_details": {
            "cached_tokens": counts.cache_read_tokens,
            "cache_write_tokens": counts.cache_write_tokens,
        },
        "output_tokens": counts.output_tokens,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning_tokens},
        "total_tokens": turn.total_tokens,
    }


# Events --------------------------------------------------------------------------------------------------------------


def pieces(turn: Turn, request: ServedRequest) -> Iterator[str]:
    for number, (name, values) in enumerate(_events(turn, request)):
        yield event(name, {"type": name, "sequence_number": number, **values})


def _events(turn: Turn, request: ServedRequest) -> Events:
    started = _response(turn, request, [], "in_progress")
    yield "response.created", {"response": started}
    yield "response.in_progress", {"response": started}
    items: list[Item] = []
    position = count()

    for kind, group in groupby(deltas(turn), key=lambda delta: (_KIND[delta.kind], delta.number)):
        if kind[0] == "call":
            item_events = _call_events(group, next(position), items)
        elif kind[0] == "text":
            item_events = _text_events(group, next(position), items, turn)
        else:
            item_events = _reasoning_events(group, next(position), items, turn, request)
        yield from item_events
    for image in turn.images:
        yield from _picture_events(_picture(image.original_prompt, base64_of(image)), next(position), items)
    done = _response(turn, request, items)
    done["id"] = started["id"]
    yield f"response.{done['status']}", {"response": done}


_KIND = {"reasoning": "reasoning", "text": "text", "call": "call", "arguments": "call"}


def _added(item: Item, position: int) -> tuple[str, dict[str, Any]]:
    return "response.output_item.added", {"output_index": position, "item": item}


def _finished(item: Item, position: int, items: list[Item]) -> tuple[str, dict[str, Any]]:
    items.append(item)
    return "response.output_item.done", {"output_index": position, "item": item}


def _call_events(group: Iterator[Delta], position: int, items: list[Item]) -> Events:
    made = next(group).call
    assert made is not None
    item = _call_item(made, made.text)
    where = {"item_id": item["id"], "output_index": position}
    yield _added({**item, "arguments": "", "status": "in_progress"}, position)
    for delta in group:
        yield "response.function_call_arguments.delta", {**where, "delta": delta.text}
    yield "response.function_call_arguments.done", {**where, "arguments": made.text, "name": made.name}
    yield _finished(item, position, items)


def _text_events(group: Iterator[Delta], position: int, items: list[Item], turn: Turn) -> Events:
    text, citations = turn.text or "", turn.citations
    item = _text_item(text, citations)
    where = {"item_id": item["id"], "output_index": position, "content_index": 0}
    yield _added({**item, "content": [], "status": "in_progress"}, position)
    yield "response.content_part.added", {**where, "part": _text_part("", None)}
    for delta in group:
        yield "response.output_text.delta", {**where, "delta": delta.text, "logprobs": []}
    for number, annotation in enumerate(_annotations(citations)):
        yield (
            "response.output_text.annotation.added",
            {**where, "annotation_index": number, "annotation": annotation},
        )
    yield "response.output_text.done", {**where, "text": text, "logprobs": []}
    yield "response.content_part.done", {**where, "part": item["content"][0]}
    yield _finished(item, position, items)


def _reasoning_events(
    group: Iterator[Delta], position: int, items: list[Item], turn: Turn, request: ServedRequest
) -> Events:
    item = _reasoning(turn, request, turn.reasoning or "")
    where = {"item_id": item["id"], "output_index": position, "summary_index": 0}
    yield _added({**item, "summary": []}, position)
    yield "response.reasoning_summary_part.added", {**where, "part": {"type": "summary_text", "text": ""}}
    for delta in group:
        yield "response.reasoning_summary_text.delta", {**where, "delta": delta.text}
    yield "response.reasoning_summary_text.done", {**where, "text": turn.reasoning or ""}
    yield "response.reasoning_summary_part.done", {**where, "part": item["summary"][0]}
    yield _finished(item, position, items)


def _picture_events(item: Item, position: int, items: list[Item]) -> Events:
    where = {"item_id": item["id"], "output_index": position}
    yield _added({**item, "result": None, "status": "in_progress"}, position)
    yield "response.image_generation_call.in_progress", where
    yield "response.image_generation_call.generating", where
    yield "response.image_generation_call.completed", where
    yield _finished(item, position, items)


failure = _openai_chat.failure


def failure_piece(fault: Fault) -> str:
    said = {"type": "error", "code": fault.code or "server_error", "message": fault.message, "param": None}
    return event("error", {**said, "sequence_number": 0})
