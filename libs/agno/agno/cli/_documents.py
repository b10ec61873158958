"""Files and folders as passages with a place: what `agno ask` searches."""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from agno.cli._passages import Line, Passage, of_lines, of_page
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError

_SKIPPED_FOLDERS = frozenset({"venv", "node_modules", "__pycache__"})  # and all that begin with a dot
_LARGEST = 50_000_000  # bytes
_HTML = (".html", ".htm", ".xhtml")
STANDARD_INPUT = "-"


class DocumentError(ReaderError):
    """A file cannot be read; the message says why."""


class NoTextError(DocumentError):
    """The file holds something else than text."""


def shown(path: Any) -> str:
    """A path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def files_of(given: str, left_out: list[DocumentError]) -> Iterator[Any]:
    """The files of a path, in order; what cannot be listed below a folder goes to `left_out`.

    Raises DocumentError for a path that is not there.
    """
    if given == STANDARD_INPUT:
        yield given
        return
    if not given:
        raise DocumentError("A path is empty. Write . for the folder you are in.")
    path = Path(given)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise DocumentError(f"{shown(given)!r} is no path: {getattr(error, 'strerror', None) or error}.") from error
    if not exists:
        raise DocumentError(f"There is no file or folder {shown(given)!r}.")
    if not is_folder:
        yield path
        return
    for root, folders, names in os.walk(
        path, onerror=lambda error: left_out.append(_unreadable(error.filename, error))
    ):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED_FOLDERS and not f.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not _is_special(file := Path(root) / name):
                yield file


def _is_special(path: Path) -> bool:
    """A pipe, a socket or a device: reading it could wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # reading it will say why
    return not stat.S_ISREG(mode)


def _unreadable(path: Any, error: OSError) -> DocumentError:
    return DocumentError(f"{shown(path)} cannot be read: {error.strerror or error}.")


def bytes_of(path: Any) -> bytes:
    """What is in a file, or in standard input for "-". Raises DocumentError if it cannot be read."""
    try:
        if path == STANDARD_INPUT:
            return _limited(sys.stdin.buffer, "Standard input")
        with open(path, "rb") as file:
            return _limited(file, shown(path))
    except OSError as error:
        raise _unreadable(path, error) from error


def _limited(file: BinaryIO, name: str) -> bytes:
    data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise DocumentError(f"{name} is larger than {_LARGEST // 1_000_000} MB; give a part of it.")
    return data


class PassageReader(Reader):
    """The passages of a file, given as bytes: text, Markdown, HTML, PDF or code. `error` is why the last one was none."""

    error: Exception | None = None

    def __init__(self) -> None:
        super().__init__(chunk=False)

    def documents(self, source: bytes, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """Yield the passages. Raises DocumentError, and ImportError without the package for this kind of file."""
        path, self.error = name or "", None
        try:
            passages = _parts(path, Path(path).suffix.lower(), source)
        except Exception as error:
            self.error = error
            raise
        for number, passage in enumerate(passages):
            place = {"place": passage.place, "section": passage.section, "number": number}
            yield Document(passage.text, name=path, meta_data=place)


def _parts(path: str, suffix: str, data: bytes) -> list[Passage]:
    if data.startswith(b"%PDF-") or suffix == ".pdf":
        return _pdf(path, data)
    text = _decoded(path, data)
    if suffix in _HTML or text[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        return of_lines(path, _html_lines(text), numbered=False)
    return of_lines(path, [Line(number, line) for number, line in enumerate(text.splitlines(), 1)])


def _decoded(path: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    start = text[:8192]
    strange = sum(not (c.isprintable() or c.isspace()) for c in start)
    if "\x00" in start or strange > len(start) * 0.05:
        raise NoTextError(f"{path} is binary data, not text, Markdown, HTML, PDF or code.")
    return text


_BLOCKS = ("title", "h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "td", "th", "pre", "blockquote", "dt", "dd")


def _html_lines(text: str) -> list[Line]:
    soup = _need("bs4").BeautifulSoup(text, "html.parser")
    for tag in soup(["script", "style", "noscript", "template"]):
        tag.decompose()
    lines: list[Line] = []
    for tag in soup.find_all(_BLOCKS):
        if tag.find_parent(["p", "li", "pre", "td", "th", "blockquote"]) is not None:
            continue
        if said := tag.get_text(" ", strip=True):
            level = int(tag.name[1]) if tag.name[0] == "h" and tag.name[1:].isdigit() else 0
            lines.append(Line(tag.sourceline or 1, " ".join(said.split()), level))
    return lines or [Line(1, line) for line in soup.get_text("\n", strip=True).splitlines()]


def _pdf(path: str, data: bytes) -> list[Passage]:
    from io import BytesIO

    pypdf = _need("pypdf")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it complains about is in our own sentence
    try:
        reader = pypdf.PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(f"{path} is encrypted; save a copy without a password.")
        pages = [(number, page.extract_text() or "") for number, page in enumerate(reader.pages, 1)]
    except DocumentError:
        raise
    except Exception as error:  # the parser raises many kinds for damaged files
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DocumentError(f"{path} is no PDF that can be read: {why}.") from error
    found = [passage for number, text in pages for passage in of_page(path, number, text)]
    if not found:
        raise DocumentError(f"{path} holds no text (scanned pages need text recognition first).")
    return found


_PACKAGES = {"bs4": ("HTML", "beautifulsoup4"), "pypdf": ("PDF", "pypdf")}


def _need(module: str) -> Any:
    try:
        return __import__(module)
    except ImportError as error:
        kind, package = _PACKAGES[module]
        raise ImportError(f"Reading {kind} needs the package {package!r}: pip install 'agno[cli]'") from error


__all__ = ["STANDARD_INPUT", "DocumentError", "NoTextError", "PassageReader", "bytes_of", "files_of", "shown"]
