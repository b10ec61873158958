"""The session of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.run.agent import RunOutput
from agno.run.team import TeamRunOutput
from agno.session.base import SessionBase, known_fields
from agno.session.summary_data import SessionSummary
from agno.utils.log import log_warning


@dataclass
class AgentSession(SessionBase):
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

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AgentSession | None:
        """The inverse of `to_dict`. None, with a warning, without a session_id."""
        if not data or data.get("session_id") is None:
            log_warning("A session without session_id cannot be read")
            return None
        fields, unknown = known_fields(data, frozenset(cls.__dataclass_fields__))
        fields["runs"] = [_run(run) for run in data.get("runs") or ()]
        session = cls(**fields)
        if unknown:
            session.__dict__["_unknown"] = unknown
        return session


def _run(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    return TeamRunOutput.from_dict(data) if "team_id" in data and "agent_id" not in data else RunOutput.from_dict(data)


__all__ = ["AgentSession"]
