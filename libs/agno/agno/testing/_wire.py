"""What the protocols of the scripted server share: the request as it came, and what a protocol has to state."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from agno.media import Audio, Image
from agno.models.message import Message
from agno.testing.script import Call, Fault, Turn, to_json


class CannotSay(AssertionError):
    """A protocol has no words for a part of the turn."""


@dataclass(eq=False)
class ServedRequest:
    """A request as the server received it, and what became of it."""

    protocol: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    json: Any
    connection: int = 0  # the client's port: requests over one connection share it
    stream: bool = False
    messages: list[Message] = field(default_factory=list)
    turn: Turn | None = None
    _left: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def disconnected(self) -> bool:
        """True once the client has gone before the answer was complete."""
        return self._left.is_set()

    def wait_disconnected(self, timeout: float = 5.0) -> bool:
        """Wait until the client has gone; False if it stays."""
        return self._left.wait(timeout)


class WireProtocol(Protocol):
    """One provider's way to say a turn; a module with these names is one."""

    NAME: str
    PATH: re.Pattern[str]
    STREAM_TYPE: str
    CANNOT: frozenset[str]  # fields of a turn that the protocol has no words for

    def streams(self, request: ServedRequest) -> bool: ...

    def messages(self, body: Mapping[str, Any]) -> list[Message]: ...

    def whole(self, turn: Turn, request: ServedRequest) -> Any: ...

    def pieces(self, turn: Turn, request: ServedRequest) -> Iterator[str]: ...

    def failure(self, fault: Fault) -> Any: ...

    def failure_piece(self, fault: Fault) -> str: ...


def data(value: Any) -> str:
    """An SSE event without a name."""
    return f"data: {to_json(value)}\n\n"


def event(name: str, value: Any) -> str:
    """A named SSE event."""
    return f"event: {name}\ndata: {to_json(value)}\n\n"


def texts(content: Any) -> str:
    """The text of a message's content: a string, or parts that may have a `text`."""
    if isinstance(content, list):
        return "".join(texts(part) for part in content)
    if isinstance(content, Mapping):
        return texts(content.get("text") or content.get("content") or "")
    return content if isinstance(content, str) else ""


def arguments_object(made: Call, protocol: str) -> dict[str, Any]:
    """The arguments of a call for a protocol that sends objects, not text."""
    try:
        found = msgspec.json.decode(made.text)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise CannotSay(
            f"{protocol} sends tool arguments as an object, so it cannot send {made.text!r} for {made.name!r}."
        )
    return found


def base64_of(medium: Image | Audio) -> str:
    """The bytes of a medium as base64 text."""
    return medium.to_base64() or base64.b64encode(b"").decode()


def check_sayable(turn: Turn, protocol: WireProtocol) -> None:
    """Refuse a turn that the protocol would shorten silently."""
    for name in sorted(protocol.CANNOT):
        if getattr(turn, name):
            raise CannotSay(f"The {protocol.NAME} protocol has no words for `{name}`; the turn was {turn!r}.")
