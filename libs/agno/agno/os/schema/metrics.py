"""Daily metrics, as clients see them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class DayAggregatedMetrics(BaseModel):
    """What happened on a day (UTC). `date` is its beginning."""

    id: str
    agent_runs_count: int
    agent_sessions_count: int
    team_runs_count: int
    team_sessions_count: int
    workflow_runs_count: int
    workflow_sessions_count: int
    users_count: int
    token_metrics: dict[str, Any]
    model_metrics: list[dict[str, Any]]
    date: str
    created_at: int
    updated_at: int


class MetricsResponse(BaseModel):
    """Days, and when the newest of them was counted."""

    metrics: list[DayAggregatedMetrics]
    updated_at: str | None = None


__all__ = ["DayAggregatedMetrics", "MetricsResponse"]
