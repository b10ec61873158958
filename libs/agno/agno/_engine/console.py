"""`print_response` and `cli_app`: a run, shown to a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.prompt import Prompt

from agno._engine.displays import Display, display_for
from agno._engine.screen import Screen
from agno._engine.workflow_screen import WorkflowScreen
from agno.exceptions import AgnoError, InputCheckError, OutputCheckError

_EXITS = ("exit", "quit", "bye")
# a run fails by these for reasons that a person can understand; any other exception is a defect, and travels
_REFUSALS = (AgnoError, InputCheckError, OutputCheckError, ImportError)
_OF_STREAMS = ("stream_events", "stream_intermediate_steps", "yield_run_output", "yield_run_response")


def print_response(agent: Any, given: Any, stream: bool | None, options: dict[str, Any]) -> None:
    """Run and show, in this thread."""
    screen, streaming = _prepared(agent, given, stream, options)
    with shown(screen) as display:
        if streaming:
            for item in agent.run(given, stream=True, stream_events=True, yield_run_output=True, **options):
                take(screen, display, item)
        else:
            screen.finish(agent.run(given, stream=False, **options))


async def aprint_response(agent: Any, given: Any, stream: bool | None, options: dict[str, Any]) -> None:
    """Run and show, in asyncio."""
    screen, streaming = _prepared(agent, given, stream, options)
    with shown(screen) as display:
        if streaming:
            async for item in agent.arun(given, stream=True, stream_events=True, yield_run_output=True, **options):
                take(screen, display, item)
        else:
            screen.finish(await agent.arun(given, stream=False, **options))


def _prepared(agent: Any, given: Any, stream: bool | None, options: dict[str, Any]) -> tuple[Screen, bool]:
    for name in _OF_STREAMS:
        options.pop(name, None)  # a display reads all events, whatever the caller would like to see
    streaming = bool(agent.stream if stream is None else stream)
    if agent.session_type != "workflow":
        return Screen(agent, given, options), streaming
    screen = WorkflowScreen(agent, given, options)
    if not streaming:  # the steps are shown as they end, but those who work in them give their answers whole
        options["stream_executor_events"] = False
    return screen, True


@contextmanager
def shown(screen: Screen) -> Iterator[Display]:
    """A display of the screen, from its first line to its last. What a run refuses is shown, in one sentence."""
    display = display_for(screen)
    display.start()
    try:
        yield display
    except _REFUSALS as error:
        screen.fail("Error", str(error), error)
    finally:
        screen.end()
        display.stop()


def take(screen: Screen, display: Display, item: Any) -> None:
    """Show an item of a stream: an event, or at the end the output."""
    if hasattr(item, "event"):
        display.feed(item)
    else:
        screen.finish(item)


def prompts(first: Any, user: str, emoji: str, exit_on: list[str] | None) -> Iterator[Any]:
    """What the user types, until an exit word, Ctrl-C or the end of input. Piped input gets no prompt."""
    if first is not None:
        yield first
    exits = {word.lower() for word in (_EXITS if exit_on is None else exit_on)}
    while True:
        try:
            text = (Prompt.ask(f"[bold] {emoji} {user} [/bold]") if sys.stdin.isatty() else input()).strip()
        except (EOFError, KeyboardInterrupt):
            return
        if text.lower() in exits:
            return
        if text:
            yield text


__all__ = ["aprint_response", "print_response", "prompts", "shown", "take"]
