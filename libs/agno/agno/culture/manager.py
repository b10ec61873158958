"""`CultureManager`: keeps what is worth knowing for all agents, with a model that decides what that is."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from agno._io import IO, asynchronous, sync
from agno.culture._tools import culture_tools
from agno.db.schemas.culture import CulturalKnowledge
from agno.models._manager import Manager, conversation_text
from agno.models.base import Model
from agno.models.message import Message

C = TypeVar("C", bound="CultureManager")

_MAX_CALLS = 20  # of tools in one task: a model that goes on and on is stopped
_NO_DB = "There is no database to keep cultural knowledge in: give the CultureManager, or its agent, a db."
_CAPTURE = (
    "Cultural knowledge helps every agent with every user: standards, practices, insights about how work is done well. "
    "It is never about one person, and holds no private facts. Most conversations hold nothing of it; then add nothing."
)


@dataclass(eq=False)
class CultureManager(Manager):
    """Reads and writes the knowledge that agents share. Each method has an async twin with an `a` in front.

    What it lacks of `model` and `db`, an agent fills in for each run, without changing the manager.
    `culture_capture_instructions` says what is worth keeping, `additional_instructions` are added to the prompt, and
    `system_message` replaces it. The four switches say which tools the model gets.
    """

    model: Model | str | None = None  # OpenAI's gpt-4o, if nobody says
    db: Any = None
    system_message: str | None = None
    culture_capture_instructions: str | None = None
    additional_instructions: str | None = None
    add_knowledge: bool = True
    update_knowledge: bool = True
    delete_knowledge: bool = True
    clear_knowledge: bool = True
    debug_mode: bool = False
    _no_db: ClassVar[str] = _NO_DB

    def for_run(self: C, *, model: Any = None, db: Any = None, agent_id: str | None = None) -> C:
        """A copy for one run, with what the manager lacks. What its model says is in `spent` of the copy."""
        return self._copy_for_run(model=model, db=db, _agent_id=agent_id)

    # Reading ---------------------------------------------------------------------------------------------------------

    async def _get(self, io: IO, id: str) -> CulturalKnowledge | None:
        """One piece of knowledge, or None."""
        found: CulturalKnowledge | None = await io.call(self.db.get_cultural_knowledge, id) if self._has_db() else None
        return found

    get_knowledge = sync(_get)
    aget_knowledge = asynchronous(_get)

    async def _get_all(self, io: IO, name: str | None = None) -> list[CulturalKnowledge]:
        """All knowledge, or that of a name, the piece that was changed last at the end."""
        if not self._has_db():
            return []
        order = {"sort_by": "updated_at", "sort_order": "asc"}
        found: list[CulturalKnowledge] = await io.call(self.db.get_all_cultural_knowledge, name=name, **order)
        return found

    get_all_knowledge = sync(_get_all)
    aget_all_knowledge = asynchronous(_get_all)

    # Writing ---------------------------------------------------------------------------------------------------------

    async def _add(self, io: IO, knowledge: CulturalKnowledge) -> str | None:
        """Keep knowledge, in the place of the one with its id if there is one; gives its id. None without a database."""
        if not self._has_db():
            return None
        stored: CulturalKnowledge = await io.call(self.db.upsert_cultural_knowledge, copy.copy(knowledge))
        return stored.id

    add_cultural_knowledge = sync(_add)
    aadd_cultural_knowledge = asynchronous(_add)

    async def _delete(self, io: IO, id: str) -> bool:
        """Delete knowledge. False if it is not there."""
        return bool(self._has_db() and await io.call(self.db.delete_cultural_knowledge, id))

    delete_cultural_knowledge = sync(_delete)
    adelete_cultural_knowledge = asynchronous(_delete)

    async def _clear(self, io: IO) -> None:
        """Delete all knowledge."""
        if self._has_db():
            await io.call(self.db.clear_cultural_knowledge)

    clear_all_knowledge = sync(_clear)
    aclear_all_knowledge = asynchronous(_clear)

    # With the model --------------------------------------------------------------------------------------------------

    async def _create(self, io: IO, message: str | None = None, messages: Sequence[Message] | None = None) -> str:
        """Let the model add, and bring up to date, what a conversation teaches everybody; gives its last words."""
        said = message if message is not None else conversation_text(messages) if messages else None
        if said is None:
            raise ValueError("create_cultural_knowledge needs message=, or messages= of a conversation.")
        if not self._has_db():
            return _NO_DB
        if not said.strip():
            return "Nothing was said."
        return await self._work(
            io, {"add_knowledge": self.add_knowledge, "update_knowledge": self.update_knowledge}, said
        )

    create_cultural_knowledge = sync(_create)
    acreate_cultural_knowledge = asynchronous(_create)

    async def _task(self, io: IO, task: str) -> str:
        """Let the model do what a task says, such as "drop what we know about dates"; gives its last words."""
        if not self._has_db():
            return _NO_DB
        wanted = {
            "add_knowledge": self.add_knowledge,
            "update_knowledge": self.update_knowledge,
            "delete_knowledge": self.delete_knowledge,
            "clear_knowledge": self.clear_knowledge,
        }
        return await self._work(io, wanted, task)

    update_culture_task = sync(_task)
    aupdate_culture_task = asynchronous(_task)

    async def _work(self, io: IO, wanted: dict[str, bool], said: str) -> str:
        facts = {"input": said, "agent_id": self.__dict__.get("_agent_id")}
        tools = culture_tools(io, self.db, [name for name, on in wanted.items() if on], facts)
        if not tools:
            raise ValueError(
                "This CultureManager lets the model neither add nor update knowledge, so it has nothing to do."
            )
        messages = [Message(role="system", content=await self._prompt(io)), Message(role="user", content=said)]
        return await self._let_work(io, messages, tools, limit=_MAX_CALLS)

    async def _prompt(self, io: IO) -> str:
        if self.system_message is not None:
            return self.system_message
        known = "\n".join(f"- {knowledge.preview()}" for knowledge in await self._get_all(io)) or "none"
        parts = [
            "You look after the knowledge that all agents of an organisation share. Use your tools; do not answer the user.",
            f"<culture_to_capture>\n{self.culture_capture_instructions or _CAPTURE}\n</culture_to_capture>",
            f"<existing_knowledge>\n{known}\n</existing_knowledge>",
            "Update what is there rather than adding the same again.",
            self.additional_instructions or "",
        ]
        return "\n\n".join(part for part in parts if part)


__all__ = ["CultureManager"]
