"""`LearningMachine`: the stores of an agent, what they tell the model, and what they take from a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from agno._io import IO, asynchronous, sync
from agno.learn.learnings import Learnings
from agno.learn.stores import STORES, LearningMode, LearningStore, Row
from agno.models._manager import Manager, conversation_text
from agno.models.base import Model
from agno.models.message import Message
from agno.tools.function import Function, in_colour

L = TypeVar("L", bound="LearningMachine")
Wanted = bool | LearningMode | str | LearningStore

_NO_DB = "There is no database to keep learnings in: give the LearningMachine, or its agent, a db."


@dataclass(eq=False)
class LearningMachine(Manager):
    """What is learned, by store: each is False, True (in its usual mode), a mode, or a store with settings of its own.

    What it lacks of `model` and `db`, an agent fills in for each run, without changing the machine. `namespace` keeps
    what is not about one user or session apart; `custom_stores` are yours, by name. Each method has an async twin.
    """

    db: Any = None
    model: Model | str | None = None  # OpenAI's gpt-4o, if nobody says
    knowledge: Any = None  # where learned knowledge is searched by meaning
    user_profile: Wanted = False
    user_memory: Wanted = False
    session_context: Wanted = False
    entity_memory: Wanted = False
    learned_knowledge: Wanted = False
    decision_log: Wanted = False
    namespace: str = "global"
    max_updates_per_run: int = 10
    custom_stores: Mapping[str, LearningStore] | None = None
    _no_db: ClassVar[str] = _NO_DB

    def __post_init__(self) -> None:
        _ = self.stores  # complain early

    @property
    def stores(self) -> dict[str, LearningStore]:
        """The stores in use, by name."""
        found = {name: _store(name, wanted) for name in STORES if (wanted := getattr(self, name))}
        return {**found, **(self.custom_stores or {})}

    def for_run(self: L, *, model: Any = None, db: Any = None, agent_id: str | None = None) -> L:
        """A copy for one run, with what the machine lacks. What its model says is in `spent` of the copy."""
        return self._copy_for_run(model=model, db=db, _agent_id=agent_id)

    # Telling ---------------------------------------------------------------------------------------------------------

    async def _recall(
        self, io: IO, user_id: str | None = None, session_id: str | None = None, query: str | None = None
    ) -> dict[str, list[Row]]:
        """What is kept for a user and a session, by store, the newest first."""
        if not self._has_db():
            return {}
        learnings = self._learnings(io, user_id, session_id)
        return {name: await store.recall(learnings, query) for name, store in self.stores.items()}

    recall = sync(_recall)
    arecall = asynchronous(_recall)

    async def _build_context(self, io: IO, user_id: str | None = None, session_id: str | None = None) -> str:
        """What is kept, and how the model may add to it, as a part of the prompt; `""` if there is nothing to say."""
        recalled, stores = await self._recall(io, user_id, session_id), self.stores
        parts = [said for name, rows in recalled.items() if (said := stores[name].section(rows))]
        parts += [said for store in stores.values() if recalled and (said := _guidance(store))]
        return "\n".join(parts)

    build_context = sync(_build_context)
    abuild_context = asynchronous(_build_context)

    async def _get_tools(self, io: IO, user_id: str | None = None, session_id: str | None = None) -> list[Function]:
        """The tools that the stores give to the agent itself."""
        return self.tools_for(io, user_id, session_id)

    get_tools = sync(_get_tools)
    aget_tools = asynchronous(_get_tools)

    def tools_for(self, io: IO, user_id: str | None = None, session_id: str | None = None) -> list[Function]:
        """`get_tools` in the colour of a port."""
        if not self._has_db():
            return []
        learnings, found = self._learnings(io, user_id, session_id), []
        for store in self.stores.values():
            found += [in_colour(io, work) for work in store.readers(learnings)]
            if store.mode is not LearningMode.ALWAYS:
                tools = [in_colour(io, work) for work in store.writers(learnings)]
                for tool in tools:
                    tool.requires_confirmation = True if store.mode is LearningMode.HITL else None
                found += tools
        return found

    # Learning --------------------------------------------------------------------------------------------------------

    async def _process(
        self, io: IO, messages: Sequence[Message], user_id: str | None = None, session_id: str | None = None
    ) -> None:
        """Let a model keep what the stores that always learn want of a conversation."""
        stores = [store for store in self.stores.values() if store.mode is LearningMode.ALWAYS]
        talk = conversation_text(messages)
        if not stores or not talk or not self._has_db():
            return
        learnings = self._learnings(io, user_id, session_id)
        tools = {tool.name: tool for store in stores for tool in (in_colour(io, w) for w in store.writers(learnings))}
        asked = [
            Message(role="system", content=await self._prompt(learnings, stores)),
            Message(role="user", content=talk),
        ]
        await self._let_work(io, asked, tools, limit=self.max_updates_per_run, strict=False)

    process = sync(_process)
    aprocess = asynchronous(_process)

    async def _prompt(self, learnings: Learnings, stores: list[LearningStore]) -> str:
        parts = [
            "You keep what a conversation teaches. Use your tools; do not answer the user. Most of it need not be kept."
        ]
        for store in stores:
            parts.append(f"{store.name}: {store.instructions or store.keeps}")
        for store in stores:
            if known := store.section(await store.recall(learnings)):
                parts.append(f"Kept already:\n{known}")
        return "\n\n".join(parts)

    # ------------------------------------------------------------------------------------------------------------------

    def _learnings(self, io: IO, user_id: str | None, session_id: str | None) -> Learnings:
        agent_id = self.__dict__.get("_agent_id")
        return Learnings(io, self.db, user_id, session_id, agent_id, None, self.namespace, self.knowledge)


def _store(name: str, wanted: Wanted) -> LearningStore:
    if isinstance(wanted, LearningStore):
        return wanted
    if wanted is True:
        return STORES[name]()
    try:
        return STORES[name](mode=LearningMode(wanted))
    except ValueError:
        modes = ", ".join(repr(mode.value) for mode in LearningMode)
        raise ValueError(
            f"LearningMachine got {name}={wanted!r}. It takes True, False, one of the modes {modes}, or a store."
        ) from None


def _guidance(store: LearningStore) -> str | None:
    if store.mode is LearningMode.ALWAYS:
        return None
    worth = store.instructions or store.keeps
    if store.mode is LearningMode.PROPOSE:
        return f"Worth keeping as {store.name}: {worth} Tell the user what you would keep, and keep it once they agree."
    return f"Keep with your tools as {store.name}: {worth}"


__all__ = ["LearningMachine"]
