"""Runs as tasks of A2A: what a run is now, and what changes while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from time import time
from typing import Any

import msgspec
from a2a.server.tasks.task_manager import append_artifact_to_task
from a2a.types import (
    Artifact,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from google.protobuf.json_format import ParseDict

from agno.os._runs import HostedRun
from agno.os.interfaces._chat.media import attachments
from agno.os.interfaces._questions import Question, open_questions
from agno.run.base import RunStatus
from agno.run.output import RunInput, text_of
from agno.utils.codec import encode

ANSWER = "answer"
"""The id of the artifact with the text or the data of the answer; those with files are `file-1` and so on."""

STATES = {
    RunStatus.pending: TaskState.TASK_STATE_SUBMITTED,
    RunStatus.running: TaskState.TASK_STATE_WORKING,
    RunStatus.paused: TaskState.TASK_STATE_INPUT_REQUIRED,
    RunStatus.completed: TaskState.TASK_STATE_COMPLETED,
    RunStatus.regenerated: TaskState.TASK_STATE_COMPLETED,
    RunStatus.cancelled: TaskState.TASK_STATE_CANCELED,
    RunStatus.error: TaskState.TASK_STATE_FAILED,
}
_FAILED = "The run failed; the server's log says more."
_ERRORS = frozenset({"RunError", "TeamRunError", "WorkflowError"})
_TEXT = frozenset({"RunContent", "TeamRunContent"})
_OUTER = ("agent_id", "team_id", "workflow_id", "agent_name", "team_name", "workflow_name", "step_name", "step_index")
_THOUGHT = ("reasoning_content",)
_TOLD: dict[str, tuple[str, ...]] = {  # the fields that updates of the status have, by the kind of the event
    **dict.fromkeys(("ToolCallStarted", "ToolCallCompleted", "ToolCallError"), ("tool",)),
    **dict.fromkeys(("ReasoningStarted", "ReasoningCompleted"), ()),
    **dict.fromkeys(("ReasoningContentDelta", "ReasoningStep"), _THOUGHT),
    **dict.fromkeys(("StepStarted", "StepCompleted", "StepError"), ()),
}
_TOLD |= {f"Team{kind}": fields for kind, fields in _TOLD.items() if not kind.startswith("Step")}
_INSIDE = frozenset({"RunStarted", "RunCompleted", "TeamRunStarted", "TeamRunCompleted"})
_OF_TOOLS = ("tool_call_id", "tool_name", "tool_args", "result", "tool_call_error")


# What a run is -------------------------------------------------------------------------------------------------------


async def task_of(run: Any) -> Task:
    """A run, hosted here or as it is stored, as a task."""
    if isinstance(run, HostedRun) and run.output is None:
        return _going_on(run)
    output = run.output if isinstance(run, HostedRun) else run
    state, note = _state_of(run, output)
    task, when = Task(id=output.run_id, context_id=output.session_id), time_of(run)
    task.status.CopyFrom(status(task, state, *((note,) if note else ()), when=when))
    if output.status is RunStatus.paused and (questions := open_questions(output)):
        task.status.CopyFrom(status(task, state, *_asked(questions), name=questions[0].id, when=when))
    if given := _given(output):
        task.history.append(message(task, Role.ROLE_USER, given, name="input"))
    if output.status in (RunStatus.completed, RunStatus.regenerated):
        task.artifacts.extend([one async for one in _artifacts(output)])
    return task


def time_of(run: Any) -> float:
    """When a run came to where it is, in seconds since 1970; of one that goes on, when it began."""
    if isinstance(run, HostedRun):
        return run.ended_at or run.started_at
    return float(run.created_at or 0) + float(getattr(run.metrics, "duration", None) or 0)


def _going_on(run: HostedRun) -> Task:
    story = Story(run.run_id, run.session_id)
    for kind, data in run.log.frames:
        for _ in story.take(kind, data):
            pass
    if run.ended_at is not None:
        story.task.status.CopyFrom(story.failed())
    return story.task


def _state_of(run: Any, output: Any) -> tuple[TaskState, str]:
    """The state, and the sentence that goes with it."""
    if output.status is not RunStatus.error:
        return STATES[output.status], ""
    return _why(msgspec.json.decode(run.log.frames[-1][1]) if _has_frames(run) else _error_event(output))


def _has_frames(run: Any) -> bool:
    return isinstance(run, HostedRun) and bool(run.log.frames) and run.log.frames[-1][0].decode() in _ERRORS


def _error_event(output: Any) -> dict[str, Any]:
    """The stored event that says why a run failed, if it is meant for the caller."""
    for event in reversed(output.events or ()):
        if getattr(event, "event", None) in _ERRORS and _is_refusal(shown := encode(event)):
            found: dict[str, Any] = shown
            return found
    return {}


def _is_refusal(event: dict[str, Any]) -> bool:
    """True if a guardrail refused the input or the output: it says why."""
    return event.get("error_id") is not None and event.get("error_id") == event.get("error_type")


def _why(event: dict[str, Any]) -> tuple[TaskState, str]:
    text = event.get("content") or event.get("error") or _FAILED
    return (TaskState.TASK_STATE_REJECTED if _is_refusal(event) else TaskState.TASK_STATE_FAILED), str(text)


def _given(output: Any) -> str:
    given = output.input
    return given.input_content_string() if isinstance(given, RunInput) else text_of(given)


async def _artifacts(output: Any) -> Any:
    content = output.content
    if content is not None and content != "":
        yield Artifact(artifact_id=ANSWER, name=ANSWER, parts=[content_part(content)])
    for number, made in enumerate(await attachments(output), 1):
        if made.url is None and not made.content:
            continue  # it lies with the provider of the model
        source: dict[str, Any] = {"url": made.url} if made.url is not None else {"raw": made.content}
        part = Part(**source, filename=made.name, media_type=made.mime_type)
        yield Artifact(artifact_id=f"file-{number}", name=made.name, parts=[part])


def content_part(content: Any) -> Part:
    """Text as text, all else as data."""
    if isinstance(content, str):
        return Part(text=content, media_type="text/plain")
    return data_part(encode(content))


def data_part(data: Any) -> Part:
    """Plain data."""
    part = Part(media_type="application/json")
    ParseDict(msgspec.json.decode(msgspec.json.encode(data, enc_hook=str)), part.data)
    return part


# What it says --------------------------------------------------------------------------------------------------------


def message(task: Task, role: Role, *parts: Any, name: str = "") -> Message:
    """A message of a task; texts are parts, too. It has the same id whenever it is made."""
    made = [Part(text=part) if isinstance(part, str) else part for part in parts]
    key = f"{task.id}-{name}"
    return Message(message_id=key, task_id=task.id, context_id=task.context_id, role=role, parts=made)


def status(task: Task, state: TaskState, *parts: Any, name: str = "status", when: float | None = None) -> TaskStatus:
    """A status, with what the agent says about it. `when` is seconds since 1970, by default now."""
    made = TaskStatus(state=state)
    made.timestamp.FromDatetime(datetime.fromtimestamp(time() if when is None else when, timezone.utc))
    if parts:
        made.message.CopyFrom(message(task, Role.ROLE_AGENT, *parts, name=name))
    return made


def _asked(questions: list[Question]) -> Iterator[Any]:
    """What a waiting run asks: in words, and as data with what an answer must look like."""
    yield "\n".join(question.message for question in questions)
    yield data_part({"questions": [_question(one) for one in questions]})


def _question(one: Question) -> dict[str, Any]:
    facts = {"id": one.id, "kind": one.kind, "message": one.message, "schema": one.schema, "choices": one.choices,
             "tool_name": one.tool_name, "tool_call_id": one.tool_call_id, "tool_args": encode(one.tool_args)}  # fmt: skip
    return {name: value for name, value in facts.items() if value not in (None, [], {})}


# What happens --------------------------------------------------------------------------------------------------------


class Story:
    """The events of a run as updates of its task, which is kept up to date."""

    def __init__(self, run_id: str, context_id: str, first: Message | None = None) -> None:
        self.task = Task(id=run_id, context_id=context_id)
        goes_on = first is not None and bool(first.task_id)
        state = TaskState.TASK_STATE_WORKING if goes_on else TaskState.TASK_STATE_SUBMITTED
        self.task.status.CopyFrom(status(self.task, state))
        if first is not None:
            said = Message()
            said.CopyFrom(first)
            said.task_id, said.context_id = run_id, context_id
            self.task.history.append(said)
        self._text = ""
        self._error: dict[str, Any] = {}

    def take(self, kind: bytes, data: bytes) -> Iterator[Any]:
        """The updates that an event brings."""
        event = msgspec.json.decode(data)
        name, is_own = kind.decode(), event.get("run_id") == self.task.id
        if self.task.status.state != TaskState.TASK_STATE_WORKING:
            yield self._status(status(self.task, TaskState.TASK_STATE_WORKING))
        thinks = name in _TEXT and bool(event.get("reasoning_content"))
        if name in _TOLD or thinks or (name in _INSIDE and not is_own):
            yield self._status(status(self.task, TaskState.TASK_STATE_WORKING), _facts(name, event))
        if is_own and name in _TEXT and isinstance(event.get("content"), str) and event["content"]:
            yield self._say(event["content"])
        elif is_own and name in _ERRORS:
            self._error = event

    def failed(self) -> TaskStatus:
        """The status of a run that left no output."""
        state, note = _why(self._error)
        return status(self.task, state, note)

    async def end(self, run: Any) -> list[Any]:
        """The updates at the end: what was not said in pieces, and the last status."""
        final = await task_of(run)
        updates: list[Any] = []
        for artifact in final.artifacts:
            if artifact.artifact_id == ANSWER and self._text and artifact.parts[0].text == self._text:
                updates.append(self._piece("", append=True, last=True))
            else:
                updates.append(self._artifact(artifact, last=True))
        return [*updates, self._status(self.failed() if self._error else final.status)]

    def _say(self, text: str) -> Any:
        append = bool(self._text)
        self._text += text
        return self._piece(text, append=append)

    def _piece(self, text: str, *, append: bool, last: bool = False) -> Any:
        part = Part(text=text, media_type="text/plain")
        return self._artifact(Artifact(artifact_id=ANSWER, name=ANSWER, parts=[part]), append=append, last=last)

    def _artifact(self, artifact: Artifact, *, append: bool = False, last: bool = False) -> Any:
        update = TaskArtifactUpdateEvent(
            task_id=self.task.id, context_id=self.task.context_id, artifact=artifact, append=append, last_chunk=last
        )
        if not append or artifact.parts[0].text:
            append_artifact_to_task(self.task, update)
        return update

    def _status(self, now: TaskStatus, metadata: dict[str, Any] | None = None) -> Any:
        self.task.status.CopyFrom(now)
        update = TaskStatusUpdateEvent(task_id=self.task.id, context_id=self.task.context_id, status=now)
        if metadata:
            ParseDict(metadata, update.metadata)
        return update


def _facts(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """What an update says of an event: `{"agno": {"event": ..., ...}}`."""
    fields = [name for name in (*_OUTER, *_TOLD.get(kind, _THOUGHT)) if event.get(name) not in (None, "")]
    facts = {"event": kind, "run_id": event.get("run_id"), **{name: event[name] for name in fields}}
    if isinstance(tool := facts.get("tool"), dict):
        facts["tool"] = {name: tool[name] for name in _OF_TOOLS if tool.get(name) is not None}
    return {"agno": facts}


__all__ = ["ANSWER", "STATES", "Story", "content_part", "message", "status", "task_of", "time_of"]
