"""What a run shows: fed with its events, read as titled panels."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.json import JSON
from rich.markdown import Markdown
from rich.text import Text

from agno._engine.inputs import as_json, text_of
from agno.run.base import RunStatus
from agno.utils._terminal import standard_console
from agno.utils.timer import Timer

OWN_OPTIONS = (
    "markdown",
    "show_message",
    "show_reasoning",
    "show_full_reasoning",
    "console",
    "tags_to_include_in_markdown",
    "show_member_responses",
)
_MODEL_WRITES = "Thinking"


@dataclass
class Section:
    """A panel: its title, what it says (and how that is drawn), and the colour of its border."""

    title: str
    text: str
    colour: str
    drawn: RenderableType | None = None
    seconds: float | None = None
    inside: list[Section] | None = None  # what lies in it, in boxes of its own

    @property
    def heading(self) -> str:
        """The title, with how long it took."""
        return self.title if self.seconds is None else f"{self.title} ({self.seconds:.1f}s)"

    def as_text(self) -> str:
        """What it says, and what lies in it."""
        own = [self.text] if self.text else []
        return "\n".join([*own, *(f"{one.title}: {one.as_text()}" for one in self.inside or ())])


class Screen:
    """The state of what is shown. It reads the run's events, and asks nothing of the agent."""

    def __init__(self, agent: Any, given: Any, options: dict[str, Any]) -> None:
        own = {name: options.pop(name, None) for name in OWN_OPTIONS}
        self.console: Console = own["console"] or standard_console()
        self.markdown = bool(agent.markdown if own["markdown"] is None else own["markdown"])
        self.show_reasoning = own["show_reasoning"] is not False
        self.full_reasoning = bool(own["show_full_reasoning"])
        self.tags = own["tags_to_include_in_markdown"] or {"think", "thinking"}
        self.message = text_of(given) if given is not None and own["show_message"] is not False else None
        self.timer = Timer()
        self.timer.start()
        self.content: Any = None
        self.thinking = ""
        self.thought_for: float | None = None
        self.steps: list[Any] = []
        self.tools: list[Any] = []
        self.citations: Any = None
        self.notes: list[Section] = []
        self.activity = _MODEL_WRITES
        self.failure: Any = None  # the event of a run that failed or was cancelled
        self.show_failure = True
        wanted = own["show_member_responses"]
        self.show_parts = bool(getattr(agent, "show_members_responses", True) if wanted is None else wanted)
        self.title = ""
        self.took: float | None = None  # seconds, where the output says it
        self.parts: dict[str, Screen] = {}  # what runs inside of this one, by its run id: the members of a team
        self._above: dict[str, str] = {}  # the run that a run inside lies in

    # What happens ----------------------------------------------------------------------------------------------------

    def feed(self, event: Any) -> None:
        """Take in an event; of a kind that is not shown, nothing. What happens inside of a part is that part's."""
        part = self.part_of(event)
        if part is not None:
            part.take(event)
            self.activity = f"{part.title}: {part.activity.lower()}"
        else:
            self.take(event)

    def take(self, event: Any) -> None:
        """Take in an event of this very run."""
        take = getattr(self, f"_on_{kind_of(event)}", None)
        if take is not None:
            take(event)

    def part_of(self, event: Any) -> Screen | None:
        """The part that an event happened in, None for the run itself."""
        if not getattr(event, "nested_depth", None):
            return None
        above = self._above.setdefault(event.run_id, event.parent_run_id or "")
        holder = self if above not in self._above else self._found(above)
        return holder.part(event.run_id, _name_in(event.__dict__))

    def _found(self, run_id: str) -> Screen:
        above = self._above.get(run_id, "")
        holder = self if above not in self._above else self._found(above)
        return holder.parts.get(run_id) or holder.part(run_id, run_id)

    def part(self, key: str, title: str) -> Screen:
        """What a part of this run shows, made at its first mention."""
        known = self.parts.get(key)
        if known is None:
            known = self.parts[key] = copy.copy(self)
            known.message = known.content = known.thought_for = known.citations = known.failure = None
            known.thinking, known.title, known.activity = "", title, _MODEL_WRITES
            known.steps, known.tools, known.notes, known.parts = [], [], [], {}
            known.timer = Timer()
            known.timer.start()
        return known

    def _on_RunContent(self, event: Any) -> None:
        if event.reasoning_content:
            self.thinking += event.reasoning_content
            self.thought_for = self.timer.elapsed
        if isinstance(event.content, str) and isinstance(self.content, str):
            self.content += event.content
        elif event.content is not None:
            self.content = event.content
        if event.content:
            self.activity = "Writing"
        self.citations = event.citations or self.citations

    def _on_ToolCallStarted(self, event: Any) -> None:
        self.tools = [*self.tools, event.tool]
        self.activity = f"Running {event.tool.tool_name}"

    def _on_ToolCallCompleted(self, event: Any) -> None:
        self.tools = [event.tool if t.tool_call_id == event.tool.tool_call_id else t for t in self.tools]
        self.activity = _MODEL_WRITES

    def _on_ReasoningStep(self, event: Any) -> None:
        self.steps = [*self.steps, event.content]
        self.activity = "Reasoning"

    def _on_MemoryUpdateStarted(self, event: Any) -> None:
        self.activity = "Updating memories"

    def _on_MemoryUpdateCompleted(self, event: Any) -> None:
        self._note("Memories", "Memories were updated.", "green")

    def _on_SessionSummaryStarted(self, event: Any) -> None:
        self.activity = "Summarising the session"

    def _on_SessionSummaryCompleted(self, event: Any) -> None:
        summary = getattr(getattr(event, "session_summary", None), "summary", None)
        self._note("Session Summary", summary or "The summary of the session was updated.", "green")

    def _on_FollowupsCompleted(self, event: Any) -> None:
        self._note("Follow-up questions", "\n".join(f"• {question}" for question in event.followups or ()), "magenta")

    def _on_RunCompleted(self, event: Any) -> None:
        if self.content is None:
            self.content = event.content
        if self.title:
            self.timer.stop()

    def _on_RunPaused(self, event: Any) -> None:
        self._pause(event.content, event.requirements or ())

    def _on_RunError(self, event: Any) -> None:
        self.fail("Error", event.content, event)

    def _on_RunCancelled(self, event: Any) -> None:
        self.fail("Cancelled", event.reason, event)

    def fail(self, title: str, text: Any, failure: Any) -> None:
        """Take in why the run did not complete."""
        self.failure = failure
        if self.show_failure:
            self._note(title, str(text or title), "red")

    def finish(self, output: Any) -> None:
        """Take in the output of the run: all of it where nothing was streamed, else what only the output tells."""
        for member in getattr(output, "member_responses", None) or ():
            part = self.part(member.run_id, _name_in(member.__dict__))
            part.finish(member)
            part.end()
            part.took = member.metrics.duration if member.metrics is not None else None
        if output.status is RunStatus.completed:
            self.content = output.content
        if not output.reasoning_steps and not self.thinking:
            self.thinking = output.reasoning_content or ""
        self.steps = self.steps or list(output.reasoning_steps or ())
        self.tools = self.tools or list(output.tools or ())
        self.citations = output.citations or self.citations
        if output.status is RunStatus.paused:
            self._pause(output.content, output.active_requirements)
        elif output.status is RunStatus.cancelled and self.failure is None:
            self.fail("Cancelled", output.content, output)
        followups = getattr(output, "followups", None)
        if followups and not any(note.title == "Follow-up questions" for note in self.notes):
            self._note("Follow-up questions", "\n".join(f"• {question}" for question in followups), "magenta")

    def end(self) -> None:
        """Stop the clock."""
        self.timer.stop()

    def _pause(self, content: Any, asked: Any) -> None:
        if any(note.title == "Run Paused" for note in self.notes):
            return
        lines = [_question(requirement) for requirement in asked if requirement.tool_execution is not None]
        self._note("Run Paused", "\n".join([*([str(content)] if content else []), *lines]), "yellow")

    def _note(self, title: str, text: str, colour: str) -> None:
        self.notes = [*self.notes, Section(title, text, colour)]

    # What it looks like ----------------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """What there is to show, in order."""
        found = [Section("Message", self.message, "cyan")] if self.message else []
        if self.show_reasoning:
            found += [Section(f"Reasoning step {n}", self._step(step), "green") for n, step in enumerate(self.steps, 1)]
            if self.thinking:
                seconds = self.timer.elapsed if self.thought_for is None else self.thought_for
                found.append(Section("Thinking", self.thinking, "green", seconds=seconds))
        if self.tools:
            found.append(Section("Tool Calls", "\n".join(f"• {call_of(tool)}" for tool in self.tools), "yellow"))
        if self.show_parts:
            found += [part.as_section() for part in self.parts.values()]
        if self.content is not None and self.content != "":
            text, drawn = self._content()
            found.append(Section("Response", text, "blue", drawn, self.timer.elapsed))
        if cited := list(_citations(self.citations)):
            lines = "\n".join(f"{n}. {title} {url}".rstrip() for n, (title, url) in enumerate(cited, 1))
            found.append(Section("Citations", lines, "green", _linked(cited)))
        return found + self.notes

    def as_section(self) -> Section:
        """All that a part shows, as one section of the run it lies in."""
        seconds = self.timer.elapsed if self.took is None else self.took
        return Section(self.title, "", "magenta", seconds=seconds, inside=self.sections())

    def _step(self, step: Any) -> str:
        lines = [step.title or ""]
        lines += [f"Action: {step.action}"] if step.action else []
        lines += [f"Result: {step.result}"] if step.result else []
        if self.full_reasoning:
            lines += [f"Reasoning: {step.reasoning}"] if step.reasoning else []
            lines += [f"Confidence: {step.confidence}"] if step.confidence is not None else []
        return "\n".join(line for line in lines if line)

    def _content(self) -> tuple[str, RenderableType | None]:
        if isinstance(self.content, str):
            return self.content, Markdown(self._escaped(self.content)) if self.markdown else None
        if isinstance(self.content, (BaseModel, dict, list)):
            text = as_json(self.content)
            return text, JSON(text)
        return str(self.content), None

    def _escaped(self, text: str) -> str:
        """Tags such as <think> would vanish in rendered markdown."""
        for tag in self.tags:
            text = re.sub(rf"<(/?{re.escape(tag)})>", r"&lt;\1&gt;", text)
        return text


def call_of(tool: Any) -> str:
    """A tool call as one line: `add(a=1, b=2) (0.01s)`."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in (tool.tool_args or {}).items())
    seconds = f" ({tool.metrics.duration:.2f}s)" if tool.metrics is not None and tool.metrics.duration else ""
    failed = " failed" if tool.tool_call_error else ""
    return f"{tool.tool_name}({arguments}){seconds}{failed}"


def kind_of(event: Any) -> str:
    """The kind of an event, which is the same for agents and teams."""
    kind: str = event.event
    return kind.removeprefix("Team")


def _name_in(fields: dict[str, Any]) -> str:
    """The name of whoever ran."""
    for kind in ("agent", "team"):
        if name := fields.get(f"{kind}_name") or fields.get(f"{kind}_id"):
            return str(name)
    return "Member"


def _question(requirement: Any) -> str:
    tool, who = requirement.tool_execution, requirement.member_agent_name
    return f"• {f'{who}: ' if who else ''}{call_of(tool)} needs {_need_of(tool)}"


def _need_of(tool: Any) -> str:
    if tool.requires_confirmation:
        return "confirmation"
    if tool.user_feedback_schema is not None:
        return "user feedback"
    return "user input" if tool.requires_user_input else "external execution"


def _citations(citations: Any) -> Iterator[tuple[str, str]]:
    """Title and address of what the answer refers to."""
    if citations is None:
        return
    for cited in citations.urls or ():
        yield cited.title or cited.url or "", cited.url if cited.title and cited.url else ""
    for document in citations.documents or ():
        yield document.document_title or document.cited_text or "", document.file_name or ""


def _linked(cited: list[tuple[str, str]]) -> Text:
    text = Text()
    for number, (title, url) in enumerate(cited, 1):
        target = url or title
        style = f"link {target}" if target.startswith(("http://", "https://")) else ""
        text.append("\n" if number > 1 else "").append(f"{number}. ").append(title, style)
        if url:
            text.append(f" {url}", style)
    return text


__all__ = ["OWN_OPTIONS", "Screen", "Section", "call_of", "kind_of"]
