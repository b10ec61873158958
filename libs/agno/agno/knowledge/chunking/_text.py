"""What chunkers share: where a text may be cut, packing pieces, and making chunks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agno.knowledge._arguments import whole
from agno.knowledge.document import Document

# gives the position behind which to cut in text[low:high], or -1
Boundary = Callable[[str, int, int], int]

_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3" + "".join(map(chr, range(0x1F3FB, 0x1F400))))  # also skin tones
_PARAGRAPH = re.compile(r"(?<=\n)[^\S\n]*\n+")
# not in the middle of a run of marks: else each of them would be tried
_SENTENCE = re.compile(r"(?:(?<![.!?\u2026])[.!?\u2026]+[\"'\u201d\u2019)\]]*\s+)|(?:[\u3002\uff01\uff1f]+)|\n{2,}")


def check_sizes(owner: str, chunk_size: int, overlap: int) -> None:
    """ValueError for sizes that no text can be cut by."""
    whole(owner, "chunk_size", chunk_size)
    if not isinstance(overlap, int) or not 0 <= overlap < chunk_size:
        raise ValueError(
            f"Invalid parameters: overlap={overlap!r} of {owner} must be at least 0 and less than chunk_size={chunk_size}."
        )


def last_space(text: str, low: int, high: int) -> int:
    """Behind the last whitespace in text[low:high], or at `high` if a word ends there."""
    if text[high : high + 1].isspace():
        return high
    for position in range(high - 1, low - 1, -1):
        if text[position].isspace():
            return position + 1
    return -1


def last_line(text: str, low: int, high: int) -> int:
    """Behind the last newline, else the last full stop."""
    found = text.rfind("\n", low, high)
    return (found if found >= 0 else text.rfind(".", low, high)) + 1 or -1


def cut(
    text: str, size: int, overlap: int = 0, boundaries: Iterable[Boundary] = (last_space,), least: int = 1
) -> Iterator[str]:
    """Pieces of at most `size` characters that begin with the last `overlap` characters of the one before.

    The first boundary that there is decides, else the piece is cut hard, though never inside of a character that is written
    with several code points. Each piece brings at least `least` new characters, so that it ends. Nothing is left out.
    """
    start = 0
    while len(text) - start > size:
        low, high = start + max(overlap, least - 1) + 1, start + size
        low = min(low, high)
        found = (boundary(text, low - 1, high) for boundary in boundaries)
        end = next((position for position in found if low <= position <= high), -1)
        end = _whole(text, low, high) if end < 0 else end
        yield text[start:end]
        start = end - overlap
    if start < len(text):
        yield text[start:]


def _whole(text: str, low: int, high: int) -> int:
    """The cut at `high`, or a little earlier where it would part a letter from its accent or an emoji from its parts."""
    position = high
    while position > low and _belongs_together(text, position):
        position -= 1
    return high if _belongs_together(text, position) else position


def _belongs_together(text: str, position: int) -> bool:
    if position >= len(text):
        return False
    here, before = text[position], text[position - 1]
    return (
        bool(unicodedata.combining(here)) or here in _JOINERS or before == "\u200d" or (before == "\r" and here == "\n")
    )


def parts(text: str, separator: re.Pattern[str]) -> list[str]:
    """The text cut behind each separator; joined, they are the text again."""
    found, start = [], 0
    for match in separator.finditer(text):
        if match.end() > start:
            found.append(text[start : match.end()])
            start = match.end()
    return [*found, text[start:]] if start < len(text) else found


def paragraphs(text: str) -> list[str]:
    """Paragraphs with the empty lines behind them."""
    return parts(text, _PARAGRAPH)


def sentences(text: str) -> list[str]:
    """Sentences with the space behind them."""
    return parts(text, _SENTENCE)


def pack(pieces: Iterable[str], size: int) -> Iterator[str]:
    """Pieces joined as long as they fit, not counting space at the end; one that alone is too long is cut at its sentences, or words."""
    packed = ""
    for piece in pieces:
        if packed and len(packed) + len(piece.rstrip()) > size:
            yield packed
            packed = ""
        if len(piece.rstrip()) <= size:
            packed += piece
            continue
        *full, packed = cut(piece, size, boundaries=(last_sentence, last_space))
        yield from full
    if packed:
        yield packed


def last_sentence(text: str, low: int, high: int) -> int:
    """Behind the last sentence, if that leaves no tiny piece."""
    ends = [match.end() for match in _SENTENCE.finditer(text, low, high)]
    return next((end for end in reversed(ends) if end - low >= (high - low) // 4), -1)


def overlapping(pieces: Iterable[str], overlap: int = 0) -> Iterator[str]:
    """Each piece, without empty lines around it, behind the last `overlap` characters of the one before."""
    before = ""
    for piece in (piece.rstrip().lstrip("\n") for piece in pieces):
        yield before + piece
        before = piece[-overlap:] if overlap else ""


def chunks_of(document: Document, texts: Iterable[str]) -> list[Document]:
    """The texts as chunks of a document, numbered from 1; those without a letter to show are left out."""
    filled = [text for text in texts if text.strip()]
    return [make_chunk(document, number, text) for number, text in enumerate(filled, 1)]


def make_chunk(document: Document, number: int, text: str, mark: str = "", **facts: Any) -> Document:
    """A chunk: id `{document}_{mark}{number}`, the document's name and facts, and its own."""
    base = document.id or document.name
    return Document(
        content=text,
        id=f"{base}_{mark}{number}" if base else None,
        name=document.name,
        meta_data={**document.meta_data, "chunk": number, "chunk_size": len(text), **facts},
        embedder=document.embedder,
        content_id=document.content_id,
        content_origin=document.content_origin,
        size=len(text),
    )


__all__ = [
    "check_sizes",
    "chunks_of",
    "cut",
    "last_line",
    "last_sentence",
    "last_space",
    "make_chunk",
    "overlapping",
    "pack",
    "paragraphs",
    "parts",
    "sentences",
]
