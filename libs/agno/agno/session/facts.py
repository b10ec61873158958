"""The facts of a session's newest run, as read-only properties: `last_run_id`, `last_run_model` and so on.

They are computed when they are read and never stored, because the runs are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agno.run.base import RunStatus
from agno.run.workflow_data import WorkflowMetrics

Fact = Callable[[Any], Any]


def newest_run(runs: list[Any] | None) -> Any:
    """The newest run that belongs to no other run; if all do, the newest of them."""
    if not runs:
        return None
    return next((run for run in reversed(runs) if not run.parent_run_id), runs[-1])


def _metrics(run: Any) -> Any:
    return run.metrics.total() if isinstance(run.metrics, WorkflowMetrics) else run.metrics


def _measured(name: str) -> Fact:
    return lambda run: getattr(_metrics(run), name, None)


def _executor(run: Any) -> Any:
    """The agent's or team's run that called a model last: of a workflow, that of its last step."""
    runs = getattr(run, "step_executor_runs", None)
    return _executor(runs[-1]) if runs else run


def _of_executor(name: str) -> Fact:
    return lambda run: getattr(_executor(run), name, None)


def _recorded(section: str, key: str) -> Fact:
    def read(run: Any) -> Any:
        recorded = getattr(_executor(run), "model_provider_data", None) or {}
        return (recorded.get(section) or {}).get(key)

    return read


def _never(run: Any) -> None:
    return None  # secrets are neither stored nor shown


_CONNECTION = {  # attribute -> key in what a model or an embedder records about its connection
    "base": "base",
    "version": "version",
    "type": "type",
    "deployment_name": "deployment_name",
    "engine": "deployment_name",
}


def _facts() -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "at": lambda run: run.created_at,
        "status": lambda run: run.status,
        "id": lambda run: run.run_id,
        "output": lambda run: run,
        "error": lambda run: str(run.content) if run.status == RunStatus.error else None,
        "metrics": _metrics,
        "duration": _measured("duration"),
        "total_tokens": _measured("total_tokens"),
        "input_tokens": _measured("input_tokens"),
        "output_tokens": _measured("output_tokens"),
        "cost": _measured("cost"),
        "currency": lambda run: "USD" if _measured("cost")(run) is not None else None,
        "model": _of_executor("model"),
        "provider": _of_executor("model_provider"),
        "api_key": _never,
        "api_model_name": _of_executor("model"),
        "api_embedding_model_name": _recorded("embedder", "name"),
        "api_embedding_model_provider": _recorded("embedder", "provider"),
    }
    facts.update({f"api_{name}": _recorded("api", key) for name, key in _CONNECTION.items()})
    embedder = "api_embedding_model_api"
    for prefix in (embedder, f"{embedder}_embedding_model_api"):  # the second is the changelog's own spelling
        facts[f"{prefix}_key"] = _never
        facts[f"{prefix}_model_name"] = _recorded("embedder", "name")
        facts.update({f"{prefix}_{name}": _recorded("embedder", key) for name, key in _CONNECTION.items()})
    return {f"last_run_{name}": fact for name, fact in facts.items()}


LAST_RUN_FACTS = _facts()


def _as_property(name: str, fact: Fact) -> property:
    def read(session: Any) -> Any:
        run = newest_run(session.runs)
        return None if run is None else fact(run)

    read.__name__ = name
    return property(read, doc="A fact of the newest run; None if there is no run or it is unknown.")


class LastRunFacts:
    """Mixin with one property for each fact."""


for _name, _fact in LAST_RUN_FACTS.items():
    setattr(LastRunFacts, _name, _as_property(_name, _fact))

__all__ = ["LAST_RUN_FACTS", "LastRunFacts", "newest_run"]
