"""The routes of AgentOS, one file per resource: each has `router(os) -> APIRouter`, or None where there is nothing to serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agno.os.routers import (
    agents,
    approvals,
    databases,
    evals,
    home,
    knowledge,
    learnings,
    memory,
    metrics,
    prometheus,
    schedules,
    sessions,
    stored,
    teams,
    traces,
    workflow_socket,
    workflows,
)

ROUTERS: tuple[Callable[[Any], Any], ...] = (
    home.router,
    agents.router,
    teams.router,
    workflow_socket.router,
    workflows.router,
    sessions.router,
    memory.router,
    evals.router,
    metrics.router,
    knowledge.router,
    schedules.router,
    approvals.router,
    learnings.router,
    stored.router,
    databases.router,
    traces.router,
    prometheus.router,
)

__all__ = ["ROUTERS"]
