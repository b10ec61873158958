"""Answers of the responses API, whole or in events."""

from __future__ import annotations

import base64
from typing import Any

from agno.media import Image
from agno.models.message import Citations, DocumentCitation, UrlCitation
from agno.models.openai._answers import usage
from agno.models.response import ModelResponse

_PLAIN = frozenset({"message", "function_call"})


def whole(response: Any, model_id: str) -> ModelResponse:
    """A complete answer of the model that was asked as `model_id`."""
    answer = ModelResponse("assistant")
    texts: list[str] = []
    for item in response.output:
        if item.type == "message":
            texts.extend(_text(part) for part in item.content)
        elif item.type == "function_call":
            named = {"name": item.name, "arguments": item.arguments}
            answer.tool_calls.append({"id": item.call_id, "type": "function", "function": named})
    answer.content = "".join(texts) or None
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in _thoughts(item)]
    answer.reasoning_content = "\n\n".join(thoughts) or None
    _complete(answer, response, response.output, model_id)
    return answer


def _text(part: Any) -> str:
    return (part.text if part.type == "output_text" else getattr(part, "refusal", None)) or ""


def _thoughts(item: Any) -> Any:
    """The summary, or the reasoning itself, which open models show."""
    return item.summary or getattr(item, "content", None) or ()


def _complete(answer: ModelResponse, response: Any, items: list[Any], model_id: str) -> None:
    """What is known when all items are there."""
    kept = [_plain(item) for item in items]
    data: dict[str, Any] = {"response_id": response.id}
    if any(item["type"] not in _PLAIN or item.get("phase") for item in kept):
        data.update(model=model_id, output=kept)
    answer.provider_data = data
    answer.citations = _citations(items)
    images = [_image(item) for item in items if item.type == "image_generation_call" and item.result]
    if images:
        answer.images = images
    stopped = response.incomplete_details
    answer.extra = {"finish_reason": (stopped.reason if stopped is not None else None) or response.status}
    if response.usage is not None:
        answer.response_usage = usage(response.usage, "input", "output")


def _plain(item: Any) -> dict[str, Any]:
    """An item as a later request takes it, without what the message has anyway: the call, the picture."""
    if item.type == "function_call":
        known = {"type": item.type, "id": item.id, "call_id": item.call_id}
        return {key: value for key, value in known.items() if value}
    if item.type == "image_generation_call":
        return {"type": item.type, "id": item.id}
    data: dict[str, Any] = item.model_dump(mode="json", exclude_unset=True, exclude_none=True, warnings=False)
    if item.type == "message":
        for part in data["content"]:
            part.pop("logprobs", None)
    return data


def _image(item: Any) -> Image:
    kind = getattr(item, "output_format", None) or "png"
    return Image(
        id=item.id,
        content=base64.b64decode(item.result),
        mime_type=f"image/{kind}",
        revised_prompt=getattr(item, "revised_prompt", None),
    )


def _citations(items: list[Any]) -> Citations | None:
    raw: list[Any] = []
    urls: dict[str, UrlCitation] = {}
    documents: dict[str, DocumentCitation] = {}
    queries: list[str] = []
    for item in items:
        if item.type == "web_search_call":
            if query := getattr(getattr(item, "action", None), "query", None):
                queries.append(query)
            continue
        for note in (note for part in getattr(item, "content", None) or () for note in _notes(part)):
            raw.append(note)
            if url := note.get("url"):
                urls.setdefault(url, UrlCitation(url=url, title=note.get("title")))
            elif name := note.get("filename"):
                documents.setdefault(name, DocumentCitation(document_title=name, file_name=name))
    if not raw and not queries:
        return None
    return Citations(
        raw=raw or None,
        urls=list(urls.values()) or None,
        documents=list(documents.values()) or None,
        search_queries=queries or None,
    )


def _notes(part: Any) -> list[dict[str, Any]]:
    return [note.model_dump(mode="json", warnings=False) for note in getattr(part, "annotations", None) or ()]


# Events --------------------------------------------------------------------------------------------------------------

ENDS = frozenset({"response.completed", "response.incomplete"})


def event(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    """What an event in the middle of a stream adds. `state` belongs to the stream."""
    handle = _EVENTS.get(item.type)
    return handle(item, state) if handle is not None else None


def end(item: Any, state: dict[str, Any], model_id: str) -> ModelResponse:
    """What the last event adds."""
    answer = ModelResponse()
    # some servers send the items one by one only
    _complete(answer, item.response, item.response.output or state.get("items") or [], model_id)
    return answer


def _text_delta(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    return ModelResponse(content=item.delta) if item.delta else None


def _thought_delta(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    if not item.delta:
        return None
    place = item.output_index, getattr(item, "summary_index", None)
    text = item.delta if state.get("thought", place) == place else f"\n\n{item.delta}"
    state["thought"] = place
    return ModelResponse(reasoning_content=text)


def _item_added(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    if item.item.type != "function_call":
        return None
    return _fragment(item.output_index, item.item.call_id, item.item.name, "")


def _arguments_delta(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    state.setdefault("argued", set()).add(item.output_index)
    return _fragment(item.output_index, None, None, item.delta) if item.delta else None


def _item_done(item: Any, state: dict[str, Any]) -> ModelResponse | None:
    done = item.item
    state.setdefault("items", []).append(done)
    if done.type == "function_call" and item.output_index not in state.get("argued", ()):
        return _fragment(item.output_index, None, None, done.arguments)  # some servers send them in one piece
    return None


def _fragment(index: int, call_id: str | None, name: str | None, arguments: str) -> ModelResponse:
    function = {"name": name, "arguments": arguments}
    return ModelResponse(tool_calls=[{"index": index, "id": call_id, "type": "function", "function": function}])


_EVENTS = {
    "response.output_text.delta": _text_delta,
    "response.refusal.delta": _text_delta,
    "response.reasoning_summary_text.delta": _thought_delta,
    "response.reasoning_text.delta": _thought_delta,
    "response.output_item.added": _item_added,
    "response.function_call_arguments.delta": _arguments_delta,
    "response.output_item.done": _item_done,
}

__all__ = ["ENDS", "end", "event", "whole"]
