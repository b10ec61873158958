"""Saving a run while it goes on, so that one whose process died is continued without running finished tools again."""

from __future__ import annotations

import copy
from typing import Any

from agno._engine.context import Run
from agno._engine.progress import Progress
from agno._engine.sessions import store_progress
from agno.models._loop import Exchange
from agno.models.message import Message
from agno.models.response import ToolExecution

_KINDS = ("runs", "tool-batch", "tools")


def keep_checkpoints(run: Run, exchange: Exchange) -> None:
    """Save at the points that `checkpoint` names. `runs` needs none: the start and the end of a run are stored anyway.

    A turn of tools that begins members' runs is saved before they begin, or nobody would know whose they are.
    """
    kind = _kind(run)
    if kind is None:
        return

    async def save(messages: list[Message]) -> None:
        if run.progress is not None:
            run.progress.check()
        await _save(run, messages)

    async def save_turn(messages: list[Message]) -> None:
        saved = run.saved
        if saved is None or len(saved) != len(messages) or saved[-1] is not messages[-1]:
            await save(messages)  # else it is what was saved after its last tool

    exchange.after_turn = save_turn
    if kind == "tools":
        exchange.after_tool = save
    elif run.delegations is not None:
        exchange.before_runs = save


def _kind(run: Run) -> str | None:
    """How often the run is saved; None for never. Of a run inside of another, that one's setting decides."""
    kind: str | None = checked(run.component.checkpoint)
    if run.output.parent_run_id is not None:
        return None if run.progress is None else run.progress.kind
    if run.component.db is None:
        return None
    if kind is not None and run.delegations is not None:
        if run.progress is None:
            run.progress = Progress(run)
        run.progress.kind, run.progress_rows = kind, run.progress.rows
    return kind


def checked(kind: str | None) -> str | None:
    """The setting, where it asks for more than the start and the end of a run. ValueError for one that is not known."""
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"checkpoint={kind!r} is none of {', '.join(map(repr, _KINDS))}.")
    return None if kind == "runs" else kind


async def _save(run: Run, messages: list[Message]) -> None:
    """Write one state after the other: tools of one turn may end at the same time, and the newest state must win."""
    if run.saving:
        run.unsaved = messages
        return
    run.saving = True
    try:
        waiting: list[Message] | None = messages
        while waiting is not None:
            run.unsaved = None
            await store_progress(run, waiting, _facts(run, waiting))
            run.saved = waiting
            waiting = run.unsaved
    finally:
        run.saving = False


def _facts(run: Run, messages: list[Message]) -> dict[str, Any]:
    exchange = run.exchange
    assert exchange is not None
    answered = {message.tool_call_id for message in messages}
    return {
        "tools": [one if one.tool_call_id in answered else _open(one) for one in exchange.executions] or None,
        "content": exchange.response.content,
        "last_checkpoint_at_message_index": len(messages),
    }


def _open(execution: ToolExecution) -> ToolExecution:
    """A call as one that has not ended. Another tool of the turn may end while this is written: what is stored of it comes
    with its message, in the next state."""
    found = copy.copy(execution)
    found.result = found.tool_call_error = None
    return found


__all__ = ["checked", "keep_checkpoints"]
