"""Tools with which a model looks after what is remembered about its user."""

from __future__ import annotations

from typing import Any

import msgspec

from agno._io import IO, asynchronous, sync
from agno.db import _memory_actions as actions
from agno.db._memories import Origin, UserMemories
from agno.run.context import RunContext
from agno.tools._guidance import guidance
from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = """You can look up and change what is remembered about the user:
- `get_memories` before you answer anything that may depend on it
- `add_memory` for one lasting fact, `update_memory` when a fact changed, `delete_memory` when the user wants it forgotten
- `think` to plan and `analyze` to check what you did; the user does not see these notes."""

_EXAMPLES = """Example, for "I moved from Rome to Oslo":
think(thought="Where the user lives may be remembered already.")
get_memories() gives [{"memory_id": "7", "memory": "The user lives in Rome."}]
update_memory(memory_id="7", memory="The user lives in Oslo and lived in Rome before.", topics=["home"])
analyze(analysis="One memory says where the user lives, and it is right.")"""


class MemoryTools(Toolkit):
    """Reads, adds, changes and deletes memories of the run's user in `db`; no other user's are seen or touched.

    Each `enable_…` says whether the model gets that tool, `all=True` gives it every one. Notes of `think` and `analyze`
    are kept in `session_state["memory_thoughts"]`.
    """

    def __init__(
        self,
        db: Any,
        enable_think: bool = True,
        enable_get_memories: bool = True,
        enable_add_memory: bool = True,
        enable_update_memory: bool = True,
        enable_delete_memory: bool = True,
        enable_analyze: bool = True,
        instructions: str | None = None,
        add_instructions: bool = True,
        add_few_shot: bool = False,
        few_shot_examples: str | None = None,
        all: bool = False,
        **kwargs: Any,
    ) -> None:
        if db is None:
            raise ValueError("MemoryTools needs a database: MemoryTools(db=SqliteDb(db_file='agent.db')).")
        self.db = db
        wanted = {
            "think": enable_think,
            "get_memories": enable_get_memories,
            "add_memory": enable_add_memory,
            "update_memory": enable_update_memory,
            "delete_memory": enable_delete_memory,
            "analyze": enable_analyze,
        }
        names = [name for name, on in wanted.items() if on or all]
        waiting = [name for name in names if hasattr(self, f"a{name}")]
        super().__init__(
            name="memory_tools",
            tools=[getattr(self, name) for name in names],
            async_tools=[(getattr(self, f"a{name}"), name) for name in waiting],
            instructions=guidance(instructions or _INSTRUCTIONS, few_shot_examples or _EXAMPLES, add_few_shot),
            add_instructions=add_instructions,
            **kwargs,
        )

    # Notes -----------------------------------------------------------------------------------------------------------

    def think(self, thought: str, session_state: dict[str, Any] | None = None) -> str:
        """Note what you want to look up or change, and why.

        Args:
            thought: What you think.
        """
        return _noted(session_state, "Thought", thought)

    def analyze(self, analysis: str, session_state: dict[str, Any] | None = None) -> str:
        """Note whether what you did was right and complete.

        Args:
            analysis: What you found.
        """
        return _noted(session_state, "Analysis", analysis)

    # Memories --------------------------------------------------------------------------------------------------------

    async def _get_memories(self, io: IO, run_context: RunContext | None = None) -> str:
        """Read everything that is remembered about the user."""
        found = [
            {"memory_id": m.memory_id, "memory": m.memory, "topics": m.topics or []}
            for m in await self._of(io, run_context).all()
        ]
        return msgspec.json.encode(found).decode() if found else "Nothing is remembered about this user yet."

    get_memories = sync(_get_memories)
    aget_memories = asynchronous(_get_memories)

    async def _add_memory(
        self, io: IO, memory: str, topics: list[str] | None = None, run_context: RunContext | None = None
    ) -> str:
        """Remember something about the user.

        Args:
            memory: One fact, in a short sentence.
            topics: What it is about, in single words.
        """
        return await actions.add(self._of(io, run_context), memory, topics)

    add_memory = sync(_add_memory)
    aadd_memory = asynchronous(_add_memory)

    async def _update_memory(
        self,
        io: IO,
        memory_id: str,
        memory: str,
        topics: list[str] | None = None,
        run_context: RunContext | None = None,
    ) -> str:
        """Change what a memory says.

        Args:
            memory_id: The id of the memory.
            memory: What it says from now on.
            topics: What it is about; if empty, its topics stay.
        """
        return await actions.update(self._of(io, run_context), memory_id, memory, topics)

    update_memory = sync(_update_memory)
    aupdate_memory = asynchronous(_update_memory)

    async def _delete_memory(self, io: IO, memory_id: str, run_context: RunContext | None = None) -> str:
        """Forget one memory.

        Args:
            memory_id: The id of the memory.
        """
        return await actions.delete(self._of(io, run_context), memory_id)

    delete_memory = sync(_delete_memory)
    adelete_memory = asynchronous(_delete_memory)

    def _of(self, io: IO, context: RunContext | None) -> UserMemories:
        if context is None:
            return UserMemories(io, self.db, None)
        return UserMemories(io, self.db, context.user_id, Origin(run_id=context.run_id, session_id=context.session_id))


def _noted(session_state: dict[str, Any] | None, kind: str, text: str) -> str:
    """Keep a note with the session, and list the notes so far."""
    notes = (session_state if session_state is not None else {}).setdefault("memory_thoughts", [])
    notes.append(f"{kind}: {text}")
    return "\n".join(notes)


__all__ = ["MemoryTools"]
