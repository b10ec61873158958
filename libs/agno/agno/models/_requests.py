"""One request to a model: retries with backoff, fallback models, the answer cache, joining streamed deltas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agno._io import Give, Interruption, silent
from agno.exceptions import ModelProviderError, RetryableModelProviderError
from agno.models._cache import ResponseCache
from agno.models._wait import as_asked
from agno.models.message import Message
from agno.models.response import ModelResponse
from agno.run import watching
from agno.utils.string import whole

if TYPE_CHECKING:
    from agno.models._loop import Exchange
    from agno.models.base import Model


@dataclass(eq=False)
class Attempts:
    """How often one request is tried. Only the request: a tool that ran is never run again by a retry."""

    retries: int = 0
    delay: float = 1
    exponential: bool = False
    fallbacks: Callable[[Exception], list[Model]] = field(default=lambda error: [])
    on_fallback: Callable[[str, str, Exception], Awaitable[None]] | None = None
    adapt: Callable[[Model, dict[str, Any]], dict[str, Any]] | None = None  # a request, for a model that differs

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


ONCE = Attempts()


async def ask(x: Exchange, assistant: Message) -> None:
    """One answer, written onto the assistant message; its pieces are given out as they come.

    Sent until it works, to the fallback models in the end. Nothing is sent again once a part was given out. An async run
    that is cancelled leaves a request where it waits, which closes the connection.
    """
    send, model, recovery = _streamed if x.streaming else _whole, x.model, None
    with x.io.stoppable(x.token) as gate:
        while True:
            try:
                work = send(x, model, assistant, gate)
                await (work if watching.watcher is None else watching.watcher.request(x, model, assistant, work))
                return
            except Exception as error:
                if assistant.metrics.time_to_first_token is not None:  # it began to answer
                    raise
                recovery = recovery or Recovery(x, gate)
                model = await recovery.after(error)


class Recovery:
    """What to do about requests that failed: once more, with a hint to the model, or with another model."""

    def __init__(self, x: Exchange, gate: Interruption | None) -> None:
        self.x = x
        self.gate = gate
        self.model = x.model
        self.attempt = 0
        self.hints = 0
        self.others: list[Model] = []

    async def after(self, error: Exception) -> Model:
        """The model to ask next, when it is time to. Raises the error if there is none."""
        x = self.x
        if isinstance(error, RetryableModelProviderError):
            if self._hint(error):
                return self.model
            error = error.original_error
        if (seconds := x.attempts.pause(self.model, self.attempt, error)) is not None:
            self.attempt += 1
            await x.io.sleep(seconds)
        else:
            await self._next_model(error)
        x.check()
        return self.model

    def _hint(self, error: RetryableModelProviderError) -> bool:
        """Tell the model what to do differently. False if it was told often enough."""
        self.hints += 1
        if not self.model.retry_with_guidance or self.hints > self.model.retry_with_guidance_limit:
            return False
        hint = Message(role="user", content=error.retry_guidance_message, add_to_agent_memory=False)
        self.x.messages.append(hint)
        return True

    async def _next_model(self, error: Exception) -> None:
        x = self.x
        if self.model is x.model:
            self.others = x.attempts.fallbacks(error)
        if not self.others:
            raise error
        self.model, self.attempt = self.others.pop(0), 0
        if x.attempts.on_fallback is not None:
            if self.gate is not None:
                self.gate.open = False
            await x.attempts.on_fallback(x.model.id, self.model.id, error)
            if self.gate is not None:
                self.gate.reopen()


def _arguments(x: Exchange, model: Model, assistant: Message) -> dict[str, Any]:
    tools, tool_choice = x.tools or None, x.tool_choice
    if x.answer_tool is not None:
        alone = not tools or x.limit_hit
        tools = [x.answer_tool] if alone else [*(tools or ()), x.answer_tool]
        tool_choice = model.answer_choice(x.answer_tool["function"]["name"]) if alone else tool_choice
    elif x.limit_hit:
        keep = getattr(x.model, "history_needs_tools", False)
        tools, tool_choice = (tools, "none") if keep else (None, None)
    arguments = {
        "messages": _sendable(x.prepare(x.messages) if x.prepare else x.messages),
        "assistant_message": assistant,
        "response_format": x.response_format,
        "tools": tools,
        "tool_choice": tool_choice if tools else None,
        "run_response": x.run_response,
    }
    adapt = x.attempts.adapt
    return arguments if model is x.model or adapt is None else adapt(model, arguments)


def _sendable(messages: list[Message]) -> list[Message]:
    """The messages without halves of surrogate pairs, which names of files and broken JSON may hold: they cannot be sent."""
    for message in messages:  # before each request, and most are right
        content = message.content
        if isinstance(content, str) and not content.isascii():
            return _mended(messages)
    return messages


def _mended(messages: list[Message]) -> list[Message]:
    mended = {
        position: text
        for position, message in enumerate(messages)
        if isinstance(content := message.content, str) and (text := whole(content)) is not content
    }
    if not mended:
        return messages
    return [
        message.model_copy(update={"content": mended[position]}) if position in mended else message
        for position, message in enumerate(messages)
    ]


async def _whole(x: Exchange, model: Model, assistant: Message, gate: Interruption | None) -> None:
    arguments = _arguments(x, model, assistant)
    cache = ResponseCache(model, arguments, stream=False) if model.cache_response else None
    if cache and (kept := cache.read()):
        response = kept[0]
    else:
        # what `io.pick` does, without passing the arguments on once more
        response = await model.ainvoke(**arguments) if x.io.is_async else model.invoke(**arguments)
        if isinstance(content := response.content, str) and not content.isascii():
            response.content = whole(content)
        if cache:
            cache.write([response])
    x.begins(assistant)
    write(response, assistant)
    x.note(response)
    if x.give is not silent:
        if gate is not None:
            gate.open = False
        await x.give(response)


async def _streamed(x: Exchange, model: Model, assistant: Message, gate: Interruption | None) -> None:
    """Deltas are given out and joined onto the assistant message, also when the stream breaks."""
    joined = Joined()
    give, give_text, add_text, token = x.give, x.give_text or _as_delta(x.give), joined.text.append, x.token
    begun = False
    try:
        async with aclosing(_deltas(x, model, assistant)) as deltas:
            async for delta in deltas:
                if not begun:
                    begun = True
                    x.begins(assistant)
                text = delta.content
                if gate is not None:
                    gate.open = False
                if len(delta.__dict__) == 1 and text.__class__ is str:  # `is_text_only`, without a call for every token
                    add_text(text)
                    await give_text(text)
                else:
                    joined.add(delta)
                    await give(delta)
                if token.cancelled:
                    token.raise_if_cancelled()
                if gate is not None:
                    gate.reopen()
    except BaseException:
        joined.fragments.clear()  # half a tool call is no tool call
        raise
    finally:
        if begun:
            response = joined.response(x.model)
            write(response, assistant)
            x.note(response)


def _as_delta(give: Give) -> Give:
    return lambda text: give(ModelResponse(content=text))


def _deltas(x: Exchange, model: Model, assistant: Message) -> AsyncGenerator[ModelResponse, None]:
    arguments = _arguments(x, model, assistant)
    cache = ResponseCache(model, arguments, stream=True) if model.cache_response else None
    if cache and (kept := cache.read()):
        return _replayed(kept)
    deltas = x.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)
    return _recorded(deltas, cache) if cache else deltas


async def _replayed(kept: list[ModelResponse]) -> AsyncGenerator[ModelResponse, None]:
    for delta in kept:
        yield delta


async def _recorded(
    deltas: AsyncGenerator[ModelResponse, None], cache: ResponseCache
) -> AsyncGenerator[ModelResponse, None]:
    seen: list[ModelResponse] = []
    async with aclosing(deltas):
        async for delta in deltas:
            seen.append(delta)
            yield delta
    cache.write(seen)


class Joined:
    """Streamed deltas, put together."""

    def __init__(self) -> None:
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
        """All of it as one response. A character of which each half came in a piece of its own is one again."""
        joined = self.rest
        if self.text:
            joined.content = whole("".join(self.text))
        if self.reasoning:
            joined.reasoning_content = "".join(self.reasoning)
        if self.fragments:
            joined.tool_calls = model.parse_tool_calls(self.fragments)
        return joined


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
    for name, value in response.__dict__.items():
        if value is None:
            continue
        if name == "content":
            assistant.content = value if value.__class__ is str or isinstance(value, (str, list)) else str(value)
        elif name == "role":
            assistant.role = value or assistant.role
        elif name == "response_usage":
            assistant.metrics.add_usage(value)
        elif name in _AS_IT_IS:
            if value:
                setattr(assistant, _AS_IT_IS[name], value)
        elif name == "provider_data":
            assistant.provider_data = {**(assistant.provider_data or {}), **value}
        elif name == "images" and value:
            assistant.image_output = value[-1]
        elif name == "videos" and value:
            assistant.video_output = value[-1]


# fields of an answer, and where they stand on the assistant message
_AS_IT_IS = {
    "tool_calls": "tool_calls",
    "reasoning_content": "reasoning_content",
    "redacted_reasoning_content": "redacted_reasoning_content",
    "citations": "citations",
    "audio": "audio_output",
}


__all__ = ["ONCE", "Attempts", "ModelProviderError", "ask", "write"]
