"""Answering the tool calls of one assistant message: refuse, pause or run each, and append the answers in call order."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Coroutine
from math import floor
from time import time
from typing import TYPE_CHECKING, Any

import msgspec

from agno._io import DONE, Give, silent
from agno.exceptions import AgentRunException, RunCancelledException
from agno.models._plain import plain_message
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse, ModelResponseEvent, ToolExecution, UserInputField
from agno.run import watching
from agno.tools._results import MEDIA, FunctionExecutionResult
from agno.tools.execution import execute
from agno.tools.function import Function, FunctionCall, user_feedback_schema, user_input_schema
from agno.tools.schema import described
from agno.utils.blank import bare
from agno.utils.functions import parse_arguments

if TYPE_CHECKING:
    from agno.models._loop import Exchange

_STARTED = ModelResponseEvent.tool_call_started.value
_COMPLETED = ModelResponseEvent.tool_call_completed.value
_PAUSED = ModelResponseEvent.tool_call_paused.value


class Slot(msgspec.Struct, eq=False):
    """One tool call on its way to its answer."""

    call_id: str
    name: str
    arguments: dict[str, Any] = {}
    execution: ToolExecution | None = None
    function: Function | None = None
    call: FunctionCall | None = None
    answer: Message | None = None
    raised: AgentRunException | None = None
    media: FunctionExecutionResult | None = None  # the outcome, if it has some
    begun: bool = False  # it may have acted
    shown: bool = False  # what it gave is given out already, as the run's answer
    told: bool = False  # its end was told


def _lacks(function: Function | None, schema: list[UserInputField]) -> bool:
    """True if the user has not filled in something without which the function cannot be called."""
    if function is None or function.entrypoint is None:
        return False
    known = described(function.entrypoint)
    needed = {name for name in known.parameters["required"] if not known.takes_none(name)}
    return any(field.value is None and field.name in needed for field in schema)


class ToolTurn:
    """The tool calls of one assistant message."""

    def __init__(self, x: Exchange, message: Message) -> None:
        self.x = x
        self.message = message
        self.slots: list[Slot] = []
        self.answers: dict[str | None, Message] = {}
        self.known: dict[str | None, ToolExecution] = {}
        if x.messages[-1] is message:
            self.start = len(x.messages)
        else:
            self.start = _index(x.messages, message) + 1
            self.answers = {m.tool_call_id: m for m in x.messages[self.start :] if m.tool_call_id is not None}
        if x.resumed:
            self.known = {e.tool_call_id: e for e in x.executions}
            x.resumed = False

    async def run(self) -> None:
        """Tell starts, ends and tool events. Afterwards the answers stand behind the message, in call order."""
        if (begin := self.x.before_tools) is not None:
            self.x.before_tools = None
            begin(self.x)
        slots = [self._slot(call) for call in self.message.tool_calls or ()]
        self.slots = slots
        try:
            if (keep := self.x.after_tool or self._before_runs()) is not None:
                await keep(self._so_far())
            await self._run_all([slot for slot in slots if slot.call is not None])
        finally:
            self._append(slots)
        for slot in slots:
            if slot.answer is None:
                self.x.paused = True
                await self._tell(_PAUSED, slot)

    def _before_runs(self) -> Give | None:
        keep = self.x.before_runs
        if keep is None or not any(slot.call is not None and slot.call.function.begins_runs for slot in self.slots):
            return None
        return keep

    def _tell(self, kind: str, slot: Slot) -> Awaitable[None]:
        x = self.x
        if x.give_tool is not None:
            return x.give_tool(kind, slot.execution, slot.media)
        return x.give(tool_response(kind, slot.execution, slot.media)) if x.give is not silent else DONE

    # What becomes of a call ------------------------------------------------------------------------------------------

    def _slot(self, call: dict[str, Any]) -> Slot:
        call_id: str = call.get("id") or ""
        wanted = call.get("function") or {}
        slot = Slot(call_id, wanted.get("name") or "")
        if self.answers and (answer := self.answers.get(call_id)) is not None:
            slot.answer = answer
            return slot
        slot.function = self.x.functions.get(slot.name)
        if self.known and (known := self.known.get(call_id)) is not None:
            slot.execution = known
            slot.arguments = known.tool_args or {}
            self._resume(slot, known)
        else:
            self._begin(slot, wanted.get("arguments"))
        return slot

    def _begin(self, slot: Slot, text: Any) -> None:
        function = slot.function
        if function is None:
            names = ", ".join(self.x.functions) or "none"
            self._fail(slot, f"There is no tool named {slot.name!r}. Tools that can be called: {names}.")
            return
        try:
            slot.arguments = parse_arguments(text, function)
        except ValueError as error:
            self._fail(slot, str(error))
            return
        for name in function.user_input_fields or ():
            slot.arguments.pop(name, None)  # only the user may say it, whatever the model made up
        if self._over_limit(slot, function):
            return
        if function.asks_user and not user_feedback_schema(slot.arguments):
            self._fail(
                slot, f"{slot.name!r} asked nothing: give `questions`, a list of dicts with `question` and `options`."
            )
            return
        slot.execution = execution = bare(ToolExecution)
        execution.tool_call_id, execution.tool_name, execution.tool_args = slot.call_id, slot.name, slot.arguments
        execution.created_at = floor(time())
        if function.stop_after_tool_call:
            execution.stop_after_tool_call = True
        self.x.executions.append(execution)
        if not _pauses(execution, function, slot.arguments):
            self._ready(slot)

    def _over_limit(self, slot: Slot, function: Function) -> bool:
        x = self.x
        own = x.tool_calls_by_name.get(slot.name, 0)
        if x.tool_call_limit is not None and x.tool_calls_made >= x.tool_call_limit:
            x.limit_hit = True
            self._fail(slot, f"Not executed: the limit of {x.tool_call_limit} tool calls for this run is reached.")
            return True
        if (limit := function.tool_call_limit) is not None and own >= limit:
            self._fail(slot, f"Not executed: the limit of {limit} calls of {slot.name!r} for this run is reached.")
            return True
        x.tool_calls_made += 1
        x.tool_calls_by_name[slot.name] = own + 1
        return False

    def _resume(self, slot: Slot, execution: ToolExecution) -> None:
        """Continue a call that waited for a person; one that still waits stays paused."""
        if execution.requires_confirmation:
            if execution.confirmed is None:
                return
            execution.requires_confirmation = False
            if execution.confirmed is not True:  # a text such as "false", from a form, is no yes
                execution.confirmed = False
                note = execution.confirmation_note
                self._fail(slot, note or f"The user rejected the call of {slot.name!r}.")
                return
        if execution.user_feedback_schema is not None:
            if execution.answered:
                self._take_feedback(slot, execution)
            return
        if execution.requires_user_input:
            if not self._fill_in(slot, execution):
                return
            if slot.name == "get_user_input":
                return
        if execution.external_execution_required:
            if execution.result is None:
                return  # the process died before anybody was asked
            execution.external_execution_required = False
            slot.answer = self._tool_message(slot, str(execution.result), error=False)
            return
        if execution.child_run_id is not None:
            if not execution.answered:
                return  # nobody has told the run inside of it what it waits for
            execution.answered = None
        self._ready(slot)

    def _take_feedback(self, slot: Slot, execution: ToolExecution) -> None:
        """What the user chose is the tool's result."""
        asked = execution.user_feedback_schema or []
        chosen = [{"question": one.get("question"), "selected": one.get("selected")} for one in asked]
        execution.result = msgspec.json.encode(chosen, enc_hook=str).decode()
        slot.answer = self._tool_message(slot, execution.result, error=False)

    def _fill_in(self, slot: Slot, execution: ToolExecution) -> bool:
        """Take the user's values as arguments. False while some are missing."""
        schema = execution.user_input_schema or []
        given = [field for field in schema if field.value is not None]
        if not execution.answered and ((schema and not given) or _lacks(slot.function, schema)):
            return False
        execution.requires_user_input = False
        execution.answered = True
        if slot.name == "get_user_input":
            values = [{"name": field.name, "value": field.value} for field in schema]
            execution.result = msgspec.json.encode(values, enc_hook=str).decode()
            slot.answer = self._tool_message(slot, execution.result, error=False)
            return True
        slot.arguments = {**slot.arguments, **{field.name: field.value for field in given}}
        execution.tool_args = slot.arguments
        return True

    def _ready(self, slot: Slot) -> None:
        if slot.function is None:
            names = ", ".join(self.x.functions) or "none"
            self._fail(slot, f"There is no tool named {slot.name!r} any more. Tools that can be called: {names}.")
            return
        slot.call = call = bare(FunctionCall)
        call.function, call.arguments, call.call_id = slot.function, slot.arguments, slot.call_id

    def _fail(self, slot: Slot, text: str) -> None:
        slot.answer = self._tool_message(slot, text, error=True)
        if slot.execution is not None:
            slot.execution.tool_call_error = True
            slot.execution.result = text

    # Running ---------------------------------------------------------------------------------------------------------

    async def _run_all(self, ready: list[Slot]) -> None:
        x = self.x
        if x.io.is_async and len(ready) > 1:
            x.check()
            for slot in ready:
                await self._tell(_STARTED, slot)
            try:
                await x.io.merge([functools.partial(self._run_beside, slot) for slot in ready], self._pass)
            except Exception:  # a neighbour ended the run; what is done is told all the same
                for slot in ready:
                    if slot.answer is not None and not slot.told:
                        await self._finished(slot)
                raise
            x.check()
            return
        for slot in ready:
            x.check()
            await self._tell(_STARTED, slot)
            await self._run_one(slot, x.give)
            await self._finished(slot)

    async def _run_beside(self, slot: Slot, give: Give) -> None:
        """Run a tool while others run. The slot itself is given when its tool is done."""
        try:
            await self._run_one(slot, give)
        except RunCancelledException:
            if not self.x.token.cancelled:
                raise
        else:  # its neighbours look at the token themselves; one that cancelled the run ends with its result
            await give(slot)

    async def _pass(self, item: Any) -> None:
        """What tools give while they run side by side: their events, and in the end their slots."""
        await (self._finished(item) if isinstance(item, Slot) else self.x.give(item))

    def _run_one(self, slot: Slot, give: Give) -> Coroutine[Any, Any, None]:
        """Run a tool; its outcome is put on the slot."""
        work = self._run_through(slot, give)
        return work if watching.watcher is None else watching.watcher.tool(self.x, slot, work)

    async def _run_through(self, slot: Slot, give: Give) -> None:
        x, call, execution = self.x, slot.call, slot.execution
        assert call is not None and execution is not None
        started, slot.begun = x.io.now(), True
        try:
            if call.function.begins_runs:
                await execute(x.io, call, x.scope, give)
            else:
                await x.io.unless(x.token, lambda io, give: execute(io, call, x.scope, give), give)
            outcome = call.outcome
            assert outcome is not None
            if outcome.has_media:
                slot.media = outcome
            if (inside := outcome.inside) is not None:
                execution.child_run_ids, slot.shown = inside.run_ids, inside.shown
                execution.child_run_id = inside.run_ids[0] if inside.run_ids else None
                execution.child_errors = inside.errors or None
                if outcome.status == "waiting":
                    slot.begun = False  # a run inside of it waits for a person: it has no answer yet
                    return
            failed = outcome.status == "failure"
            text = (outcome.error or "") if failed else as_text(outcome.result)
        except AgentRunException as error:
            slot.raised, failed, text = error, True, str(error)
        took = bare(Metrics)
        took.duration = x.io.now() - started
        execution.metrics, execution.result, execution.tool_call_error = took, text, failed
        slot.answer = answer = self._tool_message(slot, text, error=failed)
        answer.metrics = took
        if execution.stop_after_tool_call and not failed:  # after a failure the model may try again, or say so
            answer.stop_after_tool_call = True
        if self._shows(slot):
            x.note(ModelResponse(content=text))
        if x.after_tool is not None:
            await x.after_tool(self._so_far())

    def _so_far(self) -> list[Message]:
        """The messages with the answers that are there."""
        return [*self.x.messages[: self.start], *[slot.answer for slot in self.slots if slot.answer is not None]]

    async def _finished(self, slot: Slot) -> None:
        x, slot.told = self.x, True
        if slot.answer is None:
            return  # it waits
        if (media := slot.media) is not None:
            x.note(tool_response(_COMPLETED, slot.execution, media))
        await self._tell(_COMPLETED, slot)
        if self._shows(slot):
            await x.give(ModelResponse(content=slot.answer.content))

    @staticmethod
    def _shows(slot: Slot) -> bool:
        """True if what the tool gave is said to the user, and nobody has done so."""
        assert slot.function is not None and slot.answer is not None
        if not slot.function.show_result:
            return False
        return bool(slot.answer.content) and not (slot.shown or slot.answer.tool_call_error)

    def _append(self, slots: list[Slot]) -> None:
        """Put the answers behind the message in call order, then the media and what exceptions had to say."""
        x = self.x
        answers: list[Message] = []
        for slot in slots:
            if slot.answer is None and slot.begun:  # the run was broken off while the tool ran
                self._fail(slot, "The run ended before this tool gave a result.")
            if slot.answer is not None:
                answers.append(slot.answer)
                x.stopped = x.stopped or slot.answer.stop_after_tool_call
            if slot.raised is not None and slot.raised.stop_execution:
                x.stopped = True
        answers.extend([m for m in x.messages[self.start :] if m.tool_call_id is None])
        if any([slot.media is not None or slot.raised is not None for slot in slots]):
            answers += [*_media_message(slots), *_said_by_exceptions(slots)]
        x.messages[self.start :] = answers
        if x.model.reshapes_results:
            del x.messages[self.start :]
            x.model.format_function_call_results(x.messages, answers)

    def _tool_message(self, slot: Slot, text: str, *, error: bool) -> Message:
        message = plain_message(self.x.model.tool_message_role, text, floor(time()))
        message.tool_call_id, message.tool_name, message.tool_args = slot.call_id, slot.name, slot.arguments
        message.tool_call_error = error
        return message


def _index(messages: list[Message], message: Message) -> int:
    for position in range(len(messages) - 1, -1, -1):
        if messages[position] is message:
            return position
    raise ValueError("The message is not part of the conversation.")


def as_text(result: Any) -> str:
    """A tool's result as the model reads it."""
    if result is None:
        return ""
    if isinstance(result, str):
        return result
    dump = getattr(result, "model_dump_json", None)
    return dump() if dump is not None else str(result)


def tool_response(kind: str, execution: ToolExecution | None, media: FunctionExecutionResult | None) -> ModelResponse:
    """What happened to a tool call, as an item of a model's stream."""
    response = ModelResponse(event=kind, tool_executions=[execution])
    if media is not None:
        for name in MEDIA:
            if found := getattr(media, name):
                setattr(response, name, list(found))
    return response


def _pauses(execution: ToolExecution, function: Function, arguments: dict[str, Any]) -> bool:
    """Mark a call that must wait for a person."""
    if function.requires_confirmation:
        execution.requires_confirmation = True
    elif function.external_execution:
        execution.external_execution_required = True
        execution.external_execution_silent = function.external_execution_silent
    elif function.asks_user:
        execution.user_feedback_schema = user_feedback_schema(arguments)
    elif function.requires_user_input or function.name == "get_user_input":
        execution.requires_user_input = True
        execution.user_input_schema = user_input_schema(function, arguments)
    else:
        return False
    execution.approval_type = function.approval_type
    return True


def _media_message(slots: list[Slot]) -> list[Message]:
    given = [slot.media for slot in slots if slot.media is not None]
    if not given:
        return []
    found: dict[str, list[Any]] = {}
    for source in MEDIA:
        if media := [item for outcome in given for item in getattr(outcome, source) or ()]:
            found["audio" if source == "audios" else source] = media
    return [Message(role="user", content="The tools above gave these media.", **found)]


def _said_by_exceptions(slots: list[Slot]) -> list[Message]:
    said: list[Message] = []
    for error in [slot.raised for slot in slots if slot.raised is not None]:
        for role, text in (("user", error.user_message), ("assistant", error.agent_message)):
            if text is not None:
                said.append(text if isinstance(text, Message) else Message(role=role, content=str(text)))
        for message in error.messages or ():
            said.append(message if isinstance(message, Message) else Message(**message))
    return said


__all__ = ["Slot", "ToolTurn", "as_text", "tool_response"]
