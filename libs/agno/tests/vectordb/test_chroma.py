"""Chroma, in this process, in a folder, and as a server."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbUnavailableError
from agno.vectordb.chroma import ChromaDb
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = pytest.mark.knowledge


class TestChromaDb(VectorDbContract):
    def make(self, name, **options):
        return ChromaDb(collection=name, **options)


EMBEDDER = HashingEmbedder(dimensions=16)


def test_a_folder_keeps_it(tmp_path):
    program = (
        "from agno.vectordb.chroma import ChromaDb\nfrom agno.knowledge.document import Document\n"
        "from agno.knowledge.embedder.hashing import HashingEmbedder\n"
        f"db = ChromaDb(collection='docs', path={str(tmp_path)!r}, persistent_client=True, embedder=HashingEmbedder(16))\n"
        "db.insert('h', [Document('tea', meta_data={'a': [1]})])"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    db = ChromaDb(collection="docs", path=str(tmp_path), persistent_client=True, embedder=EMBEDDER)
    assert [document.meta_data for document in db.search("tea", filters={"a": 1})] == [{"a": [1]}]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = free_port()
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(tmp_path_factory.mktemp("chroma"))]
    with open(tmp_path_factory.mktemp("log") / "log", "w") as log:
        server = subprocess.Popen([*command, "--port", str(port), "--host", "127.0.0.1"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 40
        while True:
            try:
                ChromaDb(collection="probe", host="127.0.0.1", port=port, embedder=EMBEDDER).exists()
                break
            except VectorDbUnavailableError:
                assert time.monotonic() < end and server.poll() is None
                time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait(30)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_keeps_it(port, colour):
    db = Face(ChromaDb(collection=f"{colour}-docs", host="127.0.0.1", port=port, embedder=EMBEDDER), colour == "async")
    db.upsert("h", [Document("green tea", meta_data={"n": 1}), Document("milk", meta_data={"n": 2})])
    assert texts(db.search("tea", filters={"n": 1})) == ["green tea"] and db.search("tea", filters={"n": 3}) == []
    db.drop()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    db = Face(ChromaDb(collection="docs", host="127.0.0.1", port=free_port(), embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("tea")
