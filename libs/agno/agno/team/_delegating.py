"""Delegating: the tools by which a leader gives tasks to members, and the members' runs inside of the leader's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from agno._engine.body import content_event
from agno._engine.branching import Continuation
from agno._engine.context import Run, private_copy
from agno._engine.inputs import MEDIA
from agno._engine.lifecycle import live
from agno._engine.modes import Mode
from agno._engine.progress import Kept, Origin
from agno._io import IO, Give
from agno.agent._runs import continued_run, new_run
from agno.exceptions import RunCancelledException
from agno.models.response import ModelResponse
from agno.run.base import RunStatus
from agno.team._assignments import Exchanged, answer_of, assignment, bounded, interactions, task_in
from agno.team._changes import merge_changes
from agno.team._history import team_history
from agno.team._members import Member, Roster
from agno.team._past import member_session, remembers
from agno.tools._results import Deferred, RunsInside
from agno.tools.function import Function
from agno.utils.blank import blank

_CONTENT = frozenset({"RunContent", "TeamRunContent"})
_PASSED = (*MEDIA, "workflow_context", "background_tasks")  # options of the team's run that its members get too
_ECHOED = ("created_at", "content", "content_type", "reasoning_content", "citations", "response_audio", "image")


class MemberFailed(Exception):
    """A member could not do its task; the leader reads why."""


class MemberRun:
    """A task given to a member: the run that does it, and its output."""

    def __init__(self, member: Member, task: str, run: Run | None, output: Any = None) -> None:
        self.member, self.task, self.run = member, task, run
        self.before: dict[str, Any] = (run.asked.get("session_state") if run is not None else None) or {}
        self.over = run is None  # it came to its end, or to a pause, before
        self._output = output  # of a run that the team knows since before

    @property
    def output(self) -> Any:
        return self._output if self.run is None else self.run.output


class Going(NamedTuple):
    """The run of a member that a call finds: it goes on if there is a wish; else it ended, or still waits."""

    output: Any
    wish: Continuation | None
    kept: Kept | None = None  # as it was at work in an earlier process


def going_on(kept: Kept) -> Going:
    """A run that was at work, which goes on unless it had ended."""
    output = kept.output
    return Going(output, Continuation(output, output.run_id) if kept.goes_on else None, kept)


class Delegations:
    """The members in one run of a team: who they are, the runs they do in it, and what they answered."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.roster: Roster  # set when the run is prepared
        self.answered: dict[str, list[Going]] = {}  # by tool call that waited: its runs
        self.at_work: dict[tuple[str, str], Kept] = {}  # by tool call, and for whom: runs of an earlier process
        self.done: list[Exchanged] = []
        self.begun: list[str] = []  # the runs of members, in the order in which they were asked for
        self.routed = False  # a member has answered in the team's name

    # Beginning a member's run ----------------------------------------------------------------------------------------

    async def prepare(
        self, member: Member, task: str, expected_output: str | None, call_id: str, who: str | None = None
    ) -> MemberRun:
        """The run of a member for a task, not yet begun, or the one that it was at in an earlier process. `who` tells apart
        those of one call. Raises for input that the member does not take."""
        who = member.id if who is None else who
        if self.at_work and (kept := self.at_work.pop((call_id, who), None)) is not None:
            return await self.resume(going_on(kept))
        run, team, component = self.run, self.run.component, member.component
        given: Any = task
        if not team.determine_input_for_members:
            given = run.input
        elif component.input_schema is None:
            given = assignment(component, task, expected_output, self._context())
        options = self._options(component)
        child = new_run(component, given, Mode(run.io, run.streaming, False, False, options), parent=run)
        if run.get("enable_agentic_knowledge_filters") and component.enable_agentic_knowledge_filters is None:
            child.asked = {**child.asked, "enable_agentic_knowledge_filters": True}
        self.begun.append(child.output.run_id)
        return await self._with_events(MemberRun(member, task, child), {"call": call_id, "who": who})

    def _context(self) -> list[str]:
        team, found = self.run.component, []
        if team.add_team_history_to_members and (told := team_history(self.run, team.num_team_history_runs)):
            found.append(told)
        if team.share_member_interactions and self.done:
            found.append(interactions(self.done))
        return found

    def _options(self, component: Any) -> dict[str, Any]:
        """The options of a member's run: what the caller of the team gave, where the member has nothing of its own."""
        run, context, team = self.run, self.run.context, self.run.component
        asked = run.asked
        options: dict[str, Any] = {"session_id": context.session_id, "user_id": context.user_id}
        if state := run.stored_state():
            options["session_state"] = private_copy(state)
        if context.dependencies:
            options["dependencies"] = context.dependencies
        if context.metadata:
            options["metadata"] = context.metadata
        if run.get("debug_mode"):
            options["debug_mode"] = True
        if asked:
            options.update({name: asked[name] for name in _PASSED if name in asked})
        if team.share_member_interactions:
            self._share_media(options)
        searches = component.knowledge is not None or component.knowledge_retriever is not None
        if searches and component.knowledge_filters is None:
            options["knowledge_filters"] = context.knowledge_filters
        if team.respond_directly and component.output_schema is None:
            options["output_schema"] = context.output_schema
        return options

    def _share_media(self, options: dict[str, Any]) -> None:
        for name in MEDIA:
            if made := getattr(self.run.output, name):
                options[name] = [*(options.get(name) or ()), *made]

    async def resume(self, going: Going, call_id: str = "") -> MemberRun:
        """The run of a member that waited, going on with what it was told, or one that was at work when its process died."""
        output, wish, kept = going
        member = self.roster.of_run(output)
        if member is None:
            raise MemberFailed(f"The member that run {output.run_id!r} belongs to is not in the team any more.")
        if wish is None and kept is None:
            return MemberRun(member, "", None, output)
        run, context = self.run, self.run.context
        options = {"session_id": context.session_id, "user_id": context.user_id or output.user_id}
        mode = Mode(run.io, run.streaming, False, False, options)
        child = continued_run(member.component, output, mode, parent=run)
        if wish is not None:
            child.answers = wish
            wish.run_id, wish.session_id = output.run_id, context.session_id
        if state := run.stored_state() if kept is None else output.session_state:
            child.asked = {**child.asked, "session_state": private_copy(state)}
        member_run = MemberRun(member, "", child)
        if kept is not None:
            member_run.before = dict(kept.state)
            self.begun.append(output.run_id)
        if wish is None:  # of a run that ended, only what it left is taken
            member_run.over = child.stored = True
            child.output, child.context.session_state = output, private_copy(output.session_state)
            run.progress.ended.add(output.run_id)
            return member_run
        return await self._with_events(member_run, {"call": call_id, "who": member.id} if kept is None else kept.place)

    async def _with_events(self, member_run: MemberRun, place: Mapping[str, Any]) -> MemberRun:
        """Let a member's run be seen and kept where the leader's is, and know what the member did before."""
        run, child = self.run, member_run.run
        assert child is not None
        if remembers(child):
            child.loaded_session = await member_session(child)
        if run.progress is not None:
            child.progress, child.origin = run.progress, Origin(place, member_run.before)
        if run.component.stream_member_events:
            child.shown = run.shown if run.kept_events is None else None
        elif run.component.respond_directly and run.shown != frozenset():
            child.shown = _CONTENT
        return member_run

    # Doing it --------------------------------------------------------------------------------------------------------

    async def perform(self, member_runs: Sequence[MemberRun], io: IO, give: Give) -> None:
        """Let members work: at once in an async run, one after the other in a sync run, with the same outcome.

        Each has begun with the state as it was before all of them. Their changes are merged in the members' order.
        """
        run, working = self.run, [one for one in member_runs if not one.over]
        left = list(working)
        try:
            if io.is_async and len(working) > 1:
                await io.merge([functools.partial(self._work, one, left) for one in working], give)
            else:
                for member_run in working:
                    await self._work(member_run, left, give)
        finally:
            for member_run in member_runs:
                if member_run.run is not None:
                    self._settle(member_run)
            if len(self.begun) > len(working):  # calls of one turn may end in another order than they began
                place = {run_id: position for position, run_id in enumerate(self.begun)}
                run.output.member_responses.sort(key=lambda one: place.get(one.run_id, -1))
        for member_run in working:
            if member_run.output.status is RunStatus.cancelled:
                run.check()  # cancelled with the team, it is no reason of its own
                raise RunCancelledException(f"Run {member_run.output.run_id} of {member_run.member.name} was cancelled")

    async def _work(self, member_run: MemberRun, left: list[MemberRun], give: Give) -> None:
        child = member_run.run
        assert child is not None
        self.run.check()
        child.give = self._echo(child, give) if self._is_echoed(child) else give
        try:
            await live(child, child.component.body)
        except Exception:
            # where nothing is streamed, a run that failed raises; its output says why, and the others go on
            if child.output.status is not RunStatus.error:
                raise
        left.remove(member_run)
        if child.progress is not None and left and child.output.status is not RunStatus.cancelled:
            await child.progress.keep(child)  # others of this call are at work: its end is not stored with the call's

    def _settle(self, member_run: MemberRun) -> None:
        """Take what a member's run left: its output, its changes of the state, and what it said."""
        run, child = self.run, member_run.run
        assert child is not None
        if not child.stored:
            return  # it never began
        top = run.outermost
        top.ended = [*(top.ended or ()), child]
        self._record(child.output)
        after = child.stored_state()
        if after != member_run.before:
            merge_changes(run.state, member_run.before, after)
        if run.component.share_member_interactions and child.output.status is RunStatus.completed:
            task = member_run.task or task_in(child.output)
            self.done.append(Exchanged(member_run.member.name, task, answer_of(child.output, member_run.member.name)))

    def _record(self, output: Any) -> None:
        """Put a member's output among those of the team's: one that goes on takes the place of what it was."""
        team = self.run.output
        known = team.member_responses
        for position, one in enumerate(known):
            if one.run_id == output.run_id:
                known[position] = output
                return
        team.add_member_run(output)

    def _is_echoed(self, child: Run) -> bool:
        """True if the member's answer is, piece by piece, that of the team."""
        run = self.run
        return bool(
            run.component.respond_directly
            and run.streaming
            and run.context.output_schema is None
            and content_event(run) is run.events.RunContentEvent
        )

    def _echo(self, child: Run, give: Give) -> Give:
        run, told, own_run = self.run, self.run.component.stream_member_events, child.output.run_id

        async def echo(event: Any) -> None:
            if event.event in _CONTENT and getattr(event, "run_id", None) == own_run:
                facts = {name: event.__dict__[name] for name in _ECHOED if name in event.__dict__}
                await give(blank(run.events.RunContentEvent, {**run.identity, **facts}))
            if told:
                await give(event)

        return echo

    # What the leader gets --------------------------------------------------------------------------------------------

    def result(self, member_runs: Sequence[MemberRun], *, together: bool) -> RunsInside:
        """The result of a delegation: text for the leader, or nothing yet while one of the members waits."""
        ids = [one.output.run_id for one in member_runs]
        if any(one.output.is_paused for one in member_runs):
            return RunsInside(ids)
        limit = self.run.component.max_member_response_chars
        failed = [one for one in member_runs if one.output.status is RunStatus.error]
        if len(failed) == len(member_runs):
            return RunsInside(ids, "\n".join(_failure(one) for one in failed), failed=True, errors=errors_of(failed))
        if self.run.component.respond_directly:
            return self._as_answer(member_runs[0], ids)
        texts = []
        for member_run in member_runs:
            if member_run in failed:
                texts.append(_failure(member_run))
                continue
            text = bounded(answer_of(member_run.output, member_run.member.name), limit)
            texts.append(f"{member_run.member.kind} {member_run.member.name}: {text}" if together else text)
        return RunsInside(ids, "\n".join(texts), errors=errors_of(failed))

    def _as_answer(self, member_run: MemberRun, ids: list[str]) -> RunsInside:
        """Make a member's answer the team's own."""
        run, output = self.run, member_run.output
        text, child = answer_of(output, member_run.member.name), member_run.run
        structured = output.content if not isinstance(output.content, str) and output.content is not None else None
        shown = child is not None and not member_run.over and self._is_echoed(child)
        assert run.exchange is not None
        if not self.routed:  # what the leader said while it chose is not the answer
            self.routed, run.exchange.response.content = True, None
        if structured is None and not shown:
            return RunsInside(ids, text)  # said by the loop, as of any tool that shows its result
        content = text if structured is None else structured
        run.exchange.note(ModelResponse(content=content, parsed=structured))
        if structured is not None:
            run.output.content_type = output.content_type
        return RunsInside(ids, text, shown=True)


def _failure(member_run: MemberRun) -> str:
    return f"{member_run.member.kind} {member_run.member.name} failed: {member_run.output.content}"


def errors_of(member_runs: Sequence[MemberRun]) -> list[dict[str, Any]]:
    """What the runs of these members failed with."""
    failed = [one.output for one in member_runs if one.output.status is RunStatus.error]
    return [{"run_id": one.run_id, "error_type": one.error_type, "error": one.content} for one in failed]


# The tools -----------------------------------------------------------------------------------------------------------


class Leader:
    """The tools of one run by which its leader reaches the members."""

    blocking = False  # they only say what is to be done

    def __init__(self, delegations: Delegations) -> None:
        self.delegations = delegations

    def delegate_task_to_member(
        self, member_id: str, task_description: str, expected_output: str | None = None, fc: Any = None
    ) -> Deferred:
        """Give a task to one member of the team and get its answer.

        Args:
            member_id: The ID of the member, as it is listed.
            task_description: The task, with everything that the member has to know to do it.
            expected_output: What the answer should look like.
        """
        return Deferred(
            functools.partial(_delegate_to_one, self.delegations, fc, member_id, task_description, expected_output)
        )

    def delegate_task_to_members(
        self, task_description: str, expected_output: str | None = None, fc: Any = None
    ) -> Deferred:
        """Give a task to all members of the team and get their answers.

        Args:
            task_description: The task, with everything that the members have to know to do it.
            expected_output: What the answers should look like.
        """
        return Deferred(functools.partial(_delegate_to_all, self.delegations, fc, task_description, expected_output))

    def get_member_information(self) -> str:
        """Read who the members of the team are."""
        return self.delegations.roster.listing(with_tools=True)


async def _delegate_to_one(
    delegations: Delegations, fc: Any, member_id: str, task: str, expected: str | None, io: IO, give: Give
) -> RunsInside:
    member_runs = await resumed(delegations, fc.call_id)
    if member_runs is None:
        member_runs = [await delegations.prepare(wanted(delegations.roster, member_id), task, expected, fc.call_id)]
    await delegations.perform(member_runs, io, give)
    return delegations.result(member_runs, together=False)


async def _delegate_to_all(
    delegations: Delegations, fc: Any, task: str, expected: str | None, io: IO, give: Give
) -> RunsInside:
    member_runs = await resumed(delegations, fc.call_id)
    if member_runs is None:
        members = delegations.roster.members
        if not members:
            raise MemberFailed(f"{delegations.run.component!r} has no members to do it.")
        member_runs = [await delegations.prepare(member, task, expected, fc.call_id) for member in members]
    await delegations.perform(member_runs, io, give)
    return delegations.result(member_runs, together=True)


def wanted(roster: Roster, member_id: str) -> Member:
    """The member that a leader names. Raises MemberFailed, with the members that there are."""
    member = roster.find(member_id)
    if member is None:
        raise MemberFailed(f"There is no member {member_id!r}. The members are:\n{roster.listing(with_tools=False)}")
    return member


async def resumed(delegations: Delegations, call_id: str | None) -> list[MemberRun] | None:
    """The runs of a call that waited: those that were told something go on, the others stay as they are."""
    waiting = delegations.answered.pop(call_id or "", None)
    return None if waiting is None else [await delegations.resume(going, call_id or "") for going in waiting]


_prototypes: dict[str, Function] = {}  # one of each tool: its schema is made once


def member_tool(method: Callable[..., Any], **options: Any) -> Function:
    """A tool of one run's leader. Only what it is bound to differs from one run to the next."""
    name = f"{method.__name__} {sorted(options.items())}"
    prototype = _prototypes.get(name)
    if prototype is None:
        prototype = Function.from_callable(method)
        prototype.begins_runs = True
        for option, value in options.items():
            setattr(prototype, option, value)
        prototype.definition()
        prototype.entrypoint = None  # not this run's
        _prototypes[name] = prototype
    function = object.__new__(Function)
    function.__dict__ = {**prototype.__dict__, "entrypoint": method}
    return function


__all__ = [
    "Delegations",
    "Going",
    "Leader",
    "MemberFailed",
    "MemberRun",
    "errors_of",
    "going_on",
    "member_tool",
    "resumed",
    "wanted",
]
