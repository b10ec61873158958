"""Answers as chats show them, and answers of people in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.os.interfaces._questions import Question
from agno.run.output import text_of

CANCEL = frozenset({"/cancel", "cancel", "/stop", "stop"})
_YES = frozenset({"yes", "y", "ok", "okay", "approve", "approved", "confirm", "allow"})
_NO = frozenset({"no", "n", "decline", "reject", "rejected", "deny", "cancel"})
_NUMBER = 12  # room for "[999/999] "


def parts(text: str, limit: int, size: int | None = None) -> list[str]:
    """The text as it is if it has at most `limit` characters; else pieces of up to `size`, each with "[i/n] " before it.

    Breaks at the end of a line or a word where there is one in the second half of a piece.
    """
    if len(text) <= limit:
        return [text]
    pieces = list(_pieces(text, min(size or limit, limit - _NUMBER)))
    return [f"[{number}/{len(pieces)}] {piece}" for number, piece in enumerate(pieces, 1)]


def _pieces(text: str, size: int) -> Iterator[str]:
    start = 0
    while len(text) - start > size:
        end = start + size
        for mark in ("\n", " "):
            found = text.rfind(mark, start + size // 2, end)
            if found >= 0:
                end = found + 1
                break
        yield text[start:end]
        start = end
    yield text[start:]


def content_text(output: Any) -> str:
    """What a run answered, as text; objects as JSON."""
    return text_of(output.content)


def wants_cancel(text: str) -> bool:
    """True if somebody writes no more than that it is to stop."""
    return text.strip().casefold().rstrip(".!") in CANCEL


def options_of(question: Question) -> list[tuple[str, Any]]:
    """The buttons of a question: labels and answers; none if it wants words."""
    if question.kind == "confirmation":
        return [("Approve", True), ("Decline", False)]
    if question.kind == "selection":
        return [(choice, [choice]) for choice in question.choices]
    return [(choice, choice) for choice in question.choices]


def question_text(question: Question) -> str:
    """A question as text: with the arguments of the tool, and how to answer it in words."""
    lines = [question.message]
    if question.tool_args:
        lines += [f"{name}: {text_of(value)}" for name, value in question.tool_args.items()]
    fields = list(question.schema.get("properties", {})) if not options_of(question) else []
    if len(fields) > 1:
        lines.append("Please answer with one line for each: " + ", ".join(f"{name}: ..." for name in fields))
    return "\n".join(lines)


def answer_in_words(question: Question, text: str) -> Any:
    """The answer that a written message gives to a question; None if it gives none."""
    said = text.strip()
    options = options_of(question)
    if options:
        return _chosen(question, options, said.casefold().rstrip(".!"))
    if question.kind == "external_execution":
        return said or None
    fields = list(question.schema.get("properties", {}))
    if len(fields) == 1:
        return {fields[0]: said} if said else None
    return _lines(fields, said)


def _chosen(question: Question, options: list[tuple[str, Any]], said: str) -> Any:
    if question.kind == "confirmation":
        return True if said in _YES else False if said in _NO else None
    for number, (label, payload) in enumerate(options, 1):
        if said in (label.casefold(), str(number)):
            return payload
    return None


def _lines(fields: list[str], said: str) -> dict[str, str] | None:
    given = {}
    for line in said.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() in fields:
            given[name.strip()] = value.strip()
    return given or None


__all__ = ["answer_in_words", "content_text", "options_of", "parts", "question_text", "wants_cancel"]
