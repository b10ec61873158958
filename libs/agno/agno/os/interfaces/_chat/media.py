"""Files between chats and runs."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agno._io import ASYNC
from agno.media import Audio, File, Image, Video
from agno.utils.log import log_warning

LARGEST = 50 * 1024 * 1024  # bytes of one file that is taken from a chat
_KINDS: dict[str, tuple[str, Any]] = {"image": ("images", Image), "audio": ("audio", Audio), "video": ("videos", Video)}


class TooLarge(ValueError):
    """A file has more bytes than are taken."""


@dataclass(frozen=True)
class Attachment:
    """A file for a chat: its bytes, or the address at which it lies."""

    kind: str  # image, audio, video or file
    name: str
    mime_type: str
    content: bytes | None = None
    url: str | None = None


def add_media(found: dict[str, list[Any]], content: bytes, mime_type: str | None, name: str | None) -> None:
    """Add a file to the media of a run, as what its type says."""
    mime_type = (mime_type or mimetypes.guess_type(name or "")[0] or "").partition(";")[0]
    argument, kind = _KINDS.get(mime_type.partition("/")[0], ("files", File))
    if kind is File:
        known = mime_type if mime_type in File.valid_mime_types() else None
        made: Any = File(content=content, filename=name, mime_type=known)
    else:
        made = kind(content=content, mime_type=mime_type, format=mime_type.partition("/")[2])
    found.setdefault(argument, []).append(made)


async def attachments(output: Any) -> list[Attachment]:
    """The media that a run made."""
    return [await _attachment(kind, medium, number) for number, (kind, medium) in enumerate(_made(output), 1)]


def _made(output: Any) -> Iterator[tuple[str, Any]]:
    for kind, name in (("image", "images"), ("video", "videos"), ("audio", "audio"), ("file", "files")):
        for medium in getattr(output, name, None) or ():
            yield kind, medium
    spoken = getattr(output, "response_audio", None)
    if spoken is not None and spoken.content:
        yield "audio", spoken


async def _attachment(kind: str, medium: Any, number: int) -> Attachment:
    given = getattr(medium, "filename", None) or getattr(medium, "name", None)
    usual = {"image": "image/png", "audio": "audio/mpeg", "video": "video/mp4"}.get(kind, "application/octet-stream")
    mime_type = medium.mime_type or mimetypes.guess_type(given or f"x.{medium.format}")[0] or usual
    name = given or f"{kind}-{number}{mimetypes.guess_extension(mime_type) or ''}"
    if medium.url is not None:  # it is out there already, and nobody asked us to fetch it
        return Attachment(kind, name, mime_type, url=medium.url)
    return Attachment(kind, name, mime_type, content=await ASYNC.call(medium.get_content_bytes))


async def download(client: Any, url: str, *, headers: dict[str, str] | None = None, largest: int = LARGEST) -> bytes:
    """The bytes at an address of a chat's own server, read with an httpx client. Raises `TooLarge`, httpx.HTTPError."""
    async with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > largest:
                log_warning(f"A file of a chat has more than {largest} bytes and was not read.")
                raise TooLarge(f"The file is larger than the {largest // 1024 // 1024} MB that are taken.")
    return bytes(content)


__all__ = ["LARGEST", "Attachment", "TooLarge", "add_media", "attachments", "download"]
