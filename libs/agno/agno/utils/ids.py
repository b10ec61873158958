"""Random ids. `str(uuid.uuid4())` asks the kernel each time; here one block of entropy serves many ids."""

from __future__ import annotations

import os

_BLOCK = 256
_ready: list[str] = []


def new_id() -> str:
    """The text of a version 4 UUID."""
    try:
        return _ready.pop()  # atomic, so threads need no lock
    except IndexError:
        return _refilled()


def _refilled() -> str:
    # threads that come here together make a block each, which only makes the next refill later
    entropy = os.urandom(16 * _BLOCK).hex()
    fresh = []
    for start in range(0, len(entropy), 32):
        text = entropy[start : start + 32]
        variant = "89ab"[int(text[16], 16) & 3]
        fresh.append(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}")
    first = fresh.pop()
    _ready.extend(fresh)
    return first


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ready.clear)  # parent and child must not give out the same ids

__all__ = ["new_id"]
