"""Routes of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from agno.os._describing import summary_of, workflow_of
from agno.os.routers._listing import component_router
from agno.os.schema.components import ComponentSummary, WorkflowResponse

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def router(os: AgentOS) -> APIRouter:
    """/workflows: which there are, and their runs."""
    return component_router(os, "workflow", ComponentSummary, WorkflowResponse, summary_of, workflow_of)


__all__ = ["router"]
