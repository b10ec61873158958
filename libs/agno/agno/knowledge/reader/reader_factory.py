"""Readers by name, by type of file, and by URL."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agno.knowledge.reader.base import Reader

_PACKAGE = "agno.knowledge.reader"
_URL_LIKE = ("url", "website", "firecrawl", "pdf_url", "csv_url", "youtube", "web_search")
_YOUTUBE = ("youtube.com", "youtu.be", "youtube-nocookie.com")


@dataclass(frozen=True)
class Entry:
    """A reader that the factory knows: how to make it, or where its class is."""

    key: str
    description: str
    module: str = ""
    class_name: str = ""
    kinds: tuple[str, ...] = ()  # suffixes and MIME types that it is chosen for
    make: Callable[..., Reader] | None = None
    display_name: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Such as "PdfReader"."""
        return self.display_name or "".join(part.title() for part in self.key.split("_")) + "Reader"

    def reader_class(self) -> type[Reader] | None:
        """The class; None if the reader is made by a function."""
        if self.make is not None:
            return self.make if isinstance(self.make, type) and issubclass(self.make, Reader) else None
        found: type[Reader] = getattr(import_module(f"{_PACKAGE}.{self.module}"), self.class_name)
        return found

    def create(self, **kwargs: Any) -> Reader:
        """A new reader."""
        if self.make is not None:
            return self.make(**kwargs)
        found = self.reader_class()
        assert found is not None
        return found(**{**self.settings, "name": self.name, "description": self.description, **kwargs})


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

_BUILT_IN = (
    Entry("pdf", "Pages of PDF files", "pdf_reader", "PDFReader", (".pdf", "application/pdf")),
    Entry("pdf_image", "Pages of scanned PDF files, by text recognition", "pdf_reader", "PDFImageReader"),
    Entry("csv", "Rows of CSV files", "csv_reader", "CSVReader", (".csv", "text/csv", ".tsv", "text/tab-separated-values")),
    Entry("field_labeled_csv", "Rows of CSV files with the names of their columns", "field_labeled_csv_reader", "FieldLabeledCSVReader"),
    Entry("excel", "Sheets of workbooks", "excel_reader", "ExcelReader", (".xlsx", ".xls", _SHEET, "application/vnd.ms-excel")),
    Entry("docx", "Word files", "docx_reader", "DocxReader", (".docx", ".doc", _WORD, "application/msword")),
    Entry("pptx", "Slides of presentations", "pptx_reader", "PPTXReader", (".pptx", _SLIDES)),
    Entry("json", "JSON and JSON Lines", "json_reader", "JSONReader", (".json", "application/json", ".jsonl", "application/jsonl", "application/x-ndjson")),
    Entry("markdown", "Markdown files", "markdown_reader", "MarkdownReader", (".md", ".markdown", "text/markdown", "text/x-markdown")),
    Entry("html", "Saved web pages", "html_reader", "HTMLReader", (".html", ".htm", "text/html", ".xhtml", "application/xhtml+xml")),
    Entry("text", "Plain text", "text_reader", "TextReader", (".txt", "text/plain", ".text")),
    Entry("url", "What is found at a URL: web pages and files", "url_reader", "URLReader"),
    Entry("website", "Pages of a web site", "website_reader", "WebsiteReader"),
    Entry("firecrawl", "Web pages by Firecrawl", "firecrawl_reader", "FirecrawlReader", settings={"mode": "crawl"}),
    Entry("tavily", "Web pages by Tavily", "tavily_reader", "TavilyReader"),
    Entry("llms_txt", "Documentation that lists itself in an llms.txt", "llms_txt_reader", "LLMsTxtReader"),
    Entry("youtube", "Transcripts of YouTube videos", "youtube_reader", "YouTubeReader"),
    Entry("arxiv", "Abstracts of papers on arXiv", "arxiv_reader", "ArxivReader"),
    Entry("wikipedia", "Summaries of Wikipedia articles", "wikipedia_reader", "WikipediaReader"),
    Entry("web_search", "Pages that a search engine finds", "web_search_reader", "WebSearchReader"),
    Entry("s3", "Objects of S3 buckets", "s3_reader", "S3Reader"),
    Entry("docling", "Many types of files, with their layout, by Docling", "docling_reader", "DoclingReader"),
)  # fmt: skip


class ReaderFactory:
    """Makes readers. Those without settings of their own are made once per key and shared: they keep nothing of a run."""

    _entries: ClassVar[dict[str, Entry]] = {entry.key: entry for entry in _BUILT_IN}
    _made: ClassVar[dict[str, Reader]] = {}

    @classmethod
    def entry(cls, reader_key: str) -> Entry:
        """What is known of a key. ValueError if nothing is."""
        found = cls._entries.get(reader_key)
        if found is None:
            raise ValueError(f"Unknown reader: {reader_key}. There are {', '.join(cls.get_all_reader_keys())}.")
        return found

    @classmethod
    def create_reader(cls, reader_key: str, **kwargs: Any) -> Reader:
        """The reader of a key; with settings, a new one. ValueError for an unknown key, ImportError if a package is missing."""
        entry = cls.entry(reader_key)
        if reader_key == "firecrawl" and os.environ.get("FIRECRAWL_API_KEY"):
            kwargs.setdefault("api_key", os.environ["FIRECRAWL_API_KEY"])
        if kwargs:
            return entry.create(**kwargs)
        made = cls._made.get(reader_key)
        return made if made is not None else cls._made.setdefault(reader_key, entry.create())

    @classmethod
    def key_for(cls, extension: str) -> str | None:
        """The key of the reader for a suffix (with or without its dot) or a MIME type; None if none states that it reads it."""
        kind = extension.partition(";")[0].strip().lower()
        wanted = (kind, f".{kind}")
        # what was registered last wins
        return next(
            (key for key, entry in reversed(cls._entries.items()) if any(k in entry.kinds for k in wanted)), None
        )

    @classmethod
    def knows(cls, extension: str) -> bool:
        """True if there is a reader for this suffix or MIME type, but for the text reader that takes the rest."""
        return cls.key_for(extension) is not None

    @classmethod
    def get_reader_for_extension(cls, extension: str) -> Reader:
        """The reader for a suffix or a MIME type; the text reader for what no other states."""
        return cls.create_reader(cls.key_for(extension) or "text")

    @classmethod
    def get_reader_for_url(cls, url: str) -> Reader:
        """The YouTube reader for its hosts, else the URL reader."""
        return cls.create_reader("youtube" if is_youtube(url) else "url")

    @classmethod
    def get_all_reader_keys(cls) -> list[str]:
        """All keys: those of the web first, the others by the alphabet."""
        first = [key for key in _URL_LIKE if key in cls._entries]
        return [*first, *sorted(key for key in cls._entries if key not in _URL_LIKE)]

    @classmethod
    def create_all_readers(cls) -> dict[str, Reader]:
        """Every reader whose packages are installed, by key."""
        readers: dict[str, Reader] = {}
        for key in cls.get_all_reader_keys():
            try:
                readers[key] = cls.create_reader(key)
            except ImportError:
                continue  # an optional package; who asks for the reader by its key is told which
        return readers

    @classmethod
    def clear_cache(cls) -> None:
        """Forget the shared readers."""
        cls._made.clear()

    @classmethod
    def register_reader(
        cls,
        key: str,
        reader_method: Callable[..., Reader],
        name: str,
        description: str,
        extensions: list[str] | None = None,
    ) -> None:
        """Add a reader, or replace one: a class or a function that makes it, and the suffixes that it is chosen for."""
        kinds = tuple(kind.lower() for kind in extensions or ())
        cls._entries.pop(key, None)
        cls._made.pop(key, None)
        cls._entries[key] = Entry(key, description, kinds=kinds, make=reader_method, display_name=name)


def is_youtube(url: str) -> bool:
    """True for the hosts of YouTube, and only for these: not for "youtube.com.example.org"."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return any(host == known or host.endswith(f".{known}") for known in _YOUTUBE)


__all__ = ["Entry", "ReaderFactory", "is_youtube"]
