"""PDF files."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import OpenFile, not_a, opened, told
from agno.knowledge._need import need
from agno.knowledge._ocr import Ocr, ocr_engine
from agno.knowledge._page_numbers import numbered, wrapped
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id

_MOST_IMAGES = 50  # of one page
_MOST_PIXELS = 100_000_000  # of one image, which a line of bits may unpack to
_SMALLEST_IMAGE = 16  # pixels of a side: less is a line or a dot


class PDFReader(Reader):
    """PDF: a document for each page, with the fact `page`, or one for the file with `split_on_pages=False`.

    Page numbers printed at the head or foot of the pages are recognised: they are taken out of the text, the page is put
    between two marks (`page_start_numbering_format`, by default "<start page {page_nr}>", and the same for the end; "" for
    none), and `page` is the printed number. Otherwise pages count from 1. More than `max_pages` are refused.
    """

    default_strategy = Strategy.DOCUMENT_CHUNKER
    strategies = (
        Strategy.DOCUMENT_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.PDF,)
    needs = {"pypdf": "pypdf"}
    max_pages: int = 10_000

    def __init__(
        self,
        split_on_pages: bool = True,
        page_start_numbering_format: str | None = None,
        page_end_numbering_format: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.split_on_pages = split_on_pages
        self.page_start_numbering_format = page_start_numbering_format
        self.page_end_numbering_format = page_end_numbering_format
        self.password = password

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The pages that hold text, or the whole text."""
        with opened(source, name, self.max_bytes) as file:
            texts = self._texts(file, password or self.password)
            if not any(text.strip() or of_images for text, of_images in texts):
                raise ReaderError(f"{file.label} holds no text{self._hint}.")
            pages = self._numbered(texts)
            if self.split_on_pages:
                for page, text in pages:
                    identity = f"{file.name}_{page}" if file.name else new_id()
                    yield Document(text, id=identity, name=file.name, meta_data={"page": page})
            else:
                whole = "\n".join(text for _, text in pages)
                yield Document(whole, id=file.name or new_id(), name=file.name)

    _hint = " (scanned pages are read by PDFImageReader)"

    def _numbered(self, texts: list[tuple[str, str]]) -> list[tuple[int, str]]:
        """The pages with their numbers; the text of their images is appended."""
        found = numbered([text.strip() for text, _ in texts])
        if found is None:
            return [(i, _joined(text, image)) for i, (text, image) in enumerate(texts, 1)]
        bare, first = found
        start, end = self.page_start_numbering_format, self.page_end_numbering_format
        return [
            (number, wrapped(whole, number, start, end) if (whole := _joined(text, image)) else "")
            for number, text, (_, image) in zip(range(first, first + len(bare)), bare, texts, strict=True)
        ]

    def _texts(self, file: OpenFile, password: str | None) -> list[tuple[str, str]]:
        """The text of each page, and that of its images."""
        if b"%PDF-" not in file.head[:1024]:
            raise not_a("PDF", file)
        pypdf = need("pypdf", "pypdf", type(self).__name__)
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it complains about is in our own sentence
        with told(file.label, "PDF"):
            reader = pypdf.PdfReader(file.file)
            _unlock(reader, password, file.label)
            if len(reader.pages) > self.max_pages:
                raise ReaderError(
                    f"{file.label} has {len(reader.pages)} pages, more than max_pages={self.max_pages}.", 413
                )
            return [(page.extract_text() or "", self._text_of_images(page, file.label)) for page in reader.pages]

    def _text_of_images(self, page: Any, label: str) -> str:
        return ""


class PDFImageReader(PDFReader):
    """PDF, with the text of the images on its pages: for scans.

    `ocr` is "rapidocr", "tesseract", or a function from a PIL image to text; None takes what is installed, in this order.
    """

    needs = {"pypdf": "pypdf", "PIL": "pillow"}
    _hint = ", nor do its images"

    def __init__(self, *args: Any, ocr: str | Ocr | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ocr = ocr
        self._engine: Ocr | None = None

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The pages that hold text or images with text, or the whole text."""
        if self._engine is None:
            self._engine = ocr_engine(self.ocr, type(self).__name__)
        yield from super().documents(source, name, password)

    def _text_of_images(self, page: Any, label: str) -> str:
        assert self._engine is not None
        texts = []
        for image in islice(page.images, _MOST_IMAGES):
            picture = image.image
            if picture is None or min(picture.size) < _SMALLEST_IMAGE:
                continue
            pixels = picture.width * picture.height
            if pixels > _MOST_PIXELS:
                raise ReaderError(f"{label} has an image of {pixels} pixels on a page, more than {_MOST_PIXELS}.", 413)
            texts.append(self._engine(picture).strip())
        return "\n".join(filter(None, texts))


def _joined(text: str, text_of_images: str) -> str:
    return "\n".join(filter(None, (text.strip(), text_of_images)))


def _unlock(reader: Any, password: str | None, label: str) -> None:
    if reader.is_encrypted and not reader.decrypt(password or ""):
        why = (
            "the password is wrong"
            if password
            else "it needs a password: read(..., password=...), or add_content(..., auth=ContentAuth(password=...))"
        )
        raise ReaderError(f"{label} is encrypted and {why}.", 401)


PDFUrlReader = PDFReader  # what Agno 1 called the one for addresses

__all__ = ["PDFImageReader", "PDFReader", "PDFUrlReader"]
