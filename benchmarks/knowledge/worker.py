"""One row on one product: `python -m benchmarks.knowledge.worker ROW PRODUCT CHUNKS FOLDER URL` prints its figures as JSON."""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.knowledge.raw import LIMIT, RAW
from benchmarks.knowledge.work import embedder, queries, texts

_QUESTIONS = 60
_WARM = 10


def store_of(product: str, folder: Path, url: str) -> Any:
    """A vector database of Agno, of whichever version is installed."""
    if product == "lancedb":
        from agno.vectordb.lancedb import LanceDb

        return LanceDb(uri=str(folder), table_name="bench", embedder=embedder())
    if product == "qdrant":
        from agno.vectordb.qdrant import Qdrant

        return Qdrant(collection="bench", path=str(folder), embedder=embedder())
    if product == "local":
        from agno.vectordb.local import LocalVectorDb

        return LocalVectorDb(folder / "bench.db", embedder=embedder())
    from agno.vectordb.pgvector import PgVector

    return PgVector(table_name="bench", db_url=url, embedder=embedder(), vector_index=None)


class ByAgno:
    """Through `Knowledge`: its store takes all chunks at once, and it searches."""

    def __init__(self, product: str, folder: Path, url: str) -> None:
        from agno.knowledge.knowledge import Knowledge

        self.knowledge = Knowledge(vector_db=store_of(product, folder, url), max_results=LIMIT)

    def add(self, contents: list[str]) -> None:
        from agno.knowledge.document import Document

        documents = [Document(content=text, name=f"d{n}", meta_data={"n": n}) for n, text in enumerate(contents)]
        self.knowledge.vector_db.insert(content_hash="bench", documents=documents)

    def search(self, query: str) -> list[str]:
        return [document.content for document in self.knowledge.search(query)]


class ByContent(ByAgno):
    """The same, added as one file of which each line is a chunk."""

    def __init__(self, product: str, folder: Path, url: str) -> None:
        super().__init__(product, folder, url)
        self.file = folder.with_suffix(".txt")

    def add(self, contents: list[str]) -> None:
        from agno.knowledge.chunking.row import RowChunking
        from agno.knowledge.reader.text_reader import TextReader

        self.file.write_text("\n".join(contents))
        self.knowledge.add_content(path=str(self.file), reader=TextReader(chunking_strategy=RowChunking()))


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of CPU and of the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - clock) * 1e3


def main() -> None:
    row, product, count, folder, url = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]), sys.argv[5]
    logging.disable(logging.ERROR)
    kind: Any = RAW[row][product] if row in RAW else None
    store = kind(folder, url) if kind else (ByContent if row == "us-content" else ByAgno)(product, folder, url)
    contents, asked = texts(count), queries(_QUESTIONS + _WARM)
    cpu, clock = timed(lambda: store.add(contents))
    for query in asked[:_WARM]:
        assert len(store.search(query)) == LIMIT, f"{row} on {product} found {len(store.search(query))}"
    assert set(store.search(asked[0])) <= set(contents)
    times = [timed(lambda query=query: store.search(query)) for query in asked[_WARM:]]
    searching = {
        f"search_{name}": statistics.median(part)
        for name, part in zip(("cpu", "clock"), zip(*times, strict=True), strict=True)
    }
    print(json.dumps({"add_cpu": cpu, "add_clock": clock, **searching}))


if __name__ == "__main__":
    main()
