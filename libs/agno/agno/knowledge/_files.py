"""Opening what file readers are given, and recognising files that are not what their name says."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from agno.knowledge._errors import ReaderError

# Limits for archives, which DOCX, PPTX and XLSX are: what they unpack to.
MAX_UNPACKED = 1_000_000_000  # bytes
MAX_MEMBERS = 20_000
MAX_RATIO = 300  # unpacked : packed, of members that are large

_LARGE_MEMBER = 20_000_000  # bytes
_HEADS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of old or encrypted Office"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_OFFICE = {"word/": "DOCX", "xl/": "XLSX", "ppt/": "PPTX"}


@dataclass
class OpenFile:
    """A file that is open for reading at its beginning. `label` is what error messages call it."""

    file: BinaryIO
    name: str | None  # for the documents: as given, else the file's own without its suffix
    label: str
    head: bytes  # its first bytes
    suffix: str

    @property
    def kind(self) -> str | None:
        """What the first bytes look like, such as "a PDF"; None if they look like nothing known."""
        return kind_of(self.head)


def kind_of(head: bytes) -> str | None:
    """What first bytes look like, such as "a PDF"."""
    if head[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return next((kind for magic, kind in _HEADS if head.startswith(magic)), None)


@contextmanager
def opened(source: Any, name: str | None, max_bytes: int) -> Iterator[OpenFile]:
    """Open a path, bytes, or a file-like object (which stays open, and is read from its beginning).

    ReaderError if it is not there, not a regular file, empty, or larger than `max_bytes`.
    """
    own = _own_name(source)
    label = own or name or "The file"
    with _binary(source, label, max_bytes) as file:
        head = file.read(4096)
        if not head:
            raise ReaderError(f"{label} is empty.")
        file.seek(0)
        stem = PurePath(own).stem if own else None
        yield OpenFile(file, name or stem, label, head, PurePath(own or name or "").suffix.lower())


def _own_name(source: Any) -> str | None:
    name = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(name, (str, os.PathLike)):  # the name of a file that was opened by its number is a number
        return None
    return PurePath(os.fspath(name)).name or None


@contextmanager
def _binary(source: Any, label: str, max_bytes: int) -> Iterator[BinaryIO]:
    if isinstance(source, (str, os.PathLike)):
        with _file_at(Path(source).expanduser(), max_bytes) as file:
            yield file
    elif isinstance(source, (bytes, bytearray, memoryview)):
        _check_size(len(source), label, max_bytes)
        yield io.BytesIO(source)
    elif hasattr(source, "read"):
        yield _of_stream(source, label, max_bytes)
    else:
        raise TypeError(f"A file is a path, bytes or an open file, not {type(source).__name__}: {source!r:.80}.")


@contextmanager
def _file_at(path: Path, max_bytes: int) -> Iterator[BinaryIO]:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no regular file"
            raise ReaderError(f"{path} is {what}; a reader reads one file.")
        _check_size(facts.st_size, str(path), max_bytes)
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise ReaderError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    with file:
        yield file


def _of_stream(source: Any, label: str, max_bytes: int) -> BinaryIO:
    """A seekable binary file at its beginning."""
    if hasattr(source, "seekable") and source.seekable() and not isinstance(source, io.TextIOBase):
        size = source.seek(0, os.SEEK_END)
        _check_size(size if isinstance(size, int) else source.tell(), label, max_bytes)
        source.seek(0)
        file: BinaryIO = source
        return file
    if hasattr(source, "seekable") and source.seekable():
        source.seek(0)
    data = source.read(max_bytes + 1)
    _check_size(len(data), label, max_bytes)
    return io.BytesIO(data.encode() if isinstance(data, str) else data)


def _said(size: int) -> str:
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size} bytes"


def _check_size(size: int, label: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise ReaderError(
            f"{label} is larger than {_said(max_bytes)}, the reader's max_bytes; split it, or raise the limit.",
            413,
        )


@contextmanager
def told(label: str, kind: str) -> Iterator[None]:
    """Turns what a parser raises in the block into a ReaderError with one sentence."""
    try:
        yield
    except (ReaderError, ImportError, MemoryError):
        raise
    except Exception as error:  # parsers raise many kinds, also IndexError and the like, for damaged files
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ReaderError(f"{label} is no {kind} that can be read: {why[:200]}.") from error


def check_office(opened_file: OpenFile, wanted: str) -> None:
    """ReaderError unless this is a sane archive of the wanted kind: "DOCX", "PPTX" or "XLSX"."""
    label, kind = opened_file.label, opened_file.kind
    if kind != "a ZIP archive":
        raise not_a(wanted, opened_file)
    with told(label, wanted):
        with zipfile.ZipFile(opened_file.file) as archive:
            members = archive.infolist()
        check_archive(members, label)
        names = {member.filename for member in members}
    found = next((office for folder, office in _OFFICE.items() if any(name.startswith(folder) for name in names)), None)
    if found != wanted:
        raise ReaderError(f"{label} is no {wanted}: it is {found or 'another kind of ZIP archive'}.")
    opened_file.file.seek(0)


def check_archive(members: list[zipfile.ZipInfo], label: str) -> None:
    """ReaderError for a bomb. The declared sizes can be trusted: `zipfile` unpacks no more than them."""
    total = sum(member.file_size for member in members)
    bomb = any(
        member.file_size > _LARGE_MEMBER and member.file_size > MAX_RATIO * max(1, member.compress_size)
        for member in members
    )
    if len(members) > MAX_MEMBERS or total > MAX_UNPACKED or bomb:
        raise ReaderError(
            f"{label} is refused: it unpacks to {total // 1_000_000} MB in {len(members)} parts, as an archive bomb does.",
            413,
        )


def not_a(wanted: str, opened_file: OpenFile) -> ReaderError:
    """The error for a file that is something else."""
    return ReaderError(f"{opened_file.label} is no {wanted}: it looks like {opened_file.kind or 'something else'}.")


__all__ = [
    "OpenFile",
    "check_archive",
    "check_office",
    "kind_of",
    "not_a",
    "opened",
    "told",
]
