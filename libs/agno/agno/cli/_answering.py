"""One answer: panels that update in a terminal, the bare text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from agno._engine.console import shown, take
from agno._engine.screen import Screen
from agno.agent import Agent
from agno.cli._sentences import of_failure, tell
from agno.run.agent import RunCancelledEvent, RunContentEvent, RunErrorEvent

FAILED, INTERRUPTED = 2, 130


def answer(agent: Agent, question: str) -> int:
    """Ask, and show the answer on standard output as it comes. Gives the exit code; says why if it is not 0."""
    stream: Any = agent.run(question, stream=True, stream_events=True, yield_run_output=True)
    with closing(stream) as items:
        begun, end = _on_screen(agent, items) if sys.stdout.isatty() else _as_text(items)
    if isinstance(end, RunErrorEvent):
        tell(of_failure(end, agent.model, begun))
        return FAILED
    return INTERRUPTED if isinstance(end, RunCancelledEvent) else 0


def _on_screen(agent: Agent, items: Iterator[Any]) -> tuple[bool, Any]:
    screen = Screen(agent, None, {})
    screen.show_failure = False  # it goes to standard error
    with shown(screen) as display:
        for item in items:
            take(screen, display, item)
    return bool(screen.content), screen.failure


def _as_text(items: Iterator[Any]) -> tuple[bool, Any]:
    """Whether there was text, and the event that ended it early."""
    text, end = "", None
    for item in items:
        if isinstance(item, RunContentEvent) and item.content:
            text = str(item.content)
            print(text, end="", flush=True)
        elif isinstance(item, (RunErrorEvent, RunCancelledEvent)):
            end = item
    if text and not text.endswith("\n"):
        print(flush=True)
    return bool(text), end


__all__ = ["FAILED", "INTERRUPTED", "answer"]
