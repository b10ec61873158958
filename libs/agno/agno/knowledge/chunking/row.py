"""One chunk per line."""

from __future__ import annotations

from agno.knowledge.chunking._text import make_chunk
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document


class RowChunking(ChunkingStrategy):
    """A chunk for each line that is not empty, with its `row_number`.

    `skip_header` leaves the first line out, `clean_rows` makes single spaces of all gaps. A document with `start_row` in its
    facts (a page of a table) is counted from there.
    """

    def __init__(self, skip_header: bool = False, clean_rows: bool = True) -> None:
        self.skip_header = skip_header
        self.clean_rows = clean_rows

    def chunk(self, document: Document) -> list[Document]:
        """The rows of a document."""
        first = document.meta_data.get("start_row", 1)
        skipped = 1 if self.skip_header and first == 1 else 0
        lines = document.content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rows = enumerate(lines[skipped:], first + skipped)
        cleaned = ((number, " ".join(row.split()) if self.clean_rows else row) for number, row in rows)
        return [make_chunk(document, n, row, mark="row_", row_number=n) for n, row in cleaned if row.strip()]


__all__ = ["RowChunking"]
