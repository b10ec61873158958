"""What a model is told that looks after memories."""

from __future__ import annotations

from collections.abc import Iterable

from agno.db.schemas.memory import UserMemory

CAPTURE = """Remember what will still matter in later conversations:
- who the user is: name, age, family, work, where they live
- what they like and dislike, and how they want to be answered
- what they plan, decide, own, or have gone through
- anything that they ask you to remember
Leave out small talk, questions, and what is true only for now."""

_TASK = """You look after what is remembered about a user. The user talks with somebody else: do not answer them, call tools.

<memories_to_capture>
{capture}
</memories_to_capture>

Each memory is one fact in one short sentence about the user, such as "The user has a dog named Rex.". {duties}
If there is nothing to do, call no tool. Then say in a few words what you did."""

_DUTIES = {
    "add_memory": "Add what is not known yet.",
    "update_memory": "When a fact changed or became more precise, update the memory that says it instead of adding one.",
    "delete_memory": "Delete a memory when the user asks to forget it, or when it is no longer true.",
    "clear_memory": "Clear all memories only when the user asks to forget everything.",
}

SEARCH = "Choose those of the user's memories that help with the question. Give their ids, the most helpful first."

MERGE = """Tidy up what is remembered about a user: join memories that say the same, keep the newer of two that contradict
each other, drop what says nothing. One fact per memory; lose no fact, add none. Give the memories that are to stay."""

SUMMARIZE = """Write what is remembered about a user as one memory: a few dense sentences that keep every fact, name, number
and date. Of two facts that contradict each other keep the newer, which comes later. Add nothing."""


def task(capture: str | None, tools: Iterable[str]) -> str:
    """The system message of a model with these tools."""
    return _TASK.format(capture=(capture or CAPTURE).strip(), duties=" ".join(_DUTIES[name] for name in tools))


def listed(memories: Iterable[UserMemory]) -> str:
    """Memories with their ids."""
    lines = "\n\n".join(f"ID: {memory.memory_id}\nMemory: {memory.memory}" for memory in memories)
    return f"<existing_memories>\n{lines}\n</existing_memories>" if lines else "There are no memories of this user yet."


__all__ = ["CAPTURE", "MERGE", "SEARCH", "SUMMARIZE", "listed", "task"]
