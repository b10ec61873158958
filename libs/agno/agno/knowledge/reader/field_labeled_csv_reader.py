"""CSV whose rows are read by people: every value with the name of its column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._files import opened
from agno.knowledge._tables import Row, is_workbook, rows_of, sheets_of
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class FieldLabeledCSVReader(Reader):
    """A document for each row, a line `Column: value` for each cell; the first row names the columns.

    `chunk_title` is a line above each row, or several that take turns; `field_names` replaces the names of the columns, in
    order; `format_headers` makes "unit_price" read "Unit Price". Rows are not cut unless `chunk=True`.
    """

    default_strategy = Strategy.ROW_CHUNKER
    strategies = (
        Strategy.ROW_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.CSV, ContentType.XLSX, ContentType.XLS)
    max_bytes = 2_000_000_000

    def __init__(
        self,
        chunk_title: str | list[str] | None = None,
        field_names: list[str] | None = None,
        format_headers: bool = True,
        skip_empty_fields: bool = True,
        delimiter: str = ",",
        quotechar: str = '"',
        encoding: str | None = None,
        chunk: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(chunk, **kwargs)
        self.chunk_title = chunk_title
        self.field_names = field_names
        self.format_headers = format_headers
        self.skip_empty_fields = skip_empty_fields
        self.delimiter = delimiter
        self.quotechar = quotechar
        self.encoding = encoding

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The rows behind the first, one by one."""
        with opened(source, name, self.max_bytes) as file:
            identity = new_id()
            if not is_workbook(file):
                rows = rows_of(file, self.delimiter, self.quotechar, self.encoding)
                yield from self._labelled(rows, identity, file.name, {})
                return
            for number, sheet, rows in sheets_of(file, type(self).__name__):
                yield from self._labelled(rows, f"{identity}_sheet_{number}", file.name, {"sheet_name": sheet})

    def _labelled(
        self, rows: Iterator[Row], identity: str, name: str | None, facts: dict[str, Any]
    ) -> Iterator[Document]:
        fields = self._fields(next(rows, []))
        titles = [self.chunk_title] if isinstance(self.chunk_title, str) else self.chunk_title or []
        for number, row in enumerate(rows, 1):
            lines = [titles[(number - 1) % len(titles)]] if titles else []
            for position, value in enumerate(row):
                if value or not self.skip_empty_fields:
                    label = fields[position] if position < len(fields) else f"Field {position + 1}"
                    lines.append(f"{label}: {value}")
            yield Document(
                "\n".join(lines), id=f"{identity}_row_{number}", name=name, meta_data={**facts, "row_number": number}
            )

    def _fields(self, header: Row) -> list[str]:
        given = self.field_names or []
        own = [field.replace("_", " ").strip().title() if self.format_headers else field for field in header]
        return [*given, *own[len(given) :]]


__all__ = ["FieldLabeledCSVReader"]
