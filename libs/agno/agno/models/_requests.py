"""One request to a model: retries with backoff, fallback models, the answer cache, joining streamed deltas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agno._io import silent
from agno.exceptions import ModelProviderError
from agno.models._cache import ResponseCache
from agno.models._wait import as_asked
from agno.models.message import Message
from agno.models.response import ModelResponse

if TYPE_CHECKING:
    from agno.models._loop import Exchange
    from agno.models.base import Model


@dataclass
class Attempts:
    """How often one request is tried. Only the request: a tool that ran is never run again by a retry."""

    retries: int = 0
    delay: float = 1
    exponential: bool = False
    fallbacks: Callable[[Exception], list[Model]] = field(default=lambda error: [])
    on_fallback: Callable[[str, str, Exception], Any] | None = None

    def pause(self, model: Model, attempt: int, error: Exception) -> float | None:
        """Seconds until the next attempt; None if there is none. Attempts count from 0.

        The model's own settings count where the caller gives none.
        """
        retries, delay, exponential = self.retries, self.delay, self.exponential
        if not retries and model.retries:
            retries, delay, exponential = model.retries, model.delay_between_retries, model.exponential_backoff
        if attempt >= retries or not model.is_retryable(error):
            return None
        return as_asked(error, delay * 2**attempt if exponential else delay)


async def ask(x: Exchange, assistant: Message) -> None:
    """One answer, written onto the assistant message; its pieces are given out as they come.

    Sent until it works, to the fallback models in the end. Nothing is sent again once a part was given out.
    """
    models = [x.model]
    while True:
        model = models.pop(0)
        attempt = 0
        while True:
            joined = Joined()
            try:
                return await (_streamed if x.streaming else _whole)(x, model, assistant, joined)
            except Exception as error:
                if not joined.empty:
                    raise
                if (seconds := x.attempts.pause(model, attempt, error)) is None:
                    if model is x.model:
                        models = x.attempts.fallbacks(error)
                    if not models:
                        raise
                    if x.attempts.on_fallback is not None:
                        await x.io.call(x.attempts.on_fallback, x.model.id, models[0].id, error)
                    break
            attempt += 1
            await x.io.sleep(seconds)
            x.check()


def _arguments(x: Exchange, assistant: Message) -> dict[str, Any]:
    tools, tool_choice = x.tools or None, x.tool_choice
    if x.limit_hit:
        keep = getattr(x.model, "history_needs_tools", False)
        tools, tool_choice = (tools, "none") if keep else (None, None)
    return {
        "messages": x.prepare(x.messages) if x.prepare else x.messages,
        "assistant_message": assistant,
        "response_format": x.response_format,
        "tools": tools,
        "tool_choice": tool_choice if tools else None,
        "run_response": x.run_response,
    }


async def _whole(x: Exchange, model: Model, assistant: Message, joined: Joined) -> None:
    arguments = _arguments(x, assistant)
    cache = ResponseCache.of(model, arguments, stream=False) if model.cache_response else None
    if cache and (kept := cache.read()):
        response = kept[0]
    else:
        response = await x.io.pick(model.invoke, model.ainvoke, **arguments)
        if cache:
            cache.write([response])
    joined.empty = False
    write(response, assistant)
    assistant.metrics.set_time_to_first_token()
    x.note(response)
    if x.give is not silent:
        await x.give(response)


async def _streamed(x: Exchange, model: Model, assistant: Message, joined: Joined) -> None:
    """Deltas are joined onto the assistant message, also when the stream breaks."""
    arguments = _arguments(x, assistant)
    cache = ResponseCache.of(model, arguments, stream=True) if model.cache_response else None
    seen: list[ModelResponse] | None = None
    deltas: AsyncGenerator[ModelResponse, None]
    if cache and (kept := cache.read()):
        deltas = _replayed(kept)
    else:
        seen = [] if cache else None
        deltas = x.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)
    try:
        async with aclosing(deltas):
            await _take(x, deltas, assistant, joined, seen)
        if cache and seen is not None:
            cache.write(seen)
    except BaseException:
        joined.fragments.clear()  # half a tool call is no tool call
        raise
    finally:
        if not joined.empty:
            response = joined.response(x.model)
            write(response, assistant)
            x.note(response)


async def _replayed(kept: list[ModelResponse]) -> AsyncGenerator[ModelResponse, None]:
    for delta in kept:
        yield delta


async def _take(
    x: Exchange,
    deltas: AsyncGenerator[ModelResponse, None],
    assistant: Message,
    joined: Joined,
    seen: list[ModelResponse] | None,
) -> None:
    give, give_text, check = x.give, x.give_text, x.check
    async for delta in deltas:
        if joined.empty:
            joined.empty = False
            assistant.metrics.set_time_to_first_token()
        if seen is not None:
            seen.append(delta)
        if give_text is not None and delta.is_text_only and isinstance(delta.content, str):
            joined.text.append(delta.content)
            await give_text(delta.content)
        else:
            joined.add(delta)
            await give(delta)
        check()


class Joined:
    """Streamed deltas, put together."""

    def __init__(self) -> None:
        self.empty = True
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.fragments: list[dict[str, Any]] = []
        self.rest = ModelResponse()

    def add(self, delta: ModelResponse) -> None:
        content = delta.content
        if isinstance(content, str):
            self.text.append(content)
        elif content is not None:
            self.rest.content = content
        self._add_rest(delta)

    def _add_rest(self, delta: ModelResponse) -> None:
        rest = self.rest
        if delta.reasoning_content:
            self.reasoning.append(delta.reasoning_content)
        if delta.redacted_reasoning_content:
            rest.redacted_reasoning_content = (rest.redacted_reasoning_content or "") + delta.redacted_reasoning_content
        if delta.tool_calls:
            self.fragments.extend(delta.tool_calls)
        if delta.audio is not None:
            rest.audio = _joined_audio(rest.audio, delta.audio)
        if delta.response_usage is not None:
            rest.response_usage = delta.response_usage
        for name in ("parsed", "citations", "role"):
            if (value := getattr(delta, name, None)) is not None:
                setattr(rest, name, value)
        for name in ("images", "videos", "audios", "files"):
            if new := getattr(delta, name, None):
                setattr(rest, name, [*(getattr(rest, name, None) or ()), *new])
        for name in ("provider_data", "extra"):
            if value := getattr(delta, name, None):
                setattr(rest, name, {**(getattr(rest, name) or {}), **value})

    def response(self, model: Model) -> ModelResponse:
        """All of it as one response."""
        whole = self.rest
        if self.text:
            whole.content = "".join(self.text)
        if self.reasoning:
            whole.reasoning_content = "".join(self.reasoning)
        if self.fragments:
            whole.tool_calls = model.parse_tool_calls(self.fragments)
        return whole


def _joined_audio(have: Any, new: Any) -> Any:
    if have is None:
        return new.model_copy()
    have.content = (have.content or b"") + (new.content or b"") or None
    if new.transcript:
        have.transcript = (have.transcript or "") + new.transcript
    for name in ("id", "expires_at", "format", "mime_type"):
        if getattr(new, name, None) is not None:
            setattr(have, name, getattr(new, name))
    return have


def write(response: ModelResponse, assistant: Message) -> None:
    """Put a whole answer on the assistant message."""
    if response.role:
        assistant.role = response.role
    if response.content is not None:
        assistant.content = response.content if isinstance(response.content, (str, list)) else str(response.content)
    for name in ("reasoning_content", "redacted_reasoning_content", "citations"):
        if (value := getattr(response, name)) is not None:
            setattr(assistant, name, value)
    if response.provider_data:
        assistant.provider_data = {**(assistant.provider_data or {}), **response.provider_data}
    if response.tool_calls:
        assistant.tool_calls = response.tool_calls
    if response.audio is not None:
        assistant.audio_output = response.audio
    if response.images:
        assistant.image_output = response.images[-1]
    if response.videos:
        assistant.video_output = response.videos[-1]
    if response.response_usage is not None:
        assistant.metrics.take_usage(response.response_usage)


__all__ = ["Attempts", "ModelProviderError", "ask", "write"]
