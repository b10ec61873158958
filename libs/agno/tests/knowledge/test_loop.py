"""The event loop goes on while content is added and searched for: nothing blocks it, and no step of it is long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.text_reader import TextReader
from agno.vectordb.in_memory import InMemoryVectorDb
from agno.vectordb.local import LocalVectorDb
from knowledge.readers.making import pdf
from knowledge.watching import Watched

MOST = 100_000  # calls in one step of the loop: ten milliseconds or less
EMBEDDER = HashingEmbedder(dimensions=64)


def _sqlite_vec(place: Path) -> Any:
    from agno.vectordb.sqlite import SqliteVec

    return SqliteVec("docs", place / "v.db", embedder=EMBEDDER)


def _duckdb(place: Path) -> Any:
    from agno.vectordb.duckdb import DuckDb

    return DuckDb("docs", str(place / "v.duckdb"), embedder=EMBEDDER)


def _lancedb(place: Path) -> Any:
    from agno.vectordb.lancedb import LanceDb

    return LanceDb(str(place / "lance"), table_name="docs", embedder=EMBEDDER)


def _chroma(place: Path) -> Any:
    from agno.vectordb.chroma import ChromaDb

    return ChromaDb("docs", path=str(place / "chroma"), persistent_client=True, embedder=EMBEDDER)


def _qdrant(place: Path) -> Any:
    from agno.vectordb.qdrant import Qdrant

    return Qdrant("docs", path=str(place / "qdrant"), embedder=EMBEDDER)


def _milvus(place: Path) -> Any:
    from agno.vectordb.milvus import Milvus

    return Milvus("docs", uri=str(place / "milvus.db"), embedder=EMBEDDER)


STORES: list[Callable[[Path], Any]] = [_sqlite_vec, _duckdb, _lancedb, _chroma, _qdrant, _milvus]
ours = [
    pytest.param(lambda place: InMemoryVectorDb(embedder=EMBEDDER), id="in-memory"),
    pytest.param(lambda place: LocalVectorDb(place / "v.db", embedder=EMBEDDER), id="local"),
]
others = [pytest.param(make, id=make.__name__[1:], marks=pytest.mark.knowledge) for make in STORES]


@pytest.mark.parametrize("make", [*ours, *others])
def test_adding_and_searching_never_hold_up_the_loop(make: Callable[[Path], Any], tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "large.txt").write_text("\n".join(f"line {n:06} of tea" for n in range(400)))
    (folder / "pages.pdf").write_bytes(pdf("green tea"))
    for n in range(5):
        (folder / f"small{n}.txt").write_text(f"small text {n}")
    db = make(tmp_path)
    knowledge = Knowledge(vector_db=db, contents_db=SqliteDb(db_file=str(tmp_path / "contents.db")))
    knowledge.add_content(text_content="warm tea", name="warm")  # packages are loaded at their first use
    knowledge.search("warm tea")
    asyncio.run(knowledge.async_search("warm tea"))

    async def filled() -> Watched:
        with Watched() as seen:
            await knowledge.add_content_async(path=str(folder), reader=TextReader(chunk_size=20), exclude=["*.pdf"])
            await knowledge.add_content_async(path=str(folder))
            for kind in db.search_types:
                assert await knowledge.async_search("line of tea", search_type=kind)
            assert await knowledge.async_search("tea", filters={"linked": 1}) == []
        return seen

    async def changed() -> Watched:
        with Watched() as seen:
            await knowledge.add_content_async(path=str(folder / "small1.txt"))
            contents, _ = await knowledge.aget_content()
            await knowledge.aremove_content_by_id(str(contents[0].id))
        return seen

    first = asyncio.run(filled())
    (folder / "small1.txt").write_text("another text")
    for seen in (first, asyncio.run(changed())):
        assert not seen.blocking, "\n".join(seen.blocking)
        assert seen.longest < MOST, seen.where


def test_the_watch_sees_what_blocks() -> None:
    async def run() -> Watched:
        with Watched() as seen:
            open(__file__).close()
            sum(len(str(n)) for n in range(1000))
            await asyncio.sleep(0)
        return seen

    seen = asyncio.run(run())
    assert len(seen.blocking) == 1 and "open" in seen.blocking[0] and seen.longest > 1000
