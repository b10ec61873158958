from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from agno.testing import Recorder, Replayer, ReplayMismatch, ScriptedServer, call, fails, recording, says, thinks

KEY = "sk-very-secret-key"
TURN = thinks("hm", "Grüße there", call("add", a=1))


def client(url: str, timeout: float = 5) -> Any:
    return openai.OpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=timeout)


def ask(url: str, text: str = "Hi") -> Any:
    messages: Any = [{"role": "user", "content": text}]
    answer = client(url).chat.completions.create(model="m", messages=messages)
    return answer.model_dump()


def stream(url: str, text: str = "Hi") -> list[Any]:
    messages: Any = [{"role": "user", "content": text}]
    return [c.model_dump() for c in client(url).chat.completions.create(model="m", messages=messages, stream=True)]


def test_what_was_recorded_is_replayed_exactly(tmp_path: Path) -> None:
    path = tmp_path / "cassettes" / "chat.json"
    with ScriptedServer(TURN, TURN, wire_bytes=5) as upstream, Recorder(path, upstream.url) as recorder:
        first = [ask(recorder.openai_url), stream(recorder.openai_url)]
    with Replayer(path) as replayer:
        assert replayer.remaining == 2
        assert [ask(replayer.openai_url), stream(replayer.openai_url)] == first


def test_events_are_written_one_by_one_whatever_the_writes(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with ScriptedServer(TURN, wire_bytes=3) as upstream, Recorder(path, upstream.url) as recorder:
        stream(recorder.openai_url)
    chunks = json.loads(path.read_text())["exchanges"][0]["chunks"]
    assert all(chunk.startswith("data: ") and chunk.endswith("\n\n") for chunk in chunks)
    assert chunks[-1] == "data: [DONE]\n\n"


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    answer = says(f"your key is {KEY}, your name is Ada, your city is Oslo")
    with ScriptedServer(answer, answer, answer) as upstream:
        with Recorder(path, upstream.url, secrets=["Ada"], scrub=lambda text: text.replace("Oslo", "CITY")) as recorder:
            ask(recorder.openai_url, f"my key is {KEY}")
            body = {"contents": []}
            headers = {"X-Goog-Api-Key": "google-secret", "Cookie": "session=cookie-secret"}
            url = f"{recorder.url}/v1beta/models/m:generateContent?key=query-secret&alt=json"
            httpx.post(url, json=body, headers=headers, trust_env=False, timeout=30)
            stream(recorder.openai_url)
        for request in upstream.requests[:1]:
            assert request.headers["authorization"] == f"Bearer {KEY}"  # the provider gets it
    text = path.read_text()
    for secret in (KEY, "google-secret", "cookie-secret", "query-secret", "Ada", "Oslo"):
        assert secret not in text
    assert "CITY" in text
    with Replayer(path) as replayer:  # secrets may be others by then
        ask(replayer.openai_url, f"my key is {KEY}")
        httpx.post(
            f"{replayer.url}/v1beta/models/m:generateContent?key=other-key&alt=json",
            json=body,
            trust_env=False,
            timeout=30,
        )
        stream(replayer.openai_url)


def test_a_request_that_differs_says_where(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with ScriptedServer(TURN) as upstream, Recorder(path, upstream.url) as recorder:
        ask(recorder.openai_url, "Hi")
    with pytest.raises(ReplayMismatch, match=r"messages\[0\].content: recorded 'Hi', now 'Ho'"):
        with Replayer(path) as replayer, pytest.raises(openai.BadRequestError, match="recorded 'Hi', now 'Ho'"):
            try:
                ask(replayer.openai_url, "Ho")
            finally:
                ask(replayer.openai_url, "Hi")
    with Replayer(path, ignore=["messages[0].content"]) as replayer:
        ask(replayer.openai_url, "Ho")


def test_missing_and_surplus_requests_fail(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with ScriptedServer(TURN) as upstream, Recorder(path, upstream.url) as recorder:
        ask(recorder.openai_url)
    with pytest.raises(ReplayMismatch, match=r"1 requests of chat.json were not made; the next is POST /v1/chat"):
        with Replayer(path):
            pass
    with pytest.raises(ReplayMismatch, match="all recorded requests were made already"), Replayer(path) as replayer:
        ask(replayer.openai_url)
        with pytest.raises(openai.BadRequestError):
            ask(replayer.openai_url)


def test_other_orders_are_fine_and_equal_requests_keep_theirs(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with ScriptedServer(says("a1"), says("b"), says("a2")) as upstream, Recorder(path, upstream.url) as recorder:
        for text in ("a", "b", "a"):
            ask(recorder.openai_url, text)
    with Replayer(path) as replayer:
        answers = [ask(replayer.openai_url, text)["choices"][0]["message"]["content"] for text in ("b", "a", "a")]
    assert answers == ["b", "a1", "a2"]


def test_failures_are_replayed_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    turns = (fails(429, "slow down", headers={"retry-after": "3"}), fails("cut", after=2, text="Hello there"))

    def fail_twice(url: str) -> None:
        with pytest.raises(openai.RateLimitError, match="slow down") as caught:
            ask(url)
        assert caught.value.response.headers["retry-after"] == "3"
        with pytest.raises(openai.APIConnectionError):
            stream(url)

    with ScriptedServer(*turns) as upstream, Recorder(path, upstream.url) as recorder:
        fail_twice(recorder.openai_url)
    with Replayer(path) as replayer:
        fail_twice(replayer.openai_url)


def test_a_client_that_leaves_early_closes_the_upstream_and_can_do_so_again(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"

    def leave(url: str) -> None:
        messages: Any = [{"role": "user", "content": "Hi"}]
        with client(url).chat.completions.create(model="m", messages=messages, stream=True) as chunks:
            assert next(iter(chunks)).choices[0].delta.role == "assistant"

    with ScriptedServer(fails("timeout", after=2, text="Hello there")) as upstream:
        with Recorder(path, upstream.url) as recorder:
            leave(recorder.openai_url)
            upstream.wait_disconnect()
    assert json.loads(path.read_text())["exchanges"][0]["end"] == "left"
    with Replayer(path) as replayer:
        leave(replayer.openai_url)


def test_an_unreachable_upstream_is_named_and_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with Recorder(path, "http://127.0.0.1:9") as recorder:
        with pytest.raises(openai.InternalServerError, match="could not reach"):
            ask(recorder.openai_url)
    assert json.loads(path.read_text())["exchanges"] == []


def test_what_could_not_be_reached_makes_no_recording_and_fails_the_block(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with pytest.raises(ConnectionError, match="could not reach http://127.0.0.1:9"):
        with recording(path, "http://127.0.0.1:9") as wire:
            assert httpx.post(f"{wire.openai_url}/chat/completions", json={}, trust_env=False).status_code == 502
    assert not path.exists()


def test_of_equal_requests_only_those_that_were_answered_are_recorded(tmp_path: Path) -> None:
    path, told = tmp_path / "chat.json", threading.Event()

    def second(messages: Any) -> Any:
        told.wait(10)
        return says("two")

    with ScriptedServer(fails("cut"), second) as upstream, Recorder(path, upstream.url) as recorder:
        body = {"model": "m", "messages": []}
        ask = partial(httpx.post, f"{recorder.openai_url}/chat/completions", json=body, trust_env=False)
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask) for _ in range(2)]
            cut = next(as_completed(asked)).result()
            assert cut.status_code == 502 and json.loads(path.read_text())["exchanges"] == []
            told.set()
    [exchange] = json.loads(path.read_text())["exchanges"]
    assert exchange["response"]["choices"][0]["message"]["content"] == "two"


@pytest.mark.parametrize("address", ["api.openai.com", "http://", "http://a:b:c", 5])
def test_what_is_no_address_is_refused(address: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no address; write it as in 'https://api.openai.com'"):
        recording(tmp_path / "chat.json", address)


def test_a_single_text_is_not_taken_for_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with pytest.raises(ValueError, match=r"secrets='sk-1' is a single text; give a list, as in secrets=\['sk-1'\]"):
        recording(path, "https://api.openai.com", secrets="sk-1")
    path.write_text('{"format": 1, "exchanges": []}')
    with pytest.raises(ValueError, match="ignore='model' is a single text"):
        recording(path, "https://api.openai.com", ignore="model")


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 1, "exchanges": [{"path": "/"}]}', "\x80"])
def test_a_file_that_is_no_recording_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="broken.json' is no recording that this version can read"):
        Replayer(path)
    with pytest.raises(ValueError, match="is no recording"):
        Replayer(tmp_path)


def test_binary_and_plain_bodies_survive(tmp_path: Path) -> None:
    from agno.testing.replay import Exchange, _body, _bytes, load

    for content in (b"", b"text", b'"quoted"', b'{"a": 1}', b"\xff\x00"):
        assert _bytes(_body(content)).replace(b" ", b"") == content.replace(b" ", b"")
    path = tmp_path / "old.json"
    path.write_text('{"exchanges": []}')
    with pytest.raises(ValueError, match="make it anew"):
        load(path)
    with pytest.raises(FileNotFoundError, match="Recorder"):
        Replayer(tmp_path / "none.json")
    assert Exchange("GET", "/").end == "complete"


def test_a_recording_is_made_once_and_anew_if_one_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chat.json"
    monkeypatch.delenv("AGNO_RECORD", raising=False)
    with ScriptedServer(says("one"), says("two")) as upstream:
        for _ in range(2):
            with recording(path, upstream.url) as wire:
                assert ask(wire.openai_url)["choices"][0]["message"]["content"] == "one"
        monkeypatch.setenv("AGNO_RECORD", "1")
        with recording(path, upstream.url) as wire:
            assert ask(wire.openai_url)["choices"][0]["message"]["content"] == "two"


def test_a_recording_of_a_failure_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with ScriptedServer(fails(401, "wrong key")) as upstream, pytest.raises(openai.AuthenticationError):
        with recording(path, upstream.url) as wire:
            ask(wire.openai_url)
    assert not path.exists()
