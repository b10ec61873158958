"""What an MCP server answers, as a tool's result."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from agno.media import Audio, Image
from agno.tools.function import ToolResult


def tool_result(name: str, answer: Any) -> ToolResult:
    """Texts joined, pictures and sounds as media, embedded resources as text. A server's error says that it is one."""
    result = ToolResult(metadata={})
    texts = [text for part in answer.content or () if (text := _part(part, result))]
    structured = getattr(answer, "structured_content", None)
    if structured is not None:
        result.metadata = {"structured_content": structured}
        if not texts:
            texts = [msgspec.json.encode(structured).decode()]
    result.content = "\n".join(texts)
    if answer.is_error:
        return failure(f"MCP tool {name!r} answered with an error: {result.content or 'no reason given'}")
    result.metadata = result.metadata or None
    return result


def failure(text: str) -> ToolResult:
    """A result that tells the model what went wrong."""
    return ToolResult(content=text, metadata={"is_error": True})


def _part(part: Any, result: ToolResult) -> str:
    """A part of an answer as text; media are put on the result and mentioned."""
    if part.type == "text":
        return str(part.text)
    if part.type in ("image", "audio"):
        return _media(part.type, part.data, part.mime_type, result)
    if part.type == "resource":
        return _resource(part.resource, result)
    if part.type == "resource_link":
        described = f": {part.description}" if part.description else ""
        return f"{part.name} ({part.uri}){described}"
    return str(part.model_dump_json(exclude_none=True))


def _media(kind: str, data: str, mime_type: str | None, result: ToolResult) -> str:
    content = base64.b64decode(data)
    if kind == "image":
        result.images = [*(result.images or ()), Image(content=content, mime_type=mime_type)]
    else:
        result.audios = [*(result.audios or ()), Audio(content=content, mime_type=mime_type)]
    return f"[{kind} {mime_type}]" if mime_type else f"[{kind}]"


def _resource(resource: Any, result: ToolResult) -> str:
    text = getattr(resource, "text", None)
    if text is not None:
        return str(text)
    kind = (resource.mime_type or "").partition("/")[0]
    if kind in ("image", "audio"):
        return f"{resource.uri} {_media(kind, resource.blob, resource.mime_type, result)}"
    size = len(base64.b64decode(resource.blob))
    return f"[resource {resource.uri}, {resource.mime_type or 'unknown type'}, {size} bytes]"


__all__ = ["failure", "tool_result"]
