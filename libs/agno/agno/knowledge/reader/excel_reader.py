"""Workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import opened
from agno.knowledge._tables import PAGE_SIZE, pages_of, sheets_of
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class ExcelReader(Reader):
    """The visible sheets of XLSX and XLS, in pages of a thousand rows, cells joined with ", "; formulas as their last value.

    `sheets` are names or numbers (from 1) of those to read. Facts: sheet_name, sheet_index, page, start_row, rows.
    """

    default_strategy = Strategy.ROW_CHUNKER
    strategies = (
        Strategy.ROW_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.XLSX, ContentType.XLS)
    needs = {"openpyxl": "openpyxl"}

    def __init__(self, sheets: list[str | int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sheets = sheets

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The pages of the sheets."""
        with opened(source, name, self.max_bytes) as file:
            identity, seen = new_id(), []
            for number, sheet, rows in sheets_of(file, type(self).__name__):
                seen.append(f"{number} {sheet!r}")
                if self.sheets is None or number in self.sheets or sheet in self.sheets:
                    facts = {"sheet_name": sheet, "sheet_index": number}
                    yield from pages_of(rows, f"{identity}_{number}", file.name, facts, PAGE_SIZE)
            self._check_sheets(seen, file.label)

    def _check_sheets(self, seen: list[str], label: str) -> None:
        known = {part for entry in seen for part in entry.split(" ", 1)}
        unknown = [wanted for wanted in self.sheets or () if repr(wanted) not in known]
        if unknown:
            raise ReaderError(
                f"{label} has no sheet {unknown[0]!r}; it has {', '.join(seen) or 'none that is visible'}."
            )


__all__ = ["ExcelReader"]
