"""LanceDB, in a folder."""

from __future__ import annotations

import pytest

from agno.knowledge import Knowledge
from agno.knowledge.chunking.row import RowChunking
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.text_reader import TextReader
from agno.vectordb.lancedb import LanceDb
from vectordb.contract import VectorDbContract

pytestmark = pytest.mark.knowledge


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    TestLanceDb.folder = tmp_path_factory.mktemp("lance")


class TestLanceDb(VectorDbContract):
    folder = None

    def make(self, name, **options):
        return LanceDb(uri=self.folder, table_name=name, **options)


class Failing(HashingEmbedder):
    """Fails at one batch, and counts the texts of all others."""

    at = count = batches = 0

    async def embed_batch(self, io, texts):
        self.batches += 1
        if self.batches == self.at:
            raise ValueError("no vectors")
        self.count += len(texts)
        return await super().embed_batch(io, texts)


def _lines(tmp_path, count):
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(f"line {n}" for n in range(count)))
    return {"path": str(file), "reader": TextReader(chunking_strategy=RowChunking())}


def test_a_large_content_takes_fewer_writes_than_batches(tmp_path):
    db = LanceDb(uri=tmp_path / "lance", table_name="few", embedder=Failing(8))
    Knowledge(vector_db=db).add_content(**_lines(tmp_path, 3000))
    assert db.embedder.batches == 30 and db.table.count_rows() == 3000
    assert len(db.table.list_versions()) < 20
    assert db.table.stats()["fragment_stats"]["num_fragments"] < 8


def test_what_waits_to_be_written_is_stored_when_the_embedder_fails(tmp_path):
    db = LanceDb(uri=tmp_path / "lance", table_name="kept", embedder=Failing(8))
    db.embedder.at = 20
    knowledge, given = Knowledge(vector_db=db), _lines(tmp_path, 3000)
    with pytest.raises(ValueError, match="no vectors"):
        knowledge.add_content(**given)
    assert db.embedder.count == db.table.count_rows() == 1900
    knowledge.add_content(**given)
    assert db.embedder.count == db.table.count_rows() == 3000


def test_a_table_of_an_earlier_version_gets_a_primary_key_and_keeps_its_rows(tmp_path):
    import pyarrow as pa

    earlier = LanceDb(uri=tmp_path / "lance", table_name="new", embedder=HashingEmbedder(8))
    earlier.insert("one", [Document("green tea")])
    rows = earlier.table.to_arrow()
    plain = [field.with_nullable(True).remove_metadata() for field in rows.schema]
    earlier.connection.create_table("old", rows.cast(pa.schema(plain)))
    db = LanceDb(uri=tmp_path / "lance", table_name="old", embedder=HashingEmbedder(8))
    assert not db.table.schema.field("id").metadata
    db.insert("one", [Document("green tea")])
    db.insert("two", [Document("black tea")])
    assert sorted(one.content for one in db.search("tea")) == ["black tea", "green tea"]
    key = db.table.schema.field("id")
    assert not key.nullable and any(b"primary-key" in name for name in key.metadata)
    again = LanceDb(uri=tmp_path / "lance", table_name="old", embedder=HashingEmbedder(8))
    version = db.table.version
    assert len(again.search("tea")) == 2 and again.table.version == version
