"""The session of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.models.message import Message
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session.history import MessageHistory
from agno.session.summary_data import SessionSummary


@dataclass
class AgentSession(MessageHistory):
    """A conversation with an agent: a small header, and its runs."""

    session_id: str
    agent_id: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    workflow_id: str | None = None
    session_data: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    agent_data: dict[str, Any] | None = None
    runs: list[RunOutput] | None = None
    summary: SessionSummary | None = None
    created_at: int | None = None
    updated_at: int | None = None

    @staticmethod
    def read_run(data: Mapping[str, Any]) -> RunOutput:
        """A run from its dict."""
        return RunOutput.from_dict(data)

    def get_messages(
        self,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: list[str] | None = None,
        skip_statuses: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        agent_id: str | None = None,
        team_id: str | None = None,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first. A limit never leaves answers to tool calls that were cut off."""
        return self._select(
            {"agent_id": agent_id, "team_id": team_id},
            lambda run: True,
            last_n_runs=last_n_runs,
            limit=limit,
            skip_roles=skip_roles,
            skip_statuses=skip_statuses,
            skip_history_messages=skip_history_messages,
        )

    def get_messages_from_last_n_runs(
        self,
        agent_id: str | None = None,
        team_id: str | None = None,
        last_n: int | None = None,
        skip_role: str | None = None,
        skip_status: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first."""
        roles = [skip_role] if skip_role else None
        return self.get_messages(last_n, None, roles, skip_status, skip_history_messages, agent_id, team_id)


__all__ = ["AgentSession"]
