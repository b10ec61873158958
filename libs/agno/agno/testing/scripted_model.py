"""A model that follows a script and streams like a provider: deltas, split tool arguments, usage at the end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse
from agno.testing.script import Scripted, Turn


class ScriptExhausted(AssertionError):
    """The model was asked once more than the script knows."""


class ScriptNotFinished(AssertionError):
    """The script has turns that were never asked for."""


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
    """Plays the given turns, one per request, in order. A turn may be a function of the messages.

    With `repeat=True` the last turn serves all further requests, also of concurrent runs. Use it as a context manager,
    or call `assert_done()`, to fail on turns that were not asked for.
    """

    def __init__(self, *turns: Scripted, id: str = "scripted", repeat: bool = False, **settings: Any) -> None:
        super().__init__(id=id, name="ScriptedModel", provider="Scripted", **settings)
        self._turns = list(turns)
        self._repeat = repeat
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.closed_streams = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptedModel:
        return self  # the script is one, whoever asks

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(self, kind: Any, *error: object) -> None:
        if kind is None:
            self.assert_done()

    @property
    def remaining(self) -> int:
        """How many turns were not asked for yet."""
        return 0 if self._repeat else len(self._turns)

    def assert_done(self) -> None:
        """Fail if turns are left."""
        if self.remaining:
            raise ScriptNotFinished(
                f"{self.remaining} scripted turns were not asked for; the next is {self._turns[0]!r}."
            )

    def _next(self, arguments: dict[str, Any], stream: bool) -> Turn:
        messages = [message.model_copy() for message in arguments["messages"]]
        with self._lock:
            asked = Request(
                messages, arguments.get("tools"), arguments.get("tool_choice"), arguments.get("response_format"), stream
            )
            self.requests.append(asked)
            if not self._turns:
                last = messages[-1].to_dict() if messages else None
                raise ScriptExhausted(f"The script is over, but the model was asked again. Last message: {last}")
            turn = self._turns[0] if self._repeat and len(self._turns) == 1 else self._turns.pop(0)
        return turn if isinstance(turn, Turn) else turn(messages)

    def invoke(self, **arguments: Any) -> ModelResponse:  # type: ignore[override]  # called with keywords only
        turn = self._next(arguments, stream=False)
        time.sleep(turn.latency)
        return _whole(turn)

    async def ainvoke(self, **arguments: Any) -> ModelResponse:  # type: ignore[override]  # called with keywords only
        turn = self._next(arguments, stream=False)
        await asyncio.sleep(turn.latency)
        return _whole(turn)

    def invoke_stream(self, **arguments: Any) -> Iterator[ModelResponse]:  # type: ignore[override]  # keywords only
        turn = self._next(arguments, stream=True)
        time.sleep(turn.latency)
        try:
            yield from pieces(turn)
        except GeneratorExit:
            self.closed_streams += 1
            raise

    async def ainvoke_stream(self, **arguments: Any) -> AsyncIterator[ModelResponse]:  # type: ignore[override]  # same
        turn = self._next(arguments, stream=True)
        await asyncio.sleep(turn.latency)
        try:
            for piece in pieces(turn):
                yield piece
                await asyncio.sleep(0)
        except GeneratorExit:
            self.closed_streams += 1
            raise


def _tool_calls(turn: Turn) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.text}}
        for call in turn.calls
    ]


def _whole(turn: Turn) -> ModelResponse:
    if turn.error is not None:
        raise turn.error
    return ModelResponse(
        role="assistant",
        content=turn.text,
        reasoning_content=turn.reasoning,
        parsed=turn.parsed,
        citations=turn.citations,
        tool_calls=_tool_calls(turn),
        response_usage=turn.usage,
    )


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def pieces(turn: Turn) -> Iterator[ModelResponse]:
    """A turn as a stream."""
    for given, piece in enumerate(_all_pieces(turn)):
        if turn.error is not None and given >= turn.break_after:
            break
        yield piece
    if turn.error is not None:
        raise turn.error


def _all_pieces(turn: Turn) -> Iterator[ModelResponse]:
    for part in _cut(turn.reasoning or "", turn.chunk_size):
        yield ModelResponse(reasoning_content=part)
    for part in _cut(turn.text or "", turn.chunk_size):
        yield ModelResponse(content=part)
    for index, call in enumerate(turn.calls):
        head = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield ModelResponse(tool_calls=[head])
        for part in _cut(call.text, turn.chunk_size):
            yield ModelResponse(tool_calls=[{"index": index, "function": {"arguments": part}}])
    yield ModelResponse(response_usage=turn.usage, parsed=turn.parsed, citations=turn.citations)


__all__ = ["Request", "ScriptExhausted", "ScriptNotFinished", "ScriptedModel"]
