"""Google's generateContent, also as Vertex AI speaks it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agno.models.message import Citations, Message
from agno.testing._wire import ServedRequest, arguments_object, base64_of, data
from agno.testing.script import Call, Fault, Turn, deltas, to_json
from agno.utils.ids import new_id

NAME = "gemini"
PATH = re.compile(r".*/models/(?P<model>[^/]+):(?P<verb>generateContent|streamGenerateContent)$")
STREAM_TYPE = "text/event-stream"
CANNOT = frozenset({"redacted_reasoning"})

_FINISH = {"stop": "STOP", "tools": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}
_ERRORS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
Part = dict[str, Any]


def streams(request: ServedRequest) -> bool:
    return request.path.endswith(":streamGenerateContent")


def messages(body: Mapping[str, Any]) -> list[Message]:
    system = body.get("systemInstruction")
    found = [Message("system", _text(system.get("parts")))] if system else []
    for content in body.get("contents", ()):
        found.extend(_messages(content))
    return found


def _messages(content: Mapping[str, Any]) -> Iterator[Message]:
    parts = content.get("parts") or ()
    for part in parts:
        if answer := part.get("functionResponse"):
            said = answer.get("response") or {}
            text = next((value for value in said.values() if isinstance(value, str)), None)
            yield Message("tool", to_json(said) if text is None else text, tool_name=answer.get("name"))
    calls = [_kept_call(part["functionCall"]) for part in parts if part.get("functionCall")]
    text = _text(parts)
    if text or calls:
        yield Message("assistant" if content.get("role") == "model" else "user", text, tool_calls=calls or None)


def _text(parts: Any) -> str:
    return "".join(part.get("text") or "" for part in parts or () if not part.get("thought"))


def _kept_call(made: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": made.get("name"), "arguments": to_json(made.get("args") or {})}
    return {"id": made.get("id"), "type": "function", "function": function}


def whole(turn: Turn, request: ServedRequest) -> dict[str, Any]:
    parts: list[Part] = []
    if turn.reasoning is not None:
        parts.append({"text": turn.reasoning, "thought": True})
    if turn.text is not None:
        parts.append({"text": turn.text})
    parts.extend(_media(turn))
    parts.extend(_call(made) for made in turn.calls)
    _sign(parts, turn)
    return _answer(turn, request, parts, f"resp-{new_id()[:8]}", last=True)


def pieces(turn: Turn, request: ServedRequest) -> Iterator[str]:
    name = f"resp-{new_id()[:8]}"

    def chunk(*parts: Part) -> str:
        return data(_answer(turn, request, list(parts), name, last=False))

    signed = False
    for delta in deltas(turn):
        if delta.kind == "reasoning":
            yield chunk({"text": delta.text, "thought": True})
        elif delta.kind == "text":
            yield chunk({"text": delta.text})
        elif delta.kind == "call" and delta.call is not None:  # the protocol does not split calls
            part = _call(delta.call)
            if not signed:
                _sign([part], turn)
                signed = True
            yield chunk(part)
    for part in _media(turn):
        yield chunk(part)
    ending: Part = {"text": ""}
    if not signed:
        _sign([ending], turn)
    yield data(_answer(turn, request, [ending], name, last=True))


def _call(made: Call) -> Part:
    return {"functionCall": {"id": made.id, "name": made.name, "args": arguments_object(made, NAME)}}


def _media(turn: Turn) -> Iterator[Part]:
    for image in turn.images:
        yield {"inlineData": {"mimeType": image.mime_type or "image/png", "data": base64_of(image)}}
    if turn.audio is not None:
        yield {"inlineData": {"mimeType": turn.audio.mime_type or "audio/wav", "data": base64_of(turn.audio)}}


def _sign(parts: list[Part], turn: Turn) -> None:
    """The signature goes to the first call, else to the last part."""
    if turn.signature is not None and parts:
        chosen = next((part for part in parts if "functionCall" in part), parts[-1])
        chosen["thoughtSignature"] = base64.b64encode(turn.signature.encode()).decode()


def _answer(turn: Turn, request: ServedRequest, parts: list[Part], name: str, *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if last:
        candidate["finishReason"] = _FINISH.get(turn.finish_reason, turn.finish_reason)
        if grounding := _grounding(turn.citations):
            candidate["groundingMetadata"] = grounding
    match = PATH.match(request.path)
    answer = {"candidates": [candidate], "modelVersion": match["model"] if match else "scripted", "responseId": name}
    if turn.usage is not None:
        answer["usageMetadata"] = _usage(turn, last)
    return answer


def _grounding(citations: Citations | None) -> dict[str, Any] | None:
    if citations is None:
        return None
    pages = [{"web": {"uri": page.url, "title": page.title}} for page in citations.urls or ()]
    documents = [
        {"retrievedContext": {"title": d.document_title, "text": d.cited_text, "uri": d.file_name}}
        for d in citations.documents or ()
    ]
    return {"groundingChunks": [*pages, *documents], "webSearchQueries": citations.search_queries or []}


def _usage(turn: Turn, last: bool) -> dict[str, Any]:
    counts = turn.usage
    assert counts is not None
    found: dict[str, Any] = {"promptTokenCount": counts.input_tokens, "totalTokenCount": counts.input_tokens}
    if not last:
        return found
    found["candidatesTokenCount"] = counts.output_tokens - counts.reasoning_tokens
    found["totalTokenCount"] = turn.total_tokens
    if counts.reasoning_tokens:
        found["thoughtsTokenCount"] = counts.reasoning_tokens
    if counts.cache_read_tokens:
        found["cachedContentTokenCount"] = counts.cache_read_tokens
    if counts.audio_input_tokens:
        found["promptTokensDetails"] = [{"modality": "AUDIO", "tokenCount": counts.audio_input_tokens}]
    if counts.audio_output_tokens:
        found["candidatesTokensDetails"] = [{"modality": "AUDIO", "tokenCount": counts.audio_output_tokens}]
    return found


def failure(fault: Fault) -> dict[str, Any]:
    status = fault.code or _ERRORS.get(fault.status, "INTERNAL")
    return {"error": {"code": fault.status, "message": fault.message, "status": status}}


def failure_piece(fault: Fault) -> str:
    return data(failure(fault))
