"""For databases of documents: rows as dicts of what is set, and a number that keeps the order in which they were inserted."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Mapping
from threading import Lock
from typing import Any

from agno.db._codec import from_json, nested_from_json, to_json
from agno.db._port import StoredHeader
from agno.db._sessions import old_runs
from agno.db.tables import MEMORIES, SESSIONS, Row, Table

SEQ = "seq"
_READABLE = 40  # characters of a name that people may recognise
_lock = Lock()
_last = 0


def next_seq() -> int:
    """Nanoseconds since 1970, a new number for each call."""
    global _last
    with _lock:
        _last = max(_last + 1, time.time_ns())
        return _last


def document_of(row: Row) -> Row:
    """A row as plain JSON data, without what is not set. Nobody can change it from outside."""
    document: Row = from_json(to_json({name: value for name, value in row.items() if value is not None}))
    return document


def row_of(table: Table, document: Mapping[str, Any]) -> Row:
    """The row of a document. JSON columns may be text, or data."""
    row = {name: document.get(name) for name in table.names}
    for name in table.json_names:
        if table is not MEMORIES or name != "memory":  # a memory is text, also when it looks like JSON
            row[name] = nested_from_json(row[name])
    return row


def header_of(document: Mapping[str, Any]) -> Row:
    """A session's header, with the runs that an older version wrote into it."""
    return {**row_of(SESSIONS, document), "runs": old_runs(document.get("runs"))}


def drop_old_runs(document: Row, dropped: Collection[str]) -> None:
    """Take runs out of a header that an older version wrote."""
    if dropped and document.get("runs"):
        document["runs"] = [run for run in old_runs(document["runs"]) if run.get("run_id") not in dropped]


def stored_header(header: Row | None) -> StoredHeader | None:
    """What a writer must know of a header."""
    if header is None:
        return None
    data = header["session_data"]
    text = None if data is None else to_json(data)
    return StoredHeader(header["session_type"], header["user_id"], header["created_at"], text)


def file_name(key: str) -> str:
    """A name for files and objects: none is a path, no two keys have the same, and people recognise the key."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', key[:_READABLE])}-{digest}"


def plain_name(name: str) -> str:
    """The name of a table that becomes part of a path; refuses one that would lead elsewhere."""
    if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
        raise ValueError(f"{name!r} is no table name here: it becomes part of a path. Leave out slashes.")
    return name


__all__ = [
    "SEQ",
    "document_of",
    "drop_old_runs",
    "file_name",
    "header_of",
    "next_seq",
    "plain_name",
    "row_of",
    "stored_header",
]
