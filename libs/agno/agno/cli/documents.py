"""Files as passages with a place: what `agno ask` searches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agno.exceptions import AgnoError

_SKIPPED_FOLDERS = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".node"}
)
_LARGEST = 50_000_000  # bytes
_PASSAGE = 1_200  # characters


class DocumentError(AgnoError):
    """A file cannot be read; the message says why."""


@dataclass(frozen=True)
class Passage:
    """A piece of a file, and where it stands: `docs/a.md:12-18` or `report.pdf, page 3`."""

    path: str
    place: str
    text: str

    @property
    def source(self) -> str:
        return f"{self.path}{self.place}"


def read_all(paths: list[str]) -> tuple[list[Passage], list[str]]:
    """The passages of files and folders, and notes on files in folders that could not be read.

    Raises DocumentError for a path that is not there, a named file that cannot be read, and where nothing is left.
    """
    passages: list[Passage] = []
    notes: list[str] = []
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise DocumentError(f"There is no file or folder {given!r}.")
        if path.is_file():
            passages.extend(read(path))
            continue
        for file in _files(path):
            try:
                passages.extend(read(file))
            except DocumentError as error:
                notes.append(str(error))
    if not passages:
        what = ", ".join(repr(p) for p in paths)
        raise DocumentError(f"Nothing to read in {what}: no text, Markdown, HTML, PDF or code in it." + _first(notes))
    return passages, notes


def _first(notes: list[str]) -> str:
    return f" {notes[0]}" if notes else ""


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED_FOLDERS)
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root) / name


def read(path: Path) -> list[Passage]:
    """The passages of one file. Raises DocumentError if it cannot be read."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentError(f"{path} is larger than {_LARGEST // 1_000_000} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data.startswith(b"%PDF-") or path.suffix.lower() == ".pdf":
        return _pdf(path)
    text = _decoded(path, data)
    if path.suffix.lower() in (".html", ".htm", ".xhtml"):
        return _html(path, text)
    return _lines(path, text)


def _decoded(path: Path, data: bytes) -> str:
    if b"\x00" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(f"{path} is binary data, not text, Markdown, HTML, PDF or code.")
    for encoding in ("utf-8-sig", "utf-16") if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    text = data.decode("latin-1")
    strange = sum(not (c.isprintable() or c.isspace()) for c in text[:4096])
    if strange > len(text[:4096]) * 0.05:
        raise DocumentError(f"{path} is binary data, not text, Markdown, HTML, PDF or code.")
    return text


def _lines(path: Path, text: str) -> list[Passage]:
    return _grouped(path, [(number, line) for number, line in enumerate(text.splitlines(), 1)])


def _grouped(path: Path, lines: list[tuple[int, str]]) -> list[Passage]:
    """Lines as passages: broken at headings, and at blank lines once a passage is long enough."""
    passages: list[Passage] = []
    block: list[tuple[int, str]] = []
    size = 0
    for number, line in lines:
        heading = line.startswith("#") and path.suffix.lower() in (".md", ".markdown")
        if block and (heading or size > _PASSAGE or (not line.strip() and size > _PASSAGE // 2)):
            passages += _passage(path, block)
            block, size = [], 0
        block.append((number, line))
        size += len(line)
    return passages + _passage(path, block)


def _passage(path: Path, block: list[tuple[int, str]]) -> list[Passage]:
    while block and not block[0][1].strip():
        block = block[1:]
    while block and not block[-1][1].strip():
        block = block[:-1]
    if not block:
        return []
    first, last = block[0][0], block[-1][0]
    place = f":{first}" if first == last else f":{first}-{last}"
    return [Passage(str(path), place, "\n".join(line for _, line in block))]


def _html(path: Path, text: str) -> list[Passage]:
    soup = _need("bs4", "beautifulsoup4").BeautifulSoup(text, "html.parser")
    for tag in soup(["script", "style", "noscript", "template"]):
        tag.decompose()
    lines: list[tuple[int, str]] = []
    for tag in soup.find_all(["title", "h1", "h2", "h3", "h4", "p", "li", "td", "th", "pre", "blockquote", "dt", "dd"]):
        if tag.find_parent(["p", "li", "pre", "td"]) is None and (said := tag.get_text(" ", strip=True)):
            lines.append((tag.sourceline or 1, said))
    if not lines:
        lines = [(1, line) for line in soup.get_text("\n", strip=True).splitlines()]
    return _grouped(path, lines)


def _pdf(path: Path) -> list[Passage]:
    pypdf = _need("pypdf", "pypdf")
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(f"{path} is encrypted; save a copy without a password.")
        pages = [(number, page.extract_text() or "") for number, page in enumerate(reader.pages, 1)]
    except DocumentError:
        raise
    except Exception as error:  # the parser raises many kinds for damaged files
        raise DocumentError(f"{path} is no PDF that can be read: {str(error) or type(error).__name__}.") from error
    found = [Passage(str(path), f", page {number}", text.strip()) for number, text in pages if text.strip()]
    if not found:
        raise DocumentError(f"{path} holds no text (scanned pages need text recognition first).")
    return found


def _need(module: str, package: str) -> Any:
    try:
        return __import__(module)
    except ImportError as error:
        raise ImportError(f"Reading this file needs `{package}`. Install it with: pip install agno[cli]") from error


__all__ = ["DocumentError", "Passage", "read", "read_all"]
