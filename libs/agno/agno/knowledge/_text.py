"""Bytes as text, in blocks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import OpenFile

_BLOCK = 1 << 20  # bytes
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTES = "cp1252"  # what old text of the Western world is in most often; its gaps become a replacement character


def text_of(opened_file: OpenFile, encoding: str | None = None) -> str:
    """The whole text. `encoding=None` looks for it. ReaderError for binary data, or text of another encoding."""
    return "".join(blocks_of(opened_file, encoding))


def blocks_of(opened_file: OpenFile, encoding: str | None = None) -> Iterator[str]:
    """The text in blocks of about a megabyte, with "\\n" at the end of lines."""
    known = encoding or _encoding_of(opened_file)
    errors = "strict" if encoding else "replace"
    opened_file.file.seek(0)
    try:
        decoder = codecs.getincrementaldecoder(known)(errors)
        yield from _lines_mended(_decoded(opened_file.file, decoder))
    except LookupError as error:
        raise ReaderError(f"{known!r} is no encoding of text that Python knows.") from error
    except UnicodeError as error:
        raise ReaderError(f"{opened_file.label} is not text in {known}: {error}.") from error


def _decoded(file: BinaryIO, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    while block := file.read(_BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", True)


def _lines_mended(blocks: Iterator[str]) -> Iterator[str]:
    """A block never ends between \\r and \\n."""
    held = ""
    for block in blocks:
        text = held + block
        held = "\r" if text.endswith("\r") else ""
        yield (text[:-1] if held else text).replace("\r\n", "\n").replace("\r", "\n")
    yield "\n" if held else ""


def _encoding_of(opened_file: OpenFile) -> str:
    head = opened_file.head
    marked = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
    if marked:
        return marked
    if b"\x00" in head:
        return _wide(opened_file)
    if opened_file.kind not in (None, "HTML", "RTF") and not _is_printable(head):
        raise binary(opened_file)
    if _is_utf8(opened_file.file):
        return "utf-8"
    if not _is_printable(head):
        raise binary(opened_file)
    return _SINGLE_BYTES


def _wide(opened_file: OpenFile) -> str:
    """UTF-16 without a mark has a zero in nearly every second byte of Western text."""
    head = opened_file.head
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > half * 0.6 and head[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if head[::2].count(0) > half * 0.6 and head[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    raise binary(opened_file)


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for _ in _decoded(file, decoder):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _is_printable(head: bytes) -> bool:
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return strange <= len(head) * 0.02


def binary(opened_file: OpenFile) -> ReaderError:
    """The error for a file that holds no text."""
    return ReaderError(f"{opened_file.label} is {opened_file.kind or 'binary data'}, not text.")


__all__ = ["binary", "blocks_of", "text_of"]
