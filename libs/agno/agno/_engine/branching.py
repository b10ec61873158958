"""Going on with a run that is there: answer what it waits for, resume what broke off, add to it, branch off, answer anew.

The run as it was is never changed: `take_up` works on a copy, which replaces the stored run or becomes a run of its own.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from agno._engine.approvals import is_answered, settle
from agno._engine.context import Run
from agno._engine.history import history_messages
from agno._engine.inputs import run_messages
from agno.exceptions import RunNotContinuableError, RunNotFoundError
from agno.models._loop import open_calls, seal
from agno.models.message import Message
from agno.models.response import ToolExecution
from agno.run.base import RunStatus
from agno.run.output import RunInput
from agno.run.requirement import RunRequirement
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id

_RESUMED = frozenset({RunStatus.paused, RunStatus.running, RunStatus.pending, RunStatus.error})
_UNCOUNTED = frozenset({RunStatus.paused, RunStatus.running, RunStatus.pending})


@dataclass
class Continuation:
    """What the caller of `continue_run` asks for."""

    run_response: Any = None
    run_id: str | None = None
    session_id: str | None = None  # where the run is; a fork may go on elsewhere
    updated_tools: list[Any] | None = None
    requirements: list[Any] | None = None
    input: Any = None
    continue_from: int | str | None = None
    fork: bool | None = None
    fork_session: bool | None = None
    regenerate: bool | None = None
    replace_original: bool | None = None
    additional_instructions: str | list[str] | None = None
    take_over: bool | None = None
    late: bool = False  # a process went on with the run since it was asked for: some of the answers may be used up

    @property
    def branches(self) -> bool:
        """True if the result is a run of its own beside the original."""
        if self.regenerate:
            return not self.replace_original
        return bool(self.fork or self.fork_session or self.replace_original is False)

    @property
    def answers(self) -> bool:
        """True if there may be answers to what a paused run asked."""
        return self.run_response is not None or self.updated_tools is not None or self.requirements is not None

    @property
    def redirects(self) -> bool:
        """True if the run goes on in another way than from where it ended."""
        return bool(self.regenerate or self.input is not None or self.continue_from is not None)

    def check(self) -> None:
        """Raise ValueError for wishes that contradict each other, TypeError for what is no run and no answer."""
        if self.run_response is not None and not hasattr(self.run_response, "run_id"):
            raise TypeError(
                f"continue_run got a {type(self.run_response).__name__} as the run. Give the RunOutput, or run_id=... with "
                "session_id=..."
            )
        _refuse_others("requirements", self.requirements, RunRequirement)
        _refuse_others("updated_tools", self.updated_tools, ToolExecution)
        if self.run_response is None and self.run_id is None:
            raise ValueError("continue_run needs the paused run: give run_response=, or run_id= with updated_tools=.")
        if self.replace_original and (self.fork or self.fork_session):
            raise ValueError("replace_original=True keeps no second run; leave it out, or fork= and fork_session=.")


def _refuse_others(name: str, given: Any, kind: type[Any]) -> None:
    of_run = "tools" if kind is ToolExecution else name
    for item in given if isinstance(given, (list, tuple)) else () if given is None else (given,):
        if item is given or not isinstance(item, kind):
            raise TypeError(
                f"{name}= of continue_run {'is' if item is given else 'holds'} a {type(item).__name__}. It takes a list of "
                f"{kind.__name__} objects, such as run.{of_run}; {kind.__name__}.from_dict makes one of JSON data."
            )


async def take_up(run: Run) -> None:
    """Find the run, put the caller's answers on a copy of it, and go on from its messages."""
    wish, session = run.answers, run.loaded_session
    assert wish is not None
    stored = session.get_run(wish.run_id) if session is not None else None
    source = _source(run, stored)
    wish = run.answers
    if source is None:
        if not wish.answers and not wish.redirects and not wish.branches:
            raise ValueError(
                f"continue_run(run_id={wish.run_id!r}) needs updated_tools= or requirements= with the answers; there is "
                f"no such run in session {wish.session_id!r} that could be resumed without."
            )
        raise RunNotFoundError(f"There is no run {wish.run_id!r} in session {wish.session_id!r}.")
    _check_status(wish, source if stored is None else stored)  # the caller's copy may be of yesterday
    if run.context.user_id is None:  # nobody else was named, so it goes on for whom it was begun
        run.context.user_id = source.user_id
    kept = _kept_messages(wish, source)
    output = _successor(run, wish, source, kept)
    run.component.take_up(run, output, wish, kept)
    if not wish.redirects:
        await _take_answers(run, output, source.status is RunStatus.paused)
    run.output, run.before = output, output.metrics
    run.messages = run.context.messages = _with_history(run, kept, source)
    run.counted = 0 if source.status in _UNCOUNTED else len(run.messages)
    if run.component.store_events:
        run.kept_events = list(output.events or ())
    if wish.fork_session and session is not None:
        await _fork_session(run, session, source)


def _source(run: Run, stored: Any) -> Any:
    """The run to go on from: the caller's copy, but of one that a process went on with since, what is stored, which knows
    what was done. Of the copy only the answers count then."""
    wish, given = run.answers, run.answers.run_response
    if given is None or stored is None or given.parent_run_id is not None or wish.redirects or wish.branches:
        return given or stored  # where it is continued inside of another, that one knows how far it came
    if not _went_on(stored, given):
        return given
    requirements = [one for one in given.requirements or () if one.is_resolved()]
    tools = [tool for tool in given.tools or () if tool.is_paused and is_answered(tool)]
    run.answers = replace(
        wish,
        run_response=None,
        requirements=[*requirements, *(wish.requirements or ())],
        updated_tools=[*tools, *(wish.updated_tools or ())],
        late=True,
    )
    return stored


def _went_on(stored: Any, given: Any) -> bool:
    if stored.status is not given.status:
        return True
    if stored.status is RunStatus.paused:  # each pause asks something else
        return {one.id for one in stored.requirements or ()} != {one.id for one in given.requirements or ()}
    return stored.status is not RunStatus.error or len(stored.messages or ()) > len(given.messages or ())


async def _take_answers(run: Run, output: Any, paused: bool) -> None:
    """Answers go to what waits for them. A run that went on with some, and was not ended, knows them itself."""
    wish = run.answers
    if paused:
        await run.component.answer(run, output, wish)
        await settle(run, output, output.tools or ())
        _check_results(output)
        return
    known = [one for one in output.requirements or () if one.is_resolved()]
    if known or wish.answers:
        given = [*known, *(wish.requirements or ())]
        await run.component.answer(run, output, replace(wish, run_response=None, requirements=given, late=True))


def _check_status(wish: Continuation, source: Any) -> None:
    status = source.status
    if wish.redirects:
        return
    if status not in _RESUMED:
        raise RunNotContinuableError(
            f"Run {source.run_id!r} is {status.name}, so there is nothing to continue. "
            "Give input=, continue_from= or regenerate=True to go on from it."
        )
    if status is RunStatus.paused and not wish.answers:
        raise ValueError(
            f"Run {source.run_id!r} is paused: continue_run needs updated_tools= or requirements= with the answers."
        )


# Messages ------------------------------------------------------------------------------------------------------------


def _kept_messages(wish: Continuation, source: Any) -> list[Message]:
    """The messages to go on from; open tool calls are answered if the caller goes on without them."""
    messages = [m.model_copy() for m in source.messages or () if m.id]  # reading the id makes it: copies share it
    if wish.continue_from is not None:
        messages = messages[: _position(source.messages or [], wish.continue_from, source)]
    if wish.regenerate:
        messages = _up_to_question(messages, with_it=wish.input is None)
    if wish.input is not None:
        seal(messages, "Not executed: the conversation went on without this call.")
    elif wish.continue_from is not None and messages and open_calls(messages) is None:
        last = messages[-1]
        if last.role in ("assistant", "model"):
            raise ValueError(
                f"continue_from={wish.continue_from!r} leaves run {source.run_id!r} at an answer, so there is nothing "
                "to ask the model: give input= too, or an earlier message."
            )
    return messages


def _position(messages: list[Message], wanted: int | str, source: Any) -> int:
    """How many messages are kept."""
    if isinstance(wanted, str):
        for position, message in enumerate(messages):
            if message.id == wanted:
                return position + 1
        raise ValueError(f"continue_from={wanted!r} is the id of no message of run {source.run_id!r}.")
    if not -len(messages) <= wanted <= len(messages):
        raise ValueError(
            f"continue_from={wanted} keeps more messages than run {source.run_id!r} has: it has {len(messages)}."
        )
    return wanted if wanted >= 0 else len(messages) + wanted


def _up_to_question(messages: list[Message], *, with_it: bool) -> list[Message]:
    """The messages up to the last one that the user said; what tools show to the model is said in its name only."""
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        shown_by_tool = position > 0 and messages[position - 1].tool_call_id is not None
        if message.role == "user" and not message.from_history and not shown_by_tool:
            return messages[: position + (1 if with_it else 0)]
    return []


def _with_history(run: Run, messages: list[Message], source: Any) -> list[Message]:
    """Stored runs are kept without the history they were sent with; put it back where it was."""
    if not messages or run.loaded_session is None or not run.get("add_history_to_context"):
        return messages
    if any(message.from_history for message in messages):
        return messages
    start = 1 if messages[0].role in ("system", "developer") else 0
    start += len(source.additional_input or ())
    return [*messages[:start], *history_messages(run, before=source.run_id), *messages[start:]]


async def say_more(run: Run) -> None:
    """Put what the caller adds to a continued run into its messages."""
    wish = run.answers
    assert wish is not None
    if extra := wish.additional_instructions:
        _instruct(run, extra if isinstance(extra, str) else "\n".join(f"- {line}" for line in extra))
    if wish.input is not None:
        run.input = wish.input
        run.messages.extend(run_messages(run))


def _instruct(run: Run, text: str) -> None:
    messages = run.messages
    if messages and messages[0].role == run.component.system_message_role:
        first = messages[0] = messages[0].model_copy()
        first.content = f"{first.get_content_string()}\n\n{text}"
    else:
        messages.insert(0, Message(role=run.component.system_message_role, content=text))
        run.counted += 1 if run.counted else 0


# The output ----------------------------------------------------------------------------------------------------------


def _successor(run: Run, wish: Continuation, source: Any, kept: list[Message]) -> Any:
    """The output to fill: a copy of the original, under its id or a new one."""
    output = copy.copy(source)
    output.status, output.followups = RunStatus.running, None
    output.tools = [copy.copy(tool) for tool in source.tools or ()] or None
    output.input = copy.copy(source.input)
    if wish.redirects or source.status not in _UNCOUNTED:
        output.content = output.reasoning_content = None
    if wish.redirects:
        answered = {m.tool_call_id for m in kept}
        output.tools = [tool for tool in output.tools or () if tool.tool_call_id in answered] or None
        output.requirements = None
    if wish.branches:
        output.run_id, output.session_id = run.output.run_id, run.context.session_id
        output.created_at, output.metrics, output.events = now_epoch(), None, None
        if wish.regenerate:
            output.regenerated_from = source.run_id
        else:
            output.forked_from_run_id, output.forked_from_message_index = source.run_id, len(kept)
        if wish.fork_session:
            output.forked_from_session_id = source.session_id
    if wish.regenerate and wish.input is not None:
        output.input = RunInput(input_content=wish.input)
        if not kept:  # the prompt is built anew, with this input
            wish.input = None
    run.input = output.input.input_content if output.input is not None else None
    return output


async def answer(run: Run, output: Any, wish: Continuation) -> None:
    """Put the caller's answers onto the tools that wait for them."""
    tools = {tool.tool_call_id: tool for tool in output.tools or ()}
    given = [r.tool_execution for r in output.requirements or () if wish.run_response is not None and r.is_resolved()]
    given += list(wish.updated_tools or ())
    given += [r.tool_execution for r in wish.requirements or ()]
    for tool in given:
        if tool is None:
            continue
        waiting = tools.get(tool.tool_call_id)
        if waiting is None and not wish.late:
            raise ValueError(f"Run {output.run_id!r} has no tool call {tool.tool_call_id!r} to answer.")
        if waiting is not None and waiting.is_paused:
            tools[tool.tool_call_id] = copy.copy(tool)
    output.tools = list(tools.values())
    output.requirements = as_answered(output, wish) or None


def as_answered(asking: Any, wish: Continuation | None) -> list[RunRequirement]:
    """What a run asks, with the answers that are there."""
    given: dict[Any, RunRequirement] = {}
    for one in (wish.requirements if wish is not None else None) or ():
        given[one.id] = given[_question(one)] = one  # an id may be lost on the way, and a branch has other run ids
    tools = {tool.tool_call_id: tool for tool in (wish.updated_tools if wish is not None else None) or ()}
    found = []
    for requirement in asking.requirements or ():
        requirement = given.get(requirement.id) or given.get(_question(requirement), requirement)
        tool = requirement.tool_execution
        if tool is not None and tool.tool_call_id in tools:
            requirement = copy.copy(requirement)
            requirement.tool_execution = tools[tool.tool_call_id]
        found.append(requirement)
    return found


def _question(requirement: RunRequirement) -> tuple[str | None, str | None]:
    """Which call of which run it is about."""
    tool = requirement.tool_execution
    return requirement.member_run_id, tool.tool_call_id if tool is not None else requirement.id


def _check_results(output: Any) -> None:
    for tool in output.tools or ():
        if tool.external_execution_required and tool.result is None:
            raise ValueError(
                f"Tool {tool.tool_name!r} (call {tool.tool_call_id}) is executed outside of the run and has no result. "
                "Set tool.result, or requirement.set_external_execution_result(...), before continuing."
            )


# Sessions ------------------------------------------------------------------------------------------------------------


def forked(session: Any, session_id: str, before: str | None = None) -> Any:
    """A copy of a session under another id, with the runs before the run `before` (None: with all of them)."""
    now = now_epoch()
    data = {**session.header(), "session_id": session_id, "created_at": now, "updated_at": now, "runs": None}
    fork = type(session).from_dict(data)
    fork.runs, ids = [], {run.run_id: new_id() for run in session.runs or ()}
    for past in session.runs or ():
        if past.run_id == before:
            break
        twin = copy.copy(past)
        twin.run_id, twin.session_id = ids[past.run_id], session_id
        twin.parent_run_id = ids.get(past.parent_run_id or "", past.parent_run_id)
        twin.forked_from_session_id = session.session_id
        twin.regenerated_from = ids.get(past.regenerated_from or "", past.regenerated_from)
        twin.forked_from_run_id = ids.get(past.forked_from_run_id or "", past.run_id)  # a branch stays one
        _point_inside(twin, ids)
        if twin.__dict__.get("at_work"):
            twin.at_work = None  # that work is the original's
        fork.runs.append(twin)
    return fork


def _point_inside(twin: Any, ids: dict[str, str]) -> None:
    """Let the calls and questions of a copied run name the copies of the runs inside of it."""
    if any(tool.child_run_ids for tool in twin.tools or ()):
        twin.tools = [copy.copy(tool) for tool in twin.tools]
    for tool in twin.tools or ():
        if tool.child_run_ids:
            tool.child_run_ids = [ids.get(one, one) for one in tool.child_run_ids]
            tool.child_run_id = tool.child_run_ids[0]
    if any(requirement.member_run_id in ids for requirement in twin.requirements or ()):
        twin.requirements = [copy.copy(requirement) for requirement in twin.requirements]
        for requirement in twin.requirements:
            requirement.member_run_id = ids.get(requirement.member_run_id, requirement.member_run_id)


async def _fork_session(run: Run, session: Any, source: Any) -> None:
    fork = forked(session, run.context.session_id, source.run_id)
    if fork.session_data and (metrics := "session_metrics") in fork.session_data:
        fork.session_data = {key: value for key, value in fork.session_data.items() if key != metrics}
    run.loaded_session = fork
    if run.component.db is not None:
        await run.io.call(run.component.db.upsert_session, fork)


def retired(run: Run) -> tuple[Any, list[str]] | None:
    """The run that a completed regeneration replaces, marked as such, and the rows beside it that nobody needs any more;
    None if there is none in the session."""
    output, session = run.output, run.loaded_session
    if session is None or not output.regenerated_from or output.status is not RunStatus.completed:
        return None
    original = session.get_run(output.regenerated_from)
    if original is None or original.status is RunStatus.regenerated:
        return None
    marked = copy.copy(original)
    marked.status = RunStatus.regenerated
    rows = []
    if left := marked.__dict__.get("at_work"):
        marked.at_work, rows = None, [record["row"] for record in left]
    session.upsert_run(marked)
    return marked, rows


__all__ = ["Continuation", "answer", "as_answered", "forked", "retired", "say_more", "take_up"]
