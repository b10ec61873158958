"""How agents, teams and workflows are described to clients."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class ModelResponse(BaseModel):
    """A model."""

    name: str | None = None
    model: str | None = None
    provider: str | None = None


class ModelEntry(BaseModel):
    """A model that agents or teams use."""

    id: str | None = None
    provider: str | None = None


class ComponentSummary(BaseModel):
    """The least of a component."""

    id: str
    name: str | None = None
    description: str | None = None
    db_id: str | None = None


Group = dict[str, Any]


class AgentResponse(BaseModel):
    """An agent: its settings in groups, without those that have their default."""

    id: str
    name: str | None = None
    db_id: str | None = None
    model: ModelResponse | None = None
    tools: Group | None = None
    sessions: Group | None = None
    knowledge: Group | None = None
    memory: Group | None = None
    reasoning: Group | None = None
    default_tools: Group | None = None
    system_message: Group | None = None
    extra_messages: Group | None = None
    response_settings: Group | None = None
    streaming: Group | None = None
    metadata: dict[str, Any] | None = None


class TeamResponse(BaseModel):
    """A team: its settings in groups, without those that have their default, and its members."""

    id: str
    name: str | None = None
    db_id: str | None = None
    description: str | None = None
    model: ModelResponse | None = None
    tools: Group | None = None
    sessions: Group | None = None
    knowledge: Group | None = None
    memory: Group | None = None
    reasoning: Group | None = None
    default_tools: Group | None = None
    system_message: Group | None = None
    response_settings: Group | None = None
    streaming: Group | None = None
    members: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None


class WorkflowResponse(BaseModel):
    """A workflow: its input, and its steps with what works in them."""

    id: str
    name: str | None = None
    db_id: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    steps: list[dict[str, Any]] | None = None
    agent: dict[str, Any] | None = None
    team: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


__all__ = ["AgentResponse", "ComponentSummary", "ModelEntry", "ModelResponse", "TeamResponse", "WorkflowResponse"]
