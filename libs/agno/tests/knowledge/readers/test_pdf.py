"""PDF: pages and their numbers, passwords, scans, limits."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject

from agno.knowledge._errors import ReaderError
from agno.knowledge._page_numbers import numbered
from agno.knowledge.reader.pdf_reader import PDFImageReader, PDFReader

import making
from making import all_text
from reader_contract import COLOURS


def pages(reader: PDFReader, *texts: str) -> list[tuple[Any, str]]:
    return [(d.meta_data["page"], d.content) for d in reader.read(making.pdf(*texts))]


def test_pages_without_numbers_count_from_one() -> None:
    assert pages(PDFReader(chunk=False), "alpha", "beta") == [(1, "alpha"), (2, "beta")]


def test_printed_numbers_are_taken_out_and_the_page_is_marked() -> None:
    assert pages(PDFReader(chunk=False), "alpha\n1", "beta\n2", "gamma\n3") == [
        (1, "<start page 1>\nalpha\n<end page 1>"),
        (2, "<start page 2>\nbeta\n<end page 2>"),
        (3, "<start page 3>\ngamma\n<end page 3>"),
    ]


def test_the_marks_can_be_changed_and_left_out() -> None:
    reader = PDFReader(chunk=False, page_start_numbering_format="[{page_nr}]", page_end_numbering_format="")
    assert pages(reader, "1\nalpha", "2\nbeta") == [(1, "[1]\nalpha"), (2, "[2]\nbeta")]


def test_a_cover_shifts_the_numbers() -> None:
    found = pages(PDFReader(chunk=False), "cover", "alpha\n1", "beta\n2", "gamma\n3")
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert found[0][1] == "<start page 0>\ncover\n<end page 0>"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a 1", "b 2", "c", "d", "e"], (["a", "b", "c", "d", "e"], 1)),  # 40 % of the pages
        (["a 1", "b 2", "c", "d", "e", "f"], None),  # a third of them
        (["total: 1"], None),  # one number is no run
        (["a 7", "b 8", "c 9"], None),  # too far off
        (["a", "b", "c 1", "d 2"], (["a", "b", "c", "d"], -1)),
        (["a", "b", "c", "d 1", "e 2", "f 3"], (["a", "b", "c", "d", "e", "f"], -2)),
        (["2 a", "3 b"], (["a", "b"], 2)),
        (["1a", "2b"], None),  # no number, but a word
        ([], None),
        (["1", "2"], (["", ""], 1)),
    ],
)
def test_page_numbers(texts: list[str], expected: tuple[list[str], int] | None) -> None:
    assert numbered(texts) == expected


def test_a_file_can_be_one_document() -> None:
    (document,) = PDFReader(chunk=False, split_on_pages=False).read(making.pdf("alpha", "beta"), name="n")
    assert (document.content, document.id, document.meta_data) == ("alpha\nbeta", "n", {})


def test_pages_have_ids_of_their_name() -> None:
    assert [d.id for d in PDFReader(chunk=False).read(making.pdf("alpha", "beta"), name="n")] == ["n_1", "n_2"]
    assert len({d.id for d in PDFReader(chunk=False).read(making.pdf("alpha", "beta"))}) == 2


@COLOURS
def test_a_password_opens_a_file(colour: str) -> None:
    locked = making.pdf("secret text", password="open")
    assert "secret text" in all_text(making.read(PDFReader(chunk=False), locked, colour, password="open"))
    assert "secret text" in all_text(making.read(PDFReader(chunk=False, password="open"), locked, colour))
    with pytest.raises(
        ReaderError, match=r"The file is encrypted and it needs a password: read\(..., password=...\), or add_content"
    ):
        making.read(PDFReader(), locked, colour)
    with pytest.raises(ReaderError, match="the password is wrong"):
        making.read(PDFReader(password="shut"), locked, colour)


def test_a_password_is_not_told() -> None:
    with pytest.raises(ReaderError) as caught:
        PDFReader(password="hunter2").read(making.pdf("a", password="b"))
    assert "hunter2" not in str(caught.value)


def test_too_many_pages_are_refused() -> None:
    reader = PDFReader()
    reader.max_pages = 2
    with pytest.raises(ReaderError, match="has 3 pages, more than max_pages=2"):
        reader.read(making.pdf("a", "b", "c"))


def test_a_scan_is_for_the_other_reader() -> None:
    scan = making.pdf(images=(making.picture("Words"),))
    with pytest.raises(ReaderError, match=r"holds no text \(scanned pages are read by PDFImageReader\)."):
        PDFReader().read(scan)
    with pytest.raises(ReaderError, match="holds no text, nor do its images"):
        PDFImageReader(ocr=lambda image: "").read(scan)


def test_a_scan_without_any_text_is_read() -> None:
    scan = making.pdf(images=(making.picture("Words"),))
    assert all_text(PDFImageReader(chunk=False, ocr=lambda image: "WORDS").read(scan)) == "WORDS"


def test_the_text_of_images_stays_whether_pages_are_numbered_or_not() -> None:
    reader = PDFImageReader(chunk=False, ocr=lambda image: "WORDS")
    picture = making.picture("Words")
    assert [d.content for d in reader.read(making.pdf("alpha", images=(picture,)))] == ["alpha", "WORDS"]
    numbered_pages = reader.read(making.pdf("alpha\n1", "beta\n2", images=(picture,)))
    assert numbered_pages[2].content == "<start page 3>\nWORDS\n<end page 3>"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="ocr='magic' of PDFImageReader: use 'rapidocr', 'tesseract', or a function"):
        PDFImageReader(ocr="magic").read(making.pdf("a"))


def test_engines_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge._ocr.is_installed", lambda module: False)
    with pytest.raises(ImportError, match="pip install rapidocr-onnxruntime"):
        PDFImageReader().read(making.pdf("a"))
    with pytest.raises(ImportError, match=r"\(which also needs the program tesseract\).* pip install pytesseract"):
        PDFImageReader(ocr="tesseract").read(making.pdf("a"))


def test_an_image_that_unpacks_to_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge.reader.pdf_reader._MOST_PIXELS", 100)
    with pytest.raises(ReaderError, match="The file has an image of 12240 pixels on a page, more than 100."):
        PDFImageReader(ocr=lambda image: "").read(making.pdf(images=(making.picture("Words"),)))


def test_a_page_that_unpacks_to_too_much_is_an_error() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(making.pdf("alpha")))
    content = StreamObject()
    content._data = zlib.compress(b"BT (x) Tj ET " + b" " * 100_000_000, 1)
    content[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(ReaderError, match="no PDF that can be read: Limit reached while decompressing"):
        PDFReader().read(out.getvalue())


@pytest.mark.services
def test_tesseract_reads_a_scan() -> None:
    scan = making.pdf(images=(making.picture("Hello PDF agents"),))
    found = PDFImageReader(chunk=False, ocr="tesseract").read(scan)
    assert "Hello PDF agents" in all_text(found)


@pytest.mark.heavy
def test_rapidocr_reads_a_scan() -> None:
    scan = making.pdf(images=(making.picture("Hello PDF agents"),))
    assert "Hello" in all_text(PDFImageReader(chunk=False, ocr="rapidocr").read(scan))
