"""A content that is too large to be stored at once.

One of its chunks has another hash until all are there: the draft, stored before the others. So each chunk is written once, and
whoever is killed in between leaves a draft, which the next attempt takes up. One attempt at a time has the claim.

Where a write is dear, some batches wait for the next ones: never more than a fourth of what is written, so that whoever is killed
has to embed no more than that again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agno._io import IO
from agno.knowledge.document import Document
from agno.vectordb._claims import Claim, claimed
from agno.vectordb._conditions import Node, Not, field_is, together
from agno.vectordb._records import DRAFT, SOURCE, Record, prepared

if TYPE_CHECKING:
    from agno.vectordb._store import StoreMethods

_PAGE = 500  # rows that are removed at once
_SHARE = 4  # of what is written, the part that may wait


class Pieces:
    """One attempt at one content: `begin`, then `add` again and again, then `publish` or `drop`, and always `end`."""

    def __init__(self, store: StoreMethods, content_hash: str) -> None:
        self.store, self.content_hash = store, content_hash
        self._claim: Claim | None = None
        self._ids: set[str] = set()  # of all chunks so far
        self._waiting: list[Record] = []  # with vectors, and not yet written
        self._written = 0
        self._resumed = False  # an attempt that did not come to its end left some of them
        self._replaces = False  # the same content is here, and is stored again

    async def begin(self, io: IO, name: str, skip: bool = True) -> bool:
        """Keep others away, and look at what they left. False if another one has stored it, and it may be skipped."""
        claim = self.store._claim(self.content_hash[:SOURCE])
        await claimed(io, claim, name)
        self._claim = claim
        self._resumed = await self.store.has_draft(io, self.content_hash)
        if not self._resumed and await self.store._content_hash_exists(io, self.content_hash):
            if skip:
                return False
            await self._outdate(io)
        return True

    async def add(self, io: IO, documents: Sequence[Document], filters: Mapping[str, Any] | None) -> None:
        """Store chunks, or keep them for the next write. What an earlier attempt stored is not embedded again."""
        assert self._claim is not None
        await self._claim.kept(io)
        store = self.store
        if not self._ids:
            await store._create(io)
        records = [one for one in prepared(self.content_hash, documents, filters) if one.id not in self._ids]
        self._ids.update(record.id for record in records)
        there = await self._there(io, records) if self._resumed else set()
        fresh = [record for record in records if record.id not in there]
        try:
            await store._vectors(io, fresh)
        except Exception:
            await self._write(io)  # the vectors of those are made
            raise
        self._waiting += fresh
        if len(self._waiting) >= min(store._gathered, self._written // _SHARE):
            await self._write(io)

    async def publish(self, io: IO, content_id: str | None) -> bool:
        """All chunks are there: they take the place of older versions. False if a newer version took their place."""
        await self._write(io)
        store, is_it = self.store, field_is("content_hash", self.content_hash)
        older = together(field_is("source", self.content_hash[:SOURCE]), Not(of_content(self.content_hash)))
        if not await store.has_draft(io, self.content_hash):  # somebody stored small contents, which needs no claim
            superseded = await store._any(io, older)
            if superseded:
                await store._erase(io, is_it)
            return not superseded
        if self._resumed:  # what was read then may have changed meanwhile
            await self._erase_all(io, await store._ids(io, of_content(self.content_hash)) - self._ids)
        # the older ones go first: whoever is killed in between leaves a draft, which the next attempt publishes
        await store._erase(io, older)
        await store._relabel(io, field_is("content_hash", DRAFT + self.content_hash), self.content_hash, content_id)
        # an attempt that was killed may have had another id
        others = together(is_it, Not(field_is("content_id", content_id or "")))
        if content_id is not None and await store._any(io, others):
            await store._relabel(io, others, self.content_hash, content_id)
        await store._tidy(io)
        return True

    async def drop(self, io: IO) -> None:
        """Forget what was begun, also by an earlier attempt; but not what another one stores now."""
        self._waiting.clear()
        if self._claim is None:
            claim = self.store._claim(self.content_hash[:SOURCE])
            if not await claim.taken(io):
                return
            self._claim = claim
        if await self.store.has_draft(io, self.content_hash):
            await self.store._erase(io, field_is("content_hash", self.content_hash))
            # last: it says that the others are not all
            await self.store._erase(io, field_is("content_hash", DRAFT + self.content_hash))

    async def end(self, io: IO) -> None:
        """Let others go on."""
        claim, self._claim = self._claim, None
        if claim is not None:
            await claim.release(io)

    # -----------------------------------------------------------------------------------------------------------------

    async def _outdate(self, io: IO) -> None:
        """What is here becomes an older version, which `publish` removes."""
        is_it = field_is("content_hash", self.content_hash)
        rows = await self.store._rows(io, is_it, 1)
        if rows:
            await self.store._relabel(io, is_it, f"{self.content_hash[:SOURCE]} outdated", rows[0].content_id)
            self._replaces = True

    async def _there(self, io: IO, records: Sequence[Record]) -> set[str]:
        ids = field_is("id", *[record.id for record in records])
        return await self.store._ids(io, together(ids, of_content(self.content_hash)))

    async def _write(self, io: IO) -> None:
        """Store those that wait. The very first is the draft, and there before any other."""
        records, self._waiting = self._waiting, []
        is_first, self._written = not self._written, self._written + len(records)
        if is_first and records and not self._resumed:
            records[0] = replace(records[0], content_hash=DRAFT + self.content_hash)
            if not self.store._gathered:
                await self._put(io, [records.pop(0)])
        await self._put(io, records)

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await (self.store._put_all if self._replaces else self.store._put_new)(io, records)

    async def _erase_all(self, io: IO, ids: set[str]) -> None:
        gone = sorted(ids)
        for start in range(0, len(gone), _PAGE):
            await self.store._erase(io, field_is("id", *gone[start : start + _PAGE]))


def of_content(content_hash: str) -> Node:
    """The chunks of a content, complete or not."""
    return field_is("content_hash", DRAFT + content_hash, content_hash)


__all__ = ["Pieces", "of_content"]
