"""Texts that a server cannot hold as they are, changed so that each stays distinct and comes back.

PostgreSQL has no NUL in texts, and MySQL takes `'ann '` for `'ann'`. A noncharacter of Unicode marks what was changed.
"""

from __future__ import annotations

from typing import Any

from agno.db._codec import from_json, plain_to_json
from agno.utils.string import whole

_MARK = "\ufdd0"
_NUL = "\0"
_SHORT = ((_MARK, f"{_MARK}1"), (_NUL, f"{_MARK}0"))
_END = f"{_MARK}2"  # after a text that ends with spaces


def escaped(text: str) -> str:
    """The text without NUL, and without halves of surrogate pairs."""
    if _NUL in text or _MARK in text:
        for plain, short in _SHORT:
            text = text.replace(plain, short)
    return whole(text)


def padded(text: str) -> str:
    """The text so that it does not end with a space."""
    return text + _END if text.endswith(" ") else text


def plain(text: str) -> str:
    """The text as it was before `escaped` and `padded`."""
    if _MARK in text:
        text = text.removesuffix(_END)
        for before, short in reversed(_SHORT):
            text = text.replace(short, before)
    return text


def escaped_json(text: bytes) -> str:
    """JSON whose texts are escaped."""
    if b"\\u0000" in text or _MARK.encode() in text:
        text = plain_to_json(_each(from_json(text), escaped))
    return text.decode()


def plain_json(text: str) -> str:
    """JSON as it was before `escaped_json`."""
    return plain_to_json(_each(from_json(text), plain)).decode() if _MARK in text else text


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    return value


__all__ = ["escaped", "escaped_json", "padded", "plain", "plain_json"]
