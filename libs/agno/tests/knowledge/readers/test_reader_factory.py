"""Readers by key, type and URL; what a user interface is told of them; the port itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from agno.knowledge.chunking.strategy import ChunkingStrategyType
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.reader.firecrawl_reader import FirecrawlReader
from agno.knowledge.reader.pdf_reader import PDFReader
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.knowledge.reader.text_reader import TextReader
from agno.knowledge.types import ContentType
from agno.knowledge.utils import (
    get_all_chunkers_info,
    get_all_content_types,
    get_all_readers_info,
    get_chunker_info,
    get_content_types_to_readers_mapping,
    get_reader_info,
)

KEYS = ReaderFactory.get_all_reader_keys()


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    entries = dict(ReaderFactory._entries)
    yield
    ReaderFactory._entries = entries
    ReaderFactory.clear_cache()


def test_keys_of_the_web_come_first() -> None:
    assert KEYS[:5] == ["url", "website", "firecrawl", "youtube", "web_search"]
    assert KEYS[5:] == sorted(KEYS[5:])
    wanted = [
        "pdf",
        "csv",
        "docx",
        "json",
        "markdown",
        "text",
        "website",
        "firecrawl",
        "youtube",
        "arxiv",
        "wikipedia",
        "web_search",
        "url",
        "excel",
        "pptx",
    ]
    assert set(wanted) <= set(KEYS)


@pytest.mark.parametrize("key", [key for key in KEYS if key != "docling"])
def test_every_reader_is_made_and_described(key: str) -> None:
    reader = ReaderFactory.create_reader(key)
    info = get_reader_info(key)
    assert reader.name == info["name"]
    assert info["id"] == key and info["description"]
    assert type(reader).default_strategy.value in info["chunking_strategies"]
    assert set(info["content_types"]) <= set(get_all_content_types())


def test_a_reader_without_its_package_is_left_out() -> None:
    assert "docling" not in {info["id"] for info in get_all_readers_info()}
    assert "docling" not in ReaderFactory.create_all_readers()
    with pytest.raises(ImportError, match="DoclingReader needs `docling`. Install it with: pip install docling"):
        ReaderFactory.create_reader("docling")
    assert get_reader_info("docling")["name"] == "DoclingReader"


def test_readers_are_shared_but_not_those_with_settings() -> None:
    assert ReaderFactory.create_reader("text") is ReaderFactory.create_reader("text")
    own = ReaderFactory.create_reader("text", chunk_size=7)
    assert own.chunk_size == 7
    assert ReaderFactory.create_reader("text").chunk_size == 5000
    shared = ReaderFactory.create_reader("text")
    ReaderFactory.clear_cache()
    assert ReaderFactory.create_reader("text") is not shared


def test_defaults_of_the_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRECRAWL_API_KEY", "fc-env")
    reader = ReaderFactory.create_reader("firecrawl")
    assert isinstance(reader, FirecrawlReader)
    assert (reader.mode, reader.api_key) == ("crawl", "fc-env")
    assert ReaderFactory.create_reader("pdf").chunk_size == 5000


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Unknown reader: pfd\. There are url, website, "):
        ReaderFactory.create_reader("pfd")
    with pytest.raises(ValueError, match="Unknown reader: pfd"):
        get_reader_info("pfd")


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (".pdf", "pdf"),
        ("application/pdf", "pdf"),
        ("PDF", "pdf"),
        (".csv", "csv"),
        ("text/csv; charset=utf-8", "csv"),
        (".docx", "docx"),
        (".doc", "docx"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        (".json", "json"),
        ("application/json", "json"),
        (".md", "markdown"),
        (".markdown", "markdown"),
        ("text/markdown", "markdown"),
        (".xlsx", "excel"),
        (".pptx", "pptx"),
        (".html", "html"),
        (".txt", "text"),
        (".py", "text"),
        ("", "text"),
    ],
)
def test_a_reader_is_chosen_by_the_type_of_a_file(kind: str, key: str) -> None:
    assert ReaderFactory.get_reader_for_extension(kind) is ReaderFactory.create_reader(key)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.youtube.com/watch?v=x", "youtube"),
        ("https://youtu.be/x", "youtube"),
        ("https://example.org/youtube.com", "url"),
        ("https://youtube.com.example.org/", "url"),
        ("http://[half", "url"),
    ],
)
def test_a_reader_is_chosen_by_url(url: str, key: str) -> None:
    assert ReaderFactory.get_reader_for_url(url) is ReaderFactory.create_reader(key)


def test_a_reader_of_ones_own_is_registered() -> None:
    class LogReader(TextReader):
        """Logs."""

    ReaderFactory.register_reader("log", LogReader, "Log Reader", "Reads logs", [".log", ".PDF"])
    assert isinstance(ReaderFactory.get_reader_for_extension(".log"), LogReader)
    assert isinstance(ReaderFactory.get_reader_for_extension(".pdf"), LogReader)
    assert get_reader_info("log") == {
        "id": "log",
        "name": "Log Reader",
        "description": "Reads logs",
        "chunking_strategies": [strategy.value for strategy in Reader.strategies],
        "content_types": [".txt"],
    }
    ReaderFactory.register_reader("made", lambda **settings: PDFReader(**settings), "Made", "By a function")
    assert get_reader_info("made")["content_types"] == [".pdf"]


def test_what_reads_what() -> None:
    mapping = get_content_types_to_readers_mapping()
    assert mapping[".pdf"] == ["pdf", "pdf_image"]
    assert mapping["youtube"] == ["youtube"]
    assert {"arxiv", "web_search", "wikipedia"} == set(mapping["topic"])
    assert "url" in mapping["url"]


def test_chunkers_are_described() -> None:
    assert get_chunker_info("FixedSizeChunker") == {
        "key": "FixedSizeChunker",
        "class_name": "FixedSizeChunking",
        "name": "FixedSizeChunking",
        "description": "Cuts every `chunk_size` characters, at the last space before. A chunk begins with the last `overlap` of the one before.",
        "strategy_type": "FixedSizeChunker",
    }
    assert [info["key"] for info in get_all_chunkers_info()] == [kind.value for kind in ChunkingStrategyType]
    with pytest.raises(ValueError, match="Unsupported chunking strategy"):
        get_chunker_info("fixed")


# The port ------------------------------------------------------------------------------------------------------------


class Words(Reader):
    """A reader of one's own."""

    content_types = (ContentType.TEXT,)

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        for number, word in enumerate(source.split()):
            yield Document(word, id=str(number), name=name)


def test_a_reader_of_ones_own_has_both_colours() -> None:
    assert [d.content for d in Words(chunk=False).read("a b")] == ["a", "b"]
    assert [d.content for d in asyncio.run(Words(chunk=False).async_read("a b"))] == ["a", "b"]
    with pytest.raises(ReaderError, match="empty-handed holds no text."):
        Words().read("  ", name="empty-handed")


def test_a_reader_that_overrides_read_alone_is_asynchronous_too() -> None:
    class Old(Reader):
        def read(self, obj: Any, name: str | None = None, password: str | None = None) -> list[Document]:  # type: ignore[override]
            return [Document(f"{obj} {name}")]

    assert [d.content for d in asyncio.run(Old().async_read("a", "n"))] == ["a n"]


def test_a_reader_that_reads_nothing_says_what_to_override() -> None:
    with pytest.raises(NotImplementedError, match="Reader has no `documents`"):
        Reader().read("x")


def test_an_unknown_setting_is_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    TextReader(chunksize=3)
    assert "TextReader has no setting 'chunksize': it is ignored." in caplog.text


def test_documents_are_cut_together_or_alone() -> None:
    reader = Words(chunk_size=3)
    documents = [Document("abcdef", id="d"), Document("gh", id="e")]
    assert [c.content for c in reader.chunk_document(documents[0])] == ["abc", "def"]
    assert [c.content for c in asyncio.run(reader.chunk_documents_async(documents))] == ["abc", "def", "gh"]
    reader.set_chunking_strategy_from_string("FixedSizeChunker", chunk_size=6)
    assert len(reader.chunk_documents(documents)) == 2


# Documents -----------------------------------------------------------------------------------------------------------


class Embedder:
    """Counts its letters."""

    def get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any]]:
        return [float(len(text))], {"tokens": 1}

    async def async_get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any]]:
        return self.get_embedding_and_usage(text)


def test_a_document_is_embedded_by_its_own_embedder_or_another() -> None:
    document = Document("abc", embedder=Embedder())
    document.embed()
    assert (document.embedding, document.usage) == ([3.0], {"tokens": 1})
    other = Document("ab")
    asyncio.run(other.async_embed(Embedder()))
    assert other.embedding == [2.0]
    with pytest.raises(ValueError, match="Document 'n' has no embedder"):
        Document("ab", name="n").embed()


def test_a_document_is_shown_without_its_vector() -> None:
    document = Document("text", id="i", name="n", meta_data={"page": 1}, embedding=[1.0])
    assert document.to_dict() == {"name": "n", "meta_data": {"page": 1}, "content": "text"}
    assert Document("text").to_dict() == {"meta_data": {}, "content": "text"}
    assert Document.from_dict({"content": "text", "id": "i", "unknown": 1}) == Document("text", id="i")
    assert Document.from_json('{"content": "text", "name": "n"}') == Document("text", name="n")
