"""Random ids. `str(uuid.uuid4())` asks the kernel each time; here one block of entropy serves many ids."""

from __future__ import annotations

import os
from binascii import hexlify
from struct import Struct

_BLOCK = 256
_ready: list[str] = []


def new_id() -> str:
    """The text of a version 4 UUID."""
    try:
        return _ready.pop()  # atomic, so threads need no lock
    except IndexError:
        return _refilled()


_PARTS = Struct("8s4s4s4s12s")  # of an id, in hexadecimal digits
# a byte with the bits that a version 4 UUID has fixed in its seventh and in its ninth
_SEVENTH = bytes(byte & 0x0F | 0x40 for byte in range(256))
_NINTH = bytes(byte & 0x3F | 0x80 for byte in range(256))


def _refilled() -> str:
    # threads that come here together make a block each, which only makes the next refill later
    block = bytearray(os.urandom(16 * _BLOCK))
    block[6::16] = block[6::16].translate(_SEVENTH)
    block[8::16] = block[8::16].translate(_NINTH)
    fresh = [b"-".join(parts).decode() for parts in _PARTS.iter_unpack(hexlify(block))]
    first = fresh.pop()
    _ready.extend(fresh)
    return first


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ready.clear)  # parent and child must not give out the same ids

__all__ = ["new_id"]
