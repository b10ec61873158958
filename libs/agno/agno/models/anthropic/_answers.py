"""Answers of Anthropic's Messages API, whole or in events."""

from __future__ import annotations

import json
from typing import Any

from agno.models.message import Citations, DocumentCitation, UrlCitation
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse

Block = dict[str, Any]
_PLAIN = frozenset({"text", "tool_use"})
# the provider's own tools ran long: the answer goes on when it is sent back
PAUSED = "pause_turn"


def whole(message: Any) -> ModelResponse:
    """A complete answer."""
    blocks = [plain(block) for block in message.content]
    response = ModelResponse("assistant")
    texts = [block["text"] for block in blocks if block["type"] == "text"]
    if texts:
        response.content = "".join(texts)
    response.tool_calls = [
        _call(block["id"], block["name"], json.dumps(block.get("input") or {}))
        for block in blocks
        if block["type"] == "tool_use"
    ]
    if reasoning := "".join(block["thinking"] for block in blocks if block["type"] == "thinking"):
        response.reasoning_content = reasoning
    finish(response, blocks, message.stop_reason)
    response.response_usage = usage(message.usage)
    return response


def finish(response: ModelResponse, blocks: list[Block], stop_reason: str | None) -> None:
    """What is known when all blocks are there: citations, what later requests need, why it ended."""
    redacted = "".join(block["data"] for block in blocks if block["type"] == "redacted_thinking")
    if redacted:
        response.redacted_reasoning_content = redacted
    response.citations = _citations(blocks)
    if any(block["type"] not in _PLAIN or block.get("citations") for block in blocks):
        # thinking and server tools must come back exactly as they were; tool input is read from the tool calls
        kept = [{"type": "tool_use", "id": b["id"]} if b["type"] == "tool_use" else b for b in blocks]
        response.provider_data = {"blocks": kept}
        signatures = [block["signature"] for block in blocks if block.get("signature")]
        if signatures:
            response.provider_data["signature"] = signatures[-1]
    if stop_reason:
        response.extra = {"stop_reason": stop_reason}
    if stop_reason == PAUSED:
        response.provider_data = {**(response.provider_data or {}), "stop_reason": PAUSED}


def plain(block: Any) -> Block:
    """A block of the SDK as the data that a request takes."""
    data: Block = block.model_dump(mode="json", exclude_unset=True, warnings=False)
    for citation in data.get("citations") or ():
        citation.pop("file_id", None)  # an answer has it, a request must not
    if not data.get("citations"):
        data.pop("citations", None)
    return data


def usage(counts: Any, start: Any = None) -> Metrics:
    """Token counts; those of a stream's end stand above those of its start. Cached tokens are not in `input_tokens`."""
    values = _counts(counts)
    if start is not None:
        first = _counts(start)
        facts = {**first.pop("provider_metrics", {}), **values.pop("provider_metrics", {})}
        values = {**first, **values, "provider_metrics": facts or None}
    metrics = Metrics(**values)
    metrics.total_tokens = metrics.input_tokens + metrics.output_tokens
    return metrics


_COUNTS = (
    ("input_tokens", "input_tokens"),
    ("output_tokens", "output_tokens"),
    ("cache_read_input_tokens", "cache_read_tokens"),
    ("cache_creation_input_tokens", "cache_write_tokens"),
)


def _counts(counts: Any) -> dict[str, Any]:
    values: dict[str, Any] = {ours: n for theirs, ours in _COUNTS if (n := getattr(counts, theirs, None))}
    details = getattr(counts, "output_tokens_details", None)  # a dict to an SDK that does not know it yet
    thought = details.get("thinking_tokens") if isinstance(details, dict) else getattr(details, "thinking_tokens", None)
    if thought:
        values["reasoning_tokens"] = thought
    facts: dict[str, Any] = {}
    if (tools := getattr(counts, "server_tool_use", None)) is not None:
        facts["server_tool_use"] = tools.model_dump(exclude_none=True)
    if tier := getattr(counts, "service_tier", None):
        facts["service_tier"] = tier
    if facts:
        values["provider_metrics"] = facts
    return values


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _citations(blocks: list[Block]) -> Citations | None:
    raw: list[Any] = []
    urls: dict[str, UrlCitation] = {}
    found: dict[str, UrlCitation] = {}
    documents: list[DocumentCitation] = []
    queries: list[str] = []
    for block in blocks:
        for citation in block.get("citations") or ():
            raw.append(citation)
            if url := citation.get("url"):
                urls.setdefault(url, UrlCitation(url=url, title=citation.get("title")))
            else:
                title = citation.get("document_title") or citation.get("title")
                documents.append(DocumentCitation(document_title=title, cited_text=citation.get("cited_text")))
        if block["type"] == "web_search_tool_result" and isinstance(block.get("content"), list):
            for result in block["content"]:
                raw.append(result)
                found.setdefault(result["url"], UrlCitation(url=result["url"], title=result.get("title")))
        elif block["type"] == "server_tool_use" and (query := (block.get("input") or {}).get("query")):
            queries.append(query)
    if not raw:
        return None
    pages = list({**urls, **{url: page for url, page in found.items() if url not in urls}}.values())
    return Citations(raw=raw, urls=pages or None, documents=documents or None, search_queries=queries or None)


# Events --------------------------------------------------------------------------------------------------------------


def event(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    """What an event of a stream adds. `state` collects the blocks."""
    handle = _EVENTS.get(item.type)
    return handle(item, state) if handle is not None else None


def _message_start(item: Any, state: dict[str, Any]) -> None:
    state["usage"] = item.message.usage
    state["blocks"] = {}


def _block_start(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    block = plain(item.content_block)
    pieces: list[str] = []
    state["blocks"][item.index] = (block, pieces)
    kind = block["type"]
    if kind == "text" and block["text"]:
        pieces.append(block["text"])
        return ModelResponse(content=block["text"])
    if kind == "tool_use":
        # calls are numbered as blocks are: the fragments of one call share the number
        return ModelResponse(tool_calls=[{"index": item.index, **_call(block["id"], block["name"], "")}])
    if kind == "thinking" and block["thinking"]:
        pieces.append(block["thinking"])
        return ModelResponse(reasoning_content=block["thinking"])
    return None


def _block_delta(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    delta = item.delta
    kind = delta.type
    block, pieces = state["blocks"][item.index]
    if kind == "text_delta":
        pieces.append(delta.text)
        return ModelResponse(content=delta.text)
    if kind == "input_json_delta":
        if not delta.partial_json:
            return None
        if block["type"] == "tool_use":
            function = {"name": None, "arguments": delta.partial_json}
            return ModelResponse(
                tool_calls=[{"index": item.index, "id": None, "type": "function", "function": function}]
            )
        pieces.append(delta.partial_json)
    elif kind == "thinking_delta":
        pieces.append(delta.thinking)
        return ModelResponse(reasoning_content=delta.thinking)
    elif kind == "signature_delta":
        block["signature"] = delta.signature
    elif kind == "citations_delta":
        block.setdefault("citations", []).append(delta.citation)
    return None


_TEXT_FIELDS = {"text": "text", "thinking": "thinking"}


def _block_stop(item: Any, state: dict[str, Any]) -> None:
    block, pieces = state["blocks"][item.index]
    kind = block["type"]
    if kind in _TEXT_FIELDS:
        block[_TEXT_FIELDS[kind]] = "".join(pieces)
    elif pieces:  # the input of a server tool
        block["input"] = json.loads("".join(pieces))
    if "citations" in block:
        block["citations"] = [_citation(c) for c in block["citations"]]


def _citation(citation: Any) -> Any:
    if isinstance(citation, dict):
        return citation
    data = citation.model_dump(mode="json", exclude_unset=True, warnings=False)
    data.pop("file_id", None)
    return data


def _message_delta(item: Any, state: dict[str, Any]) -> ModelResponse:
    response = ModelResponse()
    blocks = [block for block, _ in state["blocks"].values()]
    finish(response, blocks, item.delta.stop_reason)
    response.response_usage = usage(item.usage, state["usage"])
    return response


_EVENTS = {
    "content_block_delta": _block_delta,
    "content_block_start": _block_start,
    "content_block_stop": _block_stop,
    "message_start": _message_start,
    "message_delta": _message_delta,
}

__all__ = ["PAUSED", "event", "whole"]
