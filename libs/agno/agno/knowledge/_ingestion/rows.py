"""The rows of contents in the contents database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from agno._io import IO
from agno.db.schemas.knowledge import KnowledgeRow
from agno.knowledge.content import Content, ContentStatus
from agno.utils.dttm import now_epoch


class Rows:
    """Writes and reads them; without a database it does nothing. `linked_to` is the name of the knowledge."""

    def __init__(self, db: Any, linked_to: str | None) -> None:
        self.db, self.linked_to = db, linked_to

    async def write(self, io: IO, content: Content) -> None:
        """Store what is known of a content."""
        if self.db is None:
            return
        content.updated_at = now_epoch()
        content.created_at = content.created_at or content.updated_at
        await io.call(self.db.upsert_knowledge_content, self._row(content))

    async def write_failed(self, io: IO, content: Content) -> None:
        """The same for one that failed, unless another attempt, made at the same time, has completed it."""
        row = None if self.db is None else await io.call(self.db.get_knowledge_content, content.id)
        if row is None or status_of(row.status) is not ContentStatus.COMPLETED:
            await self.write(io, content)

    async def attempt(self, io: IO, whose: str) -> tuple[str, list[str]]:
        """The id of the next attempt at a content, and those of the attempts that it replaces.

        An attempt that failed or did not come to its end is made again under its id; so no more than one is listed.
        """
        earlier: list[str] = []
        while True:
            content_id = _id_of(whose, len(earlier))
            row = None if self.db is None else await io.call(self.db.get_knowledge_content, content_id)
            if row is None or status_of(row.status) is not ContentStatus.COMPLETED:
                return content_id, earlier
            earlier.append(content_id)

    async def is_under_way(self, io: IO, content_id: str) -> bool:
        """Whether there is such a row of an attempt that did not come to its end."""
        row = None if self.db is None else await io.call(self.db.get_knowledge_content, content_id)
        return row is not None and status_of(row.status) is ContentStatus.PROCESSING

    async def is_there(self, io: IO, content_id: str) -> bool:
        """Whether there is such a row."""
        return self.db is not None and await io.call(self.db.get_knowledge_content, content_id) is not None

    async def delete(self, io: IO, ids: Iterable[str]) -> None:
        """Remove rows."""
        if self.db is not None:
            for content_id in ids:
                await io.call(self.db.delete_knowledge_content, content_id)

    def _row(self, content: Content) -> KnowledgeRow:
        return KnowledgeRow(
            id=content.id or "",
            name=content.name or "",
            description=content.description or "",
            metadata=content.metadata,
            type=content.file_type or (content.file_data.type if content.file_data is not None else None),
            size=content.size,
            linked_to=self.linked_to,
            access_count=0,
            status=content.status.value if content.status is not None else None,
            status_message=content.status_message or "",
            created_at=content.created_at,
            updated_at=content.updated_at,
            external_id=content.external_id,
        )


def _id_of(whose: str, attempt: int) -> str:
    digest = hashlib.sha256(f"{whose} {attempt}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def content_of(row: KnowledgeRow) -> Content:
    """A content as it is listed."""
    return Content(
        id=row.id,
        name=row.name,
        description=row.description,
        metadata=row.metadata,
        file_type=row.type,
        size=row.size,
        status=status_of(row.status),
        status_message=row.status_message,
        created_at=row.created_at,
        updated_at=row.updated_at or row.created_at,
        external_id=row.external_id,
    )


def status_of(text: str | None) -> ContentStatus | None:
    """The status that a text means: texts of other versions are read, too."""
    if text is None:
        return None
    low = text.lower()
    if "failed" in low:
        return ContentStatus.FAILED
    return ContentStatus.COMPLETED if "completed" in low else ContentStatus.PROCESSING


__all__ = ["Rows", "content_of", "status_of"]
