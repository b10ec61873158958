"""The session of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.models.message import Message
from agno.run.output import text_of
from agno.run.workflow import WorkflowRunOutput
from agno.session.base import SessionBase
from agno.session.history import newest
from agno.session.summary_data import SessionSummary
from agno.utils.dttm import now_epoch


@dataclass
class WorkflowSession(SessionBase):
    """The runs of a workflow under one id. Dicts are never None, and times are set."""

    session_id: str
    user_id: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    runs: list[WorkflowRunOutput] | None = None
    session_data: dict[str, Any] | None = None
    workflow_data: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    summary: SessionSummary | None = None
    created_at: int | None = None
    updated_at: int | None = None

    def __post_init__(self) -> None:
        self.runs = [] if self.runs is None else self.runs
        for name in ("session_data", "workflow_data", "metadata"):
            if getattr(self, name) is None:
                setattr(self, name, {})
        now = now_epoch()
        self.created_at = now if self.created_at is None else self.created_at
        self.updated_at = now if self.updated_at is None else self.updated_at

    @staticmethod
    def read_run(data: Mapping[str, Any]) -> WorkflowRunOutput:
        """A run from its dict."""
        return WorkflowRunOutput.from_dict(data)

    def get_chat_history(self, last_n_runs: int | None = None) -> list[Message]:
        """The messages of the agents' and teams' runs, in order; of a run without any, its input and its content."""
        return [message for run in newest(list(self.runs or ()), last_n_runs) for message in _conversation(run)]

    def get_workflow_history(self, num_runs: int | None = None) -> list[tuple[str, str]]:
        """Input and answer of the newest finished runs, oldest first."""
        finished = [run for run in self.runs or () if run.has_completed()]
        return [(text_of(run.input), text_of(run.content)) for run in newest(finished, num_runs)]

    def get_workflow_history_context(self, num_runs: int | None = None) -> str | None:
        """The history as text for a prompt; None if there is none."""
        pairs = self.get_workflow_history(num_runs)
        if not pairs:
            return None
        turns = [
            f"[run {number}]\nInput: {asked}\nAnswer: {answered}" for number, (asked, answered) in enumerate(pairs, 1)
        ]
        return "<workflow_history>\n" + "\n\n".join(turns) + "\n</workflow_history>"


def _conversation(run: WorkflowRunOutput) -> list[Message]:
    found: list[Message] = []
    for executor_run in run.step_executor_runs or ():
        if isinstance(executor_run, WorkflowRunOutput):
            found += _conversation(executor_run)
        else:
            found += [message for message in executor_run.messages or () if not message.from_history]
    if found:
        return found
    pair = (("user", run.input), ("assistant", run.content))
    return [Message(role, text_of(content), created_at=run.created_at) for role, content in pair if content is not None]


__all__ = ["WorkflowSession"]
