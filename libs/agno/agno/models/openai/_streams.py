"""Connections that outlive a stream.

OpenAI's synchronous SDK stops reading at `[DONE]`, one chunk before the end of the response. HTTP libraries close the
connection of a response that was not read to its end, so every stream would cost a new connection, with its handshakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

_DONE = b"[DONE]"


def read_to_the_end(response: Any) -> None:
    """A response hook for the HTTP client: what follows the mark is read before the response is closed."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        response.stream = _body_class(type(response).__module__.partition(".")[0])(response.stream)


@lru_cache(maxsize=2)
def _body_class(library: str) -> type[Any]:
    """The class for a library, which wants its own kind of streams; the lines of the SDK use different ones."""
    base: Any = import_module(library).SyncByteStream

    class Body(base):  # type: ignore[misc]  # the base is known at run time only
        def __init__(self, stream: Any) -> None:
            self._stream = stream
            self._parts = iter(stream)
            self._tail = b""

        def __iter__(self) -> Iterator[bytes]:
            for part in self._parts:
                self._tail = (self._tail + part)[-16:]
                yield part

        def close(self) -> None:
            if self._tail.rstrip().endswith(_DONE):
                for _ in self._parts:
                    pass
            self._stream.close()

    return Body


__all__ = ["read_to_the_end"]
