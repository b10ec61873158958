"""A model that follows a script and streams like a provider: deltas, split tool arguments, usage at the end."""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from agno.models.base import Model, Tools
from agno.models.message import Message
from agno.models.response import ModelResponse
from agno.testing.script import (
    Broken,
    Call,
    Delta,
    Key,
    Script,
    Scripted,
    ScriptExhausted,
    ScriptNotFinished,
    Turn,
    deltas,
)


@dataclass
class Request:
    """What the model was asked, as it was at that moment."""

    messages: list[Message]
    tools: list[dict[str, Any]] | None
    tool_choice: Any
    response_format: Any
    stream: bool

    @property
    def tool_names(self) -> list[str]:
        """The names of the tools on offer."""
        return [tool.get("function", {}).get("name", "") for tool in self.tools or ()]


@dataclass(init=False)
class ScriptedModel(Model):
    """Plays the given turns, one per request, in order: `says(...)`, `wants(...)`, `thinks(...)`, `fails(...)`, a text, or
    a function of the messages that gives one of these.

    With `repeat=True` the last turn serves all further requests. For concurrent runs give a dict from key to turns:
    `ScriptedModel({"tea?": says("yes"), "sum?": [wants("add", a=1), says("3")]})`; the key is the last user text, or
    what `by(messages)` says. Use it as a context manager, or call `assert_done()`, to fail on turns that were not asked
    for and on requests that the script does not know.
    """

    def __init__(
        self, *turns: Any, id: str = "scripted", by: Key | None = None, repeat: bool = False, **settings: Any
    ) -> None:
        super().__init__(id=id, **{"name": "ScriptedModel", "provider": "Scripted", **settings})
        self._script = Script(turns, by, repeat)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.closed_streams = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptedModel:
        return self  # the script is one, whoever asks

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.assert_done()

    @property
    def remaining(self) -> int:
        """How many turns were not asked for yet."""
        return len(self._script.left)

    def assert_done(self) -> None:
        """Fail if turns are left, or if a request came that the script does not know, even if its error was caught."""
        self._script.assert_done()

    def _next(self, messages: list[Message], tools: Tools | None, choice: Any, format: Any, stream: bool) -> Turn:
        kept = [_snapshot(message) for message in messages]
        with self._lock:
            self.requests.append(Request(kept, copy.deepcopy(tools), choice, format, stream))
        return self._script.next(kept)

    def invoke(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> ModelResponse:
        turn = self._next(messages, tools, tool_choice, response_format, stream=False)
        if turn.latency:
            time.sleep(turn.latency)
        return self._whole(turn)

    async def ainvoke(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> ModelResponse:
        turn = self._next(messages, tools, tool_choice, response_format, stream=False)
        await asyncio.sleep(turn.latency)
        return self._whole(turn)

    def invoke_stream(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> Iterator[ModelResponse]:
        turn = self._next(messages, tools, tool_choice, response_format, stream=True)
        if turn.latency:
            time.sleep(turn.latency)
        try:
            for piece in self._pieces(turn):
                yield piece
                if turn.pace:
                    time.sleep(turn.pace)
        except GeneratorExit:
            self._closed()
            raise

    async def ainvoke_stream(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> AsyncGenerator[ModelResponse, None]:
        turn = self._next(messages, tools, tool_choice, response_format, stream=True)
        try:
            await asyncio.sleep(turn.latency)
            for piece in self._pieces(turn):
                yield piece
                await asyncio.sleep(turn.pace)
        except (GeneratorExit, asyncio.CancelledError):
            self._closed()
            raise

    def _closed(self) -> None:
        with self._lock:
            self.closed_streams += 1

    def _failure(self, turn: Turn) -> Exception:
        error = turn.exception
        assert error is not None
        if error is not turn.error:  # made of a Fault, so it does not know whose it is
            error.__dict__.update(model_name=self.name, model_id=self.id)
        return error

    def _whole(self, turn: Turn) -> ModelResponse:
        if turn.error is not None:
            raise self._failure(turn)
        calls = [_call(made, made.text) for made in turn.calls]
        return ModelResponse(
            "assistant", turn.text, reasoning_content=turn.reasoning, tool_calls=calls, **_ending(turn)
        )

    def _pieces(self, turn: Turn) -> Iterator[ModelResponse]:
        try:
            for delta in deltas(turn):
                yield _piece(delta)
        except Broken:
            raise self._failure(turn) from None
        yield ModelResponse(**_ending(turn))


def _piece(delta: Delta) -> ModelResponse:
    if delta.kind == "text":
        return ModelResponse(content=delta.text)
    if delta.kind == "reasoning":
        return ModelResponse(reasoning_content=delta.text)
    if delta.kind == "call" and delta.call is not None:
        return ModelResponse(tool_calls=[{"index": delta.number, **_call(delta.call, "")}])
    return ModelResponse(tool_calls=[{"index": delta.number, "function": {"arguments": delta.text}}])


def _call(made: Call, arguments: str) -> dict[str, Any]:
    return {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": arguments}}


def _ending(turn: Turn) -> dict[str, Any]:
    """What comes in one piece, at the end."""
    facts = {
        "response_usage": copy.copy(turn.usage),
        "parsed": turn.parsed,
        "citations": turn.citations,
        "redacted_reasoning_content": turn.redacted_reasoning,
        "images": list(turn.images) or None,
        "audio": turn.audio,
        "provider_data": copy.deepcopy(turn.provider_data),
        "extra": {"finish_reason": turn.finish} if turn.finish else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


_NESTED = ("content", "tool_calls", "provider_data")


def _snapshot(message: Message) -> Message:
    """A copy that later changes of the message do not reach; media are shared, they do not change."""
    twin = message.model_copy()
    for name in _NESTED:
        value = twin.__dict__.get(name)
        if isinstance(value, (list, dict)):
            twin.__dict__[name] = copy.deepcopy(value)
    return twin


__all__ = ["Request", "ScriptExhausted", "ScriptNotFinished", "Scripted", "ScriptedModel"]
