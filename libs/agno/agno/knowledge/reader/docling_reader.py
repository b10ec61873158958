"""Files as Docling reads them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Literal

from agno.knowledge._files import opened, told
from agno.knowledge._need import need
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class DoclingReader(Reader):
    """PDF, Word, PowerPoint, Excel and HTML files with their layout, as Markdown ("text" or "html" by `output_format`).

    `converter` is a docling DocumentConverter of your own. Docling is large, and loads models for PDF at its first use.
    """

    default_strategy = Strategy.MARKDOWN_CHUNKER
    strategies = (Strategy.MARKDOWN_CHUNKER, *Reader.strategies)
    content_types = (ContentType.PDF, ContentType.DOCX, ContentType.PPTX, ContentType.XLSX, ContentType.HTML)
    needs = {"docling": "docling"}

    def __init__(
        self,
        *args: Any,
        output_format: Literal["markdown", "text", "html"] = "markdown",
        converter: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.output_format = output_format
        self.converter = converter

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The file, converted."""
        with opened(source, name, self.max_bytes) as file:
            if self.converter is None:
                converters = need("docling.document_converter", "docling", type(self).__name__)
                self.converter = converters.DocumentConverter()
            streams = need("docling.datamodel.base_models", "docling", type(self).__name__)
            with told(file.label, "file"):
                stream = streams.DocumentStream(name=file.label, stream=BytesIO(file.file.read()))
                converted = self.converter.convert(stream).document
                text = getattr(converted, f"export_to_{self.output_format}")()
            yield Document(text, id=new_id(), name=file.name)


__all__ = ["DoclingReader"]
