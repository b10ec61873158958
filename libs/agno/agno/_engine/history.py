"""Messages of earlier runs of the session, as the model gets them."""

from __future__ import annotations

from agno._engine.context import Run
from agno.models.message import Message
from agno.run.base import RunStatus

DEFAULT_RUNS = 3
_SKIPPED = frozenset({RunStatus.paused, RunStatus.cancelled, RunStatus.error, RunStatus.running, RunStatus.pending})


def runs_needed(run: Run) -> int:
    """How many stored runs the history needs: none, a window, or all (-1)."""
    component = run.component
    if not run.get("add_history_to_context"):
        return 0
    if component.num_history_messages is not None:
        return -1
    return component.num_history_runs if component.num_history_runs is not None else DEFAULT_RUNS


def history_messages(run: Run) -> list[Message]:
    """The window of history that the settings ask for, oldest first, tagged `from_history`."""
    component = run.component
    if run.session is None or not run.session.runs:
        return []
    wanted = runs_needed(run)
    finished = [
        past
        for past in run.session.runs
        if past.run_id != run.output.run_id and past.status not in _SKIPPED and not past.parent_run_id
    ]
    window = finished if wanted < 0 else finished[-wanted:] if wanted else []
    messages = [_as_history(m) for past in window for m in past.messages or () if _counts(m)]
    if component.max_tool_calls_from_history is not None:
        messages = newest_tool_calls(messages, component.max_tool_calls_from_history)
    if component.num_history_messages is not None:
        messages = newest_messages(messages, component.num_history_messages)
    return messages


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


__all__ = ["history_messages", "newest_messages", "newest_tool_calls", "runs_needed"]
