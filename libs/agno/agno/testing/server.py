"""A model server for tests: it speaks the providers' protocols and says what the script says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from agno.testing import _anthropic, _embeddings, _fixed, _gemini, _ollama, _openai_chat, _openai_responses
from agno.testing._embeddings import Answer
from agno.testing._http import HttpCall, LoopbackServer
from agno.testing._wire import CannotSay, ServedRequest, WireProtocol, check_sayable
from agno.testing.script import Broken, Fault, Key, Script, ScriptExhausted, Turn, to_json

PROTOCOLS: tuple[WireProtocol, ...] = (_openai_chat, _openai_responses, _anthropic, _gemini, _ollama)
_JSON = {"content-type": "application/json", "x-request-id": "req_scripted"}
_BROKEN_JSON = '{"broken": '


class ScriptedServer(LoopbackServer):
    """Answers requests of real provider SDKs with scripted turns; use it in a `with` block.

    Point an SDK or a model at `openai_url`, `anthropic_url`, `gemini_url` or `ollama_url`. The turns, `by` and `repeat`
    mean what they mean for ScriptedModel. Embeddings are hashed words, or what `embed` makes of a list of texts: vectors,
    or `fails(...)`; also as Cohere, Hugging Face and Bedrock ask for them. Texts are ranked by the words they share with the
    query, or by the scores that `rerank` gives for a query and texts. At the end of the block it fails on turns that were not asked for and on
    requests that the script does not know; those are answered with status 400.
    """

    def __init__(
        self,
        *turns: Any,
        by: Key | None = None,
        repeat: bool = False,
        wire_bytes: int | None = None,
        models: Sequence[str] = ("scripted",),
        moderate: _fixed.Moderate = lambda text: (),
        embed: _embeddings.Embed | None = None,
        rerank: _embeddings.Rerank | None = None,
    ) -> None:
        super().__init__()
        if wire_bytes is not None and wire_bytes < 1:
            raise ValueError(f"ScriptedServer(wire_bytes={wire_bytes!r}) must be at least 1, or None.")
        self._script = Script(turns, by, repeat)
        self._wire_bytes = wire_bytes
        self._models = models
        self._moderate = moderate
        self._embed = embed
        self._rerank = rerank
        self._failures: list[AssertionError] = []
        self._left = threading.Condition()
        self.requests: list[ServedRequest] = []

    @property
    def remaining(self) -> int:
        """How many turns were not asked for yet."""
        return len(self._script.left)

    @property
    def disconnects(self) -> list[ServedRequest]:
        """The requests whose client left before the answer was complete."""
        return [request for request in self.requests if request.disconnected]

    def wait_disconnect(self, timeout: float = 5.0) -> ServedRequest:
        """Wait for a client to leave early, and give its request."""
        with self._left:
            if not self._left.wait_for(lambda: self.disconnects, timeout):
                raise AssertionError(f"No client left early within {timeout:g} s; {len(self.requests)} requests came.")
        return self.disconnects[0]

    def assert_done(self) -> None:
        """Fail if the server was asked too much, too little, or for something it cannot say."""
        if self._failures:
            raise self._failures[0]
        self._script.assert_done()

    async def answer(self, call: HttpCall) -> None:
        request = _read(call)
        self.requests.append(request)
        protocol = next((p for p in PROTOCOLS if p.PATH.match(call.path)), None)
        try:
            if protocol is None or call.method != "POST":
                await self._answer_fixed(call, request)
            else:
                await self._answer_scripted(call, request, protocol)
        finally:
            if call.gone.is_set():
                with self._left:
                    request._left.set()
                    self._left.notify_all()

    async def _answer_scripted(self, call: HttpCall, request: ServedRequest, protocol: WireProtocol) -> None:
        request.protocol = protocol.NAME
        try:
            request.stream = protocol.streams(request)
            request.messages = protocol.messages(request.json)
            # a turn may be a function that waits for something
            turn = request.turn = await asyncio.to_thread(self._script.next, request.messages)
            check_sayable(turn, protocol)
            body = None if request.stream or turn.fault else protocol.whole(turn, request)
        except (ScriptExhausted, CannotSay) as error:
            self._failures.append(error)
            await self._refuse(call, protocol, str(error))
            return
        except Exception as error:  # a border: the script's own functions, and bodies that no SDK would send
            self._failures.append(AssertionError(f"No answer to {call.method} {call.path}: {error!r}"))
            await self._refuse(call, protocol, repr(error))
            return
        if await _pause(call, turn.latency):
            await self._say(call, request, protocol, turn, body)

    async def _refuse(self, call: HttpCall, protocol: WireProtocol, message: str) -> None:
        # 400, because the SDKs would send again after a 500
        await call.whole(400, to_json(protocol.failure(Fault("status", 400, message))).encode(), _JSON)

    async def _say(self, call: HttpCall, request: ServedRequest, protocol: WireProtocol, turn: Turn, body: Any) -> None:
        fault = turn.fault
        early = fault is not None and (not request.stream or turn.break_after == 0)
        if fault is not None and early and fault.kind != "malformed":
            await _fail(call, protocol, fault)
        elif request.stream:
            await self._stream(call, request, protocol, turn)
        elif fault is not None:
            await call.whole(200, _BROKEN_JSON.encode(), _JSON)
        else:
            await call.whole(200, to_json(body).encode(), _JSON)

    async def _stream(self, call: HttpCall, request: ServedRequest, protocol: WireProtocol, turn: Turn) -> None:
        await call.begin(200, {"content-type": protocol.STREAM_TYPE, "x-request-id": "req_scripted"})
        piece = ""
        for piece in _until_broken(protocol.pieces(turn, request)):
            for part in _torn(piece.encode(), turn.wire_bytes or self._wire_bytes):
                if not await call.write(part):
                    return
            if not await _pause(call, turn.pace):
                return
        fault = turn.fault
        if fault is None or fault.kind == "short":
            await call.end()
        elif fault.kind == "malformed":
            last = piece or protocol.failure_piece(fault)
            await call.end(last.replace("{", _BROKEN_JSON, 1).encode())
        elif fault.kind == "status":
            await call.end(protocol.failure_piece(fault).encode())
        else:
            await _fail(call, protocol, fault)

    async def _answer_fixed(self, call: HttpCall, request: ServedRequest) -> None:
        try:
            answer = self._fixed_answer(call, request.json)
            body = to_json(answer.body).encode() if answer is not None else b""
        except Exception as error:  # a border: the test's own functions, and bodies that no SDK would send
            self._failures.append(AssertionError(f"No answer to {call.method} {call.path}: {error!r}"))
            await call.whole(400, to_json({"error": {"message": repr(error)}}).encode(), _JSON)
            return
        if answer is None:
            message = f"The scripted server does not know {call.method} {call.path}."
            self._failures.append(ScriptExhausted(message))
            await call.whole(404, to_json({"error": {"message": message}}).encode(), _JSON)
            return
        request.protocol = answer.protocol
        if answer.fault is not None:
            await _fail_with(call, answer.fault, answer.body, "application/json")
        else:
            await call.whole(200, body, {**_JSON, **answer.headers})

    def _fixed_answer(self, call: HttpCall, asked: Any) -> Answer | None:
        """What needs no script: vectors, scores, moderations and lists of models; None for anything else."""
        if call.method == "POST" and call.path.endswith("/moderations"):
            return Answer("openai_moderations", _fixed.moderation(asked, self._moderate))
        if call.method == "POST":
            return _embeddings.answer(call.path, asked, self._embed, self._rerank)
        if call.method == "GET" and call.path.endswith("/api/tags"):
            return Answer("ollama_tags", _fixed.ollama_tags(self._models))
        if call.method == "GET" and call.path.endswith("/models"):
            return Answer("openai_models", _fixed.openai_models(self._models))
        return None


def _read(call: HttpCall) -> ServedRequest:
    try:
        body = msgspec.json.decode(call.body) if call.body else None
    except msgspec.DecodeError:
        body = None
    return ServedRequest("", call.method, call.path, call.query, call.headers, body, call.connection)


def _until_broken(pieces: Iterator[str]) -> Iterator[str]:
    try:
        yield from pieces
    except Broken:
        return


def _torn(content: bytes, size: int | None) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)] if size else [content]


async def _pause(call: HttpCall, seconds: float) -> bool:
    """Wait, but not for a client that has gone; False if it has."""
    if seconds:
        try:
            await asyncio.wait_for(call.gone.wait(), seconds)
        except (TimeoutError, asyncio.TimeoutError):
            pass
    return not call.gone.is_set()


async def _fail(call: HttpCall, protocol: WireProtocol, fault: Fault) -> None:
    await _fail_with(call, fault, protocol.failure(fault), protocol.STREAM_TYPE)


async def _fail_with(call: HttpCall, fault: Fault, failure: Any, content_type: str) -> None:
    if fault.kind == "timeout":
        await call.gone.wait()
    elif fault.kind == "cut":
        await call.cut()
    elif fault.kind == "short":
        await call.whole(200, b"", {"content-type": content_type})
    else:
        await call.whole(fault.status, to_json(failure).encode(), {**_JSON, **fault.headers})


__all__ = ["ScriptedServer", "ServedRequest"]
