"""`agno ask` keeps what it read: a second question reads and embeds only what changed."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from agno.cli import _filling
from agno.cli._documents import DocumentError
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.local import LocalVectorDb

from agno_command import Agno


class Counting(HashingEmbedder):
    texts: list[str] = []

    async def embed_batch(self, io, texts):
        self.texts.extend(texts)
        return await super().embed_batch(io, texts)


@pytest.fixture
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file about ducks and one about geese, and a cache of its own."""
    (folder / "ducks.md").write_text("Ducks swim.\n")
    (folder / "geese.md").write_text("# Geese\n\nGeese fly to Africa.\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AGNO_CACHE_DIR", str(folder.parent / "cache"))
    monkeypatch.setenv("AGNO_EMBEDDER", "hashing")
    monkeypatch.setattr(_filling, "HashingEmbedder", Counting)
    monkeypatch.setattr(Counting, "texts", [])
    return folder


def told() -> tuple[list[str], _filling.Tell]:
    sentences: list[str] = []
    return sentences, sentences.append


def search(library: _filling.Library, query: str) -> str:
    return str(library.search_documents(query))


def test_a_second_question_embeds_nothing_and_what_changed_is_read_again(files: Path) -> None:
    sentences, tell = told()
    assert "ducks.md:1" in search(_filling.library(["."], tell), "ducks")
    assert sorted(Counting.texts) == ["# Geese\n\nGeese fly to Africa.", "Ducks swim."]
    Counting.texts.clear()
    library = _filling.library(["."], tell)
    assert "geese.md:1-3" in search(library, "geese") and Counting.texts == []
    (files / "ducks.md").write_text("Ducks dive.\n")
    (files / "geese.md").unlink()
    library = _filling.library(["."], tell)
    assert Counting.texts == ["Ducks dive."] and sentences == []
    assert "dive" in search(library, "ducks") and "swim" not in search(library, "ducks")
    assert search(library, "geese") == "[]"
    assert library.list_documents() == "ducks.md" and "There is no document" in library.read_document("geese.md")
    assert "[ducks.md:1]" in library.read_document("ducks.md")


def test_the_same_text_in_two_files_is_in_both(files: Path) -> None:
    (files / "more.md").write_text("Ducks swim.\n")
    library = _filling.library(["."], print)
    assert "ducks.md:1" in search(library, "ducks") and "more.md:1" in search(library, "ducks")
    (files / "more.md").unlink()
    assert "more.md" not in search(_filling.library(["."], print), "ducks")


def test_a_file_that_breaks_is_told_each_time_and_no_longer_found(files: Path) -> None:
    sentences, tell = told()
    _filling.library(["."], tell)
    (files / "ducks.md").write_bytes(bytes(range(256)) * 8)
    for _ in range(2):
        assert search(_filling.library(["."], tell), "ducks") == "[]"
    assert sentences == ["left out: ducks.md is binary data, not text, Markdown, HTML, PDF or code."] * 2
    with pytest.raises(DocumentError, match="binary data"):
        _filling.library(["ducks.md"], tell)


def test_where_it_is_kept_and_for_whom(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _filling.cache_folder() == files.parent / "cache"
    _filling.library(["."], print)
    (kept,) = (files.parent / "cache" / "ask").glob("*.db")
    assert kept.parent.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("AGNO_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(files / "xdg"))
    assert _filling.cache_folder() == files / "xdg" / "agno"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert _filling.cache_folder() == Path.home() / ".cache" / "agno"


def test_what_nobody_asked_for_a_month_goes(files: Path) -> None:
    _filling.library(["ducks.md"], print)
    (old,) = (files.parent / "cache" / "ask").glob("*.db")
    os.utime(old, (time.time() - 40 * 24 * 3600,) * 2)
    _filling.library(["geese.md"], print)
    assert not old.exists() and len(list(old.parent.glob("*.db"))) == 1


def test_a_damaged_file_is_made_again(files: Path) -> None:
    _filling.library(["."], print)
    (kept,) = (files.parent / "cache" / "ask").glob("*.db")
    for end in ("-wal", "-shm"):
        Path(f"{kept}{end}").unlink(missing_ok=True)
    kept.write_bytes(b"no database, but long enough to be looked at " * 100)
    sentences, tell = told()
    assert "ducks.md:1" in search(_filling.library(["."], tell), "ducks") and sentences == []
    assert sqlite3.connect(kept).execute("SELECT count(*) FROM agno_chunks").fetchone() == (2,)


def test_where_nothing_can_be_kept_it_answers_all_the_same(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGNO_CACHE_DIR", str(files / "ducks.md"))  # no folder can be made below a file
    sentences, tell = told()
    assert "ducks.md:1" in search(_filling.library(["."], tell), "ducks")
    assert len(sentences) == 1 and "What is read is kept in memory this time." in sentences[0]


def test_standard_input_is_not_kept(agno_here: Agno, folder: Path) -> None:
    assert "> the disk failed" in agno_here("ask", "-", "What failed?", given="all fine\n\nthe disk failed\n").out
    assert list((folder.parent / "home").rglob("*.db")) == []


def test_vectors_of_another_embedder_are_another_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _filling._place(["."], "minilm") != _filling._place(["."], "hashing")
    monkeypatch.setenv("AGNO_EMBEDDER", "oracle")
    with pytest.raises(ValueError, match="AGNO_EMBEDDER is 'oracle'; it may be 'minilm' or 'hashing'."):
        _filling.library(["."], print)


def test_an_embedder_that_fails_is_an_error_and_the_next_question_goes_on(files: Path) -> None:
    class Broken(HashingEmbedder):
        async def embed_batch(self, io, texts):
            raise RuntimeError("no memory left")

    store = _filling.store_at(":memory:", "hashing")
    store.embedder = Broken()
    with pytest.raises(RuntimeError, match="no memory left"):
        _filling._Filling(store, print).fill(["."])
    store.embedder = Counting()
    assert _filling._Filling(store, print).fill(["."]) == ["ducks.md", "geese.md"]


def test_meaning_adds_what_words_do_not_find(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Birds(HashingEmbedder):
        async def embed_batch(self, io, texts):
            return [[1.0, 0.0] if "wings" in text or "Geese" in text else [0.0, 1.0] for text in texts], None

    store = _filling.store_at(":memory:", "hashing")
    store.embedder, store.meaning = Birds(2), 0.5
    library = _filling.Library(store, _filling._Filling(store, print).fill(["."]))
    assert search(library, "who has wings?").startswith('[{"source":"geese.md:1-3"')
    assert isinstance(store, LocalVectorDb) and [hit.score for hit in store.find("ducks", 2)] == [1.5]
