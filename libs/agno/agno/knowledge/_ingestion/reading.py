"""Which reader reads an item, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agno._io import IO, Give
from agno.knowledge._errors import ReaderError
from agno.knowledge._ingestion.items import Item
from agno.knowledge._web import Web
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.reader_factory import ReaderFactory, is_youtube
from agno.utils.parameters import accepted, names_of


def reader_for(item: Item, readers: Mapping[str, Any]) -> Any:
    """The reader that was given with the content, else the knowledge's own or the factory's for its format."""
    if item.content.reader is not None:
        return item.content.reader
    if item.kind == "topic":
        raise ReaderError(f"The topic {item.source!r} needs a reader, such as reader=WikipediaReader().")
    if item.kind == "url":
        key = "youtube" if is_youtube(item.source) else "url"
    else:
        key = ReaderFactory.key_for(item.format) or "text"
    found = readers.get(key)
    return found if found is not None else ReaderFactory.create_reader(key)


async def read(io: IO, give: Give, item: Item, reader: Any) -> None:
    """Give the chunks of an item. Raises what the reader raises."""
    if item.kind == "url" and getattr(reader, "wants", "url") == "file":
        async with Web(io) as web:
            page = await web.get(item.source)
        await _with(io, give, reader, page.body, item.name or item.source, item)
    elif item.kind == "remote":
        file = await io.call(item.source.open)
        try:
            await _with(io, give, reader, file, item.name, item)
        finally:
            await io.call(file.close)
    else:
        await _with(io, give, reader, item.source, item.name, item)


async def _with(io: IO, give: Give, reader: Any, source: Any, name: str | None, item: Item) -> None:
    password = item.content.auth.password if item.content.auth is not None else None
    options = {"password": password} if password is not None else {}
    if isinstance(reader, Reader) and not _overrides(reader, "read", "documents", "_produce"):
        await reader._iterate(io, give, source, name, **accepted(_producer(reader), options))
        return
    for document in await _read_at_once(io, reader, source, name, options):
        await give(document)


def _overrides(reader: Any, method: str, *others: str) -> bool:
    """Whether a class overrides this method further down than the others: a subclass that changes only what `read` gives.

    Where one class has both, as `CSVReader` whose `read` takes more, `read` only collects what `documents` yields.
    """
    places = [
        next((n for n, one in enumerate(type(reader).__mro__) if name in vars(one)), 99) for name in (method, *others)
    ]
    return places[0] < min(places[1:])


def _producer(reader: Reader) -> Any:
    """What takes the options of reading."""
    return reader._produce if _overrides(reader, "_produce", "documents") else reader.documents


async def _read_at_once(io: IO, reader: Any, source: Any, name: str | None, options: dict[str, Any]) -> list[Document]:
    """By a reader of a user's own, which has `read`, and maybe `async_read`."""
    read = reader.read
    if io.is_async and hasattr(reader, "async_read") and not _overrides(reader, "read", "async_read"):
        read = reader.async_read
    named = accepted(read, {"name": name, **options})
    if "s3_object" in (names_of(read) or ()):  # S3Reader's has the name first
        found: list[Document] | None = await io.call(read, s3_object=source, **named)
    else:
        found = await io.call(read, source, **named)
    return found or []


__all__ = ["read", "reader_for"]
