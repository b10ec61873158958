"""From items to stored chunks: read, cut, embed in batches, store. Never all of a content is in memory.

A synchronous caller gets one content after the other, an asynchronous one `_AT_ONCE` of them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NoReturn

from agno._io import IO, Give
from agno.knowledge._errors import ReaderError
from agno.knowledge._ingestion.hashing import content_hash
from agno.knowledge._ingestion.items import Item
from agno.knowledge._ingestion.reading import read, reader_for
from agno.knowledge._ingestion.rows import Rows
from agno.knowledge._ingestion.storing import Storing
from agno.knowledge.content import Content, ContentStatus
from agno.knowledge.document import Document
from agno.knowledge.events import (
    ContentCompleted,
    ContentFailed,
    ContentProgress,
    ContentSkipped,
    ContentStarted,
    IngestionCompleted,
)
from agno.utils.log import log_debug, log_error
from agno.vectordb._records import SOURCE

_AT_ONCE = 4  # contents that an asynchronous caller has under way


@dataclass
class Job:
    """A content on its way."""

    content: Content
    skip: bool = True  # if it is there
    pending: list[Document] = field(default_factory=list)
    stored: int = 0
    error: Exception | None = None  # of storing: a reader that is interrupted by it may make another one of it


class _StoredMeanwhile(Exception):  # no error, but the way out of reading
    """Another one has stored this content, and is done."""


class Pipeline:
    """Adds items to a knowledge base."""

    def __init__(self, io: IO, give: Give, rows: Rows, storing: Storing | None, readers: Any, batch: int) -> None:
        self.io, self.give, self.rows, self.storing = io, give, rows, storing
        self.readers, self.batch = readers, batch
        self.done = IngestionCompleted()
        self._waiting: list[Job] = []  # small contents, which are embedded together
        self._under_way: dict[str, Content] = {}  # by content hash
        self._earlier: dict[str, list[str]] = {}  # rows of earlier attempts, by content hash

    async def run(self, items: list[Item], skip: bool) -> IngestionCompleted:
        """Add all. What cannot be read is noted, and the others go on; a database that is down stops everything."""
        if self.io.is_async and len(items) > 1:
            await self._several(items, skip)
        else:
            for item in items:
                await self._one(item, skip)
        await self._flush()
        await self.give(self.done)
        return self.done

    async def _several(self, items: list[Item], skip: bool) -> None:
        """Some at once: while one waits for a page or for the embedder, another one is read."""
        left = iter(items)

        async def take(give: Give) -> None:
            taker = copy(self)  # all else is shared
            taker.give = give
            for item in left:
                await taker._one(item, skip)

        try:
            await self.io.merge([take] * min(_AT_ONCE, len(items)), self.give)
        except Exception as error:  # of one; the others were left where they were
            for content in list(self._under_way.values()):
                await self._fail(content, f"Could not upsert embedding: {_told(error)}")
            raise

    async def _one(self, item: Item, skip: bool) -> None:
        content = item.content
        if self.storing is None:
            await self._begin(content)
            return await self._fail(content, "No vector database configured")
        try:
            if item.error is not None:
                raise ReaderError(item.error)
            reader = reader_for(item, self.readers)
            content.content_hash = await content_hash(self.io, item, reader)
        except Exception as error:  # a border: readers are loaded here, and their packages may be missing
            await self._begin(content)
            return await self._fail(content, _told(error))
        if content.content_hash in self._under_way:
            return await self._skip(content)
        self._under_way[content.content_hash] = content
        if skip and await self.storing.has(self.io, content.content_hash):
            return await self._is_there(content)
        await self._begin(content)
        try:
            await self._read(Job(content, skip), item, reader)
        finally:
            await self.storing.end(self.io, content)

    async def _is_there(self, content: Content) -> None:
        await self._settle(content)
        await self._skip(content)

    async def _skip(self, content: Content) -> None:
        self._ended(content)
        self.done.skipped.append(content)
        await self.give(ContentSkipped(content))

    def _ended(self, content: Content) -> None:
        if self._under_way.get(str(content.content_hash)) is content:
            del self._under_way[str(content.content_hash)]

    async def _settle(self, content: Content) -> None:
        """It is there already: give it the id under which it is listed. Where its row says that it is being processed, or is
        missing, an attempt was killed or removed between storing and noting it, or nobody kept a list: note it now."""
        content_id, earlier = await self.rows.attempt(self.io, self._whose(content))
        content.status, content.status_message = ContentStatus.COMPLETED, ""
        stored = sorted(await self._older(content)) if self.storing is not None else []
        if not await self.rows.is_under_way(self.io, content_id):
            for known in (*stored, *reversed(earlier)):
                if await self.rows.is_there(self.io, known):
                    content.id = known
                    return
            content_id = next(iter(stored), content_id)
        content.id = content_id
        await self.rows.write(self.io, content)
        await self.rows.delete(self.io, earlier)

    async def _begin(self, content: Content) -> None:
        """Make the row. An attempt that was killed left one, which is used again."""
        resumed = False
        if content.content_hash and self.storing is not None:
            content.id, earlier = await self.rows.attempt(self.io, self._whose(content))
            # one that could not even be hashed has a row of its own
            unread, _ = await self.rows.attempt(self.io, _place(content))
            unread_is_there = await self.rows.is_there(self.io, unread)
            self._earlier[content.content_hash] = [*earlier, unread] if unread_is_there else earlier
            resumed = await self.storing.begun(self.io, content.content_hash)
        else:
            content.id, _ = await self.rows.attempt(self.io, _place(content))
        if self.storing is not None and self.storing.in_pieces:
            content.external_id = content.external_id or content.path  # by which a file that is gone is known
        content.status = ContentStatus.PROCESSING
        await self.rows.write(self.io, content)
        await self.give(ContentStarted(content, resumed))

    def _whose(self, content: Content) -> str:
        """What attempts at a content have in common: where it comes from, so that a file that was mended takes the row of the
        attempt that failed. A database that keeps older versions has rows for them, too."""
        content_hash = str(content.content_hash)
        return content_hash[:SOURCE] if self.storing is not None and self.storing.in_pieces else content_hash

    # Reading ---------------------------------------------------------------------------------------------------------

    async def _read(self, job: Job, item: Item, reader: Any) -> None:
        async def take(document: Document) -> None:
            document.content_id = job.content.id
            job.pending.append(document)
            if len(job.pending) >= self.batch and self.storing is not None and self.storing.in_pieces:
                try:
                    await self._add_piece(job)
                except Exception as error:
                    job.error = error
                    raise

        try:
            await read(self.io, take, item, reader)
        except Exception as error:  # a border: readers of users raise anything
            if isinstance(job.error, _StoredMeanwhile):
                return await self._is_there(job.content)
            if job.error is not None:
                await self._stop([job], job.error)
            await self._forget(job.content)
            return await self._fail(job.content, _told(error))
        if not job.pending and not job.stored:
            return await self._fail(job.content, "Content could not be read: it holds no text.")
        await self._end(job)

    async def _end(self, job: Job) -> None:
        """It was read to its end."""
        if not job.stored:
            self._waiting.append(job)
            if sum(len(one.pending) for one in self._waiting) >= self.batch:
                await self._flush()
            return
        assert self.storing is not None
        try:
            if job.pending:
                await self._add_piece(job)
            # the rows of older versions go first: as long as their chunks are there, the next attempt finds them
            await self.rows.delete(self.io, await self._older(job.content))
            finished = await self.storing.finish(self.io, job.content)
        except Exception as error:
            await self._stop([job], error)
        if not finished:
            return await self._fail(job.content, "A newer version of it was stored meanwhile.")
        await self._complete(job)

    # Storing ---------------------------------------------------------------------------------------------------------

    async def _add_piece(self, job: Job) -> None:
        assert self.storing is not None
        piece, job.pending = job.pending, []
        if not job.stored and not await self.storing.begin(self.io, job.content, job.skip):
            raise _StoredMeanwhile
        await self.storing.add(self.io, job.content, piece)
        job.stored += len(piece)
        await self.give(ContentProgress(job.content, job.stored))

    async def _flush(self) -> None:
        """Store the small contents that wait."""
        jobs = self._waiting[:]
        self._waiting.clear()
        if not jobs or self.storing is None:
            return
        try:
            older = await self.storing.older(self.io, [job.content for job in jobs]) if self.rows.db is not None else {}
            await self.storing.put(self.io, [(job.content, job.pending) for job in jobs])
        except Exception as error:
            await self._stop(jobs, error)
        for job in jobs:
            job.stored = len(job.pending)
            await self._complete(job, older.get(str(job.content.content_hash), ()))

    async def _older(self, content: Content) -> set[str]:
        """Ids of contents that this one replaces."""
        assert self.storing is not None
        return (await self.storing.older(self.io, [content])).get(str(content.content_hash), set())

    async def _complete(self, job: Job, older: Iterable[str] = ()) -> None:
        content = job.content
        content.status, content.status_message = ContentStatus.COMPLETED, ""
        await self.rows.write(self.io, content)
        await self.rows.delete(self.io, {*older, *self._earlier.pop(str(content.content_hash), ())})
        self._ended(content)
        self.done.completed.append(content)
        self.done.chunks += job.stored
        await self.give(ContentCompleted(content, job.stored))

    # Failing ---------------------------------------------------------------------------------------------------------

    async def _fail(self, content: Content, message: str) -> None:
        """It is the content's fault: note it, and go on."""
        log_error(f"{content.name or content.id}: {message}")
        content.status, content.status_message = ContentStatus.FAILED, message
        await self.rows.write_failed(self.io, content)
        self._ended(content)
        self.done.failed.append(content)
        await self.give(ContentFailed(content, message))

    async def _stop(self, jobs: list[Job], error: Exception) -> NoReturn:
        """It is not the content's fault: note it, and let the error travel. What is stored is used by the next attempt."""
        stopped = [*jobs, *self._waiting]
        self._waiting.clear()
        for job in stopped:
            await self._fail(job.content, f"Could not upsert embedding: {_told(error)}")
        raise error

    async def _forget(self, content: Content) -> None:
        try:
            assert self.storing is not None
            await self.storing.forget(self.io, content)
        except Exception as error:  # the content has failed anyway; the next attempt clears up
            log_debug(f"the pieces of {content.name!r} could not be removed: {error}")


def _place(content: Content) -> str:
    """Where a content comes from that could not even be hashed."""
    given = (content.file_type, content.name, content.path, content.url, content.topics, content.metadata)
    return repr(given)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (
        text
        if isinstance(error, (ReaderError, ImportError)) and text
        else f"{type(error).__name__}: {text}".rstrip(": ")
    )


__all__ = ["Pipeline"]
