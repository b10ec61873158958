"""A server that answers with the very bytes a test wrote, and the words that all tests of models share."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from agno.models._requests import Joined
from agno.models.message import Message
from agno.testing._http import HttpCall, LoopbackServer

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 16


class City(BaseModel):
    name: str
    people: int


CITY = '{"name": "Oslo", "people": 700000}'
OSLO = City(name="Oslo", people=700000)

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
TWO_CALLS = [("weather", {"city": "Oslo"}), ("weather", {"city": "Bergen"})]


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@dataclass
class Reply:
    body: Any = None  # data for JSON, bytes, or a list of pieces for a stream
    status: int = 200
    kind: str = "application/json"


class Wire(LoopbackServer):
    """Gives the scripted replies in order and keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def script(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    @property
    def sent(self) -> dict[str, Any]:
        """The newest request with a body."""
        return self.requests[-1]

    async def answer(self, call: HttpCall) -> None:
        with self._lock:
            if call.method == "POST":
                self.requests.append(_read(call.body))
                self.paths.append(call.path + (f"?{call.query_text}" if call.query_text else ""))
                self.headers.append(call.headers)
            reply = self.replies.pop(0)
        headers = {"content-type": reply.kind}
        if isinstance(reply.body, list):
            await call.begin(reply.status, headers)
            for piece in reply.body:
                await call.write(piece.encode())
            await call.end()
        else:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            await call.whole(reply.status, body, headers)


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:  # an upload
        return body


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


@dataclass
class Said:
    """An answer in no provider's words."""

    text: str = ""
    thought: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def user(text: str = "Hello", **more: Any) -> Message:
    return Message("user", text, **more)


def ask(model: Any, messages: list[Message] | None = None, **options: Any) -> Any:
    return model.invoke(messages or [user()], Message("assistant"), **options)


def joined(model: Any, messages: list[Message] | None = None, **options: Any) -> Any:
    parts = Joined()
    with closing(model.invoke_stream(messages or [user()], Message("assistant"), **options)) as deltas:
        for delta in deltas:
            parts.add(delta)
    return parts.response(model)


def calls_of(response: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in response.tool_calls]


def assistant_message(response: Any) -> Message:
    """The message that the loop would keep for an answer."""
    return Message(
        "assistant",
        response.content,
        tool_calls=response.tool_calls or None,
        reasoning_content=response.reasoning_content,
        provider_data=response.provider_data,
    )


def answers_to(message: Message, *texts: str) -> list[Message]:
    return [
        Message("tool", text, tool_call_id=call["id"], tool_name=call["function"]["name"])
        for call, text in zip(message.tool_calls, texts, strict=True)
    ]
