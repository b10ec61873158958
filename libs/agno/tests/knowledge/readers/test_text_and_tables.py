"""Text in any encoding and of any size, JSON, HTML, and tables."""

from __future__ import annotations

import codecs
import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agno.knowledge._errors import ReaderError
from agno.knowledge.chunking.fixed import FixedSizeChunking
from agno.knowledge.reader.csv_reader import CSVReader
from agno.knowledge.reader.docx_reader import DocxReader
from agno.knowledge.reader.excel_reader import ExcelReader
from agno.knowledge.reader.field_labeled_csv_reader import FieldLabeledCSVReader
from agno.knowledge.reader.html_reader import HTMLReader
from agno.knowledge.reader.json_reader import JSONReader
from agno.knowledge.reader.pptx_reader import PPTXReader
from agno.knowledge.reader.text_reader import TextReader

import making
from making import all_text
from reader_contract import COLOURS

TEXT = "Grüße, »Welt«, 日本語\n"


def whole(reader: Any, source: Any) -> str:
    return all_text(reader.read(source))


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
    ],
    ids=["utf-8", "utf-8 with a mark", "utf-16", "utf-16 big endian", "utf-32"],
)
def test_unicode_is_recognised(data: bytes) -> None:
    assert whole(TextReader(chunk=False), data) == TEXT


def test_utf16_without_a_mark_is_recognised() -> None:
    text = "A report of some length\n"
    assert whole(TextReader(chunk=False), text.encode("utf-16-le")) == text
    assert whole(TextReader(chunk=False), text.encode("utf-16-be")) == text


def test_other_text_is_taken_for_windows_text() -> None:
    assert whole(TextReader(chunk=False), "Grüße für 5 €".encode("cp1252")) == "Grüße für 5 €"
    assert whole(TextReader(chunk=False), b"ends in the middle of utf-8: \xc3") == "ends in the middle of utf-8: Ã"


def test_a_stated_encoding_is_kept_to() -> None:
    assert whole(TextReader(chunk=False, encoding="koi8-r"), "Привет".encode("koi8-r")) == "Привет"
    with pytest.raises(ReaderError, match="The file is not text in ascii"):
        TextReader(encoding="ascii").read("ä".encode())
    with pytest.raises(ReaderError, match="'klingon' is no encoding"):
        TextReader(encoding="klingon").read(b"a")


def test_all_ends_of_lines_become_one() -> None:
    assert whole(TextReader(chunk=False), b"a\r\nb\rc\n") == "a\nb\nc\n"


@COLOURS
def test_a_large_text_is_read_in_parts(tmp_path: Path, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge.reader.text_reader._PART", 3000)
    monkeypatch.setattr("agno.knowledge._text._BLOCK", 777)
    path = tmp_path / "large.txt"
    path.write_text("".join(f"Zeile {number} mit Öl\n" for number in range(2000)))
    reader = TextReader(chunking_strategy=FixedSizeChunking(500))
    chunks = making.streamed(reader, path, colour)
    assert "".join(chunk.content for chunk in chunks) == path.read_text()
    assert chunks[0].meta_data["part"] == 1 and chunks[-1].meta_data["part"] > 5
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert len(TextReader(chunk=False).read(path)) == 1


def test_a_large_text_is_not_read_ahead_of_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge.reader.text_reader._PART", 50_000)
    monkeypatch.setattr("agno.knowledge._text._BLOCK", 10_000)

    class Counting(io.FileIO):
        done = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(-1 if size is None else size)
            Counting.done += len(data)
            return data

    path = tmp_path / "large.txt"
    path.write_bytes(b"\xff" + b"line of text\n" * 100_000)  # no UTF-8, which is seen at once
    with Counting(str(path)) as file:
        chunks = TextReader().iterate(file)
        next(chunks)
        assert Counting.done < 200_000 < path.stat().st_size
        chunks.close()  # type: ignore[attr-defined]  # it is a generator


# JSON ----------------------------------------------------------------------------------------------------------------


def test_json_gives_a_document_for_each_item() -> None:
    found = JSONReader().read(b'[{"a": 1}, "two", null]', name="n")
    assert [(d.content, d.meta_data, d.name) for d in found] == [
        ('{"a":1}', {"page": 1}, "n"),
        ('"two"', {"page": 2}, "n"),
        ("null", {"page": 3}, "n"),
    ]
    assert [d.content for d in JSONReader().read(b'{"a": [1, 2]}')] == ['{"a":[1,2]}']


def test_json_lines_are_read() -> None:
    assert [d.content for d in JSONReader().read(b'{"a": 1}\n\n{"a": 2}\n')] == ['{"a":1}', '{"a":2}']


def test_json_nested_too_deeply_is_an_error() -> None:
    with pytest.raises(ReaderError, match="The file is no JSON"):
        JSONReader().read(b"[" * 100_000)


def test_an_empty_list_holds_nothing() -> None:
    with pytest.raises(ReaderError, match="holds no text"):
        JSONReader().read(b"[]")


# HTML ----------------------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><html><head><title> A
 page </title><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav>
<main><h1>Fruit <b>and</b> nuts</h1><p>Apples   are
red.<br>Plums are blue.</p><!-- a remark --><table><tr><th>n<th>p<tr><td>a<td>1</table>
<pre>def f():
    return 1</pre><ol><li>one<li>two</ol><script>let a</script></main><footer>imprint</footer></body></html>"""


def test_html_is_told_as_a_reader_sees_it() -> None:
    (document,) = HTMLReader(chunk=False).read(PAGE.encode())
    assert document.meta_data == {"title": "A page"}
    assert document.content == (
        "# Fruit and nuts\n\nApples are red.\nPlums are blue.\n\nn | p\na | 1\n\ndef f():\n    return 1\n\n- one\n- two"
    )


def test_html_says_its_encoding() -> None:
    page = "<html><head><meta charset='iso-8859-2'></head><body>Łódź</body></html>".encode("iso-8859-2")
    assert whole(HTMLReader(chunk=False), page) == "Łódź"


def test_deep_html_is_no_trap() -> None:
    page = b"<html><body>" + b"<div>" * 3_000 + b"deep" + b"</div>" * 3_000
    assert whole(HTMLReader(chunk=False), page) == "deep"


# Tables --------------------------------------------------------------------------------------------------------------

ROWS = "id,word\n" + "".join(f"{number},w{number}\n" for number in range(1, 2501))


@COLOURS
def test_a_table_is_read_in_pages(colour: str) -> None:
    pages = making.read(CSVReader(chunk=False), ROWS.encode(), colour)
    assert [page.meta_data for page in pages] == [
        {"page": 1, "start_row": 1, "rows": 1000},
        {"page": 2, "start_row": 1001, "rows": 1000},
        {"page": 3, "start_row": 2001, "rows": 501},
    ]
    assert all_text(pages) == ROWS.replace(",", ", ").strip()
    assert len(making.read(CSVReader(chunk=False), ROWS.encode(), colour, page_size=None)) == 1
    assert len(making.read(CSVReader(chunk=False), ROWS.encode(), colour, page_size=2501)) == 1


def test_rows_are_numbered_over_all_pages() -> None:
    chunks = CSVReader().read(ROWS.encode(), name="n")
    assert [chunk.meta_data["row_number"] for chunk in chunks] == list(range(1, 2502))
    assert len({chunk.id for chunk in chunks}) == 2501


def test_a_delimiter_and_a_quote_can_be_given() -> None:
    assert whole(CSVReader(chunk=False), b"a\tb") == "a\tb"
    assert all_text(CSVReader(chunk=False).read(b"a;'b;c'", delimiter=";", quotechar="'")) == "a, b;c"


def test_a_tsv_is_cut_at_its_tabs(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("a\tb,c\n")
    assert whole(CSVReader(chunk=False), path) == "a, b,c"


def test_fields_are_labelled() -> None:
    table = b"product_name,unit_price,note\nApple,1,\nPlum,2,ripe,extra\n"
    found = FieldLabeledCSVReader(chunk_title=["A:", "B:"]).read(table)
    assert [d.content for d in found] == [
        "A:\nProduct Name: Apple\nUnit Price: 1",
        "B:\nProduct Name: Plum\nUnit Price: 2\nNote: ripe\nField 4: extra",
    ]
    assert [d.meta_data for d in found] == [{"row_number": 1}, {"row_number": 2}]
    plain = FieldLabeledCSVReader(field_names=["What"], format_headers=False, skip_empty_fields=False)
    assert plain.read(table)[0].content == "What: Apple\nunit_price: 1\nnote: "


def test_cells_are_told_as_people_write_them() -> None:
    day = datetime.datetime(2025, 9, 9)
    book = making.xlsx(S=[[1.0, 2.5, None, True, day, day.replace(hour=8), "line\nbreak"], [None, None]])
    assert whole(ExcelReader(chunk=False), book) == "1, 2.5, , True, 2025-09-09, 2025-09-09 08:00:00, line break"


def test_hidden_sheets_are_left_out_and_sheets_are_chosen() -> None:
    book = making.xlsx(First=[["a"]], Second=[["b"]], Third_hidden=[["c"]])
    found = ExcelReader(chunk=False).read(book)
    assert [(d.content, d.meta_data["sheet_name"], d.meta_data["sheet_index"]) for d in found] == [
        ("a", "First", 1),
        ("b", "Second", 2),
    ]
    assert whole(ExcelReader(chunk=False, sheets=["Second"]), book) == "b"
    assert whole(ExcelReader(chunk=False, sheets=[1]), book) == "a"
    with pytest.raises(ReaderError, match="has no sheet 'Fourth'; it has 1 'First', 2 'Second'"):
        ExcelReader(chunk=False, sheets=["Fourth"]).read(book)


def _changed(book: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with other XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(out, "w") as after:
        for member in before.infolist():
            after.writestr(member, before.read(member).replace(old, new))
    return out.getvalue()


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    book = making.xlsx(S=[["a"], ["b"]])
    assert whole(ExcelReader(chunk=False), _changed(book, b'ref="A1:A2"', b'ref="A1:XFD1048576"')) == "a\nb"


def test_a_gap_of_many_rows_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge._tables._MOST_ROWS", 1000)
    book = making.xlsx(S=[["a"], ["b"]])
    assert whole(ExcelReader(chunk=False), _changed(book, b'r="2"', b'r="99999999999"')) == "a"


# Office --------------------------------------------------------------------------------------------------------------


def test_the_slides_have_numbers() -> None:
    found = PPTXReader(chunk=False).read(making.pptx(("One", "a"), ("Two", "b")))
    assert [(d.content, d.meta_data) for d in found] == [("# One\n\na", {"slide": 1}), ("# Two\n\nb", {"slide": 2})]


@pytest.mark.parametrize(
    ("reader", "content", "sentence"),
    [
        (DocxReader, lambda: making.pptx(("a", "b")), "is no DOCX: it is PPTX."),
        (PPTXReader, lambda: making.xlsx(S=[["a"]]), "is no PPTX: it is XLSX."),
        (ExcelReader, lambda: making.docx("a"), "is no XLSX: it is DOCX."),
        (ExcelReader, lambda: b"a,b\n1,2\n", "is no XLSX: it looks like something else."),
        (DocxReader, lambda: making.pdf("a"), "is no DOCX: it looks like a PDF."),
        (DocxReader, lambda: making.xls(S=[["a"]]), "is an old DOC or an encrypted file; save it as DOCX"),
        (TextReader, lambda: making.docx("a"), "is a ZIP archive, not text."),
        (HTMLReader, lambda: making.pdf("a"), "is no HTML: it looks like a PDF."),
    ],
)
def test_a_wrong_name_is_seen_through(reader: Any, content: Any, sentence: str) -> None:
    with pytest.raises(ReaderError, match=sentence):
        reader().read(content())


def _bomb(name: str) -> bytes:
    """300 MB of zeros in a member of an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(name, "w") as member:
        for _ in range(30):
            member.write(bytes(1_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("reader", "name"), [(DocxReader, "word/document.xml"), (PPTXReader, "ppt/x.xml"), (ExcelReader, "xl/workbook.xml")]
)
def test_an_archive_bomb_is_refused(reader: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "agno.knowledge._files.MAX_RATIO", 100
    )  # deflate packs zeros at level 1 not as well as bombs do
    with pytest.raises(ReaderError, match="is refused: it unpacks to 30 MB in 1 parts, as an archive bomb does."):
        reader().read(_bomb(name))


def test_an_archive_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno.knowledge._files.MAX_MEMBERS", 3)
    with pytest.raises(ReaderError, match="parts, as an archive bomb does."):
        DocxReader().read(making.docx("a"))


def test_entities_that_multiply_are_not_unfolded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&l11;</w:t></w:r></w:p></w:body></w:document>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(making.docx("a"))) as before, zipfile.ZipFile(out, "w") as after:
        for member in before.infolist():
            after.writestr(member, xml if member.filename == "word/document.xml" else before.read(member))
    with pytest.raises(ReaderError):
        DocxReader().read(out.getvalue())
