"""Routes of teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from agno.os._describing import team_of
from agno.os.routers._listing import component_router
from agno.os.schema.components import TeamResponse

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def router(os: AgentOS) -> APIRouter:
    """/teams: which there are, and their runs."""
    return component_router(os, "team", TeamResponse, TeamResponse, team_of, team_of)


__all__ = ["router"]
