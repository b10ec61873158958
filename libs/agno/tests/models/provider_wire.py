"""A loopback server that answers as scripted, and what every adapter over a provider's SDK must do against it."""

from __future__ import annotations

import asyncio
import copy
import importlib.util
import json
import threading
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import BaseModel

from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.media import Image
from agno.models._requests import Joined
from agno.models.message import Message

CUT = object()  # the connection breaks here
FOREVER = object()  # the last piece is repeated until the client leaves
HANG = object()  # nothing more comes, the connection stays open

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 16


class City(BaseModel):
    name: str
    people: int


CITY = '{"name": "Oslo", "people": 700000}'

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass
class Reply:
    body: Any = None  # data for JSON, or a list of pieces for a stream
    status: int = 200
    kind: str = "application/json"


@dataclass
class Wire:
    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def script(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    @property
    def sent(self) -> dict[str, Any]:
        """The newest request."""
        return self.requests[-1]


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._whole(wire.replies.pop(0))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"]))
            wire.requests.append(json.loads(text))
            wire.paths.append(self.path)
            wire.headers.append({key.lower(): value for key, value in self.headers.items()})
            reply = wire.replies.pop(0)
            if reply.body is HANG:
                wire.over.wait(5)
                self.close_connection = True
            elif isinstance(reply.body, list):
                self._pieces(reply)
            else:
                self._whole(reply)

        def _whole(self, reply: Reply) -> None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("content-type", reply.kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _pieces(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("content-type", reply.kind)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            last = ""
            for piece in reply.body:
                if piece is CUT:
                    self.close_connection = True
                    return
                if piece is FOREVER:
                    self._repeat(last)
                    return
                last = piece
                self._chunk(piece)
            self.wfile.write(b"0\r\n\r\n")

        def _repeat(self, piece: str) -> None:
            self.close_connection = True
            try:
                while not wire.over.wait(0.01):
                    self._chunk(piece)
            except OSError:
                wire.left.set()

        def _chunk(self, piece: str) -> None:
            data = piece.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def wire():
    wire = Wire()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(wire))
    server.daemon_threads = True
    wire.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield wire
    wire.over.set()
    server.shutdown()
    server.server_close()


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


async def ajoined(model: Any, messages: list[Message] | None = None, **options: Any) -> Any:
    parts = Joined()
    async with aclosing(model.ainvoke_stream(messages or [user()], Message("assistant"), **options)) as deltas:
        async for delta in deltas:
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


TWO_CALLS = [("weather", {"city": "Oslo"}), ("weather", {"city": "Bergen"})]


class AdapterContract:
    """Subclass it and state the four words of the protocol: `model`, `whole`, `streamed`, `failed`."""

    module: str
    package: str
    variable: str | None

    def model(self, wire: Wire, **settings: Any) -> Any:
        raise NotImplementedError

    def whole(self, said: Said) -> Reply:
        raise NotImplementedError

    def streamed(self, said: Said) -> Reply:
        raise NotImplementedError

    def failed(self, status: int, text: str) -> Reply:
        raise NotImplementedError

    def test_an_answer_has_text_role_and_usage(self, wire):
        wire.script(self.whole(Said("Hello there")))
        response = ask(self.model(wire))
        assert (response.role, response.content) == ("assistant", "Hello there")
        usage = response.response_usage
        assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (11, 7, 18)

    def test_a_stream_gives_the_same_as_the_whole_answer(self, wire):
        said = Said("Hello there", "hm", TWO_CALLS)
        wire.script(self.whole(said), self.streamed(said))
        model = self.model(wire)
        once, pieces = ask(model, tools=[WEATHER]), joined(model, tools=[WEATHER])
        assert pieces.content == once.content == "Hello there"
        assert pieces.reasoning_content == once.reasoning_content == "hm"
        assert calls_of(pieces) == calls_of(once) == TWO_CALLS
        assert pieces.response_usage.to_dict() == once.response_usage.to_dict()
        assert len({call["id"] for call in pieces.tool_calls}) == 2
        assert pieces.provider_data is None or pieces.provider_data.keys() == once.provider_data.keys()

    def test_the_asynchronous_faces_give_the_same(self, wire):
        said = Said("Hello there", "hm", TWO_CALLS)
        wire.script(self.whole(said), self.streamed(said), self.whole(said))
        model = self.model(wire)

        async def both():
            try:
                return await model.ainvoke([user()], Message("assistant")), await ajoined(model)
            finally:
                await model.aclose()

        once, pieces = asyncio.run(both())
        assert once.content == pieces.content == "Hello there"
        assert calls_of(once) == calls_of(pieces) == TWO_CALLS

        async def again():  # another event loop
            try:
                return await model.ainvoke([user()], Message("assistant"))
            finally:
                await model.aclose()

        assert asyncio.run(again()).content == "Hello there"

    def test_text_arrives_in_pieces(self, wire):
        wire.script(self.streamed(Said("Hello there")))
        deltas = list(self.model(wire).invoke_stream([user()], Message("assistant")))
        assert [d.content for d in deltas if d.content] == ["Hello", " there"]

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, ModelProviderError),
            (401, ModelAuthenticationError),
            (403, ModelProviderError),
            (404, ModelProviderError),
            (429, ModelRateLimitError),
            (500, ModelProviderError),
            (529, ModelRateLimitError),
        ],
    )
    @pytest.mark.parametrize("stream", [False, True])
    def test_an_error_status_becomes_our_error(self, wire, status, kind, stream):
        wire.script(self.failed(status, "it went wrong"))
        model = self.model(wire)
        with pytest.raises(kind) as caught:
            joined(model) if stream else ask(model)
        assert type(caught.value) is kind
        assert caught.value.status_code == status
        assert "it went wrong" in str(caught.value)
        assert caught.value.model_name == model.name
        if kind is not ModelAuthenticationError:
            assert caught.value.model_id == model.id
            assert model.is_retryable(caught.value) is (status in (429, 500, 529))

    def test_too_long_messages_have_their_own_error(self, wire):
        wire.script(self.failed(400, "prompt is too long: 300000 tokens"))
        with pytest.raises(ContextWindowExceededError):
            ask(self.model(wire))

    @pytest.mark.parametrize("stream", [False, True])
    def test_a_timeout_is_an_error_worth_a_retry(self, wire, stream):
        wire.script(Reply(HANG))
        model = self.model(wire, timeout=0.2)
        with pytest.raises(ModelProviderError, match="in time") as caught:
            joined(model) if stream else ask(model)
        assert model.is_retryable(caught.value)

    def test_an_unreachable_server_is_an_error_worth_a_retry(self, wire):
        model = self.model(Wire(url="http://127.0.0.1:9"))
        with pytest.raises(ModelProviderError) as caught:
            ask(model)
        assert caught.value.status_code == 502
        assert model.is_retryable(caught.value)

    @pytest.mark.parametrize("asynchronous", [False, True])
    @pytest.mark.parametrize("end", ["cut", "early end"])
    def test_a_broken_stream_is_an_error_worth_a_retry(self, wire, end, asynchronous):
        whole = self.streamed(Said("Hello there"))
        first = next(n for n, piece in enumerate(whole.body) if "Hello" in piece)
        whole.body = [*whole.body[: first + 1], *([CUT] if end == "cut" else [])]
        wire.script(whole)
        model = self.model(wire)
        with pytest.raises(ModelProviderError) as caught:
            asyncio.run(ajoined(model)) if asynchronous else joined(model)
        assert model.is_retryable(caught.value)

    def endless(self) -> Reply:
        reply = self.streamed(Said("Hello there"))
        first = next(n for n, piece in enumerate(reply.body) if "Hello" in piece)
        reply.body = [*reply.body[: first + 1], FOREVER]
        return reply

    def test_closing_the_stream_early_closes_the_connection(self, wire):
        wire.script(self.endless())
        deltas = self.model(wire).invoke_stream([user()], Message("assistant"))
        assert next(deltas).content == "Hello"
        deltas.close()
        assert wire.left.wait(3)

    def test_closing_the_asynchronous_stream_early_closes_the_connection(self, wire):
        wire.script(self.endless())
        model = self.model(wire)

        async def leave():
            async with aclosing(model.ainvoke_stream([user()], Message("assistant"))) as deltas:
                async for delta in deltas:
                    assert delta.content == "Hello"
                    break
            for _ in range(200):
                if wire.left.is_set():
                    return True
                await asyncio.sleep(0.01)
            return False

        assert asyncio.run(leave())

    def test_a_request_changes_neither_messages_nor_tools(self, wire):
        wire.script(self.whole(Said("See", "hm", TWO_CALLS)))
        model = self.model(wire)
        said = assistant_message(ask(model, tools=[WEATHER]))
        messages = [
            Message("system", "Be brief"), user(images=[Image(content=PNG)]), said, *answers_to(said, "rain", "sun")
        ]  # fmt: skip
        tools = [copy.deepcopy(WEATHER)]
        before = [m.to_dict() for m in messages]
        first = repr(model.request(messages, tools=tools))
        assert repr(model.request(messages, tools=tools)) == first
        assert [m.to_dict() for m in messages] == before
        assert tools == [WEATHER]

    def test_request_params_win(self, wire):
        assert "extra" in repr(self.model(wire, request_params={"extra": 1}).request([user()]))

    def test_without_its_sdk_construction_says_what_to_install(self, monkeypatch):
        real = importlib.util.find_spec
        missing = {self.module}
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in missing else real(name, *a))
        with pytest.raises(ImportError, match=f"pip install {self.package}"):
            self.model(Wire())

    def test_without_a_key_the_first_use_names_the_variable(self, wire, monkeypatch):
        if self.variable is None:
            pytest.skip("a local server needs no key")
        for name in (self.variable, "GEMINI_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        model = self.model(wire, api_key=None)
        with pytest.raises(ModelAuthenticationError, match=self.variable):
            ask(model)

    def test_a_copy_has_the_settings_but_not_the_clients(self, wire):
        model = self.model(wire)
        client = model.get_client()
        assert model.get_client() is client
        twin = copy.deepcopy(model)
        assert twin == model
        assert twin.get_client() is not client

    def test_a_given_client_is_used(self, wire):
        client = self.model(wire).get_client()
        assert self.model(wire, client=client).get_client() is client

    def test_an_answer_by_schema_is_parsed(self, wire):
        wire.script(self.whole(Said(CITY)))
        response = ask(self.model(wire), response_format=City)
        assert response.parsed == City(name="Oslo", people=700000)

    def test_a_name_and_provider_are_known(self, wire):
        model = self.model(wire)
        assert model.to_dict() == {"name": model.name, "id": model.id, "provider": model.provider}
