"""Sessions and runs as the data that clients see; `agno.os.schema.sessions` describes it."""

from __future__ import annotations

from typing import Any

from agno.os._failures import Shown
from agno.os._pages import iso
from agno.run.output import text_of
from agno.utils.codec import encode


def name_of(session: Any) -> str:
    """The name it was given, else what the user said first, else ""."""
    if session.name:
        return str(session.name)
    for run in session.runs or ():
        if run.parent_run_id is None:
            return _input(run) or ""
    return ""


def listed(session: Any) -> dict[str, Any]:
    """A session in a list."""
    return {
        "session_id": session.session_id,
        "session_name": name_of(session),
        "session_state": _state(session),
        "created_at": iso(session.created_at),
        "updated_at": iso(session.updated_at),
    }


def _state(session: Any) -> Any:
    return (session.session_data or {}).get("session_state")


def detail_of(kind: str, session: Any) -> dict[str, Any]:
    """A session, without its runs."""
    common = {
        "user_id": session.user_id,
        "session_id": session.session_id,
        "session_name": name_of(session),
        "session_state": _state(session),
    }
    if kind == "workflow":
        return {
            **common,
            "workflow_id": session.workflow_id,
            "workflow_name": session.workflow_name,
            "session_data": encode(session.session_data),
            "workflow_data": encode(session.workflow_data),
            "metadata": encode(session.metadata),
            "created_at": session.created_at,
            "updated_at": session.updated_at,
        }
    metrics = (session.session_data or {}).get("session_metrics")
    found = {
        **common,
        "session_summary": session.summary.to_dict() if session.summary is not None else None,
        "total_tokens": (metrics or {}).get("total_tokens"),
        "metrics": encode(metrics),
        "chat_history": _chat_history(session),
        "created_at": iso(session.created_at),
        "updated_at": iso(session.updated_at),
    }
    if kind == "agent":
        own = {"agent_session_id": session.session_id, "agent_id": session.agent_id}
        return {**found, **own, "agent_data": encode(session.agent_data)}
    return {**found, "team_id": session.team_id, "team_data": encode(session.team_data)}


def _chat_history(session: Any) -> list[dict[str, Any]]:
    """All messages, without what exceptions said that are repeated in them."""
    runs = session.runs or ()
    failures = [{"error_type": run.error_type, "content": run.content} for run in runs if run.error_type is not None]
    failures += [failure for run in runs for tool in run.tools or () for failure in tool.child_errors or ()]
    messages = [message.to_dict() for message in session.get_messages()]
    found: list[dict[str, Any]] = Shown(session.session_id).data_of([messages, failures])[0]
    return found


def run_of(kind: str, run: Any, session: Any) -> dict[str, Any]:
    """A run. In the session of a team, the runs of members are those of agents."""
    if kind == "workflow":
        return _workflow_run(run, session)
    data = Shown(run.run_id).data_of(run.to_dict())
    found = {
        name: data.get(name)
        for name in ("run_id", "parent_run_id", "reasoning_content", "metrics", "messages", "tools")
    }
    found |= {
        "content": data.get("content"),
        "run_input": _input(run),
        "run_response_format": "text" if isinstance(run.content, (str, type(None))) else "json",
        "events": data.get("events"),
        "status": data.get("status"),
        "created_at": iso(run.created_at),
    }  # fmt: skip
    if hasattr(run, "agent_id"):
        found |= {"agent_session_id": session.session_id, "user_id": session.user_id}
    return found


def _workflow_run(run: Any, session: Any) -> dict[str, Any]:
    data = Shown(run.run_id).data_of(run.to_dict())
    names = (
        "run_id",
        "content",
        "content_type",
        "status",
        "step_results",
        "step_executor_runs",
        "metrics",
        "created_at",
    )
    found = {name: data.get(name) for name in names}
    return {**found, "run_input": text_of(run.input), "user_id": session.user_id}


def _input(run: Any) -> str | None:
    """What the user said."""
    given = run.input
    if given is None:
        return None
    return given.input_content_string() if hasattr(given, "input_content_string") else text_of(given)


__all__ = ["detail_of", "listed", "name_of", "run_of"]
