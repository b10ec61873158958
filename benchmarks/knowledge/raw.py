"""The same by hand, with the client of each product."""

from __future__ import annotations

import hashlib
import json
import struct
import uuid
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.knowledge.work import SIZE, vector

LIMIT = 10
_BATCH = 500
_PIECE = 100


def _id_of(text: str) -> str:
    """The same for the same text."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16]))


class RawLance:
    def __init__(self, folder: Path, url: str) -> None:
        import lancedb

        self.database = lancedb.connect(folder)
        self.table: Any = None

    def add(self, texts: list[str]) -> None:
        rows = [
            {
                "id": str(uuid.uuid4()),
                "vector": vector(text),
                "payload": json.dumps({"content": text, "meta_data": {"n": n}}),
            }
            for n, text in enumerate(texts)
        ]
        self.table = self.database.create_table("raw", rows)

    def search(self, query: str) -> list[str]:
        rows = self.table.search(vector(query)).distance_type("cosine").limit(LIMIT).to_list()
        return [json.loads(row["payload"])["content"] for row in rows]


class RawQdrant:
    def __init__(self, folder: Path, url: str) -> None:
        from qdrant_client import QdrantClient, models

        self.models = models
        self.client = QdrantClient(path=str(folder))

    def add(self, texts: list[str]) -> None:
        models = self.models
        self.client.create_collection(
            "raw", vectors_config=models.VectorParams(size=SIZE, distance=models.Distance.COSINE)
        )
        points = [
            models.PointStruct(
                id=str(uuid.uuid4()), vector=vector(text), payload={"content": text, "meta_data": {"n": n}}
            )
            for n, text in enumerate(texts)
        ]
        for start in range(0, len(points), _BATCH):
            self.client.upsert("raw", points[start : start + _BATCH])

    def search(self, query: str) -> list[str]:
        found = self.client.query_points("raw", query=vector(query), limit=LIMIT, with_payload=True).points
        return [point.payload["content"] for point in found]


class RawPg:
    def __init__(self, folder: Path, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)

    def add(self, texts: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
            cursor.execute(
                f"CREATE TABLE raw (id text PRIMARY KEY, content text, meta_data jsonb, embedding vector({SIZE}))"
            )
            cursor.executemany(
                "INSERT INTO raw VALUES (%s, %s, %s, %s)",
                [(str(uuid.uuid4()), text, json.dumps({"n": n}), str(vector(text))) for n, text in enumerate(texts)],
            )

    def search(self, query: str) -> list[str]:
        statement = "SELECT content FROM raw ORDER BY embedding <=> %s::vector LIMIT %s"
        return [row[0] for row in self.connection.execute(statement, (str(vector(query)), LIMIT))]


class SameLance(RawLance):
    """The columns that we keep, in one write, and an id is there once."""

    def add(self, texts: list[str]) -> None:
        self.table = self.database.create_table("raw", schema=self.schema())
        merge = self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(self.rows(texts))

    def schema(self) -> Any:
        import pyarrow as pa

        kinds = {"vector": pa.list_(pa.float32(), SIZE), "terms": pa.list_(pa.string())}
        kinds["numbers"] = pa.map_(pa.string(), pa.float64())
        names = [
            "id",
            "content",
            "name",
            "meta_data",
            "vector",
            "usage",
            "content_hash",
            "content_id",
            "source",
            "terms",
            "numbers",
        ]
        return pa.schema([pa.field(name, kinds.get(name, pa.string()), name != "id") for name in names])

    def rows(self, texts: list[str]) -> Any:
        import pyarrow as pa

        rows = [
            {
                "id": _id_of(text),
                "content": text,
                "name": f"d{n}",
                "meta_data": json.dumps({"n": n}),
                "vector": vector(text),
                "usage": None,
                "content_hash": "bench",
                "content_id": None,
                "source": "bench",
                "terms": [json.dumps(["n", n])],
                "numbers": [("n", n)],
            }
            for n, text in enumerate(texts)
        ]
        return pa.Table.from_pylist(rows, schema=self.schema())

    def search(self, query: str) -> list[str]:
        found = self.table.search(vector(query)).distance_type("cosine").limit(LIMIT).to_list()
        return [row["content"] for row in found if json.loads(row["meta_data"]) is not None]


class SafeLance(SameLance):
    """The same, a hundred at a time, so that it can be resumed, and put together at the end."""

    def add(self, texts: list[str]) -> None:
        self.table = self.database.create_table("raw", schema=self.schema())
        rows = self.rows(texts)
        for start in range(0, len(texts), _PIECE):
            self.table.add(rows.slice(start, _PIECE))
        self.table.optimize()


class SameQdrant(RawQdrant):
    """With the words of each chunk and the payload that we keep; a search reads the vectors, too."""

    def add(self, texts: list[str]) -> None:
        models = self.models
        self.client.create_collection(
            "raw",
            vectors_config={"dense": models.VectorParams(size=SIZE, distance=models.Distance.COSINE)},
            sparse_vectors_config={"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        points = [
            models.PointStruct(
                id=_id_of(text),
                vector={"dense": vector(text), "sparse": self.words(text)},
                payload={
                    "content": text,
                    "name": f"d{n}",
                    "meta_data": {"n": n},
                    "usage": None,
                    "content_hash": "bench",
                    "source": "bench",
                    "content_id": None,
                    "terms": [json.dumps(["n", n])],
                    "numbers": {"n": n},
                },
            )
            for n, text in enumerate(texts)
        ]
        for start in range(0, len(points), _BATCH):
            self.client.upsert("raw", points[start : start + _BATCH])

    def words(self, text: str) -> Any:
        counted = Counter(zlib.crc32(word.encode()) for word in text.lower().split())
        return self.models.SparseVector(indices=list(counted), values=[float(one) for one in counted.values()])

    def search(self, query: str) -> list[str]:
        asked = {"limit": LIMIT, "with_payload": True, "with_vectors": ["dense"]}
        found = self.client.query_points("raw", query=vector(query), using="dense", **asked).points
        return [point.payload["content"] for point in found]


class SamePg(RawPg):
    """A search reads the columns that we read, and unpacks them."""

    def search(self, query: str) -> list[str]:
        columns = "id, content, meta_data, vector_send(embedding)"
        statement = f"SELECT {columns} FROM raw ORDER BY embedding <=> %s::vector LIMIT %s"
        found = self.connection.execute(statement, (str(vector(query)), LIMIT))
        return [row[1] for row in found if struct.unpack(f">4x{SIZE}f", row[3])]


RAW = {
    "raw": {"lancedb": RawLance, "qdrant": RawQdrant, "pgvector": RawPg},
    "raw-same": {"lancedb": SameLance, "qdrant": SameQdrant, "pgvector": SamePg},
    "raw-safe": {"lancedb": SafeLance},
}
