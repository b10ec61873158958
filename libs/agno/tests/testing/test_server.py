"""The scripted server itself: scripts, records, refusals."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from agno.media import Image
from agno.models.message import Message
from agno.testing import Call, ScriptedServer, ScriptExhausted, ScriptNotFinished, Turn, says, wants


def post(server: ScriptedServer, text: str = "Hi", path: str = "/v1/chat/completions", **body: Any) -> httpx.Response:
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": text}]},
    ]
    return httpx.post(f"{server.url}{path}", json={"messages": messages, **body}, timeout=30, trust_env=False)


def content(response: httpx.Response) -> Any:
    return response.json()["choices"][0]["message"]["content"]


def test_a_request_is_recorded_as_it_came() -> None:
    with ScriptedServer(says("ok")) as server:
        httpx.post(
            f"{server.url}/v1/messages?beta=true",
            json={"messages": []},
            headers={"X-Api-Key": "k"},
            trust_env=False,
            timeout=30,
        )
    request = server.requests[0]
    assert (request.protocol, request.method, request.path) == ("anthropic", "POST", "/v1/messages")
    assert (request.query, request.headers["x-api-key"], request.json) == ({"beta": "true"}, "k", {"messages": []})
    assert request.turn == says("ok") and not request.stream and not request.disconnected


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"messages": [
                {"role": "developer", "content": "S"},
                {"role": "user", "content": [{"type": "text", "text": "U"}]},
                {"role": "assistant", "content": None,
                 "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]},
                {"role": "tool", "tool_call_id": "c", "content": "T"},
            ]},
        ),
        (
            "/v1/responses",
            {"instructions": "S", "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "U"}]},
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
                {"type": "function_call_output", "call_id": "c", "output": "T"},
            ]},
        ),
        (
            "/v1/messages",
            {"system": [{"type": "text", "text": "S"}], "messages": [
                {"role": "user", "content": "U"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "T"}]}]},
            ]},
        ),
        (
            "/v1beta/models/m:generateContent",
            {"systemInstruction": {"parts": [{"text": "S"}]}, "contents": [
                {"role": "user", "parts": [{"text": "U"}]},
                {"role": "model", "parts": [{"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "T"}}}]},
            ]},
        ),
        (
            "/api/chat",
            {"stream": False, "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "U"},
                {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
                {"role": "tool", "tool_name": "f", "content": "T"},
            ]},
        ),
    ],
)  # fmt: skip
def test_the_conversation_reads_the_same_in_all_protocols(path: str, body: dict[str, Any]) -> None:
    with ScriptedServer(says("ok")) as server:
        assert httpx.post(f"{server.url}{path}", json=body, trust_env=False, timeout=30).status_code == 200
    system, user, assistant, tool = server.requests[0].messages
    assert [(m.role, m.content or "") for m in (system, user, assistant, tool)] == [
        ("system", "S"), ("user", "U"), ("assistant", ""), ("tool", "T"),
    ]  # fmt: skip
    assert assistant.tool_calls[0]["function"] == {"name": "f", "arguments": '{"a":1}'}


def test_an_unexpected_request_is_refused_once_and_fails_the_block() -> None:
    with pytest.raises(ScriptExhausted, match=r"again. Last message: user: 'Hello'"), ScriptedServer() as server:
        response = post(server, "Hello")
        assert response.status_code == 400 and "script is over" in response.json()["error"]["message"]


def test_turns_that_were_not_asked_for_fail_the_block() -> None:
    with pytest.raises(ScriptNotFinished), ScriptedServer(says("ok")):
        pass


def test_an_unknown_path_is_named() -> None:
    with pytest.raises(ScriptExhausted, match="POST /v1/unknown"), ScriptedServer() as server:
        assert post(server, path="/v1/unknown").status_code == 404


def test_a_body_that_is_no_json_is_refused() -> None:
    with pytest.raises(AssertionError, match="No answer to POST"), ScriptedServer(says("ok")) as server:
        assert httpx.post(f"{server.url}/v1/messages", content=b"{", trust_env=False, timeout=30).status_code == 400


@pytest.mark.parametrize(
    ("path", "turn", "what"),
    [
        ("/api/chat", Turn(images=(Image(content=b"x"),)), "no words for `images`"),
        ("/v1/messages", wants(Call("f", "{broken")), "cannot send '{broken' for 'f'"),
    ],
)
def test_what_a_protocol_cannot_say_is_refused_and_not_left_out(path: str, turn: Turn, what: str) -> None:
    with pytest.raises(AssertionError, match=what), ScriptedServer(turn) as server:
        assert post(server, path=path, stream=False).status_code == 400


def test_broken_arguments_pass_where_they_are_text() -> None:
    with ScriptedServer(wants(Call("f", "{broken"))) as server:
        message = post(server).json()["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["arguments"] == "{broken"


def test_concurrent_clients_get_the_turns_of_their_own_question() -> None:
    script = {f"q{n}": [says(f"first {n}", latency=0.01), says(f"second {n}")] for n in range(10)}

    def talk(n: int) -> list[str]:
        return [content(post(server, f"q{n}")) for _ in range(2)]

    with ScriptedServer(script) as server, ThreadPoolExecutor(10) as pool:
        assert list(pool.map(talk, range(10))) == [[f"first {n}", f"second {n}"] for n in range(10)]


def test_a_turn_that_waits_does_not_hold_up_other_requests() -> None:
    second_came = threading.Event()

    def wait(messages: list[Message]) -> Turn:
        assert second_came.wait(30)
        return says("first")

    def go(messages: list[Message]) -> Turn:
        second_came.set()
        return says("second")

    with ScriptedServer({"a": wait, "b": go}) as server, ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, server, "a")
        second = pool.submit(post, server, "b")
        assert (content(first.result()), content(second.result())) == ("first", "second")


def test_an_error_of_a_turn_fails_the_block() -> None:
    def wrong(messages: list[Message]) -> Turn:
        raise KeyError("oops")

    with pytest.raises(AssertionError, match="oops"), ScriptedServer(wrong) as server:
        assert post(server).status_code == 400


@pytest.mark.parametrize(
    ("path", "settings", "told"),
    [
        ("/v1/embeddings", {"embed": lambda texts: 1 / 0}, "ZeroDivisionError"),
        ("/v1/moderations", {"moderate": lambda text: ["rude"]}, "no moderation category 'rude'"),
        ("/v2/rerank", {}, "KeyError"),
    ],
)
def test_an_error_of_the_tests_own_function_fails_the_block(path: str, settings: Any, told: str) -> None:
    with pytest.raises(AssertionError, match=f"No answer to POST {path}: .*{told}"):
        with ScriptedServer(**settings) as server:
            assert httpx.post(server.url + path, json={"input": "a"}, trust_env=False).status_code == 400


def test_a_server_that_was_started_is_not_started_twice() -> None:
    with ScriptedServer().start() as server:
        address = server.url
        assert server.start().url == address
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
    with pytest.raises(ValueError, match="wire_bytes=0"):
        ScriptedServer(wire_bytes=0)


def test_latency_and_pace_are_kept() -> None:
    with ScriptedServer(says("abcdefgh", latency=0.1, pace=0.05)) as server:
        began = time.monotonic()
        with httpx.stream(
            "POST", f"{server.url}/api/chat", json={"messages": []}, trust_env=False, timeout=30
        ) as response:
            arrived = [time.monotonic() - began for _ in response.iter_lines()]
    assert arrived[0] >= 0.1 and arrived[-1] >= 0.2


def test_a_client_that_stays_is_not_waited_for_in_vain() -> None:
    with ScriptedServer(says("ok")) as server:
        post(server)
        with pytest.raises(AssertionError, match=r"No client left early within 0.01 s; 1 requests came"):
            server.wait_disconnect(0.01)
        assert not server.requests[0].wait_disconnected(0.01)


def test_two_servers_run_side_by_side_and_stop() -> None:
    with ScriptedServer(says("one")) as one, ScriptedServer(says("two")) as two:
        assert (content(post(one)), content(post(two))) == ("one", "two")
        url = one.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False, timeout=30)


def test_without_uvicorn_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ImportError, match=r"agno\[testing\]"):
        ScriptedServer().start()


def test_a_server_that_does_not_run_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="with block"):
        ScriptedServer().url  # noqa: B018
