"""Text helpers: names that are safe in URLs, hashes, ids, and what UTF-8 can hold."""

from __future__ import annotations

import hashlib
import re
import uuid

from agno.utils.ids import new_id

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[\s_-]+")
_UNSAFE = re.compile(r"[^\w.-]")


def url_safe_string(text: str) -> str:
    """Lower case words joined with single dashes: "My researchAgent" gives "my-research-agent". Dots stay."""
    words = _WORD_START.sub("-", text.strip())
    return _UNSAFE.sub("", _GAP.sub("-", words)).strip("-").lower()


def is_valid_uuid(text: str) -> bool:
    """True if the text is a UUID."""
    try:
        uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def hash_string_sha256(text: str) -> str:
    """The SHA-256 of the text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def whole(text: str) -> str:
    """Text that UTF-8 can hold: two halves of a surrogate pair become their character, a lone half is replaced."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def generate_id(seed: str | None = None) -> str:
    """A UUID: random, or always the same for the same seed."""
    return new_id() if seed is None else str(uuid.uuid5(uuid.NAMESPACE_DNS, seed))


__all__ = ["generate_id", "hash_string_sha256", "is_valid_uuid", "url_safe_string", "whole"]
