"""Runs on a screen: panels that update live in a terminal, plain text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from rich.console import Console, Group, RenderableType
from rich.json import JSON
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.prompt import Prompt
from rich.text import Text

from agno._engine.inputs import as_json, text_of
from agno.run.base import RunStatus
from agno.utils.timer import Timer

_OWN_OPTIONS = (
    "markdown",
    "show_message",
    "show_reasoning",
    "show_full_reasoning",
    "console",
    "tags_to_include_in_markdown",
)
_EXITS = ("exit", "quit", "bye")


class Screen:
    """What a run shows: fed with its events, drawn as panels."""

    def __init__(self, agent: Any, given: Any, options: dict[str, Any]) -> None:
        own = {name: options.pop(name, None) for name in _OWN_OPTIONS}
        self.console: Console = own["console"] or Console()
        self.markdown = agent.markdown if own["markdown"] is None else own["markdown"]
        self.show_reasoning = own["show_reasoning"] is not False
        self.full_reasoning = bool(own["show_full_reasoning"])
        self.tags = own["tags_to_include_in_markdown"] or {"think", "thinking"}
        self.message = text_of(given) if given is not None and own["show_message"] is not False else None
        self.timer = Timer()
        self.timer.start()
        self.content: Any = None
        self.thinking = ""
        self.steps: list[Any] = []
        self.tools: list[Any] = []
        self.citations: Any = None
        self.notes: list[tuple[str, str, str]] = []
        self.ended = False

    def feed(self, event: Any) -> None:
        """Take in an event."""
        kind = event.event
        if kind == "RunContent":
            if isinstance(event.content, str):
                self.content = (self.content or "") + event.content
            elif event.content is not None:
                self.content = event.content
            self.thinking += event.reasoning_content or ""
            self.citations = event.citations or self.citations
        elif kind == "ToolCallStarted":
            self.tools.append(event.tool)
        elif kind == "ReasoningStep":
            self.steps.append(event.content)
        elif kind == "MemoryUpdateCompleted":
            self.notes.append(("Memories", "Memories were updated.", "green"))
        elif kind == "RunPaused":
            self.notes.append(("Run Paused", str(event.content), "yellow"))
        elif kind in ("RunError", "RunCancelled"):
            self.notes.append((kind.replace("Run", ""), str(event.content or getattr(event, "reason", "")), "red"))

    def finish(self, output: Any) -> None:
        """Take in the result of a run that was not streamed, or what only the result tells."""
        self.content = output.content if output.status is RunStatus.completed else self.content
        self.thinking = self.thinking or ("" if output.reasoning_steps else output.reasoning_content or "")
        self.steps = self.steps or list(output.reasoning_steps or ())
        self.tools = self.tools or list(output.tools or ())
        self.citations = output.citations or self.citations
        if output.status is RunStatus.paused and not self.notes:
            self.notes.append(("Run Paused", str(output.content), "yellow"))
        self.ended = True

    # Drawing ---------------------------------------------------------------------------------------------------------

    def panels(self) -> list[tuple[str, RenderableType, str]]:
        """Title, body and colour of each panel, in order."""
        found: list[tuple[str, RenderableType, str]] = []
        seconds = f"({self.timer.elapsed:.1f}s)"
        if self.message:
            found.append(("Message", Text(self.message), "cyan"))
        if self.show_reasoning:
            found += [(f"Reasoning step {n}", Text(self._step(step)), "green") for n, step in enumerate(self.steps, 1)]
            if self.thinking:
                found.append((f"Thinking {seconds}", Text(self.thinking), "green"))
        if self.tools:
            lines = "\n".join(f"• {_call(tool)}" for tool in self.tools)
            found.append(("Tool Calls", Text(lines), "yellow"))
        if self.content is not None and self.content != "":
            found.append((f"Response {seconds}", self._content(), "blue"))
        if self.citations is not None and self.citations.urls:
            lines = "\n".join(f"{n}. {c.title or c.url} {c.url}" for n, c in enumerate(self.citations.urls, 1))
            found.append(("Citations", Text(lines), "green"))
        return found + [(title, Text(text), colour) for title, text, colour in self.notes]

    def render(self) -> Group:
        """All panels."""
        return Group(
            *[
                Panel(body, title=title, title_align="left", border_style=colour)
                for title, body, colour in self.panels()
            ]
        )

    def _step(self, step: Any) -> str:
        lines = [step.title or ""]
        lines += [f"Action: {step.action}"] if step.action else []
        lines += [f"Result: {step.result}"] if step.result else []
        if self.full_reasoning:
            lines += [f"Reasoning: {step.reasoning}"] if step.reasoning else []
            lines += [f"Confidence: {step.confidence}"] if step.confidence is not None else []
        return "\n".join(line for line in lines if line)

    def _content(self) -> RenderableType:
        if isinstance(self.content, str):
            return Markdown(self._escaped(self.content)) if self.markdown else Text(self.content)
        body = as_json(self.content) if isinstance(self.content, (BaseModel, dict, list)) else str(self.content)
        return JSON(body) if isinstance(self.content, (BaseModel, dict, list)) else Text(body)

    def _escaped(self, text: str) -> str:
        """Tags such as <think> would vanish in rendered markdown."""
        for tag in self.tags:
            text = re.sub(rf"<(/?{re.escape(tag)})>", r"&lt;\1&gt;", text)
        return text


def _call(tool: Any) -> str:
    arguments = ", ".join(f"{key}={value!r}" for key, value in (tool.tool_args or {}).items())
    seconds = f" ({tool.metrics.duration:.2f}s)" if tool.metrics is not None and tool.metrics.duration else ""
    failed = " failed" if tool.tool_call_error else ""
    return f"{tool.tool_name}({arguments}){seconds}{failed}"


class Plain:
    """The same without a terminal: text as it comes, no boxes, nothing drawn twice."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.open = False

    def feed(self, event: Any) -> None:
        out = self.screen.console
        if event.event == "RunContent" and isinstance(event.content, str):
            out.print(event.content, end="", markup=False, highlight=False, soft_wrap=True)
            self.open = True
        elif event.event == "ToolCallCompleted":
            out.print(f"• {_call(event.tool)}", markup=False, highlight=False, soft_wrap=True)

    def finish(self) -> None:
        if self.open:
            self.screen.console.print()
        for title, body, _ in self.screen.panels():
            shown = title.startswith(("Message", "Response", "Tool Calls"))
            if not shown or (title.startswith("Response") and not self.open):
                self.screen.console.print(body, soft_wrap=True)


def print_response(agent: Any, given: Any, stream: bool | None, options: dict[str, Any]) -> None:
    """Run and show, in this thread."""
    screen = Screen(agent, given, options)
    if not (agent.stream if stream is None else stream):
        _show(screen, agent.run(given, stream=False, **options))
        return
    with _Shown(screen) as shown:
        for item in agent.run(given, stream=True, stream_events=True, yield_run_output=True, **options):
            shown.feed(item)


async def aprint_response(agent: Any, given: Any, stream: bool | None, options: dict[str, Any]) -> None:
    """Run and show, in asyncio."""
    screen = Screen(agent, given, options)
    if not (agent.stream if stream is None else stream):
        _show(screen, await agent.arun(given, stream=False, **options))
        return
    with _Shown(screen) as shown:
        async for item in agent.arun(given, stream=True, stream_events=True, yield_run_output=True, **options):
            shown.feed(item)


def _show(screen: Screen, output: Any) -> None:
    screen.finish(output)
    if screen.console.is_terminal or screen.console.is_jupyter:
        screen.console.print(screen.render())
    else:
        Plain(screen).finish()


class _Shown:
    """A stream being shown: a live display in a terminal, plain lines elsewhere."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        live = screen.console.is_terminal or screen.console.is_jupyter
        self.live = Live(console=screen.console, auto_refresh=False) if live else None
        self.plain = None if live else Plain(screen)
        self._drawn = 0.0

    def __enter__(self) -> _Shown:
        if self.live is not None:
            self.live.start()
        return self

    def feed(self, item: Any) -> None:
        if not hasattr(item, "event"):  # the output itself, at the end
            self.screen.finish(item)
            return
        self.screen.feed(item)
        if self.plain is not None:
            self.plain.feed(item)
        elif self.live is not None and self.screen.timer.elapsed - self._drawn > 0.08:  # a dozen times a second
            self._drawn = self.screen.timer.elapsed
            self.live.update(self.screen.render(), refresh=True)

    def __exit__(self, *error: object) -> None:
        if self.plain is not None:
            self.plain.finish()
        elif self.live is not None:
            self.live.update(self.screen.render(), refresh=True)
            self.live.stop()


def prompts(first: Any, user: str, emoji: str, exit_on: list[str] | None) -> Iterator[str]:
    """What the user types, until an exit word or the end of input."""
    if first is not None:
        yield first
    exits = tuple(exit_on or _EXITS)
    while True:
        try:
            text = Prompt.ask(f"[bold] {emoji} {user} [/bold]")
        except (EOFError, KeyboardInterrupt):
            return
        if text.strip().lower() in exits:
            return
        yield text


__all__ = ["Screen", "aprint_response", "print_response", "prompts"]
