"""What is remembered about the user, through the component's memory manager."""

from __future__ import annotations

from typing import Any

from agno._engine.context import Run
from agno._engine.inputs import text_of
from agno._engine.toolbox import coloured
from agno._io import IO
from agno.tools.function import Function

DEFAULT_USER = "default"


async def recalled(io: IO, manager: Any, user_id: str | None) -> list[Any]:
    """The memories of a user."""
    return await _asked(io, manager, "get_user_memories", user_id=user_id or DEFAULT_USER) or []


async def recall(run: Run) -> None:
    """Load the memories for the prompt, unless `add_memories_to_context` is False."""
    if run.component.add_memories_to_context is not False:
        run.memories = await recalled(run.io, run.component.memory_manager, run.context.user_id)


def section(run: Run) -> str | None:
    """The part of the system message about the user."""
    if run.memories is None:
        return None
    guidance = _GUIDANCE if run.component.enable_agentic_memory else ""
    if not run.memories:
        return f"Nothing is remembered about this user yet.\n{guidance}"
    lines = "\n".join(f"- {memory.memory}" for memory in run.memories)
    return (
        "What you remember about this user:\n"
        f"<memories_from_previous_interactions>\n{lines}\n</memories_from_previous_interactions>\n"
        f"What is said in this conversation comes before it.\n{guidance}"
    )


_GUIDANCE = (
    "<updating_user_memories>\nCall update_user_memory when the user says something that will matter later, or asks you "
    "to remember or to forget something.\n</updating_user_memories>\n"
)


async def memorise(run: Run) -> None:
    """Let the manager keep what matters of the user's message."""
    message = run.user_message.get_content_string() if run.user_message is not None else ""
    if not message and run.input is not None:
        message = text_of(run.input)
    if not message:
        return
    facts = {"message": message, "user_id": run.context.user_id or DEFAULT_USER}
    facts[run.component.id_field] = run.component.id
    await _asked(run.io, run.component.memory_manager, "create_user_memories", **facts)


def tool(run: Run) -> Function:
    """`update_user_memory`: let the model change what is remembered."""
    manager, user = run.component.memory_manager, run.context.user_id or DEFAULT_USER

    async def update_user_memory(task: str) -> str:
        """Add, change or delete what is remembered about the user.

        Args:
            task: What to remember, to change or to forget.
        """
        return str(await _asked(run.io, manager, "update_memory_task", task=task, user_id=user))

    return coloured(run, update_user_memory)


async def _asked(io: IO, manager: Any, method: str, **arguments: Any) -> Any:
    """Call the manager in the colour of the caller, as far as it has that colour."""
    call = getattr(manager, method)
    if io.is_async:
        call = getattr(manager, f"a{method}", call)
    return await io.call(call, **arguments)


__all__ = ["memorise", "recall", "recalled", "section", "tool"]
