"""Sessions and their runs, as clients see them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agno.os._docs import one_of
from agno.os.schema._given import Given

Data = dict[str, Any]


class SessionSchema(BaseModel):
    """A session in a list."""

    session_id: str
    session_name: str
    session_state: Data | None = None
    created_at: str | None = None
    updated_at: str | None = None


class _Detail(BaseModel):
    user_id: str | None = None
    session_id: str
    session_name: str
    session_state: Data | None = None


class AgentSessionDetail(_Detail):
    """The session of an agent."""

    agent_session_id: str
    session_summary: Data | None = None
    agent_id: str | None = None
    total_tokens: int | None = None
    agent_data: Data | None = None
    metrics: Data | None = None
    chat_history: list[Data] | None = None
    created_at: str | None = None
    updated_at: str | None = None


class TeamSessionDetail(_Detail):
    """The session of a team."""

    team_id: str | None = None
    session_summary: Data | None = None
    metrics: Data | None = None
    team_data: Data | None = None
    total_tokens: int | None = None
    chat_history: list[Data] | None = None
    created_at: str | None = None
    updated_at: str | None = None


class WorkflowSessionDetail(_Detail):
    """The session of a workflow. Its times are seconds since 1970."""

    workflow_id: str | None = None
    workflow_name: str | None = None
    session_data: Data | None = None
    workflow_data: Data | None = None
    metadata: Data | None = None
    created_at: int | None = None
    updated_at: int | None = None


class RunSchema(BaseModel):
    """The run of an agent."""

    run_id: str | None = None
    parent_run_id: str | None = None
    agent_session_id: str | None = None
    user_id: str | None = None
    run_input: str | None = None
    content: Any = None
    run_response_format: str | None = None
    reasoning_content: str | None = None
    metrics: Data | None = None
    messages: list[Data] | None = None
    tools: list[Data] | None = None
    events: list[Data] | None = None
    status: str | None = None
    created_at: str | None = None


class TeamRunSchema(BaseModel):
    """The run of a team."""

    run_id: str | None = None
    parent_run_id: str | None = None
    content: Any = None
    reasoning_content: str | None = None
    run_input: str | None = None
    run_response_format: str | None = None
    metrics: Data | None = None
    tools: list[Data] | None = None
    messages: list[Data] | None = None
    events: list[Data] | None = None
    status: str | None = None
    created_at: str | None = None


class WorkflowRunSchema(BaseModel):
    """The run of a workflow."""

    run_id: str | None = None
    run_input: str | None = None
    user_id: str | None = None
    content: Any = None
    content_type: str | None = None
    status: str | None = None
    step_results: list[Any] | None = None
    step_executor_runs: list[Data] | None = None
    metrics: Data | None = None
    created_at: int | None = None


class Rename(Given):
    """A new name."""

    session_name: str = Field(min_length=1, max_length=500)


class NewSession(Given):
    """A session that has no runs yet. `agent_id`, `team_id` or `workflow_id` says whose it is."""

    model_config = ConfigDict(json_schema_extra=one_of("agent_id", "team_id", "workflow_id"))

    session_id: str | None = Field(None, min_length=1, max_length=255)
    session_name: str | None = Field(None, max_length=500)
    session_state: Data | None = None
    metadata: Data | None = None
    user_id: str | None = Field(None, max_length=255)
    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None


class SessionChange(Given):
    """What changes of a session; what is not named stays."""

    session_name: str | None = Field(None, max_length=500)
    session_state: Data | None = None
    metadata: Data | None = None


class SessionFork(Given):
    """How much of a session is copied: all of its runs, or those before one of them."""

    before_run_id: str | None = None


class SessionsToDelete(Given):
    """Which sessions go, with their types in the same order."""

    session_ids: list[str] = Field(max_length=1_000)
    session_types: list[str] = Field(max_length=1_000)


__all__ = [
    "AgentSessionDetail",
    "NewSession",
    "Rename",
    "RunSchema",
    "SessionChange",
    "SessionFork",
    "SessionSchema",
    "SessionsToDelete",
    "TeamRunSchema",
    "TeamSessionDetail",
    "WorkflowRunSchema",
    "WorkflowSessionDetail",
]
