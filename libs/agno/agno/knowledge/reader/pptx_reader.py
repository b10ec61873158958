"""Presentations."""

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


class PPTXReader(Reader):
    """PowerPoint: a document for each slide, with its text, tables and notes; its number is the fact `slide`."""

    default_strategy = Strategy.DOCUMENT_CHUNKER
    strategies = (
        Strategy.DOCUMENT_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.PPTX,)
    needs = {"pptx": "python-pptx"}

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The slides that say something."""
        with opened(source, name, self.max_bytes) as file:
            if file.kind == "a file of old or encrypted Office":
                raise ReaderError(
                    f"{file.label} is an old PPT or an encrypted file; save it as PPTX without a password."
                )
            check_office(file, "PPTX")
            pptx = need("pptx", "python-pptx", type(self).__name__)
            with told(file.label, "PPTX"):
                slides = [_slide(slide) for slide in pptx.Presentation(file.file).slides]
            identity = new_id()
            for number, text in enumerate(slides, 1):
                yield Document(text, id=f"{identity}_{number}", name=file.name, meta_data={"slide": number})


def _slide(slide: Any) -> str:
    title = slide.shapes.title
    texts = (
        [f"# {' '.join(title.text_frame.text.split())}"] if title is not None and title.text_frame.text.strip() else []
    )
    texts += [text for shape in _shapes(slide.shapes) if shape != title for text in _texts(shape)]
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        texts += [f"Notes: {notes}"] if notes else []
    return "\n\n".join(texts)


def _shapes(shapes: Any) -> Iterator[Any]:
    """All shapes, also those in groups, whatever their depth."""
    waiting = list(shapes)[::-1]
    while waiting:
        shape = waiting.pop()
        yield shape
        waiting += list(getattr(shape, "shapes", ()))[::-1]


def _texts(shape: Any) -> Iterator[str]:
    if shape.has_text_frame and shape.text_frame.text.strip():
        yield shape.text_frame.text.replace("\v", "\n").strip()
    if getattr(shape, "has_table", False):
        yield "\n".join(" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in shape.table.rows)


__all__ = ["PPTXReader"]
