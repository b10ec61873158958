"""What an AG-UI client sends, as the input of a run."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from agno.media import Audio, File, Image, Video
from agno.os.interfaces._questions import open_questions

_MEDIA: dict[str, tuple[str, Any]] = {
    "image": ("images", Image),
    "audio": ("audio", Audio),
    "video": ("videos", Video),
    "document": ("files", File),
}


@dataclass
class Asked:
    """The last thing that the user said, and the results of tools that came with it."""

    text: str = ""
    media: dict[str, list[Any]] = field(default_factory=dict)
    tool_results: dict[str, str] = field(default_factory=dict)


def asked(messages: list[Any]) -> Asked:
    """The newest user message, and the tool messages at the end: with those, the client answers what a run waits for."""
    found = Asked()
    for message in reversed(messages):
        if message.role == "tool":
            found.tool_results.setdefault(message.tool_call_id, message.error or _text(message.content))
        elif message.role == "user":
            found.text = _text(message.content)
            found.media = _media(message.content)
            break
        elif found.tool_results or message.role == "assistant":
            break  # results of earlier turns belong to earlier runs
    return found


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content or () if part.type == "text")


def _media(content: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for part in () if isinstance(content, str) else content or ():
        if part.type in _MEDIA:
            name, kind = _MEDIA[part.type]
            found.setdefault(name, []).append(_medium(kind, part.source))
    return found


def _medium(kind: Any, source: Any) -> Any:
    mime = getattr(source, "mime_type", None)
    if source.type == "url":
        return kind(url=source.value, mime_type=mime) if mime else kind(url=source.value)
    if source.type != "data":
        raise ValueError(f"A source of type {source.type!r} cannot be read; send type 'url' or 'data'.")
    try:
        content = base64.b64decode(source.value, validate=True)
    except ValueError:
        raise ValueError("The data of a message part is not base64.") from None
    return kind(content=content, mime_type=mime)


def answer(output: Any, entries: list[Any], tool_results: dict[str, str]) -> bool:
    """Put answers to interrupts and results of the client's tools into a waiting run; False if there was none for it.
    Raises ValueError for an answer that does not fit."""
    questions = open_questions(output)
    by_id = {question.id: question for question in questions}
    for entry in entries:
        question = by_id.get(entry.interrupt_id)
        if question is None:
            raise ValueError(f"There is no open interrupt {entry.interrupt_id!r} in this thread.")
        if entry.status == "cancelled":
            question.decline()
        else:
            question.answer(entry.payload)
    external = [q for q in questions if q.kind == "external_execution" and q.tool_call_id in tool_results]
    for question in external:
        question.answer(tool_results[str(question.tool_call_id)])
    return bool(entries or external)


__all__ = ["Asked", "answer", "asked"]
