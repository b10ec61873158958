"""The memories of one user: read in order, added once, changed and deleted only by their owner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agno._io import IO
from agno.db.schemas.memory import UserMemory
from agno.utils.ids import new_id
from agno.utils.string import whole

DEFAULT_USER = "default"


@dataclass(frozen=True)
class Origin:
    """Where a memory comes from."""

    agent_id: str | None = None
    team_id: str | None = None
    run_id: str | None = None
    session_id: str | None = None
    input: str | None = None


class UserMemories:
    """What a database (of either colour) keeps of one user. No other user's memory is read, changed or deleted."""

    def __init__(self, io: IO, db: Any, user_id: str | None, origin: Origin | None = None) -> None:
        self._io, self._db = io, db
        self.user_id = user_id or DEFAULT_USER
        self._origin = origin or Origin()

    async def all(self) -> list[UserMemory]:
        """All of them, the one that was changed last at the end."""
        return await self._read(sort_order="asc")

    async def first(self, count: int) -> list[UserMemory]:
        """The oldest, oldest first."""
        return await self._read(sort_order="asc", limit=max(0, count))

    async def last(self, count: int) -> list[UserMemory]:
        """The newest, oldest first."""
        return (await self._read(sort_order="desc", limit=max(0, count)))[::-1]

    async def _read(self, **order: Any) -> list[UserMemory]:
        found: list[UserMemory] = await self._io.call(
            self._db.get_user_memories, user_id=self.user_id, sort_by="updated_at", **order
        )
        return found

    async def get(self, memory_id: str) -> UserMemory | None:
        """One of them."""
        found: UserMemory | None = await self._io.call(self._db.get_user_memory, memory_id, user_id=self.user_id)
        return found

    async def add(self, memory: UserMemory) -> tuple[str, bool]:
        """Keep a memory, unless the user has one that says the same; gives its id, and whether it is new."""
        if not isinstance(memory, UserMemory):
            raise TypeError(f"{memory!r} ({type(memory).__name__}) is no memory. Give UserMemory(memory='...').")
        memory = replace(memory, memory=_kept_text(memory.memory))
        memory_id = memory.memory_id
        if memory_id is None:
            wanted = _told(memory.memory)
            known = next((m for m in await self.all() if _told(m.memory) == wanted), None)
            if known is not None:
                return known.memory_id or "", False
            memory_id = await self._id_for(wanted)
        elif await self._is_foreign(memory_id):
            raise ValueError(f"User {self.user_id!r} has no memory {memory_id!r}: the id belongs to another user.")
        await self._store(replace(memory, memory_id=memory_id))
        return memory_id, True

    async def _id_for(self, text: str) -> str:
        """An id that follows from user and text: so two runs that learn the same at once write one memory."""
        made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"memory\0{self.user_id}\0{text}"))
        taken = await self._io.call(self._db.get_user_memory, made)  # and the text was changed since
        return new_id() if taken is not None else made

    async def _is_foreign(self, memory_id: str) -> bool:
        known = await self._io.call(self._db.get_user_memory, memory_id)
        return known is not None and known.user_id != self.user_id

    async def _store(self, memory: UserMemory) -> None:
        facts = {
            name: value if value is not None else getattr(self._origin, name)
            for name in self._origin.__dataclass_fields__
            if (value := getattr(memory, name)) is not None or getattr(self._origin, name) is not None
        }
        await self._upsert(replace(memory, user_id=self.user_id, **facts))

    async def _upsert(self, memory: UserMemory) -> None:
        topics = [whole(topic) for topic in memory.topics] if memory.topics else memory.topics
        said = whole(memory.input) if memory.input else memory.input
        await self._io.call(self._db.upsert_user_memory, replace(memory, topics=topics, input=said))

    async def change(self, memory_id: str, text: str, topics: Sequence[str] | None = None) -> bool:
        """Give one of them another text; whose it is and which agent made it stays. False if it is not there."""
        text = _kept_text(text)
        known = await self.get(memory_id)
        if known is None:
            return False
        source = {name: getattr(self._origin, name) for name in ("run_id", "session_id", "input")}
        new = {name: value for name, value in source.items() if value is not None}
        kept = list(topics) if topics is not None else known.topics
        await self._upsert(replace(known, memory=text, topics=kept, **new))
        return True

    async def remove(self, memory_ids: Sequence[str]) -> None:
        """Delete some of them; ids that are not this user's are left alone."""
        if memory_ids:
            await self._io.call(self._db.delete_user_memories, list(memory_ids), user_id=self.user_id)

    async def clear(self) -> int:
        """Delete all of them; gives how many there were."""
        found = [memory.memory_id for memory in await self.all() if memory.memory_id]
        await self.remove(found)
        return len(found)


def _kept_text(text: str) -> str:
    """The text of a memory as it is stored. Refuses one that says nothing."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError("A memory without text cannot be kept.")
    return whole(text)


def _told(text: str) -> str:
    """What a memory says, whatever its case, its spaces and its full stop."""
    return " ".join(text.casefold().split()).rstrip(" .!")


__all__ = ["DEFAULT_USER", "Origin", "UserMemories"]
