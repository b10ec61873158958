"""What is learned, in one run: told in its prompt, changed by its tools, and taken from it afterwards."""

from __future__ import annotations

from typing import Any

from agno._engine.context import UNKNOWN, Run
from agno.models.metrics import ModelType
from agno.tools.function import Function
from agno.utils.later import later
from agno.utils.log import log_exception, log_warning

_learn = later("agno.learn.machine")


def machine_for(component: Any, model: Any = None) -> Any:
    """The component's machine, with what it lacks filled in on a copy; `learning=True` keeps a profile and memories of
    users. None where nothing is learned."""
    machine = component.learning
    if not machine:
        return None
    if machine is True:
        machine = _learn.LearningMachine(user_profile=True, user_memory=True)
    if not hasattr(machine, "for_run"):
        return machine  # not ours: it knows for itself
    mine = machine.for_run(
        model=model if model is not None else component.model_of_run(), db=component.db, agent_id=component.id
    )
    if mine.db is None:
        log_warning(f"{component!r} is to learn, but has no db=, so nothing is learned")
        return None
    return mine


def machine_of(run: Run) -> Any:
    """The machine of one run, made at the first use."""
    if run.learning_machine is UNKNOWN:
        run.learning_machine = machine_for(run.component, run.model)
    return run.learning_machine


async def section(run: Run) -> str | None:
    """The part of the system message about what was learned. Its failure is logged, and costs the answer nothing."""
    if not run.component.add_learnings_to_context:
        return None
    try:
        machine = machine_of(run)
        if machine is None:
            return None
        text = await run.io.pick(machine.build_context, machine.abuild_context, **_who(run))
    except Exception:
        log_exception(f"run_id={run.output.run_id} | learnings could not be read")
        return None
    return f"What was learned in earlier conversations:\n<learnings>\n{text}\n</learnings>\n" if text else None


def tools(run: Run) -> list[Function]:
    """The tools of the stores that the agent itself fills."""
    machine = machine_of(run)
    if machine is None:
        return []
    in_colour = getattr(machine, "tools_for", None)
    found: list[Function] = in_colour(run.io, **_who(run)) if in_colour else machine.get_tools(**_who(run))
    return found


async def learn(run: Run) -> None:
    """Let the machine take from this conversation what it wants to keep."""
    machine = machine_of(run)
    try:
        await run.io.pick(machine.process, machine.aprocess, run.messages, **_who(run))
    finally:
        if spent := list(getattr(machine, "spent", ())):
            run.note_usage(ModelType.LEARNING_MODEL, machine.get_model(), spent)


def _who(run: Run) -> dict[str, Any]:
    return {"user_id": run.context.user_id, "session_id": run.context.session_id}


__all__ = ["learn", "machine_for", "machine_of", "section", "tools"]
