"""The readers of a knowledge base, by key."""

from __future__ import annotations

from typing import Any

from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.reader_factory import ReaderFactory


class Readers:
    """What `Knowledge` offers of readers: those that were given, and the factory's at their first use."""

    readers: dict[str, Any] | None

    def construct_readers(self) -> None:
        """Make the dict of readers ready."""
        if self.readers is None:
            self.readers = {}

    def add_reader(self, reader: Any) -> Any:
        """Use a reader of your own, under its name in lower case, or that of its class. Gives the reader."""
        self.construct_readers()
        assert self.readers is not None
        name = getattr(reader, "name", None)
        self.readers[name.lower().replace(" ", "_") if name else type(reader).__name__.lower()] = reader
        return reader

    def get_readers(self) -> dict[str, Any]:
        """The readers that were given or used, by key."""
        self.construct_readers()
        assert self.readers is not None
        return self.readers

    def _reader(self, key: str) -> Reader:
        readers = self.get_readers()
        if key not in readers:
            readers[key] = ReaderFactory.create_reader(key)
        found: Reader = readers[key]
        return found

    @property
    def pdf_reader(self) -> Reader:
        """For PDF files."""
        return self._reader("pdf")

    @property
    def csv_reader(self) -> Reader:
        """For tables."""
        return self._reader("csv")

    @property
    def docx_reader(self) -> Reader:
        """For Word files."""
        return self._reader("docx")

    @property
    def json_reader(self) -> Reader:
        """For JSON."""
        return self._reader("json")

    @property
    def markdown_reader(self) -> Reader:
        """For Markdown."""
        return self._reader("markdown")

    @property
    def text_reader(self) -> Reader:
        """For plain text."""
        return self._reader("text")

    @property
    def website_reader(self) -> Reader:
        """For the pages of a web site."""
        return self._reader("website")

    @property
    def firecrawl_reader(self) -> Reader:
        """For web pages by Firecrawl."""
        return self._reader("firecrawl")

    @property
    def youtube_reader(self) -> Reader:
        """For transcripts of videos."""
        return self._reader("youtube")


__all__ = ["Readers"]
