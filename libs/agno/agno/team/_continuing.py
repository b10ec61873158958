"""Going on with a team's run: its members' runs are brought back, and answers find their way to the run that asked."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from agno._engine import branching
from agno._engine.approvals import decision, waits_for_record
from agno._engine.branching import Continuation
from agno._engine.context import Run
from agno._engine.progress import Found, Kept, Progress
from agno.exceptions import RunNotContinuableError
from agno.models.message import Message
from agno.team._assignments import exchanged_before
from agno.team._delegating import Delegations, Going, going_on
from agno.utils.ids import new_id


def take_up(run: Run, output: Any, wish: Continuation, messages: list[Message]) -> None:
    """Bring back the runs of members that belong to a team's run: out of its output, else out of the session. Those that
    were at work when their process died lie beside it."""
    session = run.outermost.loaded_session
    stored = list(session.runs or ()) if session is not None else []
    if run.progress is not None:
        stored += run.progress.found.earlier
    outer = run.asked.get("parent_run_id")  # a workflow continues the team in one of its steps
    if run.parent is None and output.parent_run_id not in (None, outer) and not wish.branches:
        _refuse_member_run(run, output, stored)
    members = list(output.member_responses) or _inside(output.run_id if not wish.branches else _origin(wish), stored)
    if wish.redirects:
        kept = {run_id for tool in output.tools or () for run_id in tool.child_run_ids or ()}
        members = [member for member in members if member.run_id in kept]
    output.member_responses = members
    if wish.branches:
        _rename(output)
    run.delegations = run.delegations or Delegations(run)
    if output.at_work and not wish.branches:
        run.progress = Progress(run, Found(output.at_work))
        run.progress_rows = run.progress.rows
    output.at_work = None
    if run.progress is not None:
        _bring_back(run, output, messages, stored)
    run.delegations.done = exchanged_before(output)


def _bring_back(run: Run, output: Any, messages: list[Message], stored: list[Any]) -> None:
    """What members did in an earlier process: of calls that are open they go on, of others they are among the members."""
    progress, delegations = run.progress, run.delegations
    members = {member.run_id: member for member in output.member_responses}
    answered = {message.tool_call_id for message in messages}
    open_calls: dict[Any, list[Kept]] = {}
    for kept in progress.found.inside(output.run_id):
        if kept.call not in answered:
            open_calls.setdefault(kept.call, []).append(kept)
        elif not kept.goes_on:
            members[kept.output.run_id] = kept.output
            progress.bring(kept.output)
        if not kept.goes_on:
            _complete(progress, kept.output, stored)
    output.member_responses = list(members.values())
    waited = {tool.tool_call_id: tool for tool in output.tools or () if tool.child_run_ids}
    for call_id, at_work in open_calls.items():
        if call_id not in waited:
            delegations.at_work.update({(call_id, kept.who): kept for kept in at_work})
            continue
        # it had waited for a person, and was answered, before the process died
        by_id = {run_id: Going(member, None) for run_id, member in members.items()}
        by_id |= {kept.output.run_id: going_on(kept) for kept in at_work}
        tool = waited[call_id]
        tool.answered = True
        delegations.answered[call_id] = [by_id[run_id] for run_id in tool.child_run_ids if run_id in by_id]


def _complete(progress: Progress, output: Any, stored: list[Any]) -> None:
    """Give the run of a team that ended its members' runs."""
    if "member_responses" not in output.__dict__:
        return
    inside = [kept.output for kept in progress.found.inside(output.run_id) if not kept.goes_on]
    for one in inside:
        progress.bring(one)
        _complete(progress, one, stored)
    if not output.member_responses:
        newest = {one.run_id: one for one in (*_inside(output.run_id, stored), *inside)}
        output.member_responses = list(newest.values())


def _refuse_member_run(run: Run, output: Any, stored: list[Any]) -> None:
    """An event of a member names the member's run; what goes on is the run of the team."""
    by_id = {past.run_id: past for past in stored}
    top = output.parent_run_id
    while top in by_id and by_id[top].parent_run_id is not None:
        top = by_id[top].parent_run_id
    raise RunNotContinuableError(
        f"Run {output.run_id!r} is that of a member of {run.component!r}. Continue the team's run, which is {top!r}: "
        "its requirements hold what the member asks."
    )


def _origin(wish: Continuation) -> str:
    found: str | None = wish.run_id if wish.run_response is None else wish.run_response.run_id
    return found or ""


def _inside(run_id: str, stored: list[Any]) -> list[Any]:
    """The stored runs inside a run, each with those inside of it."""
    found = []
    for past in stored:
        if past.parent_run_id != run_id:
            continue
        if "member_responses" in past.__dict__ and not past.member_responses:
            past = copy.copy(past)
            past.member_responses = _inside(past.run_id, stored)
        found.append(past)
    return found


def _rename(output: Any) -> None:
    """Give the members' runs of a branch ids of their own: the original keeps its own runs."""
    names: dict[str, str] = {}
    output.member_responses = [_renamed(member, output.run_id, names) for member in output.member_responses]
    for tool in output.tools or ():
        if tool.child_run_ids:
            tool.child_run_ids = [names.get(one, one) for one in tool.child_run_ids]
            tool.child_run_id = tool.child_run_ids[0]
    output.requirements = [copy.copy(requirement) for requirement in output.requirements or ()] or None
    for requirement in output.requirements or ():
        requirement.member_run_id = names.get(requirement.member_run_id or "", requirement.member_run_id)


def _renamed(member: Any, parent_id: str, names: dict[str, str]) -> Any:
    twin = copy.copy(member)
    twin.run_id = names[member.run_id] = new_id()
    twin.parent_run_id = parent_id
    twin.tools = [copy.copy(tool) for tool in member.tools or ()] or None
    twin.requirements = [copy.copy(requirement) for requirement in member.requirements or ()] or None
    if "member_responses" in twin.__dict__:
        _rename(twin)
    for requirement in twin.requirements or ():
        requirement.member_run_id = names.get(requirement.member_run_id or "", requirement.member_run_id)
    return twin


# Answers -------------------------------------------------------------------------------------------------------------


async def answer(run: Run, output: Any, wish: Continuation) -> None:
    """Put the caller's answers where they belong: onto the leader's tools, or on the way to the members that asked."""
    waiting = {member.run_id: member for member in output.member_responses if member.is_paused}
    asked = branching.as_answered(output, wish)
    own, inside = _divided(output, wish, waiting.values())
    await branching.answer(run, output, own)
    output.requirements = asked or None  # stored with the run, so that they count also if its process dies
    refusals: list[RunNotContinuableError] = []
    going = {member.run_id: Going(member, None) for member in output.member_responses}
    for run_id, member in waiting.items():
        going[run_id] = Going(member, await _going_on(run, member, inside.get(run_id), refusals))
    answered = run.delegations.answered
    for tool in output.tools or ():
        if tool.child_run_id is None or not tool.is_paused:
            continue
        at_work = {one.output.run_id: one for one in answered.get(tool.tool_call_id or "", ()) if one.kept is not None}
        goes_on = [one for one in map((going | at_work).get, tool.child_run_ids) if one is not None]
        if at_work or any(one.wish is not None for one in goes_on):
            tool.answered = True
            answered[tool.tool_call_id or ""] = goes_on
    if refusals and not answered and not wish.late:
        raise refusals[0]


def _divided(output: Any, wish: Continuation, waiting: Iterable[Any]) -> tuple[Continuation, dict[str, Continuation]]:
    """The answers for the leader's own tools, and those for each member that waits."""
    inside: dict[str, Continuation] = {}
    own = Continuation(wish.run_response, wish.run_id, requirements=[], updated_tools=[], late=wish.late)
    own_calls = {tool.tool_call_id for tool in output.tools or () if tool.child_run_id is None}
    members = list(waiting)
    for requirement in [*_on_response(wish, output), *(wish.requirements or ())]:
        member = _asker(members, requirement)
        if member is not None:
            _for(inside, member).requirements.append(requirement)  # type: ignore[union-attr]  # made with a list
        elif not _was_asked(output.member_responses, requirement):
            own.requirements.append(requirement)  # type: ignore[union-attr]  # made with a list
    for tool in wish.updated_tools or ():
        member = None if tool.tool_call_id in own_calls else _caller(members, tool)
        if member is not None:
            _for(inside, member).updated_tools.append(tool)  # type: ignore[union-attr]  # made with a list
        elif tool.child_run_id is None:  # a delegation has nothing to be answered
            own.updated_tools.append(tool)  # type: ignore[union-attr]  # made with a list
    if wish.run_response is not None:
        own.run_response = _without_members(output)
    return own, inside


def _on_response(wish: Continuation, output: Any) -> list[Any]:
    """What the caller answered on the output that was given, to members: their runs may be other objects by now."""
    given = (wish.run_response.requirements if wish.run_response is not None else None) or ()
    return [r for r in given if r.member_run_id not in (None, output.run_id) and r.is_resolved()]


def _without_members(output: Any) -> Any:
    """The output as far as the leader itself asks."""
    output.requirements = [r for r in output.requirements or () if r.member_run_id in (None, output.run_id)]
    return output


def _for(inside: dict[str, Continuation], member: Any) -> Continuation:
    found = inside.get(member.run_id)
    if found is None:
        found = inside[member.run_id] = Continuation(member, member.run_id, requirements=[], updated_tools=[])
    return found


def _asker(members: Iterable[Any], requirement: Any) -> Any:
    """The member whose run, or one inside of it, asked this; the id tells it apart from others' calls."""
    tool_call_id = requirement.tool_execution and requirement.tool_execution.tool_call_id
    for member in members:
        for asked in member.requirements or ():
            same_call = asked.tool_execution is not None and asked.tool_execution.tool_call_id == tool_call_id
            if asked.id == requirement.id or (same_call and asked.member_run_id == requirement.member_run_id):
                return member
    return None


def _was_asked(members: Iterable[Any], requirement: Any) -> bool:
    """True if one of these runs, or of those inside of them, made the call: it was answered before."""
    call = requirement.tool_execution and requirement.tool_execution.tool_call_id
    for member in members:
        if member.run_id == requirement.member_run_id:
            return any(tool.tool_call_id == call for tool in member.tools or ())
        if _was_asked(member.__dict__.get("member_responses") or (), requirement):
            return True
    return False


def _caller(members: Iterable[Any], tool: Any) -> Any:
    for member in members:
        for asked in member.requirements or ():
            if asked.tool_execution is not None and asked.tool_execution.tool_call_id == tool.tool_call_id:
                return member
    return None


async def _going_on(
    run: Run, member: Any, wish: Continuation | None, refusals: list[RunNotContinuableError]
) -> Continuation | None:
    """How a member's run goes on; None if nobody has told it anything, or its approval is not decided (`refusals`)."""
    if not member.is_paused:
        return None
    asked = branching.as_answered(member, wish)
    touched = {r.member_run_id for r in asked if r.is_resolved()}
    undecided: dict[str | None, RunNotContinuableError] = {}
    for requirement in asked:
        tool, asker = requirement.tool_execution, requirement.member_run_id
        if run.db is None or tool is None or not waits_for_record(tool):
            continue
        try:
            await decision(run, asker or "", tool)
            touched.add(asker)
        except RunNotContinuableError as error:
            undecided[asker] = error
    for asker in touched & undecided.keys():
        raise undecided[asker]
    _refuse_missing_results(asked, touched)
    if not touched:
        refusals += undecided.values()
        return None
    return wish or Continuation(member, member.run_id)


def _refuse_missing_results(asked: list[Any], touched: set[str | None]) -> None:
    """A run that executes tools outside goes on with all of their results, or not at all."""
    for requirement in asked:
        tool = requirement.tool_execution
        if requirement.needs_external_execution and requirement.member_run_id in touched:
            raise ValueError(
                f"Tool {tool.tool_name!r} (call {tool.tool_call_id}) of {requirement.member_agent_name!r} is executed "
                "outside of the run and has no result. Set requirement.set_external_execution_result(...) before "
                "continuing."
            )


__all__ = ["answer", "take_up"]
