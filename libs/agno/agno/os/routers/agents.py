"""Routes of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from agno.os._describing import agent_of
from agno.os.routers._listing import component_router
from agno.os.schema.components import AgentResponse

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def router(os: AgentOS) -> APIRouter:
    """/agents: which there are, and their runs."""
    return component_router(os, "agent", AgentResponse, AgentResponse, agent_of, agent_of)


__all__ = ["router"]
