"""The runs of a session in a file that only grows: a line for each version of a run.

How far the file is valid stands in the session's header. So writing the header makes the new lines count, all at once;
lines that a dead process left behind are cut off by the next writer.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from agno.db._port import RunRow
from agno.db.tables import Row

_GONE = b"null"  # the run was taken out


class _Line(msgspec.Struct, omit_defaults=True):
    run_id: str
    new: bool = False  # whether this is the first line of the run, which gives it its place
    run: msgspec.Raw = msgspec.Raw(_GONE)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


class RunLog:
    """A file of lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, end: int, runs: Sequence[Row], dropped: Collection[str], *, append: bool) -> int:
        """Add versions of runs after `end`; gives the new end."""
        there = set() if append else self._present(end, {run["run_id"] for run in runs})
        lines = [_Line(run["run_id"], run["run_id"] not in there, msgspec.Raw(run["payload"])) for run in runs]
        lines += [_Line(run_id) for run_id in dropped]
        data = b"".join(_encode(line) + b"\n" for line in lines)
        self.path.parent.mkdir(exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(end)
            file.seek(end)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return end + len(data)

    def newest(self, end: int, count: int | None) -> list[RunRow]:
        """The newest runs, oldest first."""
        if count == 0 or end == 0:
            return []
        found: list[RunRow] = []
        for run in self._backwards(end):
            found.append(run)
            if len(found) == count:
                break
        return found[::-1]

    def _backwards(self, end: int) -> Iterator[RunRow]:
        """The runs by their place, the last one first. All versions of a run lie after its first line."""
        newest: dict[str, bytes] = {}
        for line in self._lines(end):
            newest.setdefault(line.run_id, bytes(line.run))
            if line.new:
                payload = newest.pop(line.run_id)
                if payload != _GONE:
                    yield line.run_id, payload

    def _present(self, end: int, wanted: set[str]) -> set[str]:
        missing, present = set(wanted), set()
        for line in self._lines(end):
            if not missing:
                break
            if line.run_id in missing:
                missing.discard(line.run_id)
                if bytes(line.run) != _GONE:
                    present.add(line.run_id)
        return present

    def _lines(self, end: int) -> Iterator[_Line]:
        """The last one first; only the pages that are looked at are read."""
        if end == 0:
            return
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            while end > 0:
                start = text.rfind(b"\n", 0, end - 1) + 1
                yield _decode(text[start:end])
                end = start


def remove(paths: Iterable[Path]) -> None:
    """Delete files, if they are there."""
    for path in paths:
        path.unlink(missing_ok=True)


__all__ = ["RunLog", "remove"]
