"""Where a run is shown: panels that update in a terminal or a notebook, plain text elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from agno._engine.screen import Screen, Section, call_of, kind_of
from agno._engine.workflow_screen import WorkflowScreen
from agno.utils.ids import new_id

_PER_SECOND = 10


class Display(Protocol):
    """Shows a screen while the run goes on: `start`, `feed` for each event, `stop` in any case."""

    def start(self) -> None: ...
    def feed(self, event: Any) -> None: ...
    def stop(self) -> None: ...


def display_for(screen: Screen) -> Display:
    """The display that suits where the console writes to."""
    console = screen.console
    if console.is_jupyter:
        return Notebook(screen)
    if console.is_terminal and not console.is_dumb_terminal:
        return Terminal(screen)
    return PlainSteps(screen) if isinstance(screen, WorkflowScreen) else Plain(screen)


def panels(screen: Screen) -> Iterator[RenderableType]:
    """The sections of a screen, each in its box."""
    yield from boxes(screen.sections())


def boxes(sections: list[Section]) -> Iterator[RenderableType]:
    """Sections in boxes; what lies in a section is in boxes inside of its own."""
    for section in sections:
        body: RenderableType = Text(section.text) if section.drawn is None else section.drawn
        if section.inside:
            body = Group(*([body] if section.text else []), *boxes(section.inside))
        yield Panel(body, title=section.heading, title_align="left", border_style=section.colour)


class Terminal:
    """Panels that are drawn anew ten times a second, above a line that says what goes on."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._spinner = Spinner("dots", style="cyan")
        self._ended = False
        self._live = Live(
            console=screen.console,
            get_renderable=self._drawn,
            refresh_per_second=_PER_SECOND,
            vertical_overflow="visible",
        )

    def start(self) -> None:
        self._live.start()

    def feed(self, event: Any) -> None:
        self.screen.feed(event)

    def stop(self) -> None:
        self._ended = True
        self._live.stop()

    def _drawn(self) -> RenderableType:
        if self._ended:
            return Group(*panels(self.screen))
        self._spinner.update(text=Text(f"{self.screen.activity} … {self.screen.timer.elapsed:.1f}s", style="dim"))
        return _Tail(Group(*panels(self.screen), self._spinner))


class _Tail:
    """The last lines of what is higher than the terminal: what is being written is at the end."""

    def __init__(self, whole: RenderableType) -> None:
        self._whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._whole, options.update(height=None), pad=False)
        room = max(1, console.size.height - 1)
        for position, line in enumerate(lines[-room:]):
            if position:
                yield Segment.line()
            yield from line


class Notebook:
    """The same in a notebook: one output cell, drawn anew. Needs no widgets."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._id = new_id()
        self._drawn_at: float | None = None

    def start(self) -> None:
        if self.screen.message:
            self._draw()

    def feed(self, event: Any) -> None:
        self.screen.feed(event)
        if self._drawn_at is None or self.screen.timer.elapsed - self._drawn_at > 1 / _PER_SECOND:
            self._draw()

    def stop(self) -> None:
        self._draw()

    def _draw(self) -> None:
        again, self._drawn_at = self._drawn_at is not None, self.screen.timer.elapsed
        console = Console(
            record=True,
            file=io.StringIO(),
            width=self.screen.console.width,
            force_jupyter=False,
            force_terminal=True,
            color_system="truecolor",
        )
        console.print(Group(*panels(self.screen)))
        shown = {
            "text/html": console.export_html(inline_styles=True, code_format=_HTML, clear=False),
            "text/plain": console.export_text(),
        }
        import_module("IPython.display").display(shown, raw=True, display_id=self._id, update=again)


_HTML = '<pre style="white-space:pre;overflow-x:auto;line-height:normal;font-family:monospace">{code}</pre>'


_ENDS = frozenset({"RunCompleted", "RunPaused", "RunError", "RunCancelled"})


class Plain:
    """Text as it comes, without boxes and colours; nothing is written twice."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._open = False  # a line of the answer has no end yet
        self._streamed = False
        self._said: set[str] = set()  # sections that are written

    def start(self) -> None:
        self._write_new()

    def feed(self, event: Any) -> None:
        self.screen.feed(event)
        kind, part = kind_of(event), self.screen.part_of(event)
        if part is not None:
            if self.screen.show_parts and kind in _ENDS and part in self.screen.parts.values():
                self._end_line()
                self._said.add(part.title)
                self._write(part.as_section())
        elif kind == "RunContent" and isinstance(event.content, str) and event.content:
            if not self._streamed:
                self._said.add("Response")
                self._write_new()  # what was thought before it
            self._print(event.content, end="")
            self._open, self._streamed = not event.content.endswith("\n"), True
        elif kind == "ToolCallCompleted":
            self._end_line()
            self._print(f"Tool call: {call_of(event.tool)}")
            self._said.add("Tool Calls")

    def stop(self) -> None:
        self._end_line()
        self._write_new()

    def _write_new(self) -> None:
        for section in self.screen.sections():
            if section.title not in self._said:
                self._said.add(section.title)
                self._write(section)

    def _write(self, section: Section) -> None:
        if section.title == "Response":
            self._print(section.text)
        else:
            text = section.as_text()
            self._print(f"{section.heading}:{chr(10) if chr(10) in text else ' '}{text}")

    def _end_line(self) -> None:
        if self._open:
            self._print("")
            self._open = False

    def _print(self, text: str, end: str = "\n") -> None:
        self.screen.console.print(text, end=end, markup=False, highlight=False, emoji=False, soft_wrap=True)


class PlainSteps:
    """The steps of a workflow as text: each when it ended, so that parallel ones do not mix."""

    def __init__(self, screen: WorkflowScreen) -> None:
        self.screen = screen
        self._told: set[int] = set()  # the visits that are written, by their id

    def start(self) -> None:
        self._write(self.screen.sections()[0], 0)

    def feed(self, event: Any) -> None:
        self.screen.feed(event)
        ended = event.event in ("StepCompleted", "StepError")
        if self.screen.show_details and (ended or event.event.endswith("ExecutionStarted")):
            self._write_visits(ended=ended)

    def stop(self) -> None:
        if self.screen.show_details:
            self._write_visits(ended=True, all_of_them=True)
        shown = len(self.screen.visits) if self.screen.show_details else 0
        for section in self.screen.sections()[1 + shown :]:
            self._write(section, 0)

    def _write_visits(self, *, ended: bool, all_of_them: bool = False) -> None:
        for visit, level in self.screen.all_visits():
            ready = all_of_them or bool(visit.note) or (ended and visit.done)
            if ready and id(visit) not in self._told:
                self._told.add(id(visit))
                self._write(self.screen.section_of(visit), level)

    def _write(self, section: Section, level: int) -> None:
        indent = "  " * level
        text = section.text if "\n" not in section.text else f"\n{section.text}"
        lines = f"{section.heading}: {text}".rstrip().split("\n")
        self.screen.console.print(
            "\n".join(f"{indent}{line}".rstrip() for line in lines),
            markup=False,
            highlight=False,
            emoji=False,
            soft_wrap=True,
        )


__all__ = ["Display", "Notebook", "Plain", "PlainSteps", "Terminal", "display_for"]
