"""What all agents share, in one run: in its prompt, as a tool, and what is learned from it afterwards."""

from __future__ import annotations

from typing import Any

from agno._engine.context import UNKNOWN, Run
from agno._engine.toolbox import coloured
from agno.models.metrics import ModelType
from agno.tools.function import Function
from agno.utils.later import later
from agno.utils.log import log_exception, log_warning

_culture = later("agno.culture.manager")


def manager_for(component: Any, model: Any = None) -> Any:
    """The component's culture manager, with what it lacks filled in on a copy; a plain one where a setting needs one.

    None where nothing is shared.
    """
    manager = component.culture_manager
    if manager is None:
        if not (
            component.enable_agentic_culture or component.update_cultural_knowledge or component.add_culture_to_context
        ):
            return None
        manager = _culture.CultureManager()
    if not hasattr(manager, "for_run"):
        return manager  # not ours: it knows for itself
    mine = manager.for_run(
        model=model if model is not None else component.model_of_run(), db=component.db, agent_id=component.id
    )
    if mine.db is None:
        log_warning(f"{component!r} is to share its culture, but has no db=, so nothing is shared")
        return None
    return mine


def manager_of(run: Run) -> Any:
    """The manager of one run, made at the first use."""
    if run.culture_manager is UNKNOWN:
        run.culture_manager = manager_for(run.component, run.model)
    return run.culture_manager


async def section(run: Run) -> str | None:
    """The part of the system message about what is shared. Its failure is logged, and costs the answer nothing."""
    component = run.component
    try:
        manager = manager_of(run)
        if manager is None:
            return None
        known = [] if component.add_culture_to_context is False else await _all(run, manager)
    except Exception:
        log_exception(f"run_id={run.output.run_id} | cultural knowledge could not be read")
        return None
    parts = []
    if known:
        lines = "\n".join(f"- {item.name}: {item.content or item.summary or ''}" for item in known)
        parts.append(
            "What agents here have learned to do; follow it unless the user asks for something else:\n"
            f"<cultural_knowledge>\n{lines}\n</cultural_knowledge>\n"
        )
    if component.enable_agentic_culture:
        parts.append(_GUIDANCE)
    return "".join(parts) or None


async def _all(run: Run, manager: Any) -> list[Any]:
    call = getattr(manager, "aget_all_knowledge", None) if run.io.is_async else None
    return await run.io.call(call or manager.get_all_knowledge) or []


_GUIDANCE = (
    "<contributing_to_culture>\nCall update_cultural_knowledge when you find a practice that would help other agents with "
    "other users. Never put personal facts into it.\n</contributing_to_culture>\n"
)


def tool(run: Run) -> Function:
    """`update_cultural_knowledge`: let the model change what is shared."""
    manager = manager_of(run)

    async def update_cultural_knowledge(task: str) -> str:
        """Add, change or delete what all agents share.

        Args:
            task: What to keep, to change or to drop.
        """
        return await _spending(run, manager, "update_culture_task", task=task)

    return coloured(run, update_cultural_knowledge)


async def learn(run: Run) -> None:
    """Let the manager keep what this conversation teaches everybody."""
    await _spending(run, manager_of(run), "create_cultural_knowledge", messages=run.messages)


async def _spending(run: Run, manager: Any, method: str, **given: Any) -> str:
    call = getattr(manager, method)
    if run.io.is_async:
        call = getattr(manager, f"a{method}", call)
    before = len(getattr(manager, "spent", ()))
    try:
        return str(await run.io.call(call, **given))
    finally:
        if spent := list(getattr(manager, "spent", ()))[before:]:
            run.note_usage(ModelType.CULTURE_MODEL, manager.get_model(), spent)


__all__ = ["learn", "manager_for", "manager_of", "section", "tool"]
