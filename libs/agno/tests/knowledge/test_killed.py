"""A process that is killed while it adds a folder; another one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from db.servers.sql import Postgres, running

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.text_reader import TextReader
from agno.vectordb.pgvector import PgVector

PROGRAM = """
import os, sys, signal
from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.text_reader import TextReader
from agno.vectordb.pgvector import PgVector

class Deadly(HashingEmbedder):
    batches = 0
    async def embed_batch(self, io, texts):
        self.batches += 1
        if self.batches == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().embed_batch(io, texts)

db = PgVector(table_name="killed", db_url=sys.argv[1], embedder=Deadly(16))
Knowledge(vector_db=db, contents_db=SqliteDb(db_file=sys.argv[2])).add_content(
    path=sys.argv[3], reader=TextReader(chunk_size=12)
)
"""


@pytest.fixture(scope="module")
def server():
    with running(Postgres) as server:
        yield server


class Counting(HashingEmbedder):
    count = 0

    async def embed_batch(self, io, texts):
        self.count += len(texts)
        return await super().embed_batch(io, texts)


def test_another_process_goes_on_where_it_was_and_stores_nothing_twice(server, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("\n".join(f"a {n:08}" for n in range(150)))
    (folder / "b.txt").write_text("\n".join(f"b {n:08}" for n in range(350)))
    (folder / "c.txt").write_text("c")
    command = [sys.executable, "-c", PROGRAM, server.url(), str(tmp_path / "c.db"), str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for dies_at in ("2", "3"):  # within the first file, then within the second
        done = subprocess.run([*command, dies_at], env=environment, timeout=60, capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
    db = PgVector(table_name="killed", db_url=server.url(), embedder=Counting(16))
    knowledge = Knowledge(vector_db=db, contents_db=SqliteDb(db_file=str(tmp_path / "c.db")))
    before = {one.name: one.id for one in knowledge.get_content()[0]}
    assert set(before) == {"a.txt", "b.txt"}
    knowledge.add_content(path=str(folder), reader=TextReader(chunk_size=12))
    (texts,) = server.execute("SELECT count(*), count(DISTINCT content), count(DISTINCT content_id) FROM ai.killed")
    assert texts == (501, 501, 3) and db.embedder.count == 250 + 1
    contents = knowledge.get_content()[0]
    assert {one.status.value for one in contents} == {"completed"} and len(contents) == 3
    assert before.items() <= {one.name: one.id for one in contents}.items()
    db.close()
