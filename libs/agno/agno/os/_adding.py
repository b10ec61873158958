"""What a request adds to a knowledge base, and the work in the background that does it."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import HTTPException

from agno._io import spawn
from agno.knowledge._addresses import PUBLIC_ONLY
from agno.knowledge.chunking.strategy import ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.content import Content, FileData
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.os._bodies import Body, Limits, invalid, too_large

Additions = list[dict[str, Any]]


async def additions_of(body: Body, knowledge: Any, limits: Limits) -> Additions:
    """The arguments of `aingest` for each content of a request; several for a JSON array of URLs."""
    common = {
        "description": body.text("description"),
        "metadata": metadata_of(body.text("metadata")),
        "reader": reader_of(knowledge, body.text("reader_id"), body.text("chunker")),
        "skip_if_exists": True,
        "upsert": False,
    }
    name, text, urls = body.text("name"), body.text("text_content"), urls_of(body.text("url"))
    if body.fields.get("file"):
        raise invalid("file", "Input should be an uploaded file, not text", body.fields["file"])
    if body.files:
        upload = body.files[0]
        content = await upload.read(limits.file + 1)
        if len(content) > limits.file:
            raise too_large(limits.file)
        data = FileData(content=content, type=upload.content_type, filename=upload.filename, size=len(content))
        return [{**common, "name": name or upload.filename or "upload", "file_data": data}]
    if text is not None:
        data = FileData(content=text, type="manual", size=len(text.encode()))
        return [{**common, "name": name or text[:40], "file_data": data}]
    if not urls:
        raise HTTPException(400, "Give one of file, url and text_content")
    return [{**common, "name": name or url, "url": url} for url in urls]


def urls_of(given: str | None) -> list[str]:
    """One URL, or those of a JSON array."""
    if given is None:
        return []
    found = [given]
    if given.lstrip().startswith("["):
        try:
            found = msgspec.json.decode(given, type=list[str])
        except msgspec.DecodeError:
            raise HTTPException(400, "The url field is neither a URL nor a JSON array of URLs") from None
    for url in found:
        if not url.startswith(("http://", "https://")):
            raise HTTPException(400, f"{url!r} is no URL that can be read: it must begin with http:// or https://")
    return found


def metadata_of(given: str | None) -> dict[str, Any] | None:
    """A JSON object; any other text is its `value`."""
    if given is None:
        return None
    try:
        found = msgspec.json.decode(given)
    except msgspec.DecodeError:
        return {"value": given}
    return found if isinstance(found, dict) else {"value": given}


def reader_of(knowledge: Any, reader_id: str | None, chunker: str | None) -> Any:
    """The reader that is named, with the chunker that is named; None leaves the choice to the knowledge."""
    if reader_id is None:
        return None
    key = reader_id.lower().replace("-", "_").replace(" ", "_").removesuffix("reader").rstrip("_")
    try:
        options = {}
        if chunker is not None:
            kind = ChunkingStrategyType.from_string(chunker)
            options["chunking_strategy"] = ChunkingStrategyFactory.create_strategy(kind)
        own = (knowledge.get_readers() or {}).get(reader_id)
        if own is not None and not options:
            return own
        return ReaderFactory.create_reader(key, **options)
    except (ValueError, ImportError) as error:
        raise HTTPException(400, f"Invalid reader_id: {reader_id}. {error}") from None


async def begun(knowledge: Any, addition: dict[str, Any]) -> Content:
    """Begin to add a content, and give it as soon as it has its row; the rest goes on in the background.

    URLs are the caller's: private addresses are only read by readers that were made with allow_private=True.
    """
    strict = PUBLIC_ONLY.set(True)  # the task below inherits it
    try:
        return await _begun(knowledge, addition)
    finally:
        PUBLIC_ONLY.reset(strict)


async def _begun(knowledge: Any, addition: dict[str, Any]) -> Content:
    events = knowledge.aingest(**addition)
    first = await anext(events)
    content: Content = first.content

    async def rest() -> None:
        try:
            async for _ in events:
                pass
        finally:
            await events.aclose()

    spawn(rest(), lambda: None)
    return content


__all__ = ["additions_of", "begun", "metadata_of", "reader_of", "urls_of"]
