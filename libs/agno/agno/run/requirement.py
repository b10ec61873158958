"""What a paused run needs from a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agno.models.response import ToolExecution, UserInputField
from agno.utils.codec import Coded, decode
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id


@dataclass
class RunRequirement(Coded):
    """One open question: confirm a tool call, fill in its values, or execute it outside."""

    tool_execution: ToolExecution | None = None
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now_epoch)
    confirmation: bool | None = None
    confirmation_note: str | None = None
    user_input_schema: list[UserInputField] | None = None
    user_feedback_schema: list[dict[str, Any]] | None = None
    external_execution_result: str | None = None
    member_agent_id: str | None = None
    member_agent_name: str | None = None
    member_run_id: str | None = None

    def __post_init__(self) -> None:
        self._show_questions()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunRequirement:
        """The inverse of `to_dict`."""
        requirement = decode(cls, data)
        requirement._show_questions()
        return requirement

    def _show_questions(self) -> None:
        """The questions are those of the tool, the same objects: a value set on either is set on both."""
        if (tool := self.tool_execution) is not None:
            self.user_input_schema = tool.user_input_schema
            self.user_feedback_schema = tool.user_feedback_schema

    @property
    def needs_confirmation(self) -> bool:
        """True until `confirm` or `reject` was called."""
        tool = self.tool_execution
        return bool(tool is not None and tool.requires_confirmation and tool.confirmed is None)

    @property
    def needs_user_input(self) -> bool:
        """True until all values that are asked for were given."""
        tool = self.tool_execution
        if tool is None or not tool.requires_user_input or tool.answered:
            return False
        fields = tool.user_input_schema
        return not fields or any(item.value is None for item in fields)

    @property
    def needs_user_feedback(self) -> bool:
        """True until all questions were answered."""
        tool = self.tool_execution
        return bool(tool is not None and tool.user_feedback_schema is not None and not tool.answered)

    @property
    def needs_external_execution(self) -> bool:
        """True until the result was set."""
        tool = self.tool_execution
        return bool(tool is not None and tool.external_execution_required and tool.result is None)

    @property
    def pause_type(self) -> str | None:
        """`confirmation`, `user_input`, `user_feedback` or `external_execution`."""
        tool = self.tool_execution
        if tool is None:
            return None
        if tool.user_feedback_schema is not None:
            return "user_feedback"
        if tool.requires_user_input:
            return "user_input"
        return "external_execution" if tool.external_execution_required else "confirmation"

    def _tool(self) -> ToolExecution:
        if self.tool_execution is None:
            raise ValueError(f"Requirement {self.id} has no tool execution to answer for.")
        return self.tool_execution

    def confirm(self) -> None:
        """Confirm the call: the tool runs when the run is continued."""
        self.confirmation = self._tool().confirmed = True

    def reject(self, note: str | None = None) -> None:
        """Reject the call: the tool does not run, and the model reads the note."""
        self.confirmation = self._tool().confirmed = False
        self.confirmation_note = self._tool().confirmation_note = note

    def provide_user_input(self, values: dict[str, Any]) -> None:
        """Fill in values by field name. Raises ValueError for a name that was not asked for."""
        tool = self._tool()
        if not isinstance(values, Mapping):
            raise TypeError(
                f"provide_user_input got a {type(values).__name__}. It takes a dict of values by field name."
            )
        fields = {item.name: item for item in tool.user_input_schema or ()}
        unknown = sorted(values.keys() - fields.keys())
        if unknown:
            raise ValueError(
                f"{tool.tool_name!r} asks for {', '.join(fields) or 'nothing'}; {unknown[0]!r} is not among it."
            )
        for name, value in values.items():
            fields[name].value = value
        tool.answered = all(item.value is not None for item in fields.values())

    def provide_user_feedback(self, answers: dict[str, Any]) -> None:
        """Answer questions by their text: with the label of an option, a list of labels, or other words.

        Raises ValueError for a question that was not asked.
        """
        tool = self._tool()
        asked = {question.get("question"): question for question in tool.user_feedback_schema or ()}
        if unknown := sorted(answers.keys() - asked.keys()):
            raise ValueError(f"{tool.tool_name!r} asks {list(asked)}; {unknown[0]!r} is not among it.")
        for question, answer in answers.items():
            asked[question]["selected"] = answer
        tool.answered = all(question.get("selected") is not None for question in asked.values())

    def set_external_execution_result(self, result: str) -> None:
        """Set the result of a tool that was executed outside of the run."""
        self.external_execution_result = self._tool().result = result

    def is_resolved(self) -> bool:
        """True if nothing is left to answer."""
        return not (
            self.needs_confirmation
            or self.needs_user_input
            or self.needs_user_feedback
            or self.needs_external_execution
        )


__all__ = ["RunRequirement"]
