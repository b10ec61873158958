"""Rows of tables as documents: page by page, so that a large table need not be in memory."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import OpenFile, check_office, not_a, told
from agno.knowledge._need import need
from agno.knowledge._text import blocks_of
from agno.knowledge.document import Document

PAGE_SIZE = 1000  # rows
_MAX_COLUMNS = 5_000  # a sheet may claim 16384 in each of a million rows
_MOST_ROWS = 1_048_576  # that Excel has in a sheet
_OLD_OFFICE = "a file of old or encrypted Office"

Row = list[str]


def pages_of(
    rows: Iterable[Row], identity: str, name: str | None, facts: dict[str, Any], page_size: int | None
) -> Iterator[Document]:
    """Documents of `page_size` rows, one per line; their facts are page, start_row and rows. None: one document."""
    waiting = iter(rows)
    if page_size is None:
        yield Document(_lines(waiting), id=identity, name=name, meta_data=dict(facts))
        return
    page, start = 1, 1
    while some := list(islice(waiting, max(1, page_size))):
        place = {"page": page, "start_row": start, "rows": len(some)}
        yield Document(_lines(some), id=f"{identity}_{page}", name=name, meta_data={**facts, **place})
        page, start = page + 1, start + len(some)


def _lines(rows: Iterable[Row]) -> str:
    return "\n".join(", ".join(" ".join(cell.split("\n")) for cell in row) for row in rows)


def rows_of(file: OpenFile, delimiter: str, quotechar: str, encoding: str | None) -> Iterator[Row]:
    """The rows of a CSV file that are not empty. ReaderError for an opening quote that is never closed, and the like."""
    reader = csv.reader(_physical_lines(file, encoding), delimiter=delimiter, quotechar=quotechar)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield cells
    except csv.Error as error:
        raise ReaderError(f"{file.label} is no CSV that can be read: line {reader.line_num}: {error}.") from error


def _physical_lines(file: OpenFile, encoding: str | None) -> Iterator[str]:
    held = ""
    for block in blocks_of(file, encoding):
        lines = (held + block).split("\n")
        held = lines.pop()
        yield from (f"{line}\n" for line in lines)
    if held:
        yield held


def sheets_of(file: OpenFile, user: str) -> Iterator[tuple[int, str, Iterator[Row]]]:
    """The visible sheets of a workbook: number (from 1), name, and rows that are not empty."""
    if file.kind == _OLD_OFFICE:
        yield from _old_sheets(file, user)
    elif file.kind == "a ZIP archive":
        yield from _new_sheets(file, user)
    else:
        raise not_a("XLSX", file)


def is_workbook(file: OpenFile) -> bool:
    """True for the bytes of XLSX and XLS."""
    return file.kind in ("a ZIP archive", _OLD_OFFICE)


def _new_sheets(file: OpenFile, user: str) -> Iterator[tuple[int, str, Iterator[Row]]]:
    check_office(file, "XLSX")
    openpyxl = need("openpyxl", "openpyxl", user)
    with told(file.label, "XLSX"):
        book = openpyxl.load_workbook(file.file, read_only=True, data_only=True)
    try:
        for number, sheet in enumerate(book.worksheets, 1):
            if sheet.sheet_state == "visible":
                yield number, sheet.title, _new_rows(sheet, file)
    finally:
        book.close()


def _new_rows(sheet: Any, file: OpenFile) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file claims may be absurd, or wrong
    with told(file.label, "XLSX"):
        for cells in sheet.iter_rows(max_row=_MOST_ROWS, values_only=True):  # else a gap of any length is filled
            if len(cells) > _MAX_COLUMNS:
                raise ReaderError(
                    f"{file.label} has a row of {len(cells)} cells in {sheet.title!r}; {_MAX_COLUMNS} are read."
                )
            if row := _filled([cell_text(cell) for cell in cells]):
                yield row


def _old_sheets(file: OpenFile, user: str) -> Iterator[tuple[int, str, Iterator[Row]]]:
    xlrd = need("xlrd", "xlrd", user)
    with told(file.label, "XLS"):
        book = xlrd.open_workbook(file_contents=_all(file.file), on_demand=True, logfile=_Nowhere())
    for number, name in enumerate(book.sheet_names(), 1):
        with told(file.label, "XLS"):
            sheet = book.sheet_by_name(name)
        if sheet.visibility == 0:
            yield number, name, _old_rows(sheet, book, xlrd)


def _old_rows(sheet: Any, book: Any, xlrd: Any) -> Iterator[Row]:
    for number in range(sheet.nrows):
        if row := _filled([_old_cell(cell, book, xlrd) for cell in sheet.row(number)]):
            yield row


def _old_cell(cell: Any, book: Any, xlrd: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return cell_text(xlrd.xldate_as_datetime(cell.value, book.datemode))
        except (
            ValueError,
            OverflowError,
            xlrd.xldate.XLDateError,
        ):  # a number that is formatted as a date, but is none
            return cell_text(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return cell_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return cell_text(cell.value)


def cell_text(value: Any) -> str:
    """A cell as text: dates as ISO, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _filled(row: Row) -> Row:
    """A row without the empty cells at its end."""
    while row and not row[-1]:
        row.pop()
    return row


def _all(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


class _Nowhere:
    """Takes what xlrd would print."""

    def write(self, text: str) -> None:
        pass


__all__ = ["PAGE_SIZE", "Row", "cell_text", "is_workbook", "pages_of", "rows_of", "sheets_of"]
