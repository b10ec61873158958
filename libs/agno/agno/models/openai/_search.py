"""Searching the input's files with the provider's `file_search` tool."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from agno.media import File
from agno.models._sdk import Link
from agno.models.message import Message


@dataclass
class Upload:
    """A file on its way into a vector store."""

    name: str
    content: bytes = b""

    def fill(self, content: bytes) -> None:
        """Take the bytes that were downloaded."""
        self.content = content


@dataclass
class FileSearch:
    """Files to be put into a vector store before a request is sent, and the tools that then search there."""

    tools: list[dict[str, Any]]
    uploads: list[Upload] = field(default_factory=list)

    def add(self, file: File, links: list[Link]) -> None:
        """Take a file of the input."""
        upload = Upload(file.display_name())
        self.uploads.append(upload)
        if file.content is None and file.filepath is None and file.url is not None:
            links.append(Link(file.url, upload.fill))
        else:
            upload.content = file.get_content_bytes() or b""

    def is_ready(self, stores: dict[str, str]) -> bool:
        """True if the same files are in a vector store already; the tools then search there."""
        store = stores.get(self._key())
        for tool in self.tools if store else ():
            tool["vector_store_ids"] = [store]
        return store is not None

    def use(self, store: str, stores: dict[str, str]) -> None:
        """Search in the vector store into which the files were put."""
        stores[self._key()] = store
        self.is_ready(stores)

    def files(self) -> list[tuple[str, bytes]]:
        """What goes into a new vector store."""
        return [(upload.name, upload.content) for upload in self.uploads]

    def _key(self) -> str:
        digest = hashlib.sha256()
        for name, content in self.files():
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()


def file_search(tools: list[dict[str, Any]], messages: list[Message], links: list[Link]) -> FileSearch | None:
    """What to do for `file_search` tools without a vector store; None if there is no such tool or no file."""
    open_tools = [tool for tool in tools if tool.get("type") == "file_search" and not tool.get("vector_store_ids")]
    files = [f for message in messages for f in message.files or () if f.external is None] if open_tools else []
    if not files:
        return None
    search = FileSearch(open_tools)
    for file in files:
        search.add(file, links)
    return search


__all__ = ["FileSearch", "file_search"]
