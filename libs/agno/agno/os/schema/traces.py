"""Traces of runs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class TraceUsage(BaseModel):
    """What all requests of a trace used; `cost` is in US dollars, null if a price is not known."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cost: float | None = None


class TraceSummary(BaseModel):
    """A trace without its spans. `status` is that of the run: completed, paused, cancelled or error."""

    trace_id: str
    name: str | None = None
    status: str
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    start_time: str
    end_time: str
    duration_ms: float
    span_count: int
    error_count: int
    error_type: str | None = None
    linked_trace_id: str | None = None
    usage: TraceUsage
    created_at: int


class TraceSpan(BaseModel):
    """A span, with the spans inside of it."""

    span_id: str
    parent_id: str | None = None
    kind: str
    name: str
    status: str
    start_time: str
    end_time: str
    duration_ms: float
    error_type: str | None = None
    error_message: str | None = None
    attributes: dict[str, Any]
    links: list[dict[str, str]] | None = None
    children: list[TraceSpan]


class TraceDetail(TraceSummary):
    """A trace as a tree. `dropped_spans` is how many were too many to be kept."""

    dropped_spans: int = 0
    tree: list[TraceSpan]


class TraceMeta(BaseModel):
    """Where a page stands. With `cursor` nothing is counted; `next_cursor` is null on the last page."""

    page: int | None = None
    limit: int
    total_pages: int | None = None
    total_count: int | None = None
    next_cursor: str | None = None


class TracePage(BaseModel):
    """Traces, the newest first."""

    data: list[TraceSummary]
    meta: TraceMeta


class TraceSessionStats(BaseModel):
    """How often a session was traced; times are epoch seconds."""

    session_id: str
    user_id: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    total_traces: int
    first_trace_at: int
    last_trace_at: int


class TraceSessionPage(BaseModel):
    """Sessions, the one that was used last first."""

    data: list[TraceSessionStats]
    meta: TraceMeta


__all__ = ["TraceDetail", "TracePage", "TraceSessionPage", "TraceSpan", "TraceSummary"]
