"""`MemoryManager`: keeps facts about users, with a model that decides what is worth keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, Field

from agno._io import IO, asynchronous, sync
from agno.db._memories import Origin, UserMemories
from agno.db.schemas.memory import UserMemory
from agno.memory import _prompts as prompts
from agno.memory._tools import memory_tools
from agno.models._manager import Manager
from agno.models._structured import ask_for
from agno.models.base import Model
from agno.models.message import Message
from agno.utils.log import log_warning, set_log_level_to_debug

M = TypeVar("M", bound="MemoryManager")
Retrieval = Literal["last_n", "first_n", "agentic"]

_MAX_CALLS = 20  # of tools in one task: a model that goes on and on is stopped
_NO_DB = "There is no database to keep memories in: give the MemoryManager, or its agent, a db."


class _Chosen(BaseModel):
    """The memories that a model chose."""

    memory_ids: list[str] = Field(description="Ids of memories, the most helpful first")


class _Kept(BaseModel):
    """A memory that a model wrote."""

    memory: str = Field(description="What is remembered")
    topics: list[str] = Field(default_factory=list, description="What it is about, in single words")


class _Rewritten(BaseModel):
    """What is remembered about a user from now on."""

    memories: list[_Kept]


@dataclass(eq=False)
class MemoryManager(Manager):
    """Reads, writes and searches the memories of users. Every method touches one user's only, but for `clear`.

    What it lacks of `model` and `db`, an agent fills in for each run, without changing the manager. A user who is not
    named is the user "default". Each method has an async twin with an `a` in front.

    `memory_capture_instructions` says what is worth keeping, `additional_instructions` are added to the prompt, and
    `system_message` replaces it. The four switches say which tools the model gets.
    """

    model: Model | str | None = None  # OpenAI's gpt-4o, if nobody says
    system_message: str | None = None
    memory_capture_instructions: str | None = None
    additional_instructions: str | None = None
    db: Any = None
    delete_memories: bool = False
    update_memories: bool = True
    add_memories: bool = True
    clear_memories: bool = False
    debug_mode: bool = False
    _no_db: ClassVar[str] = _NO_DB

    def for_run(
        self: M, *, model: Any = None, db: Any = None, run_id: str | None = None, session_id: str | None = None
    ) -> M:
        """A copy for one run: with what the manager lacks, noting on memories which run they are from.

        What its model says, and so what it costs, is in `spent` of the copy.
        """
        return self._copy_for_run(model=model, db=db, _origin=Origin(run_id=run_id, session_id=session_id))

    # Reading ---------------------------------------------------------------------------------------------------------

    async def _get_all(self, io: IO, user_id: str | None = None) -> list[UserMemory]:
        """All memories of a user, the one that was changed last at the end."""
        return await self._of(io, user_id).all() if self._has_db() else []

    get_user_memories = sync(_get_all)
    aget_user_memories = asynchronous(_get_all)

    async def _get(self, io: IO, memory_id: str, user_id: str | None = None) -> UserMemory | None:
        """One memory of a user, or None."""
        return await self._of(io, user_id).get(memory_id) if self._has_db() else None

    get_user_memory = sync(_get)
    aget_user_memory = asynchronous(_get)

    async def _search(
        self,
        io: IO,
        query: str | None = None,
        limit: int | None = None,
        retrieval_method: Retrieval | None = None,
        user_id: str | None = None,
    ) -> list[UserMemory]:
        """Some memories of a user: `last_n` (the default) gives the newest `limit`, oldest first, `first_n` the oldest,
        `agentic` those that the model finds helpful for `query`, the most helpful first."""
        if retrieval_method not in (None, "last_n", "first_n", "agentic"):
            raise ValueError(f"retrieval_method={retrieval_method!r} is none of 'last_n', 'first_n' and 'agentic'.")
        if retrieval_method == "agentic" and not query:
            raise ValueError("search_user_memories(retrieval_method='agentic') needs query=, what to search for.")
        if not self._has_db():
            return []
        mine = self._of(io, user_id)
        if retrieval_method == "agentic":
            return (await self._helpful(io, mine, str(query)))[: limit if limit is None else max(0, limit)]
        if limit is None:
            return await mine.all()
        return await (mine.first(limit) if retrieval_method == "first_n" else mine.last(limit))

    search_user_memories = sync(_search)
    asearch_user_memories = asynchronous(_search)

    async def _helpful(self, io: IO, mine: UserMemories, query: str) -> list[UserMemory]:
        memories = {memory.memory_id: memory for memory in await mine.all()}
        if not memories:
            return []
        messages = [
            Message(role="system", content=f"{prompts.SEARCH}\n\n{prompts.listed(memories.values())}"),
            Message(role="user", content=query),
        ]
        chosen = await ask_for(io, self.get_model(), _Chosen, messages, self.spent)
        if chosen is None:
            log_warning("The model's choice of memories could not be read, so none are given")
            return []
        return [memories[memory_id] for memory_id in dict.fromkeys(chosen.memory_ids) if memory_id in memories]

    # Writing ---------------------------------------------------------------------------------------------------------

    async def _add(self, io: IO, memory: UserMemory, user_id: str | None = None) -> str | None:
        """Keep a memory; gives its id. One that says the same as another of this user is not kept twice."""
        return (await self._of(io, user_id).add(memory))[0] if self._has_db() else None

    add_user_memory = sync(_add)
    aadd_user_memory = asynchronous(_add)

    async def _replace(self, io: IO, memory_id: str, memory: UserMemory, user_id: str | None = None) -> str | None:
        """Keep a memory in the place of another one; gives its id. ValueError if that is another user's."""
        if not self._has_db():
            return None
        return (await self._of(io, user_id).add(replace(memory, memory_id=memory_id)))[0]

    replace_user_memory = sync(_replace)
    areplace_user_memory = asynchronous(_replace)

    async def _delete(self, io: IO, memory_id: str, user_id: str | None = None) -> None:
        """Delete a memory of a user; nothing happens if there is none with this id."""
        if self._has_db():
            await self._of(io, user_id).remove([memory_id])

    delete_user_memory = sync(_delete)
    adelete_user_memory = asynchronous(_delete)

    async def _clear_user(self, io: IO, user_id: str | None = None) -> None:
        """Delete all memories of one user."""
        if self._has_db():
            await self._of(io, user_id).clear()

    clear_user_memories = sync(_clear_user)
    aclear_user_memories = asynchronous(_clear_user)

    async def _clear(self, io: IO) -> None:
        """Delete all memories of all users. `clear_user_memories` deletes those of one."""
        if self._has_db():
            await io.call(self.db.clear_memories)

    clear = sync(_clear)
    aclear = asynchronous(_clear)

    # With the model --------------------------------------------------------------------------------------------------

    async def _create(
        self,
        io: IO,
        message: str | None = None,
        messages: list[Message] | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        user_id: str | None = None,
    ) -> str:
        """Let the model add, and bring up to date, what matters of what a user said; gives its last words."""
        said = message if message is not None else _said(messages)
        if said is None:
            raise ValueError("create_user_memories needs message=, or messages= with what the user said.")
        if not self._has_db():
            return _NO_DB
        if not said.strip():
            return "Nothing was said."
        origin = replace(self._origin_now(), agent_id=agent_id, team_id=team_id, input=said)
        wanted = {"add_memory": self.add_memories, "update_memory": self.update_memories}
        return await self._work(io, self._of(io, user_id, origin), wanted, said)

    create_user_memories = sync(_create)
    acreate_user_memories = asynchronous(_create)

    async def _task(self, io: IO, task: str, user_id: str | None = None) -> str:
        """Let the model do what a task says, such as "forget where I live"; gives its last words."""
        if not self._has_db():
            return _NO_DB
        origin = replace(self._origin_now(), input=task)
        wanted = {
            "add_memory": self.add_memories,
            "update_memory": self.update_memories,
            "delete_memory": self.delete_memories,
            "clear_memory": self.clear_memories,
        }
        return await self._work(io, self._of(io, user_id, origin), wanted, task)

    update_memory_task = sync(_task)
    aupdate_memory_task = asynchronous(_task)

    async def _work(self, io: IO, mine: UserMemories, wanted: dict[str, bool], said: str) -> str:
        tools = memory_tools(io, mine, [name for name, on in wanted.items() if on])
        if not tools:
            raise ValueError(
                "This MemoryManager lets the model neither add nor update memories, so it has nothing to do."
            )
        messages = [Message(role="system", content=await self._prompt(mine, list(tools))), Message("user", said)]
        return await self._let_work(io, messages, tools, limit=_MAX_CALLS)

    async def _prompt(self, mine: UserMemories, tools: list[str]) -> str:
        if self.system_message is not None:
            return self.system_message
        parts = [prompts.task(self.memory_capture_instructions, tools), prompts.listed(await mine.all())]
        if self.additional_instructions:
            parts.append(self.additional_instructions)
        return "\n\n".join(parts)

    async def _optimize(
        self,
        io: IO,
        user_id: str | None = None,
        *,
        strategy: Literal["merge", "summarize"] = "merge",
        apply: bool = True,
    ) -> list[UserMemory]:
        """Let the model tidy up the memories of a user; gives what there is afterwards.

        `merge` joins those that say the same and drops what is outdated, `summarize` makes one of all. With
        `apply=False` nothing is stored. What is added or changed meanwhile stays as it is.
        """
        if strategy not in ("merge", "summarize"):
            raise ValueError(f"optimize_memories(strategy={strategy!r}) is neither 'merge' nor 'summarize'.")
        if not self._has_db():
            return []
        mine = self._of(io, user_id)
        before = await mine.all()
        if len(before) < 2:
            return before
        after = await self._rewritten(io, mine, before, prompts.MERGE if strategy == "merge" else prompts.SUMMARIZE)
        if not after:
            log_warning("The model's tidied memories could not be read, so the old ones stay")
            return before
        if apply:
            await _exchange(mine, before, after)
            return await mine.all()
        return after

    optimize_memories = sync(_optimize)
    aoptimize_memories = asynchronous(_optimize)

    async def _rewritten(
        self, io: IO, mine: UserMemories, before: list[UserMemory], prompt: str
    ) -> list[UserMemory] | None:
        lines = [f"- {m.memory} (topics: {', '.join(m.topics or ()) or 'none'})" for m in before]
        messages = [Message(role="system", content=prompt), Message(role="user", content="\n".join(lines))]
        found = await ask_for(io, self.get_model(), _Rewritten, messages, self.spent)
        return found and [
            UserMemory(kept.memory, topics=kept.topics or None, user_id=mine.user_id)
            for kept in found.memories
            if kept.memory.strip()
        ]

    # ------------------------------------------------------------------------------------------------------------------

    def get_model(self) -> Model:
        """The model that is asked: the one that is set, else OpenAI's default chat model."""
        if self.debug_mode:
            set_log_level_to_debug()
        return super().get_model()

    def _origin_now(self) -> Origin:
        return self.__dict__.get("_origin") or Origin()

    def _of(self, io: IO, user_id: str | None, origin: Origin | None = None) -> UserMemories:
        return UserMemories(io, self.db, user_id, origin or self._origin_now())


def _said(messages: Sequence[Message] | None) -> str | None:
    """What the user said among messages; None if there are none."""
    if not messages:
        return None
    return "\n".join(m.get_content_string() for m in messages if m.role == "user" and m.content)


async def _exchange(mine: UserMemories, before: list[UserMemory], after: list[UserMemory]) -> None:
    """Put the new memories in the place of the old ones: first they are written, so that nothing is lost on the way."""
    old = {memory.memory_id or "": memory for memory in before}
    staying = {(await mine.add(memory))[0] for memory in after}
    now = {memory.memory_id or "": memory for memory in await mine.all()}
    untouched = [key for key, memory in old.items() if key in now and now[key].memory == memory.memory]
    await mine.remove([key for key in untouched if key not in staying])


__all__ = ["MemoryManager"]
