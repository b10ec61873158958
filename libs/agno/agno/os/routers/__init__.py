"""The routes of AgentOS, one file per resource: each has `router(os) -> APIRouter`, or None where there is nothing to serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agno.os.routers import agents, home, prometheus, teams, traces, workflow_socket, workflows

ROUTERS: tuple[Callable[[Any], Any], ...] = (
    home.router,
    agents.router,
    teams.router,
    workflow_socket.router,
    workflows.router,
    traces.router,
    prometheus.router,
)

__all__ = ["ROUTERS"]
