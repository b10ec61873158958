"""What a run of a workflow shows: what it is, each step as it goes on, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from rich.console import RenderableType
from rich.json import JSON
from rich.markdown import Markdown

from agno._engine.inputs import as_json, text_of
from agno._engine.screen import Screen, Section
from agno.run.base import RunStatus

_CONTAINERS = ("Steps", "Loop", "Parallel", "Condition", "Router")
_COLOURS = {RunStatus.completed: "green", RunStatus.paused: "yellow"}


@dataclass
class Visit:
    """A step that runs, or ran. The same step may be visited again, by a loop."""

    name: str
    content: Any = None
    note: str = ""  # of a container: what it is about
    seconds: float | None = None
    began: float = 0.0
    done: bool = False
    failed: bool = False
    inside: list[Visit] = field(default_factory=list)


class WorkflowScreen(Screen):
    """The state of what is shown. It reads the run's events, and asks nothing of the workflow."""

    def __init__(self, workflow: Any, given: Any, options: dict[str, Any]) -> None:
        show_time, details = options.pop("show_time", True), options.pop("show_step_details", True)
        additional = options.get("additional_data")
        super().__init__(workflow, given, options)
        self.show_time, self.show_details = show_time is not False, details is not False
        self.information = _information(workflow, self.message, additional)
        self.planned = 1 if workflow.is_function else len(workflow.nodes)
        self.visits: list[Visit] = []
        self.latest: dict[str | None, Visit] = {}  # by the id of the step
        self.summary: list[str] = []
        self.status = RunStatus.running
        self.activity = "Working"

    # What happens ----------------------------------------------------------------------------------------------------

    def feed(self, event: Any) -> None:
        kind = event.event
        if kind == "StepStarted" or kind.endswith("ExecutionStarted"):
            self._visit(event)
        elif kind == "StepCompleted" or kind.endswith("ExecutionCompleted"):
            self._leave(event)
        elif kind in ("RunContent", "TeamRunContent", "WorkflowRunContent"):
            self._write(event)
        else:
            super().feed(event)

    def _visit(self, event: Any) -> None:
        above = self.latest.get(event.parent_step_id)
        visit = Visit(event.step_name or "", began=self.timer.elapsed)
        kind = event.event.removesuffix("ExecutionStarted")
        if kind in _CONTAINERS:
            visit.note = _about(kind, event)
        if above is not None and not above.note:
            above.note = f"Workflow: {event.workflow_name or event.workflow_id}"
        (self.visits if above is None else above.inside).append(visit)
        self.latest = {**self.latest, event.step_id: visit}
        self.activity = f"Step {visit.name}"

    def _leave(self, event: Any) -> None:
        visit = self.latest.get(event.step_id)
        if visit is None:
            return
        visit.done, visit.seconds = True, self.timer.elapsed - visit.began
        response = getattr(event, "step_response", None)
        if event.event == "StepCompleted":
            visit.content = event.content
            visit.failed = response is not None and not response.success

    def _write(self, event: Any) -> None:
        visit = self.latest.get(event.step_id)
        text = event.content
        if visit is None or not isinstance(text, str):
            return
        visit.content = f"{visit.content}{text}" if isinstance(visit.content, str) else text

    def _on_ToolCallStarted(self, event: Any) -> None:
        self.activity = f"Running {event.tool.tool_name}"

    def _on_ToolCallCompleted(self, event: Any) -> None:
        self.activity = f"Step {event.step_name}" if event.step_name else "Working"

    def _on_LoopIterationStarted(self, event: Any) -> None:
        visit = self.latest.get(event.step_id)
        if visit is not None:
            limit = f" of at most {event.max_iterations}" if event.max_iterations is not None else ""
            visit.note = f"Loop: round {event.iteration}{limit}"

    def _on_StepError(self, event: Any) -> None:
        visit = self.latest.get(event.step_id)
        if visit is not None:
            visit.failed, visit.content = True, f"Failed: {event.error}"
            visit.done, visit.seconds = True, self.timer.elapsed - visit.began  # another attempt is another visit

    def _on_WorkflowPaused(self, event: Any) -> None:
        self._note("Workflow Paused", str(event.content), "yellow")

    def _on_WorkflowError(self, event: Any) -> None:
        self.fail("Execution Error", event.error, event)

    def _on_WorkflowCancelled(self, event: Any) -> None:
        self.fail("Cancelled", event.reason, event)

    # what agents in steps say of themselves is told by the workflow
    def _on_RunPaused(self, event: Any) -> None: ...
    def _on_RunError(self, event: Any) -> None: ...
    def _on_RunCancelled(self, event: Any) -> None: ...
    def _on_FollowupsCompleted(self, event: Any) -> None: ...
    def _on_MemoryUpdateCompleted(self, event: Any) -> None: ...
    def _on_SessionSummaryCompleted(self, event: Any) -> None: ...

    def finish(self, output: Any) -> None:
        """Take in the output of the run: all of it where nothing was streamed."""
        self.status = output.status
        if not self.visits:
            for step in output.step_results:
                self._take(step, self.visits)
            if not self.notes:  # else the stream told how it ended
                self._take_end(output)
        done = sum(bool(step.success) for step in output.step_results)
        self.summary = [f"Status: {output.status.name}", f"Steps completed: {done} of {self.planned}"]
        if not output.step_results and output.content is not None:  # a function, or an agent that answered
            if str(output.content) not in [note.text for note in self.notes]:
                self.visits = [*self.visits, Visit("Result", output.content, done=True)]
            self.summary = self.summary[:1]
        if output.metrics is not None and (tokens := output.metrics.total().total_tokens):
            self.summary.append(f"Tokens: {tokens:,}")

    def _take_end(self, output: Any) -> None:
        if output.status is RunStatus.paused:
            self._note("Workflow Paused", str(output.content), "yellow")
        elif output.status is RunStatus.error:
            self.fail("Execution Error", output.content, output)
        elif output.status is RunStatus.cancelled:
            self.fail("Cancelled", output.content, output)

    def _take(self, step: Any, visits: list[Visit]) -> None:
        note = f"{step.step_type}: {len(step.steps or ())} steps" if step.step_type in _CONTAINERS else ""
        seconds = step.metrics.duration if step.metrics is not None else None
        content = None if note else step.content
        visit = Visit(step.step_name or "", content, note, seconds, done=True, failed=not step.success)
        visits.append(visit)
        for inner in step.steps or ():
            self._take(inner, visit.inside)

    # What it looks like ----------------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """What there is to show, in order."""
        found = [Section("Workflow Information", self.information, "cyan")]
        if self.show_details:
            found += [self._whole(visit) for visit in list(self.visits)]
        found += self.notes
        if self.summary:
            seconds = [f"Time: {self.timer.elapsed:.1f}s"] if self.show_time else []
            colour = _COLOURS.get(self.status, "red")
            found.append(Section("Execution Summary", "\n".join([*self.summary, *seconds]), colour))
        return found

    def all_visits(self) -> Iterator[tuple[Visit, int]]:
        """Each step, the steps inside of it after it, with how deep it lies."""
        waiting = [(visit, 0) for visit in reversed(self.visits)]
        while waiting:
            visit, level = waiting.pop()
            yield visit, level
            waiting += [(inner, level + 1) for inner in reversed(visit.inside)]

    def _whole(self, visit: Visit) -> Section:
        """A step as a panel, with those of the steps inside of it."""
        section = self.section_of(visit)
        section.inside = [self._whole(inner) for inner in list(visit.inside)]
        return section

    def section_of(self, visit: Visit) -> Section:
        """A step as a panel by itself."""
        text, drawn = self._shown(visit)
        colour = "red" if visit.failed else "blue" if visit.done else "magenta"
        seconds = visit.seconds if self.show_time else None
        return Section(visit.name, text, colour, drawn, seconds)

    def _shown(self, visit: Visit) -> tuple[str, RenderableType | None]:
        if visit.note:
            return visit.note, None
        content = visit.content
        if content is None:
            return "" if visit.done else "…", None
        if isinstance(content, (BaseModel, dict, list)):
            text = as_json(content)
            return text, JSON(text)
        text = text_of(content)
        return text, Markdown(self._escaped(text)) if self.markdown else None


def _information(workflow: Any, message: str | None, additional: dict[str, Any] | None) -> str:
    count = 1 if workflow.is_function else len(workflow.nodes)
    lines = [f"Name: {workflow.name or workflow.id}"]
    lines += [f"Description: {workflow.description}"] if workflow.description else []
    lines += [f"Steps: {count}"]
    lines += [f"Input: {message}"] if message else []
    lines += [f"Additional data: {', '.join(additional)}"] if additional else []
    return "\n".join(lines)


def _about(kind: str, event: Any) -> str:
    if kind == "Parallel":
        return f"Parallel: {event.parallel_step_count} steps at the same time"
    if kind == "Condition":
        return f"Condition: {'met' if event.condition_result else 'not met'}"
    if kind == "Router":
        return f"Router: {', '.join(event.selected_steps) or 'no step'}"
    if kind == "Steps":
        return f"Steps: {event.steps_count}"
    return "Loop" if event.max_iterations is None else f"Loop: at most {event.max_iterations} rounds"


__all__ = ["Visit", "WorkflowScreen"]
