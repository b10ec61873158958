"""Pre- and post-hooks: functions, guardrails and checks around the model."""

from __future__ import annotations

import inspect
from typing import Any

from agno._engine.context import Run, private_copy
from agno.exceptions import InputCheckError, OutputCheckError
from agno.guardrails import BaseGuardrail
from agno.hooks import runs_in_background
from agno.utils.log import log_exception
from agno.utils.parameters import accepted


async def run_hooks(run: Run, when: str, subject: dict[str, Any]) -> None:
    """Call the hooks of `when` ("pre" or "post"). Check errors travel; other errors are logged and the run goes on."""
    events = run.events
    started = events.PreHookStartedEvent if when == "pre" else events.PostHookStartedEvent
    completed = events.PreHookCompletedEvent if when == "pre" else events.PostHookCompletedEvent
    for hook in getattr(run.component, f"{when}_hooks") or ():
        name = _name(hook)
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
    if isinstance(hook, BaseGuardrail):  # never in the background: what it refuses must not be answered
        await run.io.pick(hook.check, hook.async_check, subject["run_input" if when == "pre" else "run_output"])
        return
    if (check := getattr(hook, f"{when}_check", None)) is not None:  # an evaluation
        await _evaluate(run, hook, check, getattr(hook, f"async_{when}_check", check), subject)
        return
    given = accepted(hook, _offered(run, subject))
    if not _is_for_later(run, hook):
        await run.io.call(hook, **given)
        return
    given = {name: value if name in _SHARED else private_copy(value) for name, value in given.items()}
    if (tasks := run.asked.get("background_tasks")) is not None:
        tasks.add_task(hook, **given)
    else:  # nobody who could run it later
        await run.io.call(hook, **given)


def _is_for_later(run: Run, hook: Any) -> bool:
    """Whether the hook, its component or the server of the run wants it in the background."""
    if runs_in_background(hook) or run.component.__dict__.get("_hooks_in_background"):
        return True
    return bool(getattr(run.asked.get("background_tasks"), "takes_every_hook", False))


async def _evaluate(run: Run, hook: Any, check: Any, async_check: Any, subject: dict[str, Any]) -> None:
    tasks = run.asked.get("background_tasks")
    if tasks is None or not _is_for_later(run, hook):
        await run.io.pick(check, async_check, *subject.values())
        return
    copies = {name: private_copy(value) for name, value in subject.items()}
    tasks.add_task(async_check if run.io.is_async else check, **copies)


_SHARED = ("agent", "team", "workflow")  # configuration, which nothing changes


def _offered(run: Run, subject: dict[str, Any]) -> dict[str, Any]:
    """What a hook may ask for by name; `metadata` and the like are also on the `run_context`."""
    context = run.context
    return {
        **run.extra,
        **subject,
        "run_context": context,
        run.identity_name: run.component,
        "session": run.session,
        "user_id": context.user_id,
        "session_state": run.state,
        "dependencies": context.dependencies,
        "metadata": context.metadata,
        "debug_mode": run.get("debug_mode"),
    }


def refuse_async_hooks(component: Any) -> None:
    """A sync run does not wait for async hooks; say so before anything happens."""
    for when in ("pre_hooks", "post_hooks"):
        for hook in getattr(component, when) or ():
            if inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(getattr(hook, "__call__", None)):  # noqa: B004  # an object with an async call
                raise ValueError(
                    f"{when} of {component!r} holds the async function {_name(hook)!r}; use arun(), or give a plain "
                    "function."
                )


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


__all__ = ["refuse_async_hooks", "run_hooks"]
