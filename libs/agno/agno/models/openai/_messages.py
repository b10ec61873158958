"""Our messages in OpenAI's chat format."""

from __future__ import annotations

from typing import Any

from agno.models._sdk import base64_text, mime_type_of
from agno.models.message import Message

_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3"}


def formatted(message: Message, role_map: dict[str, str]) -> dict[str, Any]:
    """One message as the provider wants it."""
    described: dict[str, Any] = {"role": role_map.get(message.role, message.role)}
    if message.name:
        described["name"] = message.name
    if message.tool_call_id is not None:
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": _told(message)}
    described["content"] = message.content
    if message.tool_calls:
        described["tool_calls"] = message.tool_calls
        described["content"] = message.content or None
    elif message.role in ("assistant", "model") and message.content is None:
        described["content"] = ""
    if message.audio_output is not None and message.audio_output.id:
        described["audio"] = {"id": message.audio_output.id}
        described.pop("content")
    if message.role == "user" and (parts := _media(message)):
        text = message.content
        head = text if isinstance(text, list) else [{"type": "text", "text": text}] if text else []
        described["content"] = [*head, *parts]
    return described


def _told(message: Message) -> str:
    return str(message.compressed_content or message.get_content_string())


def _media(message: Message) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for image in message.images or ():
        url = image.url or _data_url(image, "image/png")
        described = {"url": url, "detail": image.detail} if image.detail else {"url": url}
        parts.append({"type": "image_url", "image_url": described})
    for audio in message.audio or ():
        content = audio.get_content_bytes() or b""
        kind = audio.format or _AUDIO_FORMATS.get(mime_type_of(audio, content, "audio/wav"), "wav")
        parts.append({"type": "input_audio", "input_audio": {"data": base64_text(content), "format": kind}})
    for file in message.files or ():
        if file.external is not None and (file_id := getattr(file.external, "id", None)):
            parts.append({"type": "file", "file": {"file_id": file_id}})
        else:
            name = file.name or file.filename or "file"
            parts.append({"type": "file", "file": {"filename": name, "file_data": _data_url(file, "application/pdf")}})
    return parts


def _data_url(medium: Any, default: str) -> str:
    content = medium.get_content_bytes() or b""
    return f"data:{mime_type_of(medium, content, default)};base64,{base64_text(content)}"


__all__ = ["formatted"]
