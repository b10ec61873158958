"""Evaluations, as clients see them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agno.os._docs import Schema, one_of
from agno.os.schema._given import Given


class EvalSchema(BaseModel):
    """An evaluation that was run."""

    id: str
    agent_id: str | None = None
    model_id: str | None = None
    model_provider: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    name: str | None = None
    evaluated_component_name: str | None = None
    eval_type: str
    eval_data: dict[str, Any]
    eval_input: dict[str, Any] | None = None
    created_at: str | None = None
    updated_at: str | None = None


_SOME_TEXT: Schema = {"type": "string", "minLength": 1}
_NEEDS: Schema = {
    "accuracy": {"expected_output": _SOME_TEXT},
    "performance": {},
    "reliability": {"expected_tool_calls": {"type": "array"}},
    "agent_as_judge": {"criteria": _SOME_TEXT},
}
_RULES: Schema = {
    "allOf": [
        one_of("agent_id", "team_id", "workflow_id"),
        {
            "anyOf": [
                {"required": ["eval_type", *needs], "properties": {"eval_type": {"const": kind}, **needs}}
                for kind, needs in _NEEDS.items()
            ]
        },
    ]
}


class EvalRunInput(Given):
    """What to evaluate: one component, one input, and what the kind of evaluation needs."""

    model_config = ConfigDict(json_schema_extra=_RULES)

    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    model_id: str | None = None
    model_provider: str | None = None
    eval_type: Literal["accuracy", "performance", "reliability", "agent_as_judge"]
    input: str = Field(max_length=1_000_000)
    additional_guidelines: str | None = None
    additional_context: str | None = None
    num_iterations: int | None = Field(1, ge=0, le=1_000)
    name: str | None = Field(None, max_length=500)
    expected_output: str | None = None
    warmup_runs: int | None = Field(0, ge=0, le=1_000)
    expected_tool_calls: list[str] | None = None
    criteria: str | None = None
    scoring_strategy: Literal["binary", "numeric"] = "binary"
    threshold: int = Field(7, ge=1, le=10)


class EvalRename(Given):
    """A new name."""

    name: str = Field(min_length=1, max_length=500)


class EvalsToDelete(Given):
    """Which evaluations go."""

    eval_run_ids: list[str] = Field(max_length=1_000)


__all__ = ["EvalRename", "EvalRunInput", "EvalSchema", "EvalsToDelete"]
