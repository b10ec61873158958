"""The same by hand, with the client of each product."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from benchmarks.knowledge.work import SIZE, vector

LIMIT = 10
_BATCH = 500


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


RAW = {"lancedb": RawLance, "qdrant": RawQdrant, "pgvector": RawPg}
