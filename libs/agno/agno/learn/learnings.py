"""The learnings that one run may see and change."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from agno._io import IO
from agno.db._memories import DEFAULT_USER

_LONGEST = 120  # characters of an id; MySQL takes 128


@dataclass
class Learnings:
    """Learnings in a database, as seen by one user in one session and namespace."""

    io: IO
    db: Any
    user_id: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    namespace: str = "global"
    knowledge: Any = None  # where learned knowledge is searched, if not in the database

    def owner(self, kind: str) -> dict[str, Any]:
        """The columns that say whose learnings of a kind these are: user, session or namespace."""
        if kind == "user":
            return {"user_id": self.user_id or DEFAULT_USER}
        if kind == "session":
            return {"session_id": self.session_id or "", "user_id": self.user_id or DEFAULT_USER}
        return {"namespace": self.namespace}

    async def all(self, learning_type: str, kind: str, limit: int | None = None, **more: Any) -> list[dict[str, Any]]:
        """The learnings of a type and owner, the one changed last first."""
        rows, _ = await self.io.call(self.db.get_learnings, learning_type, limit=limit, **self.owner(kind), **more)
        return list(rows)

    async def keep(self, learning_type: str, kind: str, key: str | None, content: dict[str, Any], **more: Any) -> str:
        """Store a learning, in the place of the one with its key if it has one; gives its id."""
        owner = {"namespace": self.namespace, **self.owner(kind)}
        learning_id = None
        if key is not None:
            learning_id = _id(learning_type, *(str(value) for value in self.owner(kind).values()), key)
        origin = {"agent_id": self.agent_id, "team_id": self.team_id, "session_id": self.session_id}
        row = {
            **origin,
            **owner,
            **more,
            "learning_id": learning_id,
            "learning_type": learning_type,
            "content": content,
        }
        return str((await self.io.call(self.db.upsert_learning, row))["learning_id"])

    async def remove(self, learning_type: str, kind: str, learning_id: str) -> bool:
        """Delete a learning, if it is of this owner."""
        row = await self.io.call(self.db.get_learning, learning_id)
        if row is None or row["learning_type"] != learning_type:
            return False
        if any(row[name] != value for name, value in self.owner(kind).items()):
            return False
        return bool(await self.io.call(self.db.delete_learnings, [learning_id]))


def _id(*parts: str) -> str:
    """An id that only these parts have, whatever they hold; one that people can read where that is possible."""
    plain = "/".join(parts)
    if len(plain) <= _LONGEST and plain.count("/") == len(parts) - 1:
        return plain
    return f"{parts[0]}/{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(parts))}"


__all__ = ["Learnings"]
