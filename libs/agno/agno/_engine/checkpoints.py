"""Saving a run while it goes on, so that one whose process died is continued without running finished tools again."""

from __future__ import annotations

from typing import Any

from agno._engine.context import Run
from agno._engine.sessions import store_progress
from agno.models._loop import Exchange
from agno.models.message import Message

_KINDS = ("runs", "tool-batch", "tools")


def keep_checkpoints(run: Run, exchange: Exchange) -> None:
    """Save at the points that `checkpoint` names. `runs` needs none: the start and the end of a run are stored anyway."""
    kind = run.component.checkpoint
    if kind not in _KINDS:
        raise ValueError(f"checkpoint={kind!r} is none of {', '.join(map(repr, _KINDS))}.")
    if kind == "runs":
        return

    async def save(messages: list[Message]) -> None:
        await _save(run, messages)

    exchange.after_turn = save
    if kind == "tools":
        exchange.after_tool = save


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
            waiting = run.unsaved
    finally:
        run.saving = False


def _facts(run: Run, messages: list[Message]) -> dict[str, Any]:
    exchange = run.exchange
    assert exchange is not None
    return {
        "tools": list(exchange.executions) or None,
        "content": exchange.response.content,
        "last_checkpoint_at_message_index": len(messages),
    }


__all__ = ["keep_checkpoints"]
