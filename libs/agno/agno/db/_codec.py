"""Values of JSON columns to text and back."""

from __future__ import annotations

from typing import Any

import msgspec

from agno.utils.codec import encode
from agno.utils.string import whole

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def to_json(value: Any) -> bytes:
    """Compact JSON. What JSON does not know is written the way `agno.utils.codec` writes it."""
    try:
        return _encoder.encode(encode(value))
    except UnicodeEncodeError:  # half of a surrogate pair, as broken JSON from a provider may hold: no UTF-8 for it
        return _encoder.encode(_whole(encode(value)))


def plain_to_json(value: Any) -> bytes:
    """Compact JSON of what is plain data already, such as the dict of a run."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, TypeError):
        return to_json(value)


def from_json(text: bytes | str) -> Any:
    """The value of JSON text."""
    return _decoder.decode(text)


def nested_from_json(value: Any) -> Any:
    """The dict or list of a JSON column. Agno 2.0 on SQLite wrote JSON of JSON: that is read too."""
    for _ in range(2):
        if not isinstance(value, (str, bytes)):
            break
        value = _decoder.decode(value)
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


__all__ = ["from_json", "nested_from_json", "plain_to_json", "to_json"]
