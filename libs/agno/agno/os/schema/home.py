"""What the service says of itself."""

from __future__ import annotations

from pydantic import BaseModel

from agno.os.config import ChatConfig, EvalsConfig, KnowledgeConfig, MemoryConfig, MetricsConfig, SessionConfig
from agno.os.schema.components import ComponentSummary


class HealthResponse(BaseModel):
    """It is there."""

    status: str = "ok"


class HomeResponse(BaseModel):
    """What is served here, for people."""

    name: str
    description: str
    version: str
    docs: str | None = None


class InfoResponse(BaseModel):
    """What is served here, in numbers."""

    os_id: str
    name: str
    description: str | None = None
    version: str
    agno_version: str
    agents: int
    teams: int
    workflows: int
    interfaces: int
    databases: int
    authentication: str


class InterfaceResponse(BaseModel):
    """A protocol that is spoken here."""

    type: str
    version: str
    route: str


class ConfigResponse(BaseModel):
    """The configuration of the service."""

    os_id: str
    name: str | None = None
    description: str | None = None
    available_models: list[str] | None = None
    databases: list[str]
    chat: ChatConfig | None = None
    session: SessionConfig | None = None
    metrics: MetricsConfig | None = None
    memory: MemoryConfig | None = None
    knowledge: KnowledgeConfig | None = None
    evals: EvalsConfig | None = None
    agents: list[ComponentSummary]
    teams: list[ComponentSummary]
    workflows: list[ComponentSummary]
    interfaces: list[InterfaceResponse]


__all__ = ["ConfigResponse", "HealthResponse", "HomeResponse", "InfoResponse", "InterfaceResponse"]
