"""The one model-tool loop: ask the model, run the tools it asks for, until it answers or must wait for a person.

`converse` gives what happens as `ModelResponse` items (text deltas, tool starts and ends) and passes the events of
generator tools through. What it leaves behind is on the `Exchange`: messages, tool executions, the joined response.
Entering it again with a paused, cancelled or crashed exchange continues where the messages end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agno._io import IO
from agno.exceptions import RetryableModelProviderError
from agno.models._requests import Attempts, ask, ask_streaming
from agno.models._tools import ToolTurn
from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse, ToolExecution
from agno.tools.function import Function
from agno.utils.ids import new_id


def _never() -> None:
    return None


@dataclass
class Exchange:
    """The state of one conversation with a model: what it needs, and what it leaves behind."""

    io: IO
    model: Model
    messages: list[Message]
    tools: list[dict[str, Any]] | None = None  # what the provider is told
    functions: Mapping[str, Function] = field(default_factory=dict)  # what can be run, by name
    tool_choice: str | dict[str, Any] | None = None
    response_format: Any = None
    streaming: bool = False
    attempts: Attempts = field(default_factory=Attempts)
    tool_call_limit: int | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)  # injected into tools by name
    check: Callable[[], None] = _never  # raises when the run is cancelled
    run_response: Any = None
    prepare: Callable[[list[Message]], list[Message]] | None = None  # last look at what is sent, e.g. compression

    executions: list[ToolExecution] = field(default_factory=list)
    response: ModelResponse = field(default_factory=ModelResponse)
    tool_calls_made: int = 0
    paused: bool = False
    stopped: bool = False
    limit_hit: bool = False
    tool_calls_by_name: dict[str, int] = field(default_factory=dict)

    def note(self, part: ModelResponse) -> None:
        """Join a complete turn to the response: text and reasoning are concatenated, the newest media win."""
        total = self.response
        if part.content is not None:
            total.content = (total.content or "") + part.content if isinstance(part.content, str) else part.content
        if part.reasoning_content:
            total.reasoning_content = (total.reasoning_content or "") + part.reasoning_content
        for name in ("parsed", "audio", "citations", "redacted_reasoning_content"):
            if (value := getattr(part, name)) is not None:
                setattr(total, name, value)
        for name in ("images", "videos", "audios", "files"):
            if new := getattr(part, name, None):
                setattr(total, name, [*(getattr(total, name, None) or ()), *new])
        if part.provider_data:
            total.provider_data = {**(total.provider_data or {}), **part.provider_data}


async def converse(x: Exchange) -> AsyncGenerator[Any, None]:
    """Run the loop. Open tool calls at the end of the messages are answered first."""
    while True:
        call_message = open_calls(x.messages)
        if call_message is None:
            async with aclosing(_model_turn(x)) as items:
                async for item in items:
                    yield item
            call_message = x.messages[-1]
            if not call_message.tool_calls:
                return
        turn = ToolTurn(x, call_message)
        async with aclosing(turn.run()) as items:
            async for item in items:
                yield item
        if x.paused or x.stopped:
            return


async def _model_turn(x: Exchange) -> AsyncGenerator[ModelResponse, None]:
    """One answer of the model, appended to the messages. After the tool call limit it is the last: without tools."""
    x.check()
    assistant = Message(role=x.model.assistant_message_role)
    assistant.metrics.start_timer()
    try:
        async with aclosing(_answer(x, assistant)) as deltas:
            async for delta in deltas:
                yield delta
    finally:
        assistant.metrics.stop_timer()
        if assistant.tool_calls and x.limit_hit:
            _refuse_calls(x, assistant)
        if assistant.tool_calls:
            _name_calls(x, assistant)
        if (
            assistant.content is not None
            or assistant.tool_calls
            or assistant.reasoning_content
            or assistant.audio_output
        ):
            x.messages.append(assistant)
    x.check()
    if x.messages[-1] is not assistant:
        x.messages.append(assistant)  # an empty answer is an answer


async def _answer(x: Exchange, assistant: Message) -> AsyncGenerator[ModelResponse, None]:
    guidance = 0
    while True:
        try:
            if x.streaming:
                async with aclosing(ask_streaming(x, assistant)) as deltas:
                    async for delta in deltas:
                        yield delta
            else:
                response = await ask(x, assistant)
                x.note(response)
                yield response
            return
        except RetryableModelProviderError as error:
            guidance += 1
            if not x.model.retry_with_guidance or guidance > x.model.retry_with_guidance_limit:
                raise error.original_error from error
            x.messages.append(Message(role="user", content=error.retry_guidance_message, add_to_agent_memory=False))


def _name_calls(x: Exchange, assistant: Message) -> None:
    """Give every call an id of its own: some providers send none, or the same one in each turn."""
    used = {call.get("id") for message in x.messages for call in message.tool_calls or ()}
    for position, call in enumerate(assistant.tool_calls or ()):
        if not call.get("id") or call["id"] in used:
            assistant.tool_calls[position] = call = {**call, "id": f"call_{new_id()}"}  # type: ignore[index]  # not None
        used.add(call["id"])


def _refuse_calls(x: Exchange, assistant: Message) -> None:
    """A model that goes on asking in the turn that offers no tools gets no further turn."""
    assistant.tool_calls = None
    if not assistant.content:
        assistant.content = f"Stopped: the limit of {x.tool_call_limit} tool calls was reached."
        x.note(ModelResponse(content=assistant.content))


def open_calls(messages: list[Message]) -> Message | None:
    """The last assistant message if not all of its tool calls have their answer."""
    answered: set[str | None] = set()
    for message in reversed(messages):
        if message.role == "tool" or message.tool_call_id is not None:
            answered.add(message.tool_call_id)
        elif message.tool_calls and not message.from_history:
            return message if any(call.get("id") not in answered for call in message.tool_calls) else None
        elif message.tool_calls is None and message.role in ("assistant", "model") and not answered:
            return None
    return None


def seal(messages: list[Message], reason: str, tool_role: str = "tool") -> None:
    """Answer every open tool call with `reason`, so that the history stays valid for every provider."""
    message = open_calls(messages)
    if message is None:
        return
    position = messages.index(message) + 1
    answers = {m.tool_call_id: m for m in messages[position:] if m.tool_call_id is not None}
    others = [m for m in messages[position:] if m.tool_call_id is None]
    sealed = []
    for call in message.tool_calls or ():
        answer = answers.get(call.get("id") or "")
        if answer is None:
            name = (call.get("function") or {}).get("name")
            answer = Message(
                role=tool_role, content=reason, tool_call_id=call.get("id"), tool_name=name, tool_call_error=True
            )
        sealed.append(answer)
    messages[position:] = sealed + others


__all__ = ["Exchange", "converse", "open_calls", "seal"]
