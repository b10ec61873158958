"""Where the chunks go: into our own stores in pieces, into any other `VectorDb` by its public methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from agno._io import IO
from agno.knowledge.content import Content
from agno.knowledge.document import Document
from agno.vectordb._pieces import Pieces, of_content
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDb


class Storing(Protocol):
    """What the pipeline asks of a vector database."""

    in_pieces: bool  # whether a content may come in pieces

    async def has(self, io: IO, content_hash: str) -> bool:
        """Whether it is there, completely."""
        ...

    async def begun(self, io: IO, content_hash: str) -> bool:
        """Whether an attempt that was killed left pieces of it."""
        ...

    async def older(self, io: IO, contents: Sequence[Content]) -> dict[str, set[str]]:
        """Ids of contents that these replace, by content hash."""
        ...

    async def put(self, io: IO, contents: Sequence[tuple[Content, list[Document]]]) -> None:
        """Store contents that are small."""
        ...

    async def begin(self, io: IO, content: Content, skip: bool) -> bool:
        """A large one will come in pieces. False if somebody stored it meanwhile, and it may be skipped."""
        ...

    async def add(self, io: IO, content: Content, documents: list[Document]) -> None:
        """Store a piece of a large one."""
        ...

    async def finish(self, io: IO, content: Content) -> bool:
        """All pieces are there. False if a newer version was stored meanwhile."""
        ...

    async def forget(self, io: IO, content: Content) -> None:
        """There will be no more pieces."""
        ...

    async def end(self, io: IO, content: Content) -> None:
        """This attempt is over, however it went: others may store the content."""
        ...


class InStore:
    """Into a store of ours: in pieces, embedded together, and in the place of older versions."""

    in_pieces = True

    def __init__(self, store: VectorStore) -> None:
        self.store = store
        self._new: set[str] = set()  # hashes of contents of which nothing is here
        self._pieces: dict[str, Pieces] = {}  # of the contents that are under way, by hash

    async def has(self, io: IO, content_hash: str) -> bool:
        if await self.store._is_there(io, of_content(content_hash)):
            return not await self.store.has_draft(io, content_hash)
        self._new.add(content_hash)
        return False

    async def begun(self, io: IO, content_hash: str) -> bool:
        if content_hash in self._new:  # it was looked up just now
            self._new.remove(content_hash)
            return False
        return await self.store.has_draft(io, content_hash)

    async def older(self, io: IO, contents: Sequence[Content]) -> dict[str, set[str]]:
        return await self.store.other_contents(io, {str(one.content_hash): one.id for one in contents})

    async def put(self, io: IO, contents: Sequence[tuple[Content, list[Document]]]) -> None:
        # one request for the chunks of many small files, and one write
        await self.store.put_contents(
            io, [(str(content.content_hash), documents, content.metadata) for content, documents in contents]
        )

    async def begin(self, io: IO, content: Content, skip: bool) -> bool:
        pieces = self._of(content)
        return await pieces.begin(io, content.name or str(content.id), skip)

    async def add(self, io: IO, content: Content, documents: list[Document]) -> None:
        await self._of(content).add(io, documents, content.metadata)

    async def finish(self, io: IO, content: Content) -> bool:
        return await self._of(content).publish(io, content.id)

    async def forget(self, io: IO, content: Content) -> None:
        await self._of(content).drop(io)

    async def end(self, io: IO, content: Content) -> None:
        pieces = self._pieces.pop(str(content.content_hash), None)
        if pieces is not None:
            await pieces.end(io)

    def _of(self, content: Content) -> Pieces:
        content_hash = str(content.content_hash)
        return self._pieces.setdefault(content_hash, self.store.pieces(content_hash))


class InVectorDb:
    """Into a `VectorDb` of somebody else's: each content at once, by `upsert` if it may and can, else by `insert`."""

    in_pieces = False

    def __init__(self, db: VectorDb, upsert: bool) -> None:
        self.db, self.upsert = db, upsert

    async def has(self, io: IO, content_hash: str) -> bool:
        return bool(await io.call(self.db.content_hash_exists, content_hash))

    async def begun(self, io: IO, content_hash: str) -> bool:
        return False

    async def older(self, io: IO, contents: Sequence[Content]) -> dict[str, set[str]]:
        return {}

    async def put(self, io: IO, contents: Sequence[tuple[Content, list[Document]]]) -> None:
        db = self.db
        for content, documents in contents:
            if self.upsert and db.upsert_available():
                await coloured(io, db.upsert, db.async_upsert, str(content.content_hash), documents, content.metadata)
            else:
                named = {"documents": documents, "filters": content.metadata}
                await coloured(io, db.insert, db.async_insert, content_hash=str(content.content_hash), **named)

    async def begin(self, io: IO, content: Content, skip: bool) -> bool:
        raise AssertionError("it takes contents at once")

    async def add(self, io: IO, content: Content, documents: list[Document]) -> None:
        raise AssertionError("it takes contents at once")

    async def finish(self, io: IO, content: Content) -> bool:
        raise AssertionError("it takes contents at once")

    async def forget(self, io: IO, content: Content) -> None:
        pass

    async def end(self, io: IO, content: Content) -> None:
        pass


async def coloured(io: IO, blocking: Any, awaited: Any, *args: Any, **kwargs: Any) -> Any:
    """The method of the caller's colour; a database that has none of the asynchronous one does it in a thread."""
    try:
        return await io.pick(blocking, awaited, *args, **kwargs)
    except NotImplementedError:
        if not io.is_async:
            raise
        return await io.call(blocking, *args, **kwargs)


def storing_of(db: VectorDb, upsert: bool) -> Storing:
    """The right way for a vector database."""
    return InStore(db) if isinstance(db, VectorStore) else InVectorDb(db, upsert)


__all__ = ["Storing", "coloured", "storing_of"]
