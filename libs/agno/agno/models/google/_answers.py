"""Answers of Google's generateContent, whole or in chunks: a chunk has the shape of an answer."""

from __future__ import annotations

import base64
import json
from typing import Any

from agno.media import Audio, Image, Video
from agno.models.message import Citations, UrlCitation
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse
from agno.utils.ids import new_id

# reasons to end that leave no answer; the rest end an answer
REFUSALS = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY", "MODEL_ARMOR",
     "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)  # fmt: skip
MALFORMED = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})


def read(answer: Any, state: dict[str, Any]) -> ModelResponse | None:
    """What an answer or a chunk of one says, or None. `state` collects the parts of all chunks."""
    candidate = answer.candidates[0] if answer.candidates else None
    response = ModelResponse()
    content = candidate.content if candidate is not None else None
    if content is not None and content.parts:
        for part in content.parts:
            _read_part(part, response, state)
    if candidate is not None:
        if candidate.grounding_metadata is not None or candidate.citation_metadata is not None:
            _collect_sources(candidate, state)
        if candidate.finish_reason is not None:
            state["finish_reason"] = reason = _name(candidate.finish_reason)
            _finish(response, reason, state)
    if answer.usage_metadata is not None and (candidate is None or candidate.finish_reason is not None):
        response.response_usage = usage(answer.usage_metadata)
    return response if response.tool_calls or len(response.__dict__) > 1 else None


def _name(value: Any) -> str:
    return str(getattr(value, "value", value))


def _read_part(part: Any, response: ModelResponse, state: dict[str, Any]) -> None:
    text = part.text
    if text is not None and part.thought_signature is None:
        if part.thought:
            response.reasoning_content = (response.reasoning_content or "") + text
            return
        if text:
            response.content = (response.content or "") + text
        _keep_text(state, text)
        return
    kept: dict[str, Any]
    if part.function_call is not None:
        kept = {"function_call": _read_call(part.function_call, response, state)}
    elif part.inline_data is not None:
        _read_medium(part.inline_data, response)
        return
    else:
        kept = part.model_dump(mode="json", exclude_none=True, exclude={"thought_signature"})
        if text:
            name = "reasoning_content" if part.thought else "content"
            setattr(response, name, (getattr(response, name) or "") + text)
        if not text or part.thought:
            state["needed"] = True
    if part.thought_signature is not None:
        kept["thought_signature"] = base64.b64encode(part.thought_signature).decode()
        state["needed"] = True
    state.setdefault("parts", []).append(kept)


def _keep_text(state: dict[str, Any], text: str) -> None:
    """Texts that follow each other are kept as one; the pieces are joined at the end."""
    parts = state.setdefault("parts", [])
    if parts and "pieces" in parts[-1]:
        parts[-1]["pieces"].append(text)
    else:
        parts.append({"pieces": [text]})


def _read_call(call: Any, response: ModelResponse, state: dict[str, Any]) -> dict[str, Any]:
    kept = {"id": call.id or new_id()}
    if call.id:
        kept["own_id"] = True
        state["needed"] = True
    function = {"name": call.name, "arguments": json.dumps(call.args or {})}
    response.tool_calls.append({"id": kept["id"], "type": "function", "function": function})
    return kept


def _read_medium(blob: Any, response: ModelResponse) -> None:
    kind = blob.mime_type or ""
    if kind.startswith("audio/"):
        response.audio = Audio(content=blob.data, mime_type=kind)
    elif kind.startswith("video/"):
        response.videos = [*(response.videos or ()), Video(content=blob.data, mime_type=kind)]
    else:
        response.images = [*(response.images or ()), Image(content=blob.data, mime_type=kind or None)]


def _finish(response: ModelResponse, reason: str, state: dict[str, Any]) -> None:
    response.role = "assistant"
    response.extra = {"finish_reason": reason}
    if state.get("needed"):
        parts = [{"text": "".join(p["pieces"])} if "pieces" in p else p for p in state["parts"]]
        response.provider_data = {"parts": [p for p in parts if p.get("text") != "" or len(p) > 1]}
    if (sources := state.get("sources")) is not None:
        response.citations = _citations(sources)


# Citations -----------------------------------------------------------------------------------------------------------


def _collect_sources(candidate: Any, state: dict[str, Any]) -> None:
    sources = state.setdefault("sources", {"raw": {}, "urls": {}, "queries": []})
    if (grounding := candidate.grounding_metadata) is not None:
        sources["raw"].setdefault("grounding_metadata", {}).update(grounding.model_dump(mode="json", exclude_none=True))
        for chunk in grounding.grounding_chunks or ():
            source = chunk.web or chunk.retrieved_context or chunk.maps
            if source is not None and source.uri:
                sources["urls"].setdefault(source.uri, source.title)
        sources["queries"].extend(q for q in grounding.web_search_queries or () if q not in sources["queries"])
    if (cited := candidate.citation_metadata) is not None:
        sources["raw"].setdefault("citation_metadata", []).append(cited.model_dump(mode="json", exclude_none=True))
        for citation in cited.citations or ():
            if citation.uri:
                sources["urls"].setdefault(citation.uri, citation.title)


def _citations(sources: dict[str, Any]) -> Citations:
    urls = [UrlCitation(url=url, title=title) for url, title in sources["urls"].items()]
    return Citations(raw=sources["raw"], urls=urls or None, search_queries=sources["queries"] or None)


# Errors --------------------------------------------------------------------------------------------------------------


def retry_delay(body: Any) -> float | None:
    """Seconds that an error's details ask to wait, as in {"retryDelay": "34.5s"}; None if they do not."""
    error = body.get("error", body) if isinstance(body, dict) else {}
    for detail in error.get("details") or () if isinstance(error, dict) else ():
        if isinstance(detail, dict) and str(detail.get("@type")).endswith("RetryInfo"):
            text = str(detail.get("retryDelay", "")).removesuffix("s")
            return float(text) if text.replace(".", "", 1).isdigit() else None
    return None


# Usage ---------------------------------------------------------------------------------------------------------------


def usage(counts: Any) -> Metrics:
    """Token counts. What was thought counts as output; cached tokens are part of the input."""
    thought = counts.thoughts_token_count or 0
    metrics = Metrics(
        input_tokens=(counts.prompt_token_count or 0) + (counts.tool_use_prompt_token_count or 0),
        output_tokens=(counts.candidates_token_count or 0) + thought,
        total_tokens=counts.total_token_count or 0,
    )
    if not metrics.total_tokens:
        metrics.total_tokens = metrics.input_tokens + metrics.output_tokens
    if thought:
        metrics.reasoning_tokens = thought
    if counts.cached_content_token_count:
        metrics.cache_read_tokens = counts.cached_content_token_count
    heard, spoken = _audio(counts.prompt_tokens_details), _audio(counts.candidates_tokens_details)
    if heard or spoken:
        metrics.audio_input_tokens, metrics.audio_output_tokens = heard, spoken
        metrics.audio_total_tokens = heard + spoken
    return metrics


def _audio(details: Any) -> int:
    return sum(d.token_count or 0 for d in details or () if _name(d.modality) == "AUDIO")


__all__ = ["MALFORMED", "REFUSALS", "read", "retry_delay", "usage"]
