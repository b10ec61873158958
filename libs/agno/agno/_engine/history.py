"""Messages of earlier runs of the session, as the model gets them."""

from __future__ import annotations

from typing import Any

from agno._engine.context import Run
from agno.models.message import Message
from agno.run.base import RunStatus

DEFAULT_RUNS = 3
_SKIPPED = frozenset(set(RunStatus) - {RunStatus.completed})


def runs_needed(run: Run) -> int:
    """How many stored runs the history needs: none, a window, or all (-1)."""
    component = run.component
    if not run.get("add_history_to_context"):
        return 0
    if component.num_history_messages is not None:
        return -1
    return component.num_history_runs if component.num_history_runs is not None else DEFAULT_RUNS


def history_messages(run: Run, before: str | None = None) -> list[Message]:
    """The window of history that the settings ask for, oldest first, tagged `from_history`. `before`: of runs before it."""
    component = run.component
    if run.session is None or not run.session.runs:
        return []
    wanted = runs_needed(run)
    finished = finished_runs(run.session.runs, before or run.output.run_id)
    window = finished if wanted < 0 else finished[-wanted:] if wanted else []
    messages = [_as_history(m) for past in window for m in told(past)]
    if component.max_tool_calls_from_history is not None:
        messages = newest_tool_calls(messages, component.max_tool_calls_from_history)
    if component.num_history_messages is not None:
        messages = newest_messages(messages, component.num_history_messages)
    return messages


def finished_runs(runs: list[Any], before: str | None = None) -> list[Any]:
    """The completed runs of the branch that the session is on. A run that branched off or answered anew takes the place
    of the original and of what came after it."""
    found: list[Any] = []
    for past in runs:
        if past.run_id == before:
            break
        if past.status in _SKIPPED or past.parent_run_id:
            continue
        origin = past.regenerated_from or past.forked_from_run_id
        ids = [run.run_id for run in found] if origin else []
        if origin in ids:
            del found[ids.index(origin) :]
        found.append(past)
    return found


def told(past: Any) -> list[Message]:
    """What was said in a run: without the prompt, its examples, and the history that was sent with it."""
    examples = {message.id for message in past.additional_input or ()}
    return [m for m in past.messages or () if _counts(m) and not (examples and m.id in examples)]


def _counts(message: Message) -> bool:
    return not message.from_history and message.role not in ("system", "developer")


def _as_history(message: Message) -> Message:
    twin = Message.__new__(Message)
    twin.__dict__.update(message.__dict__)
    twin.from_history = True
    return twin


def newest_messages(messages: list[Message], limit: int) -> list[Message]:
    """The newest messages; answers whose question was cut off are dropped with it."""
    kept = messages[-limit:] if limit > 0 else []
    start = 0
    while start < len(kept) and kept[start].tool_call_id is not None:
        start += 1
    return kept[start:]


def newest_tool_calls(messages: list[Message], limit: int) -> list[Message]:
    """Keep the newest tool calls with their answers; older pairs go, text stays."""
    calls = [call.get("id") for m in messages for call in m.tool_calls or ()]
    dropped = set(calls[: max(0, len(calls) - limit)])
    kept: list[Message] = []
    for message in messages:
        if message.tool_call_id in dropped:
            continue
        if message.tool_calls and any(call.get("id") in dropped for call in message.tool_calls):
            message.tool_calls = [call for call in message.tool_calls if call.get("id") not in dropped] or None
            if message.tool_calls is None and not message.content:
                continue
        kept.append(message)
    return kept


__all__ = ["finished_runs", "history_messages", "newest_messages", "newest_tool_calls", "runs_needed", "told"]
