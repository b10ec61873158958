"""What agent and team outputs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel

from agno.media import Audio, File, Image, Video
from agno.models.message import Citations, Message, MessageReferences
from agno.models.metrics import Metrics
from agno.models.response import ToolExecution
from agno.reasoning.step import ReasoningStep
from agno.run.base import RunStatus, to_json
from agno.run.requirement import RunRequirement
from agno.utils.codec import Coded, decode, encode, encode_fields
from agno.utils.dttm import now_epoch

T = TypeVar("T", bound="OutputBase")


@dataclass
class RunInput(Coded):
    """What the caller gave: content and media."""

    input_content: Any = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None

    def input_content_string(self) -> str:
        """The content as text."""
        return text_of(self.input_content)

    def without_media(self) -> RunInput:
        """The content alone."""
        return RunInput(input_content=self.input_content)

    def to_dict(self) -> dict[str, Any]:
        return {key: value for key, value in encode_fields(self).items() if value != [] or key == "input_content"}


def text_of(content: Any) -> str:
    """Content of any kind as text; models and collections as JSON."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, BaseModel):
        return content.model_dump_json(exclude_none=True)
    if isinstance(content, Message):
        return content.get_content_string()
    return msgspec.json.encode(encode(content)).decode()


@dataclass
class OutputBase(Coded):
    """The fields that the output of an agent and of a team have in common."""

    run_id: str | None = None
    session_id: str | None = None
    parent_run_id: str | None = None
    workflow_id: str | None = None
    user_id: str | None = None
    input: RunInput | None = None
    content: Any = None
    content_type: str = "str"
    reasoning_content: str | None = None
    reasoning_steps: list[ReasoningStep] | None = None
    reasoning_messages: list[Message] | None = None
    model: str | None = None
    model_provider: str | None = None
    model_provider_data: dict[str, Any] | None = None
    messages: list[Message] | None = None
    metrics: Metrics | None = None
    additional_input: list[Message] | None = None
    tools: list[ToolExecution] | None = None
    requirements: list[RunRequirement] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    files: list[File] | None = None
    response_audio: Audio | None = None
    citations: Citations | None = None
    references: list[MessageReferences] | None = None
    metadata: dict[str, Any] | None = None
    session_state: dict[str, Any] | None = None
    followups: list[str] | None = None
    created_at: int = field(default_factory=now_epoch)
    events: list[Any] | None = None
    status: RunStatus = RunStatus.running
    error_type: str | None = None  # the class of what the run failed with; the content is what it said
    workflow_step_id: str | None = None
    last_checkpoint_at_message_index: int | None = None
    forked_from_run_id: str | None = None
    forked_from_message_index: int | None = None
    forked_from_session_id: str | None = None
    regenerated_from: str | None = None

    @property
    def is_paused(self) -> bool:
        """True while the run waits for a person."""
        return self.status == RunStatus.paused

    @property
    def is_cancelled(self) -> bool:
        """True if the run was cancelled."""
        return self.status == RunStatus.cancelled

    @property
    def tools_requiring_confirmation(self) -> list[ToolExecution]:
        """The tool calls that a person has to confirm, or was asked to."""
        return [tool for tool in self.tools or () if tool.requires_confirmation]

    @property
    def tools_requiring_user_input(self) -> list[ToolExecution]:
        """The tool calls whose values a person gives."""
        return [tool for tool in self.tools or () if tool.requires_user_input]

    @property
    def tools_awaiting_external_execution(self) -> list[ToolExecution]:
        """The tool calls that are executed outside of the run."""
        return [tool for tool in self.tools or () if tool.external_execution_required]

    @property
    def active_requirements(self) -> list[RunRequirement]:
        """The requirements that a person has not answered yet."""
        return [requirement for requirement in self.requirements or () if not requirement.is_resolved()]

    def build_requirements(self, waiting: list[ToolExecution]) -> list[RunRequirement]:
        """One requirement for each tool that waits. Those that exist already keep their id."""
        known = {r.tool_execution.tool_call_id: r for r in self.requirements or () if r.tool_execution is not None}
        found = []
        for tool in waiting:
            requirement = known.get(tool.tool_call_id) or RunRequirement(tool_execution=tool)
            requirement.tool_execution = tool
            found.append(requirement)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None is left out."""
        return encode_fields(self)

    @classmethod
    def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
        """The inverse of `to_dict`; also takes `{"run": {...}}`. Structured content stays a dict."""
        inner = data.get("run")
        run = decode(cls, inner if isinstance(inner, Mapping) else data)
        if run.events:
            run.events = [cls.revive_event(event) if isinstance(event, Mapping) else event for event in run.events]
        return run

    @staticmethod
    def revive_event(event: Mapping[str, Any]) -> Any:
        """The event that a stored dict describes. One of an unknown kind, of your own or of a newer version, is a CustomEvent."""
        return event

    def to_json(self, indent: int | None = 2, separators: Any = None) -> str:
        """JSON text."""
        return to_json(self.to_dict(), None if separators is not None else indent)

    def get_content_as_string(self, **options: Any) -> str:
        """The content as text; structured content as JSON."""
        return text_of(self.content)


__all__ = ["OutputBase", "RunInput", "text_of"]
