"""Who watches runs from outside: debug logging, and whoever listens to telemetry."""

from __future__ import annotations

import logging
from typing import Any

from agno._engine.context import Run
from agno.run.base import RunStatus
from agno.utils import log
from agno.utils.telemetry import is_listened_to, listener_for


def debug_level_of(component: Any) -> int:
    """1 or 2; anything else is 1, with a warning."""
    level = component.debug_level
    if level in (1, 2):
        return int(level)
    log.log_warning(f"debug_level={level!r} of {component!r} is neither 1 nor 2; using 1")
    return 1


def is_observed(run: Run) -> bool:
    """True if somebody may watch this run."""
    return (
        log.logger.isEnabledFor(logging.DEBUG)
        or run.plan.debugs
        or (is_listened_to() and listener_for(run.component.telemetry) is not None)
    )


async def observe(run: Run) -> None:
    """A run came to an end, or to a pause."""
    if run.get("debug_mode"):  # of this run, so it shows its own lines and leaves the level of the process alone
        with log.debug_lines(debug_level_of(run.component)):
            _write_log(run)
    elif log.logger.isEnabledFor(logging.DEBUG):
        _write_log(run)
    listener = listener_for(run.component.telemetry)
    if listener is None or run.output.status is RunStatus.paused:
        return
    try:
        await run.io.call(listener, _record(run))
    except Exception as error:  # it listens only
        log.log_debug(f"run_id={run.output.run_id} | the telemetry listener failed: {error!r}")


def _write_log(run: Run) -> None:
    output = run.output
    log.log_debug(f"{run.identity_name} run {output.run_id}", center=True)
    for message in run.messages:
        if not message.from_history:
            message.log(metrics=run.component.debug_level == 2)
    log.log_debug(
        f"run_id={output.run_id} status={output.status.value} metrics={output.metrics and output.metrics.to_dict()}"
    )


def _record(run: Run) -> dict[str, Any]:
    output, model = run.output, run.model
    return {
        "type": run.identity_name,
        "run_id": output.run_id,
        "session_id": run.context.session_id,
        "status": output.status.value,
        "model": model.to_dict() if model is not None else None,
        "tools": len(run.functions),
        "streaming": run.streaming,
    }


__all__ = ["debug_level_of", "is_observed", "observe"]
