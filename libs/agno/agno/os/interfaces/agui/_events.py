"""The events of a run as events of AG-UI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.os._failures import Shown
from agno.os.interfaces._questions import Question, open_questions
from agno.run.base import to_json
from agno.utils.codec import encode
from agno.utils.ids import new_id

try:
    from ag_ui import core as ag
except ImportError as error:
    raise ImportError('AG-UI needs the package `ag-ui-protocol`: pip install "agno[agui]"') from error


class Translator:
    """Translates one run. Text and reasoning are messages that are opened with their first piece and closed before
    anything else happens; what members of a team and agents in a workflow do is marked as theirs."""

    def __init__(self, client_tools: set[str]) -> None:
        self._client_tools = client_tools
        self._known_calls: set[str] = set()  # calls of tools that the client has seen
        self._top: str | None = None  # the id of the run itself
        self._text: dict[str | None, str] = {}  # the open text message of each run
        self._thought: dict[str | None, str] = {}
        self._subagents: set[str] = set()
        self._steps: list[str] = []
        self._said = False  # the run itself has said something
        self.interrupts: list[Any] = []
        self.failed = False
        self.cancelled = False

    def goes_on(self, output: Any) -> None:
        """This run was seen before, up to where it waited: its calls are not shown again."""
        self._known_calls.update(q.tool_call_id for q in open_questions(output) if q.tool_call_id is not None)

    def translate(self, event: Any) -> Iterator[Any]:
        """The AG-UI events for one of ours; none for most."""
        run_id = event.run_id
        if self._top is None:
            self._top = run_id
        of = None if run_id == self._top else run_id
        kind = event.event.removeprefix("Team") if event.event != "TeamMemberEvent" else event.event
        if (handler := getattr(self, f"_on_{kind}", None)) is not None:
            yield from handler(event, of)

    def close(self) -> Iterator[Any]:
        """What is still open when the run ends."""
        for of in list(self._thought.keys() | self._text.keys()):
            yield from self._quiet(of)
        for of in sorted(self._subagents):
            yield ag.SubagentFinishedEvent(subagent_run_id=of)
        while self._steps:
            yield ag.StepFinishedEvent(step_name=self._steps.pop())

    # Text and reasoning ----------------------------------------------------------------------------------------------

    def _on_RunContent(self, event: Any, of: str | None) -> Iterator[Any]:
        if event.reasoning_content:
            yield from self._think(event.reasoning_content, of)
        if event.content is not None and event.content != "":
            yield from self._say(_as_text(event.content), of)

    def _say(self, text: str, of: str | None) -> Iterator[Any]:
        if (thought := self._thought.pop(of, None)) is not None:
            yield from _thought_ends(thought, of)
        if of not in self._text:
            self._text[of] = new_id()
            yield ag.TextMessageStartEvent(message_id=self._text[of], role="assistant", subagent_run_id=of)
        self._said = self._said or of is None
        yield ag.TextMessageContentEvent(message_id=self._text[of], delta=text, subagent_run_id=of)

    def _think(self, text: str, of: str | None) -> Iterator[Any]:
        if of not in self._thought:
            yield from self._quiet(of)
            self._thought[of] = key = new_id()
            yield ag.ReasoningStartEvent(message_id=key, subagent_run_id=of)
            yield ag.ReasoningMessageStartEvent(message_id=key, role="reasoning", subagent_run_id=of)
        yield ag.ReasoningMessageContentEvent(message_id=self._thought[of], delta=text, subagent_run_id=of)

    def _quiet(self, of: str | None) -> Iterator[Any]:
        """Close the open messages of a run."""
        if (thought := self._thought.pop(of, None)) is not None:
            yield from _thought_ends(thought, of)
        if (text := self._text.pop(of, None)) is not None:
            yield ag.TextMessageEndEvent(message_id=text, subagent_run_id=of)

    def _on_ReasoningStarted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        yield from self._begin_step("reasoning")

    def _on_ReasoningContentDelta(self, event: Any, of: str | None) -> Iterator[Any]:
        if event.reasoning_content:
            yield from self._think(event.reasoning_content, of)

    def _on_ReasoningCompleted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        yield from self._end_step("reasoning")

    # Tools -----------------------------------------------------------------------------------------------------------

    def _on_ToolCallStarted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        tool = event.tool
        if tool.tool_call_id not in self._known_calls:
            self._known_calls.add(tool.tool_call_id)
            yield from _call(tool.tool_call_id, tool.tool_name, tool.tool_args, of)

    def _on_ToolCallCompleted(self, event: Any, of: str | None) -> Iterator[Any]:
        tool = event.tool
        if tool.tool_name not in self._client_tools:  # the client has that result already: it gave it
            yield ag.ToolCallResultEvent(
                message_id=new_id(),
                tool_call_id=tool.tool_call_id,
                content=str(tool.result or ""),
                role="tool",
                subagent_run_id=of,
            )

    def _on_RunPaused(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        if of is not None:  # the run itself pauses, too, and has the questions of its members
            return
        for question in open_questions(event):
            if question.tool_call_id is not None and question.tool_call_id not in self._known_calls:
                yield from _call(question.tool_call_id, question.tool_name, question.tool_args, None)
            if question.tool_name not in self._client_tools:
                self.interrupts.append(_interrupt(question))

    _on_WorkflowPaused = _on_RunPaused

    # Members, and steps of workflows ---------------------------------------------------------------------------------

    def _on_RunStarted(self, event: Any, of: str | None) -> Iterator[Any]:
        if of is None:
            return
        yield from self._quiet(None)
        self._subagents.add(of)
        name = getattr(event, "agent_name", None) or getattr(event, "team_name", None)
        parent = event.parent_run_id if event.parent_run_id in self._subagents else None
        yield ag.SubagentStartedEvent(subagent_run_id=of, name=name or "agent", parent_subagent_run_id=parent)

    def _on_RunCompleted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        if of in self._subagents:
            self._subagents.discard(of)
            yield ag.SubagentFinishedEvent(subagent_run_id=of)
        elif of is None and not self._said and event.content not in (None, ""):
            yield from self._say(_as_text(event.content), None)  # an answer that did not come in pieces
            yield from self._quiet(None)

    def _on_WorkflowCompleted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._on_RunCompleted(event, of)

    def _on_RunError(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        message = Shown().why(event)
        if of is None:
            self.failed = True
            for sub in sorted(self._subagents):
                yield ag.SubagentErrorEvent(subagent_run_id=sub, message=message)
            self._subagents.clear()
            yield from self.close()
            yield ag.RunErrorEvent(message=message, code=getattr(event, "error_type", None))
        elif of in self._subagents:
            self._subagents.discard(of)
            yield ag.SubagentErrorEvent(subagent_run_id=of, message=message)

    _on_WorkflowError = _on_RunError

    def _on_RunCancelled(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._quiet(of)
        self.cancelled = self.cancelled or of is None

    _on_WorkflowCancelled = _on_RunCancelled

    def _on_StepStarted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._begin_step(event.step_name or "step")

    def _on_StepCompleted(self, event: Any, of: str | None) -> Iterator[Any]:
        yield from self._end_step(event.step_name or "step")

    _on_StepError = _on_StepCompleted

    def _begin_step(self, name: str) -> Iterator[Any]:
        if name not in self._steps:  # AG-UI knows steps by their names: one that runs twice at once is one
            self._steps.append(name)
            yield ag.StepStartedEvent(step_name=name)

    def _end_step(self, name: str) -> Iterator[Any]:
        if name in self._steps:
            self._steps.remove(name)
            yield ag.StepFinishedEvent(step_name=name)


def _call(key: str, name: Any, arguments: Any, of: str | None) -> Iterator[Any]:
    yield ag.ToolCallStartEvent(tool_call_id=key, tool_call_name=name, subagent_run_id=of)
    yield ag.ToolCallArgsEvent(tool_call_id=key, delta=to_json(encode(arguments or {}), None), subagent_run_id=of)
    yield ag.ToolCallEndEvent(tool_call_id=key, subagent_run_id=of)


def _interrupt(question: Question) -> Any:
    return ag.Interrupt(
        id=question.id,
        reason=question.kind,
        message=question.message,
        tool_call_id=question.tool_call_id,
        response_schema=question.schema,
    )


def _thought_ends(key: str, of: str | None) -> Iterator[Any]:
    yield ag.ReasoningMessageEndEvent(message_id=key, subagent_run_id=of)
    yield ag.ReasoningEndEvent(message_id=key, subagent_run_id=of)


def _as_text(content: Any) -> str:
    return content if isinstance(content, str) else to_json(encode(content), None)


__all__ = ["Translator"]
