"""Word files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import check_office, opened, told
from agno.knowledge._need import need
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id

_DEEPEST = 20  # tables within tables


class DocxReader(Reader):
    """Word: paragraphs and tables in their order, headings as in Markdown. Old DOC files must be saved as DOCX first."""

    default_strategy = Strategy.DOCUMENT_CHUNKER
    strategies = (
        Strategy.DOCUMENT_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.DOCX, ContentType.DOC)
    needs = {"docx": "python-docx"}

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The text of the file."""
        with opened(source, name, self.max_bytes) as file:
            if file.kind == "a file of old or encrypted Office":
                raise ReaderError(
                    f"{file.label} is an old DOC or an encrypted file; save it as DOCX without a password."
                )
            check_office(file, "DOCX")
            docx = need("docx", "python-docx", type(self).__name__)
            with told(file.label, "DOCX"):
                text = "\n\n".join(filter(None, _blocks(docx.Document(file.file))))
            yield Document(text, id=new_id(), name=file.name)


def _blocks(container: Any, depth: int = 0) -> Iterator[str]:
    """The paragraphs and tables of a document or a cell."""
    for block in container.iter_inner_content():
        if hasattr(block, "rows"):
            yield _table(block, depth) if depth < _DEEPEST else ""
        else:
            yield _paragraph(block)


def _paragraph(paragraph: Any) -> str:
    text: str = paragraph.text.strip()
    style = (paragraph.style.name if paragraph.style is not None else None) or ""
    kind, _, level = style.partition(" ")
    if text and style == "Title":
        return f"# {text}"
    if text and kind == "Heading" and level.isdigit():
        return f"{'#' * min(int(level), 6)} {text}"
    return f"- {text}" if text and style.startswith("List") else text


def _table(table: Any, depth: int) -> str:
    """A row per line; a cell that spans several columns or rows is told once per row."""
    lines = []
    for row in table.rows:
        seen: list[Any] = []
        cells = []
        for cell in row.cells:
            if cell._tc not in seen:
                seen.append(cell._tc)
                cells.append(" ".join(" ".join(_blocks(cell, depth + 1)).split()))
        lines.append(" | ".join(cells))
    return "\n".join(lines)


__all__ = ["DocxReader"]
