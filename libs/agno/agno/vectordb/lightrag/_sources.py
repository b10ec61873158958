"""The names of documents on a LightRAG server. A document has nothing else that says where it comes from."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_OTHERS = re.compile(r"[^\w-]+")
_LONGEST = 60


class Source(NamedTuple):
    """The parts of a name: something to read, and hashes of what is looked up."""

    readable: str
    name: str
    content_id: str
    content_hash: str
    text: str

    @property
    def file(self) -> str:
        """The name of the document: of letters, digits, `-`, `_` and dots only."""
        return ".".join((*self, "txt"))


class Kept(NamedTuple):
    """A document on the server."""

    id: str
    status: str
    source: Source


def source_of(name: str | None, content_id: str | None, content_hash: str, text: str) -> Source:
    """The name of a text."""
    readable = _OTHERS.sub("-", name or "text").strip("-")[:_LONGEST] or "text"
    return Source(readable, hashed(name), hashed(content_id), hashed(content_hash), hashed(text))


def read(file: str) -> Source:
    """The parts of a name. One that is not ours is only something to read."""
    parts = file.split(".")
    if len(parts) == 6 and parts[-1] == "txt":
        return Source(*parts[:5])
    return Source(file, hashed(file), "", "", "")


def hashed(text: str | None) -> str:
    """What stands for a text in a name."""
    return "none" if text is None else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


__all__ = ["Kept", "Source", "hashed", "read", "source_of"]
