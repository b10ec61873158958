"""Answers of chat completions, whole or in chunks."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from agno.media import Audio, Image
from agno.models.message import Citations, UrlCitation
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse

_NOTHING: dict[str, Any] = {}


def whole(response: Any, sound_format: str | None) -> ModelResponse:
    """A complete answer. `sound_format` is the format of spoken answers that was asked for."""
    choice = response.choices[0]
    message = choice.message
    answer = ModelResponse("assistant", message.content or message.refusal or None)
    answer.tool_calls = [call for item in message.tool_calls or () if (call := _call(item)) is not None]
    state: dict[str, Any] = {}
    if message.audio is not None:
        answer.audio = _sound(message.audio, state, sound_format)
    added = {**(message.model_extra or {}), "annotations": message.annotations}
    _take_additions(added, answer, state)
    if pages := _pages(response.model_extra or _NOTHING, state):
        answer.citations = pages
    if choice.logprobs is not None:
        _note_logprobs(choice.logprobs, state)
    _finish(response, choice, answer, state)
    if response.usage is not None:
        answer.response_usage = usage(response.usage, "prompt", "completion")
    return answer


def delta(chunk: Any, state: dict[str, Any], sound_format: str | None) -> ModelResponse | None:
    """What a chunk adds. `state` belongs to the stream."""
    answer = ModelResponse()
    choices = chunk.choices
    if choices:
        choice = choices[0]
        if (piece := choice.delta) is not None:
            _take_piece(piece, answer, state, sound_format)
        if choice.logprobs is not None:
            _note_logprobs(choice.logprobs, state)
        if choice.finish_reason is not None:
            _finish(chunk, choice, answer, state)
    if chunk.usage is not None:
        answer.response_usage = usage(chunk.usage, "prompt", "completion")
    if (extra := chunk.model_extra) and (pages := _pages(extra, state)):
        answer.citations = pages
    return answer if answer.tool_calls or len(answer.__dict__) > 1 else None


def _take_piece(piece: Any, answer: ModelResponse, state: dict[str, Any], sound_format: str | None) -> None:
    if text := piece.content or piece.refusal:
        answer.content = text
    if piece.tool_calls:
        answer.tool_calls = [_fragment(call, state) for call in piece.tool_calls]
    added = piece.model_extra
    # some versions of the SDK know sound as a field, for others it is an addition
    sound = piece.__dict__.get("audio") or (added and added.get("audio"))
    if sound:
        answer.audio = _sound(sound, state, sound_format)
    if added:
        _take_additions(added, answer, state)


def _take_additions(added: Mapping[str, Any], answer: ModelResponse, state: dict[str, Any]) -> None:
    """What providers add to the protocol: reasoning, citations, images."""
    thought = added.get("reasoning_content") or added.get("reasoning")
    if isinstance(thought, str) and thought:
        answer.reasoning_content = thought
    if details := added.get("reasoning_details"):
        state.setdefault("details", []).extend(details)
    if notes := added.get("annotations"):
        kept = state.setdefault("annotations", [])
        kept.extend(note if isinstance(note, dict) else note.model_dump(warnings=False) for note in notes)
        answer.citations = _citations(state)
    if images := added.get("images"):
        answer.images = [image for item in images if (image := _image(item)) is not None]


def _finish(response: Any, choice: Any, answer: ModelResponse, state: dict[str, Any]) -> None:
    if choice.finish_reason:
        answer.extra = {"finish_reason": choice.finish_reason}
    data = {
        "id": response.id,
        "system_fingerprint": response.system_fingerprint,
        "reasoning_details": _joined_details(state.get("details") or []),
        "logprobs": state.get("logprobs"),
    }
    answer.provider_data = {key: value for key, value in data.items() if value} or None


def _joined_details(details: list[Any]) -> list[Any]:
    """Details of the reasoning; the pieces of one, which share type and index, are put together."""
    joined: list[Any] = []
    places: dict[Any, dict[str, Any]] = {}
    for detail in details:
        key = (detail.get("type"), detail.get("index")) if isinstance(detail, dict) else None
        kept = places.get(key) if key is not None and key[1] is not None else None
        if kept is None:
            joined.append(dict(detail) if isinstance(detail, dict) else detail)
            if key is not None:
                places[key] = joined[-1]
            continue
        for name, value in detail.items():
            if name in ("text", "summary", "data") and isinstance(value, str):
                kept[name] = (kept.get(name) or "") + value
            elif value is not None:
                kept[name] = value
    return joined


def _note_logprobs(logprobs: Any, state: dict[str, Any]) -> None:
    """Collect the probabilities of the tokens."""
    for name, tokens in logprobs.model_dump(warnings=False, exclude_none=True).items():
        if isinstance(tokens, list):
            state.setdefault("logprobs", {}).setdefault(name, []).extend(tokens)


# Tool calls ----------------------------------------------------------------------------------------------------------


def _call(call: Any) -> dict[str, Any] | None:
    function = getattr(call, "function", None)
    if function is None:  # a tool of another kind, which is not ours to run
        return None
    arguments = function.arguments
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    named = {"name": function.name, "arguments": text}
    return {**_additions(call), "id": call.id, "type": "function", "function": named}


def _additions(call: Any) -> dict[str, Any]:
    return {key: value for key, value in (call.model_extra or _NOTHING).items() if key != "index"}


def _fragment(call: Any, state: dict[str, Any]) -> dict[str, Any]:
    """A piece of a call. Calls are numbered anew: some servers give all of them the same number, or none."""
    calls = state.setdefault("calls", {})
    function = call.function
    name = function.name if function is not None else None
    known = calls.get(call.index)
    if known is None or (name and call.id and call.id != known[1]):
        number = state["count"] = state.get("count", -1) + 1
        calls[call.index] = (number, call.id, name)
    else:
        number = known[0]
        if name == known[2]:  # some servers repeat it in each piece
            name = None
        elif name and not known[2]:
            calls[call.index] = (number, known[1] or call.id, name)
    piece = {"name": name, "arguments": function.arguments if function is not None else None}
    return {**_additions(call), "index": number, "id": call.id, "type": "function", "function": piece}


# Media and citations -------------------------------------------------------------------------------------------------


def _sound(sound: Any, state: dict[str, Any], sound_format: str | None) -> Audio:
    """Sound, or the next piece of it."""
    values = sound if isinstance(sound, dict) else sound.__dict__
    if values.get("id"):
        state["sound"] = values["id"]
    audio = Audio(
        id=state.get("sound"),
        content=base64.b64decode(values.get("data") or ""),
        transcript=values.get("transcript"),
        expires_at=values.get("expires_at"),
        format=sound_format,
    )
    if sound_format:
        audio.mime_type = {"mp3": "audio/mpeg", "pcm16": "audio/pcm"}.get(sound_format, f"audio/{sound_format}")
    return audio


def _image(item: Any) -> Image | None:
    url = (item.get("image_url") or _NOTHING).get("url") if isinstance(item, dict) else None
    if not isinstance(url, str):
        return None
    head, comma, data = url.partition(";base64,")
    if head.startswith("data:") and comma:
        return Image(content=base64.b64decode(data), mime_type=head[5:])
    return Image(url=url)


def _pages(extra: Mapping[str, Any], state: dict[str, Any]) -> Citations | None:
    """Citations beside the answer, as search providers send them: with each chunk, and all of them each time."""
    pages = [*(extra.get("search_results") or ()), *(extra.get("citations") or ())]
    if not pages or pages == state.get("pages"):
        return None
    state["pages"] = pages
    return _citations(state)


def _citations(state: dict[str, Any]) -> Citations | None:
    notes, pages = state.get("annotations") or [], state.get("pages") or []
    urls: dict[str, UrlCitation] = {}
    for item in (*(note.get("url_citation") for note in notes), *pages):
        if isinstance(item, str):
            urls.setdefault(item, UrlCitation(url=item))
        elif isinstance(item, dict) and item.get("url"):
            urls.setdefault(item["url"], UrlCitation(url=item["url"], title=item.get("title")))
    return Citations(raw=[*notes, *pages], urls=list(urls.values()) or None)


# Usage ---------------------------------------------------------------------------------------------------------------


def usage(counts: Any, asked: str, answered: str) -> Metrics:
    """Token counts; `asked` and `answered` are the protocol's words for input and output."""
    into, out = getattr(counts, f"{asked}_tokens", 0) or 0, getattr(counts, f"{answered}_tokens", 0) or 0
    details = _details(counts, f"{asked}_tokens_details"), _details(counts, f"{answered}_tokens_details")
    heard, spoken = (part.get("audio_tokens") or 0 for part in details)
    values = {
        "input_tokens": into,
        "output_tokens": out,
        "total_tokens": getattr(counts, "total_tokens", 0) or into + out,
        "audio_input_tokens": heard,
        "audio_output_tokens": spoken,
        "audio_total_tokens": heard + spoken,
        "cache_read_tokens": details[0].get("cached_tokens") or getattr(counts, "prompt_cache_hit_tokens", 0),
        "cache_write_tokens": details[0].get("cache_write_tokens"),
        "reasoning_tokens": details[1].get("reasoning_tokens"),
        "cost": cost if isinstance(cost := getattr(counts, "cost", None), (int, float)) else None,
    }
    return Metrics(**{name: value for name, value in values.items() if value})


def _details(counts: Any, name: str) -> dict[str, Any]:
    """Fields and additions of a part of the counts."""
    part = getattr(counts, name, None)
    if part is None or isinstance(part, dict):
        return part or {}
    return {**part.__dict__, **(part.model_extra or {})}


__all__ = ["delta", "usage", "whole"]
