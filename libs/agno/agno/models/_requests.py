"""One request to a model: retries with backoff, fallback models, the answer cache, joining streamed deltas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agno.exceptions import ModelProviderError
from agno.models._cache import ResponseCache
from agno.models._wait import pause
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

    def settings(self, model: Model) -> tuple[int, float, bool]:
        """Retries, delay in seconds and backoff; the model's own settings count where the caller gives none."""
        if self.retries or not model.retries:
            return self.retries, self.delay, self.exponential
        return model.retries, model.delay_between_retries, model.exponential_backoff


async def ask(x: Exchange, assistant: Message) -> ModelResponse:
    """The whole answer in one piece, written onto the assistant message."""
    [response] = [part async for part in _tried(x, assistant, _whole)]
    write(response, assistant)
    assistant.metrics.set_time_to_first_token()
    return response


async def ask_streaming(x: Exchange, assistant: Message) -> AsyncGenerator[ModelResponse, None]:
    """The deltas of an answer as they come; they are joined onto the assistant message, also when the stream breaks."""
    joined = Joined()
    metrics = assistant.metrics
    check = x.check
    try:
        async with aclosing(_tried(x, assistant, _streamed)) as deltas:
            async for delta in deltas:
                if joined.empty:
                    metrics.set_time_to_first_token()
                joined.add(delta)
                yield delta
                check()
    except BaseException:
        joined.fragments.clear()  # half a tool call is no tool call
        raise
    finally:
        response = joined.response(x.model)
        write(response, assistant)
        x.note(response)


async def _tried(
    x: Exchange, assistant: Message, request: Callable[..., AsyncGenerator[ModelResponse, None]]
) -> AsyncGenerator[ModelResponse, None]:
    """Send until it works. Nothing is sent again once a part of the answer has been given out."""
    models = [x.model]
    while True:
        model = models.pop(0)
        retries, delay, exponential = x.attempts.settings(model)
        for attempt in range(retries + 1):
            given = False
            try:
                async with aclosing(request(x, model, assistant)) as parts:
                    async for part in parts:
                        given = True
                        yield part
                return
            except Exception as error:
                if given:
                    raise
                if attempt < retries and model.is_retryable(error):
                    await x.io.sleep(pause(error, delay * 2**attempt if exponential else delay))
                    x.check()
                    continue
                if model is x.model:
                    models = list(x.attempts.fallbacks(error))
                if not models:
                    raise
                if x.attempts.on_fallback is not None:
                    await x.io.call(x.attempts.on_fallback, x.model.id, models[0].id, error)
                break


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


async def _whole(x: Exchange, model: Model, assistant: Message) -> AsyncGenerator[ModelResponse, None]:
    arguments = _arguments(x, assistant)
    cache = ResponseCache.of(model, arguments, stream=False)
    if cache and (kept := cache.read()):
        yield kept[0]
        return
    response = await x.io.pick(model.invoke, model.ainvoke, **arguments)
    if cache:
        cache.write([response])
    yield response


async def _streamed(x: Exchange, model: Model, assistant: Message) -> AsyncGenerator[ModelResponse, None]:
    arguments = _arguments(x, assistant)
    cache = ResponseCache.of(model, arguments, stream=True)
    if cache and (kept := cache.read()):
        for delta in kept:
            yield delta
        return
    seen: list[ModelResponse] = []
    async with aclosing(x.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)) as deltas:
        async for delta in deltas:
            if cache:
                seen.append(delta)
            yield delta
    if cache:
        cache.write(seen)


class Joined:
    """Streamed deltas, put together."""

    def __init__(self) -> None:
        self.empty = True
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.fragments: list[dict[str, Any]] = []
        self.rest = ModelResponse()

    def add(self, delta: ModelResponse) -> None:
        self.empty = False
        if delta.content is not None:
            if isinstance(delta.content, str):
                self.text.append(delta.content)
            else:
                self.rest.content = delta.content
        if not delta.is_text_only:
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


__all__ = ["Attempts", "ModelProviderError", "ask", "ask_streaming", "write"]
