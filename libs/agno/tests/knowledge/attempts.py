"""Processes that add a folder: they may be killed, and several may do it at once. Starts quickly: nothing else is imported."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.text_reader import TextReader

SIZE = 12  # characters of a chunk


class Counting(HashingEmbedder):
    count = 0

    async def embed_batch(self, io: Any, texts: list[str]) -> Any:
        self.count += len(texts)
        return await super().embed_batch(io, texts)


class Ending(Reader):
    """Gives lines. Of a file with as many it waits for another process at one of them, and fails or dies at a later one."""

    end, at = "well", 0
    meets_at, mine, other = 0, Path(), Path()  # it makes a file there, and waits until the other one has made its own

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        for number, line in enumerate(Path(source).read_text().splitlines(), 1):
            if number == self.meets_at:
                self._meet()
            if number == self.at and self.end == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if number == self.at and self.end == "fails":
                raise OSError("the disk broke")
            yield Document(line)

    def _meet(self) -> None:
        self.mine.touch()
        deadline = time.monotonic() + 60
        while not self.other.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.meets_at > 100:  # it has stored something: where nothing keeps the other one away, that one goes on now
            time.sleep(1.0)


def read_by() -> TextReader:
    return TextReader(chunk_size=SIZE)


def read_beside(end: str, at: int, meets_at: int, mine: str, other: str) -> Reader:
    """Ends like this at line `at`; at `meets_at` it waits until the other one is where it waits."""
    reader = Ending()
    reader.end, reader.at = end, at
    reader.meets_at, reader.mine, reader.other = meets_at, Path(mine), Path(other)
    return reader


def knowledge_of(where: str, contents: str) -> Knowledge:
    """In PostgreSQL, a file of SQLite, or a folder of LanceDB."""
    embedder = Counting(16)
    if "://" in where:
        from agno.vectordb.pgvector import PgVector

        db: Any = PgVector(table_name=Path(contents).stem, db_url=where, embedder=embedder)
    elif where.endswith(".db"):
        from agno.vectordb.local import LocalVectorDb

        db = LocalVectorDb(where, embedder=embedder)
    else:
        from agno.vectordb.lancedb import LanceDb

        db = LanceDb(table_name="chunks", uri=where, embedder=embedder)
    return Knowledge(vector_db=db, contents_db=SqliteDb(db_file=contents))


def environment() -> dict[str, str]:
    """Of a process that uses this module."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def chunks_of(folder: Path) -> list[str]:
    return sorted(line for file in folder.iterdir() for line in file.read_text().splitlines())


def stored(knowledge: Knowledge, folder: Path) -> list[str]:
    """The texts of all chunks, with those that are there twice."""
    found = knowledge.search("000", max_results=10 * len(chunks_of(folder)))
    return sorted(document.content.strip() for document in found)


__all__ = ["SIZE", "Counting", "chunks_of", "environment", "knowledge_of", "read_beside", "read_by", "stored"]
