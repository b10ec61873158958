"""Tables in CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.knowledge._files import opened
from agno.knowledge._tables import PAGE_SIZE, is_workbook, pages_of, rows_of, sheets_of
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class CSVReader(Reader):
    """Rows of a table, their cells joined with ", ". Reads CSV, and the sheets of XLSX and XLS.

    A table is read in pages of `page_size` rows, with the facts page, start_row and rows; `page_size=None` makes one document.
    By default each row becomes a chunk with its `row_number`.
    """

    default_strategy = Strategy.ROW_CHUNKER
    strategies = (
        Strategy.ROW_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.CSV, ContentType.XLSX, ContentType.XLS)
    max_bytes = 2_000_000_000

    def __init__(self, *args: Any, encoding: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoding = encoding

    async def _read_table(
        self,
        io: IO,
        file: Any,
        delimiter: str = ",",
        quotechar: str = '"',
        name: str | None = None,
        page_size: int | None = PAGE_SIZE,
    ) -> list[Document]:
        """The chunks of a table, or its pages with `chunk=False`. Raises ReaderError if it cannot be read."""
        table = {"delimiter": delimiter, "quotechar": quotechar, "page_size": page_size}
        return await self._collected(io, file, name, **table)

    # not the signature of the base: it has always been another
    read = sync(_read_table)  # type: ignore[arg-type]
    async_read = asynchronous(_read_table)  # type: ignore[arg-type]

    def documents(
        self,
        source: Any,
        name: str | None = None,
        password: str | None = None,
        delimiter: str = ",",
        quotechar: str = '"',
        page_size: int | None = PAGE_SIZE,
    ) -> Iterator[Document]:
        """The pages of a table."""
        with opened(source, name, self.max_bytes) as file:
            identity = new_id()
            if not is_workbook(file):
                tabs = file.suffix == ".tsv" and delimiter == ","
                rows = rows_of(file, "\t" if tabs else delimiter, quotechar, self.encoding)
                yield from pages_of(rows, identity, file.name, {}, page_size)
                return
            for number, sheet, rows in sheets_of(file, type(self).__name__):
                facts = {"sheet_name": sheet, "sheet_index": number}
                yield from pages_of(rows, f"{identity}_sheet_{number}", file.name, facts, page_size)


__all__ = ["CSVReader"]
