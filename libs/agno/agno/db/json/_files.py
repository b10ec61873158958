"""Files that are there whole or not at all, and one writer at a time, whatever dies in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agno.utils._locks import lock, unlock

_LOCK = ".lock"


class Folder:
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else writes, in no thread and no process; the system ends it when a process dies."""
        self.path.mkdir(parents=True, exist_ok=True)
        with _locked(self.path / _LOCK, os.O_RDWR | os.O_CREAT, shared=False):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nobody writes; others may read. Needed by those who read several files that belong together."""
        if not (self.path / _LOCK).exists():  # then nobody has written yet
            yield
            return
        with _locked(self.path / _LOCK, os.O_RDONLY, shared=True):
            yield

    def read(self, name: str) -> bytes | None:
        """A file, as some writer left it; None if it is not there."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, name: str, data: bytes) -> None:
        """Write a file whole: whoever reads, or finds it after a crash, sees the old one or the new one."""
        new = self.path / f"{name}.new"
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / name)


@contextmanager
def _locked(path: Path, flags: int, *, shared: bool) -> Iterator[None]:
    descriptor = os.open(path, flags, 0o644)
    try:
        lock(descriptor, shared)
        try:
            yield
        finally:
            unlock(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["Folder"]
