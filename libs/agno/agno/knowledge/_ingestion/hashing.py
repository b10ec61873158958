"""When two contents are the same, and when one has changed.

A content hash has two halves: where the content comes from, and what it says. Where it comes from is a path, URL, topic or
object, together with the metadata given, so that no two customers share a row; a text or an upload comes from itself.
Files and texts are hashed whole. What is behind a URL or a topic is not fetched only to compare it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from agno._io import IO
from agno.knowledge._errors import ReaderError
from agno.knowledge._ingestion.items import Item
from agno.vectordb._conditions import jsonable
from agno.vectordb._records import SOURCE

_BLOCK = 1 << 20


async def content_hash(io: IO, item: Item, reader: Any) -> str:
    """64 hexadecimal digits. ReaderError if the content cannot be read."""
    said: str = await io.call(_digest, item)
    place: list[Any] = [item.kind]
    if item.kind in ("text", "file"):
        place += [item.content.name or "", said]
    elif item.kind == "remote":
        place.append(item.source.place)
    elif item.kind == "topic":
        place.append(f"{item.source}-{type(reader).__name__}")
    else:
        place.append(str(item.source))
    where = json.dumps([*place, jsonable(item.content.metadata or {})], sort_keys=True)
    return _hex(where.encode())[:SOURCE] + said[:SOURCE]


def _digest(item: Item) -> str:
    if item.kind == "path":
        return _of_file(item.source)
    if item.kind in ("text", "file"):
        return _hex(item.source)
    version = f"{item.source.version}{item.source.size}" if item.kind == "remote" else ""
    return _hex(version.encode())


def _of_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ReaderError(f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


__all__ = ["content_hash"]
