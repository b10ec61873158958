"""Records of evaluations."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic import BaseModel


class EvalType(str, Enum):
    """What was evaluated."""

    ACCURACY = "accuracy"
    PERFORMANCE = "performance"
    RELIABILITY = "reliability"
    AGENT_AS_JUDGE = "agent_as_judge"


class EvalFilterType(str, Enum):
    """Whose evaluations are listed."""

    AGENT = "agent"
    TEAM = "team"
    WORKFLOW = "workflow"


class EvalRunRecord(BaseModel):
    """One evaluation: what went in and what came out."""

    run_id: str
    eval_type: EvalType
    eval_data: dict[str, Any]
    eval_input: dict[str, Any] | None = None
    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    model_id: str | None = None
    model_provider: str | None = None
    name: str | None = None
    evaluated_component_name: str | None = None


__all__ = ["EvalFilterType", "EvalRunRecord", "EvalType"]
