"""What is remembered about the user, through the component's memory manager."""

from __future__ import annotations

from typing import Any

from agno._engine.context import UNKNOWN, Run
from agno._engine.inputs import said
from agno._engine.toolbox import coloured
from agno._io import IO
from agno.models.metrics import ModelType
from agno.tools.function import Function
from agno.utils.later import later
from agno.utils.log import log_warning
from agno.utils.parameters import accepted

_manager = later("agno.memory.manager")
DEFAULT_USER = "default"


def manager_for(component: Any, model: Any = None, **source: Any) -> Any:
    """The component's memory manager, with what it lacks filled in on a copy; a plain one where a setting needs one.

    None where nothing is remembered. `source` says which run and session new memories are from.
    """
    manager = component.memory_manager
    if manager is None:
        if not (component.enable_user_memories or component.enable_agentic_memory or component.add_memories_to_context):
            return None
        # who asks the model to forget something wants it forgotten
        manager = _manager.MemoryManager(delete_memories=component.enable_agentic_memory)
    if not hasattr(manager, "for_run"):
        return manager  # not ours: it knows for itself
    mine = manager.for_run(model=model if model is not None else component.model_of_run(), db=component.db, **source)
    if mine.db is None:
        log_warning(f"{component!r} is to remember its users, but has no db=, so nothing is remembered")
        return None
    return mine


def manager_of(run: Run) -> Any:
    """The manager of one run, made at the first use."""
    if run.memory_manager is UNKNOWN:
        source = {"run_id": run.output.run_id, "session_id": run.context.session_id}
        run.memory_manager = manager_for(run.component, run.model, **source)
    return run.memory_manager


async def recalled(io: IO, manager: Any, user_id: str | None) -> list[Any]:
    """The memories of a user."""
    return await _asked(io, manager, "get_user_memories", user_id=user_id or DEFAULT_USER) or []


async def recall(run: Run) -> None:
    """Load the memories for the prompt, unless `add_memories_to_context` is False."""
    manager = manager_of(run)
    if manager is not None and run.component.add_memories_to_context is not False:
        found = await recalled(run.io, manager, run.context.user_id)
        run.memories = newest(found, run.component.num_memories_in_context)


def newest(memories: list[Any], most: int | None) -> list[Any]:
    """The memories that were changed last, in the order they came in; None for all."""
    if most is None or len(memories) <= most:
        return memories
    by_age = sorted(range(len(memories)), key=lambda n: _changed(memories[n]), reverse=True)
    return [memories[number] for number in sorted(by_age[: max(0, most)])]


def _changed(memory: Any) -> float:
    when = getattr(memory, "updated_at", None)
    return when.timestamp() if when is not None else 0.0


def section(run: Run) -> str | None:
    """The part of the system message about the user."""
    manager = manager_of(run)
    if manager is None:
        return None
    guidance = _guidance(manager) if run.component.enable_agentic_memory else ""
    if run.memories is None:
        return guidance or None
    if not run.memories:
        return f"Nothing is remembered about this user yet.\n{guidance}"
    lines = "\n".join(f"- {memory.memory}" for memory in run.memories)
    return (
        "What you remember about this user:\n"
        f"<memories_from_previous_interactions>\n{lines}\n</memories_from_previous_interactions>\n"
        f"What is said in this conversation comes before it.\n{guidance}"
    )


def _guidance(manager: Any) -> str:
    forgets = " or to forget" if getattr(manager, "delete_memories", True) else ""
    return (
        "<updating_user_memories>\nCall update_user_memory when the user says something that will matter later, or asks "
        f"you to remember{forgets} something.\n</updating_user_memories>\n"
    )


def makes_memories(component: Any) -> bool:
    """True if memories are made after each run; with agentic memory the model alone decides."""
    given = component.memory_manager is not None or component.enable_user_memories
    return bool(given and not component.enable_agentic_memory)


async def memorise(run: Run) -> None:
    """Let the manager keep what matters of what the user said."""
    message = said(run)
    if not message.strip():
        return
    facts = {"message": message, "user_id": run.context.user_id or DEFAULT_USER}
    facts[run.component.id_field] = run.component.id
    await _counted(run, "create_user_memories", **facts)


def tool(run: Run) -> Function:
    """`update_user_memory`: let the model change what is remembered."""
    user = run.context.user_id or DEFAULT_USER

    async def update_user_memory(task: str) -> str:
        """Add, change or delete what is remembered about the user.

        Args:
            task: What to remember, to change or to forget.
        """
        return str(await _counted(run, "update_memory_task", task=task, user_id=user))

    return coloured(run, update_user_memory)


async def _counted(run: Run, method: str, **arguments: Any) -> Any:
    """Ask the manager; what its model said is counted, also when it failed in the end."""
    manager = manager_of(run)
    try:
        return await _asked(run.io, manager, method, **arguments)
    finally:
        if spent := getattr(manager, "spent", None):
            run.note_usage(ModelType.MEMORY_MODEL, manager.get_model(), list(spent))
            spent.clear()


async def _asked(io: IO, manager: Any, method: str, **arguments: Any) -> Any:
    """Call the manager in the colour of the caller, as far as it has that colour."""
    call = getattr(manager, method)
    if io.is_async:
        call = getattr(manager, f"a{method}", call)
    return await io.call(call, **accepted(call, arguments))


__all__ = ["makes_memories", "manager_for", "manager_of", "memorise", "recall", "recalled", "section", "tool"]
