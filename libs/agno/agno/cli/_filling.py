"""Files into the user's cache folder, as passages that can be searched. What is there, unchanged, is not read again."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from agno.cli._documents import (
    STANDARD_INPUT,
    DocumentError,
    NoTextError,
    PassageReader,
    bytes_of,
    files_of,
    shown,
)
from agno.cli._home import home
from agno.cli._library import Library
from agno.cli._passage_store import PassageStore
from agno.knowledge import Knowledge
from agno.knowledge.content import FileData
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.embedder.minilm import MiniLMEmbedder, is_installed
from agno.knowledge.events import ContentCompleted, ContentFailed, ContentProgress, ContentSkipped
from agno.utils.log import logger
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError

_LAYOUT = 1  # of what is kept; another one is another file
_KEPT = 30 * 24 * 3600  # seconds after the last question, then an index goes
_MEMORY = ":memory:"
MEANING = {"minilm": 1.5, "hashing": 0.0}  # how much vectors count beside words: `make bench-retrieval` compares

Tell = Callable[[str], None]


def library(paths: list[str], tell: Tell) -> Library:
    """The tools over files and folders; `tell` gets a sentence on what was left out of a folder.

    Raises DocumentError for a path that is not there, a named file that cannot be read, and where nothing is left.
    """
    kind = embedder_at_hand()
    place = _MEMORY if STANDARD_INPUT in paths else str(_place(paths, kind))
    try:
        return _filled(place, kind, paths, tell)
    except VectorDbUnavailableError as error:  # the folder is read-only, or the disk full
        tell(f"{error} What is read is kept in memory this time.")
        place = _MEMORY
    except VectorDbError:  # damaged: it can be made again at any time
        _remove(Path(place))
    return _filled(place, kind, paths, tell)


def cache_folder() -> Path:
    """Where the command keeps what it can make again: `AGNO_CACHE_DIR`, else `agno` in the user's cache folder."""
    if own := os.environ.get("AGNO_CACHE_DIR"):
        return Path(own).expanduser()
    general = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(general) if os.path.isabs(general) else home() / ".cache") / "agno"


def embedder_at_hand() -> str:
    """ "minilm" where the model is installed, else "hashing"; `AGNO_EMBEDDER` says which, too."""
    asked = os.environ.get("AGNO_EMBEDDER", "")
    if asked not in ("", *MEANING):
        raise ValueError(f"AGNO_EMBEDDER is {asked!r}; it may be {' or '.join(map(repr, MEANING))}.")
    return asked or ("minilm" if is_installed() else "hashing")


def _place(paths: list[str], kind: str) -> Path:
    """One file for the same paths in the same folder: names are kept as they were given."""
    wanted = json.dumps([_LAYOUT, kind, os.getcwd(), sorted(set(paths))])
    return cache_folder() / "ask" / f"{hashlib.sha256(wanted.encode()).hexdigest()[:32]}.db"


def _filled(place: str, kind: str, paths: list[str], tell: Tell) -> Library:
    store = store_at(place, kind)
    if place != _MEMORY:
        _tidy(Path(place))
    return Library(store, _Filling(store, tell).fill(paths))


def store_at(place: str, kind: str) -> PassageStore:
    """A store in a file, with this embedder."""
    store = PassageStore(place, embedder=MiniLMEmbedder() if kind == "minilm" else HashingEmbedder())
    store.meaning = MEANING[kind]
    return store


# The folder ----------------------------------------------------------------------------------------------------------


def _tidy(place: Path) -> None:
    """Make the folder, for nobody else's eyes, and remove what was not asked for a long time."""
    with suppress(OSError):  # the database says it, if it cannot be used
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if place.exists():
            os.utime(place)
        for other in place.parent.glob("*.db"):
            if time.time() - other.stat().st_mtime > _KEPT:
                _remove(other)


def _remove(place: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{place}{end}").unlink(missing_ok=True)


# Filling -------------------------------------------------------------------------------------------------------------


class _Filling:
    """Brings a store up to date with the files."""

    def __init__(self, store: PassageStore, tell: Tell) -> None:
        self.store, self.tell = store, tell
        self.knowledge = Knowledge(vector_db=store)
        self.reader = PassageReader()
        self.left_out: list[DocumentError] = []
        self.hashes: set[str] = set()  # of what is there now

    def fill(self, paths: list[str]) -> list[str]:
        """The names of the files that have something to say."""
        files = {shown(path): (given, path) for given in paths for path in files_of(given, self.left_out)}
        names = []
        with _progress(len(files)) as advance, _quietly():
            for name, (given, path) in files.items():
                try:
                    if self._add(_called(name), path, advance):
                        names.append(_called(name))
                except DocumentError as error:
                    if not os.path.isdir(given):
                        raise
                    self.left_out.append(error)
                advance(1, 0)
        for sentence in _about(self.left_out):
            self.tell(f"left out: {sentence}")
        for stale in self.store.content_hashes() - self.hashes:
            self.store.delete_by_content_hash(stale)
        if not names:
            what = ", ".join(repr(shown(path)) for path in paths)
            raise DocumentError(f"There is nothing to read in {what}: no text, Markdown, HTML, PDF or code.")
        return names

    def _add(self, name: str, path: Any, advance: Callable[[int, int], None]) -> bool:
        """Whether there is something in a file."""
        data = FileData(content=bytes_of(path), filename=name)
        found = True
        for event in self.knowledge.ingest(name=name, file_data=data, reader=self.reader):
            if isinstance(event, ContentFailed):
                if self.reader.error is not None:
                    raise self.reader.error
                found = False  # nothing but blank lines; or else the error comes behind this
            if isinstance(event, (ContentProgress, ContentCompleted)):
                advance(0, event.chunks)
            if isinstance(event, (ContentCompleted, ContentSkipped)):
                self.hashes.add(str(event.content.content_hash))
        return found


def _called(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else name


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; gives what is called with the files that are done and the passages of the present one."""
    columns = (
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} files{task.fields[part]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("reading", total=total, part="")
        yield lambda files, passages: bar.update(task, advance=files, part=f", {passages} passages" if passages else "")


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the log of what cannot be read: that is told in our own sentences."""
    level = logger.level
    if level > logging.DEBUG:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _about(left_out: list[DocumentError]) -> list[str]:
    """What was left out, in a few sentences: binary files are only counted."""
    binary = [error for error in left_out if isinstance(error, NoTextError)]
    others = [str(error) for error in left_out if not isinstance(error, NoTextError)]
    told = others[:3] + ([f"{len(others) - 3} more files that cannot be read."] if len(others) > 3 else [])
    if len(binary) == 1:
        return [*told, str(binary[0])]
    return [*told, f"{len(binary)} files that are binary data."] if binary else told


__all__ = ["MEANING", "cache_folder", "embedder_at_hand", "library", "store_at"]
