"""Runs of today with what Agno 2.0 can read: it refuses a whole session for one field it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agno.db.tables import Row

_SHARED = frozenset(
    {
        "run_id", "session_id", "parent_run_id", "content", "content_type", "messages", "metrics", "model", "model_provider",
        "tools", "images", "videos", "audio", "response_audio", "input", "reasoning_content", "citations", "metadata",
        "references", "additional_input", "reasoning_steps", "reasoning_messages", "created_at", "status", "workflow_step_id",
    }
)  # fmt: skip
_AGENT = _SHARED | {"agent_id", "agent_name", "workflow_id", "user_id"}
_TEAM = _SHARED | {"team_id", "team_name", "member_responses"}
_WORKFLOW = frozenset(
    {
        "content", "content_type", "workflow_id", "workflow_name", "run_id", "session_id", "images", "videos", "audio",
        "response_audio", "step_results", "step_executor_runs", "metrics", "metadata", "created_at", "status",
    }
)  # fmt: skip
_METRICS = frozenset(
    {
        "input_tokens", "output_tokens", "total_tokens", "audio_input_tokens", "audio_output_tokens", "audio_total_tokens",
        "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "time_to_first_token", "duration", "provider_metrics",
        "additional_metrics",
    }
)  # fmt: skip
_TOOL = frozenset(
    {
        "tool_call_id", "tool_name", "tool_args", "tool_call_error", "result", "metrics", "stop_after_tool_call", "created_at",
        "requires_confirmation", "confirmed", "confirmation_note", "requires_user_input", "user_input_schema", "answered",
        "external_execution_required",
    }
)  # fmt: skip


def run_of_2_0(run: Mapping[str, Any], *, of_workflow: bool = False) -> Row:
    """The run without what came later. Stored events go: they are a record only, and 2.0 knows fewer kinds."""
    known = _WORKFLOW if of_workflow else _AGENT if run.get("agent_id") is not None else _TEAM
    made = {name: value for name, value in run.items() if name in known}
    made["messages"] = [_message(message) for message in run.get("messages") or ()] or None
    made["tools"] = [_only(tool, _TOOL) for tool in run.get("tools") or ()] or None
    if of_workflow:
        made["metrics"] = _of_steps(run.get("metrics"))
        made["step_executor_runs"] = [run_of_2_0(one) for one in run.get("step_executor_runs") or ()] or None
    else:
        made["metrics"] = metrics_of_2_0(run.get("metrics"))
    return {name: value for name, value in made.items() if value is not None}


def metrics_of_2_0(metrics: Any) -> Any:
    """Metrics without what came later."""
    return _only(metrics, _METRICS)


def header_of_2_0(header: Row | None) -> Row | None:
    """The header of a session without what came later; None if there is nothing of that."""
    data = (header or {}).get("session_data")
    metrics = data.get("session_metrics") if isinstance(data, Mapping) else None
    if header is None or data is None or not isinstance(metrics, Mapping) or metrics.keys() <= _METRICS | {"timer"}:
        return None
    return {**header, "session_data": {**data, "session_metrics": metrics_of_2_0(metrics)}}


def _message(message: Any) -> Any:
    if isinstance(message, Mapping) and "metrics" in message:
        return {**message, "metrics": metrics_of_2_0(message["metrics"])}
    return message


def _of_steps(metrics: Any) -> Any:
    if not isinstance(metrics, Mapping):
        return None
    steps = metrics.get("steps") or {}
    return {"steps": {name: {**step, "metrics": metrics_of_2_0(step.get("metrics"))} for name, step in steps.items()}}


def _only(value: Any, names: frozenset[str]) -> Any:
    return {name: item for name, item in value.items() if name in names} if isinstance(value, Mapping) else value


__all__ = ["header_of_2_0", "metrics_of_2_0", "run_of_2_0"]
