"""The one model-tool loop: ask the model, run the tools it asks for, until it answers or must wait for a person.

`converse` gives what happens to `Exchange.give` as `ModelResponse` items (text deltas, tool starts and ends), and passes
the events of generator tools through. What it leaves behind is on the `Exchange`: messages, tool executions, the joined response.
Entering it again with a paused, cancelled or crashed exchange continues where the messages end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import floor
from time import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from agno._io import IO, Give, silent
from agno.models._plain import plain_message
from agno.models._requests import ONCE, Attempts, ask
from agno.models._tools import ToolTurn
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse, ToolExecution
from agno.run.cancel import NEVER, CancelToken
from agno.tools.function import Function
from agno.utils.blank import bare
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.models.base import Model


class Exchange(msgspec.Struct, kw_only=True, eq=False):
    """The state of one conversation with a model: what it needs, and what it leaves behind."""

    io: IO
    model: Model
    messages: list[Message]
    response_format: Any = None
    streaming: bool = False
    token: CancelToken = NEVER  # says when the run is to stop
    run_response: Any = None
    tools: list[dict[str, Any]] | None = None  # what the provider is told
    functions: Mapping[str, Function] = {}  # what can be run, by name
    tool_choice: str | dict[str, Any] | None = None
    attempts: Attempts = ONCE
    tool_call_limit: int | None = None
    scope: Mapping[str, Any] = MappingProxyType({})  # injected into tools by name
    give: Give = silent  # what happens goes here ...
    give_text: Give | None = None  # ... but pieces that are nothing but text go here, if this is set
    give_tool: Callable[[str, Any, Any], Awaitable[None]] | None = None  # ... and starts and ends of tools here
    prepare: Callable[[list[Message]], list[Message]] | None = None  # last look at what is sent
    before_turn: Callable[[Exchange], Awaitable[None]] | None = None  # work on the messages, e.g. compression
    answer_tool: dict[str, Any] | None = None  # as the provider is told of it: its arguments are the answer
    before_tools: Callable[[Exchange], None] | None = None  # called once, before the first tool
    after_turn: Give | None = None  # gets the messages when all tools of a turn are answered ...
    after_tool: Give | None = None  # ... and before the first of them and after each
    before_runs: Give | None = None  # gets them before the first tool of a turn that begins runs, if nobody else does

    executions: list[ToolExecution] = []
    response: ModelResponse = msgspec.field(default_factory=partial(bare, ModelResponse))  # all turns, joined
    tool_calls_made: int = 0
    tool_calls_by_name: dict[str, int] = {}
    paused: bool = False
    stopped: bool = False
    limit_hit: bool = False
    is_new: bool = False  # none of the messages asks for a tool
    resumed: bool = False  # `executions` holds calls that waited for a person
    asked_at: float = 0.0  # when the model was last asked, by `io.now()`
    used_call_ids: set[Any] | None = None  # of the tool calls in `messages`

    def check(self) -> None:
        """Raise if the run was cancelled."""
        if self.token.cancelled:
            self.token.raise_if_cancelled()

    def note(self, part: ModelResponse) -> None:
        """Join a complete turn to the response: text and reasoning are concatenated, the newest of the rest wins."""
        total = self.response.__dict__
        for name, value in part.__dict__.items():
            if value is None or name not in _NOTED:
                continue
            have = total.get(name)
            if name == "content":
                total[name] = have + value if have and isinstance(value, str) else value
            elif name == "reasoning_content":
                total[name] = (have or "") + value
            elif name in _LATEST:
                total[name] = value
            elif name in _JOINED and value:
                total[name] = [*(have or ()), *value]
            elif name == "provider_data":
                total[name] = {**(have or {}), **value}

    def begins(self, assistant: Message) -> None:
        """The model began to answer."""
        assistant.metrics.time_to_first_token = self.io.now() - self.asked_at


_LATEST = frozenset({"parsed", "audio", "citations", "redacted_reasoning_content"})
_JOINED = frozenset({"images", "videos", "audios", "files"})
_NOTED = _LATEST | _JOINED | {"content", "reasoning_content", "provider_data"}


async def converse(x: Exchange) -> None:
    """Run the loop. Open tool calls at the end of the messages are answered first."""
    if x.stopped:
        return
    call_message = None if x.is_new else open_calls(x.messages)
    while True:
        if call_message is None:
            if x.before_turn is not None:
                await x.before_turn(x)
            call_message = await _model_turn(x)
            if not call_message.tool_calls:
                if not x.model.goes_on(call_message):
                    return
                call_message = None
                continue
        x.is_new = False
        await ToolTurn(x, call_message).run()
        if x.paused or x.stopped:
            return
        if x.after_turn is not None:
            await x.after_turn(x.messages)
        call_message = None


async def _model_turn(x: Exchange) -> Message:
    """One answer of the model, appended to the messages. After the tool call limit it is the last: without tools."""
    x.check()
    assistant = plain_message(x.model.assistant_message_role, None, floor(time()))
    metrics = assistant.metrics = bare(Metrics)
    x.asked_at = x.io.now()
    refusal = None
    try:
        await ask(x, assistant)
    finally:
        metrics.duration = x.io.now() - x.asked_at
        if assistant.tool_calls:
            refusal = _settle_calls(x, assistant)
        if assistant.content is not None or assistant.tool_calls or _says_more(assistant):
            x.messages.append(assistant)
    if refusal is not None:
        await x.give(refusal)
    x.check()
    if x.messages[-1] is not assistant:
        x.messages.append(assistant)  # an empty answer is an answer
    return assistant


def _says_more(assistant: Message) -> bool:
    return bool(assistant.reasoning_content or assistant.audio_output)


def _settle_calls(x: Exchange, assistant: Message) -> ModelResponse | None:
    """Make the calls of an answer such that they can be run. Gives what is said instead, if they may not be."""
    if x.answer_tool is not None:
        _take_answer(x, assistant)
    if assistant.tool_calls:
        if x.limit_hit:
            return _refuse_calls(x, assistant)
        _name_calls(x, assistant)
    return None


def _take_answer(x: Exchange, assistant: Message) -> None:
    """Of a call of the answer tool, make the answer that it is. Beside other calls it came too early: they are made, and
    the model answers again."""
    assert x.answer_tool is not None
    name, calls = x.answer_tool["function"]["name"], assistant.tool_calls or []
    others = [call for call in calls if (call.get("function") or {}).get("name") != name]
    if len(others) == len(calls):
        return
    assistant.tool_calls = others or None
    if not others:
        assistant.content = x.response.content = calls[-1]["function"].get("arguments") or "{}"


def _name_calls(x: Exchange, assistant: Message) -> None:
    """Give every call an id of its own: some providers send none, or the same one in each turn."""
    calls = assistant.tool_calls or []
    used = x.used_call_ids
    if used is None:
        used = x.used_call_ids = {call.get("id") for message in x.messages for call in message.tool_calls or ()}
    for position, call in enumerate(calls):
        call_id = call.get("id")
        if not call_id or call_id in used:
            call_id = f"call_{new_id()}"
            calls[position] = {**call, "id": call_id}
        used.add(call_id)


def _refuse_calls(x: Exchange, assistant: Message) -> ModelResponse | None:
    """A model that goes on asking in the turn that offers no tools gets no further turn. Gives what is said instead."""
    assistant.tool_calls = None
    if assistant.content:
        return None
    assistant.content = f"Stopped: the limit of {x.tool_call_limit} tool calls was reached."
    said = ModelResponse(content=assistant.content)
    x.note(said)
    return said


def open_calls(messages: list[Message]) -> Message | None:
    """The last assistant message if not all of its tool calls have their answer."""
    answered: set[str | None] = set()
    for message in reversed(messages):
        if message.from_history:
            return None
        if message.role == "tool" or message.tool_call_id is not None:
            answered.add(message.tool_call_id)
        elif message.tool_calls:
            return message if any(call.get("id") not in answered for call in message.tool_calls) else None
    return None


def is_stopped(messages: list[Message]) -> bool:
    """True if the last turn of tools ended the run: its tools are done, and one of them was to be the last."""
    for message in reversed(messages):
        if message.tool_calls or message.role in ("assistant", "model"):
            return False
        if message.stop_after_tool_call:
            return open_calls(messages) is None
    return False


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


__all__ = ["Exchange", "converse", "is_stopped", "open_calls", "seal"]
