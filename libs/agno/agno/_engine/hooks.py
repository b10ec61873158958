"""Pre- and post-hooks: functions, guardrails and checks around the model."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

from agno._engine.context import Run, private_copy
from agno.exceptions import InputCheckError, OutputCheckError
from agno.guardrails import BaseGuardrail
from agno.utils.log import log_exception
from agno.utils.parameters import accepted


async def run_hooks(run: Run, when: str, subject: dict[str, Any]) -> None:
    """Call the hooks of `when` ("pre" or "post"). Check errors travel; other errors are logged and the run goes on."""
    events = run.events
    started = events.PreHookStartedEvent if when == "pre" else events.PostHookStartedEvent
    completed = events.PreHookCompletedEvent if when == "pre" else events.PostHookCompletedEvent
    for hook in getattr(run.component, f"{when}_hooks") or ():
        name = getattr(hook, "__name__", type(hook).__name__)
        details: dict[str, Any] = {f"{when}_hook_name": name}
        if when == "pre":
            details["run_input"] = run.output.input
        await run.emit(started, **details)
        try:
            await _call(run, hook, when, subject)
        except (InputCheckError, OutputCheckError):
            raise
        except Exception:
            log_exception(f"run_id={run.output.run_id} | {when}-hook {name!r} failed; the run goes on")
        await run.emit(completed, **details)


async def _call(run: Run, hook: Any, when: str, subject: dict[str, Any]) -> None:
    if isinstance(hook, BaseGuardrail):
        await run.io.pick(hook.check, hook.async_check, subject["run_input" if when == "pre" else "run_output"])
        return
    fn: Callable[..., Any] = hook
    offered = {
        **subject,
        **run.extra,
        "run_context": run.context,
        run.identity_name: run.component,
        "session": run.session,
        "user_id": run.context.user_id,
        "session_state": run.state,
        "dependencies": run.context.dependencies,
        "metadata": run.context.metadata,
        "debug_mode": run.component.debug_mode,
    }
    if getattr(fn, "run_in_background", False):
        offered = {
            key: copy.copy(value) if key == "run_output" else private_copy(value) for key, value in offered.items()
        }
    await run.io.call(fn, **accepted(fn, offered))


def refuse_async_hooks(run: Run) -> None:
    """A sync run cannot wait for async hooks; say so before anything happens."""
    for when in ("pre_hooks", "post_hooks"):
        for hook in getattr(run.component, when) or ():
            if inspect.iscoroutinefunction(hook):
                raise ValueError(
                    f"{when} holds the async function {hook.__name__!r}; use arun(), or give a plain function."
                )


__all__ = ["refuse_async_hooks", "run_hooks"]
