"""Input media as OpenAI takes them."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

from agno.media import Audio, File, Image
from agno.models._sdk import Link, base64_text, is_text, mime_type_of

Part = dict[str, Any]
# makes the part for a file from what is known of it: "id", "url", "data" or "text", and that
Show = Callable[[str, str], Part]


def image_url(image: Image) -> str:
    """The address of an image, or a data URL with its bytes."""
    if image.url is not None:
        return image.url
    content = image.get_content_bytes() or b""
    return data_url(content, mime_type_of(image, content, "image/png"))


def data_url(content: bytes, mime_type: str) -> str:
    """The bytes as a URL."""
    return f"data:{mime_type};base64,{base64_text(content)}"


def audio_part(audio: Audio, links: list[Link]) -> Part:
    """Sound as chat completions take it."""
    sound: Part = {}

    def fill(content: bytes) -> None:
        sound["data"] = base64_text(content)
        sound["format"] = audio.format or _FORMATS.get(kind := mime_type_of(audio, content, "audio/wav"), kind[6:])

    if audio.url is not None:
        links.append(Link(audio.url, fill))
    elif (content := audio.get_content_bytes()) is not None:
        fill(content)
    else:
        return {"type": "text", "text": audio.transcript or ""}
    return {"type": "input_audio", "input_audio": sound}


_FORMATS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}


def file_part(file: File, links: list[Link], show: Show, *, by_url: bool) -> Part:
    """A document; text is sent as text. With `by_url` the provider loads addresses itself."""
    if file.external is not None:
        return show("id", file.external if isinstance(file.external, str) else file.external.id)
    if file.content is None and file.filepath is None and file.url is not None:
        kind = mime_type_of(file, None, _guessed(file) or "application/pdf")
        if by_url and not is_text(kind):
            return show("url", file.url)
        part: Part = {}
        links.append(Link(file.url, lambda content: part.update(_shown(content, kind, show))))
        return part
    content = file.get_content_bytes() or b""
    return _shown(content, mime_type_of(file, content, _guessed(file) or "text/plain"), show)


def _guessed(file: File) -> str | None:
    return mimetypes.guess_type(file.display_name())[0]


def _shown(content: bytes, kind: str, show: Show) -> Part:
    if is_text(kind):
        try:
            return show("text", content.decode())
        except UnicodeDecodeError:
            pass  # what has no known type may be no text
    return show("data", data_url(content, kind))


__all__ = ["Part", "audio_part", "data_url", "file_part", "image_url"]
