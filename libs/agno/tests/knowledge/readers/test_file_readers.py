"""Every reader of files against real files."""

from __future__ import annotations

import io
import zipfile
from typing import ClassVar

import pytest

from agno.knowledge.reader.csv_reader import CSVReader
from agno.knowledge.reader.docx_reader import DocxReader
from agno.knowledge.reader.excel_reader import ExcelReader
from agno.knowledge.reader.field_labeled_csv_reader import FieldLabeledCSVReader
from agno.knowledge.reader.html_reader import HTMLReader
from agno.knowledge.reader.json_reader import JSONReader
from agno.knowledge.reader.markdown_reader import MarkdownReader
from agno.knowledge.reader.pdf_reader import PDFImageReader, PDFReader
from agno.knowledge.reader.pptx_reader import PPTXReader
from agno.knowledge.reader.text_reader import TextReader

import making
from reader_contract import FileContract

TABLE = [["name", "price"], ["Apple", "1"], ["Café crème", "2,5"]]


def _zip(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return out.getvalue()


class TestTextReader(FileContract):
    make = TextReader
    suffix = ".txt"
    holds = ("Grüße an alle", "日本語", "last line")
    broken = bytes(range(32)) * 20

    @staticmethod
    def content() -> bytes:
        return "Grüße an alle,\r\n日本語.\n\nThe last line".encode()


class TestMarkdownReader(FileContract):
    make = MarkdownReader
    suffix = ".md"
    holds = ("# Title", "```py\n# comment\n```")
    broken = bytes(range(32)) * 20

    @staticmethod
    def content() -> bytes:
        return b"# Title\n\ntext\n\n```py\n# comment\n```\n"


class TestJSONReader(FileContract):
    make = JSONReader
    suffix = ".json"
    holds = ('{"a":1,"b":"Grüße"}', "[2]")
    broken = b'[{"a": 1}, '

    @staticmethod
    def content() -> bytes:
        return '[{"a": 1, "b": "Grüße"}, [2]]'.encode()


class TestHTMLReader(FileContract):
    make = HTMLReader
    suffix = ".html"
    holds = ("# Fruit", "Apples are red.", "- one")
    broken = b"<html><script>let text;</script></html>"

    @staticmethod
    def content() -> bytes:
        return b"<html><body><h1>Fruit</h1><p>Apples are red.</p><ul><li>one</ul></body></html>"


class TestCSVReader(FileContract):
    make = CSVReader
    suffix = ".csv"
    holds = ("name, price", "Café crème, 2,5")
    broken = b'a,b\n"' + b"x" * 200_000

    @staticmethod
    def content() -> bytes:
        return 'name,price\nApple,1\n\n"Café\ncrème","2,5"\n'.encode()


class TestCSVReaderOfWorkbooks(FileContract):
    make = CSVReader
    suffix = ".xlsx"
    holds = ("name, price", "Café crème, 2,5")
    broken = _zip(xl__workbook="<nothing>")

    @staticmethod
    def content() -> bytes:
        return making.xlsx(Fruit=TABLE)


class TestFieldLabeledCSVReader(FileContract):
    make = FieldLabeledCSVReader
    suffix = ".csv"
    holds = ("Name: Apple\nUnit Price: 1", "Name: Café crème")
    broken = b'a,b\n"' + b"x" * 200_000

    @staticmethod
    def content() -> bytes:
        return "name,unit_price\nApple,1\nCafé crème,\n".encode()


class TestExcelReader(FileContract):
    make = ExcelReader
    suffix = ".xlsx"
    holds = ("name, price", "Café crème, 2,5")
    broken = _zip(xl__workbook="<nothing>")

    @staticmethod
    def content() -> bytes:
        return making.xlsx(Fruit=TABLE, Empty=[], Plans_hidden=[["secret"]])


class TestExcelReaderOfOldFiles(FileContract):
    make = ExcelReader
    suffix = ".xls"
    holds = ("name, price", "Café crème, 2,5")
    broken = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

    @staticmethod
    def content() -> bytes:
        return making.xls(Fruit=TABLE)


class TestDocxReader(FileContract):
    make = DocxReader
    suffix = ".docx"
    holds = ("# Fruit", "Apples are red.", "name | price\nApple | 1")
    broken = _zip(word__document="<nothing>")

    @staticmethod
    def content() -> bytes:
        return making.docx("# Fruit", "Apples are red.", "", "Plums are blue.", table=TABLE)


class TestPPTXReader(FileContract):
    make = PPTXReader
    suffix = ".pptx"
    holds = ("# Fruit", "Apples are red.", "Notes: Speak slowly.")
    broken = _zip(ppt__presentation="<nothing>")

    @staticmethod
    def content() -> bytes:
        return making.pptx(("Fruit", "Apples are red."), ("Nuts", "They are not."), notes="Speak slowly.")


class TestPDFReader(FileContract):
    make = PDFReader
    suffix = ".pdf"
    holds = ("Apples are red.", "Second page")
    broken: ClassVar[bytes] = b"%PDF-1.7\nnothing of the kind"

    @staticmethod
    def content() -> bytes:
        return making.pdf("Apples are red.\nReally.", "Second page")


class TestPDFImageReader(TestPDFReader):
    @staticmethod
    def make(**settings: object) -> PDFImageReader:  # type: ignore[override]  # the function that a picture is read with
        return PDFImageReader(ocr=lambda image: f"a picture of {image.width} points", **settings)

    holds = ("Apples are red.", "a picture of 286 points")

    @staticmethod
    def content() -> bytes:
        return making.pdf("Apples are red.", images=(making.picture("Words here"),))


@pytest.mark.docling
def test_docling_keeps_tables() -> None:
    """Docling is not in our lists: it brings torch. Install it by hand, and run `pytest -m docling`."""
    from agno.knowledge.reader.docling_reader import DoclingReader

    (document,) = DoclingReader(chunk=False).read(making.docx("# Fruit", table=[["a", "b"], ["1", "2"]]), name="x.docx")
    assert "|   a |   b |" in document.content
