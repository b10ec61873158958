"""Processes that add a folder: they may be killed, and several may do it at once. Starts quickly: nothing else is imported."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.text_reader import TextReader

SIZE = 12  # characters of a chunk


class Counting(HashingEmbedder):
    count = 0

    async def embed_batch(self, io: Any, texts: list[str]) -> Any:
        self.count += len(texts)
        return await super().embed_batch(io, texts)


class Ending(TextReader):
    """Fails, or takes the process with it, when it has read so many chunks."""

    end, at, read_so_far = "well", 0, 0

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        for document in super().documents(source, name):
            self.read_so_far += 1
            if self.read_so_far == self.at and self.end == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.read_so_far == self.at and self.end == "fails":
                raise OSError("the disk broke")
            yield document


def read_by(end: str = "well", at: int = 0) -> TextReader:
    reader = Ending(chunk_size=SIZE)
    reader.end, reader.at = end, at
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


__all__ = ["SIZE", "Counting", "chunks_of", "environment", "knowledge_of", "read_by", "stored"]
