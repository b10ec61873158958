"""The scripted server against the providers' own SDKs."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from pydantic import BaseModel

from agno.media import Audio, Image
from agno.models.message import Citations, DocumentCitation, UrlCitation
from agno.models.metrics import Metrics
from agno.testing import ScriptedServer, Turn, call, fails, says, thinks, wants

TEXT = "Grüße, 世界: hello there"
USAGE = Metrics(input_tokens=100, output_tokens=40, total_tokens=140, cache_read_tokens=30, reasoning_tokens=10)
TWO = wants(call("add", a=1, b=[2, 3]), call("now", zone="Æ"))
MESSAGES = [{"role": "user", "content": "Hi"}]
TIMEOUT = 0.3
TRANSPORT_ERRORS = (httpx.TransportError, httpx2.TransportError)


@dataclass
class Got:
    """What a client read, in no SDK's words."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: tuple[int | None, int | None] | None = None
    pieces: int = 0


class SdkContract:
    """What every protocol must do for its SDK. Subclass it and state `ask`, `stream`, `leave` and the SDK's errors."""

    status_errors: type[Exception]
    lost: tuple[type[Exception], ...]  # timeouts and broken connections
    malformed: tuple[type[Exception], ...] = (json.JSONDecodeError,)
    input_tokens, output_tokens = 100, 40

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        raise NotImplementedError

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        raise NotImplementedError

    def leave(self, server: ScriptedServer) -> None:
        raise NotImplementedError

    def either(self, server: ScriptedServer, stream: bool, timeout: float = 5) -> Got:
        return self.stream(server, timeout) if stream else self.ask(server, timeout)

    @pytest.mark.parametrize("stream", [False, True])
    def test_text_and_usage_arrive(self, stream: bool) -> None:
        with ScriptedServer(says(TEXT, usage=USAGE)) as server:
            got = self.either(server, stream)
        assert got.text == TEXT
        assert got.tokens == (self.input_tokens, self.output_tokens)
        assert [(r.stream, r.messages[-1].role, r.messages[-1].content) for r in server.requests] == [
            (stream, "user", "Hi")
        ]
        if stream:
            assert got.pieces == len(TEXT) // 4 + bool(len(TEXT) % 4)

    @pytest.mark.parametrize("stream", [False, True])
    def test_thoughts_and_several_calls_arrive(self, stream: bool) -> None:
        with ScriptedServer(thinks("let me see", "Both:", *TWO.calls)) as server:
            got = self.either(server, stream)
        assert (got.reasoning, got.text) == ("let me see", "Both:")
        assert got.calls == [("add", {"a": 1, "b": [2, 3]}), ("now", {"zone": "Æ"})]

    @pytest.mark.parametrize("size", [1, 7])
    def test_events_torn_over_writes_are_the_same(self, size: int) -> None:
        with ScriptedServer(thinks("hm", TEXT, *TWO.calls), wire_bytes=size) as server:
            got = self.stream(server)
        assert (got.reasoning, got.text, len(got.calls)) == ("hm", TEXT, 2)

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("status", [400, 401, 429, 500])
    def test_an_error_status_is_the_error_of_the_sdk(self, status: int, stream: bool) -> None:
        with ScriptedServer(fails(status, "it went wrong", headers={"retry-after": "7"})) as server:
            with pytest.raises(self.status_errors, match="it went wrong") as caught:
                self.either(server, stream)
        error: Any = caught.value
        assert getattr(error, "status_code", None) or error.code == status

    @pytest.mark.parametrize("stream", [False, True])
    def test_silence_is_a_timeout(self, stream: bool) -> None:
        with ScriptedServer(fails("timeout")) as server:
            with pytest.raises(self.lost):
                self.either(server, stream, timeout=TIMEOUT)
            assert server.wait_disconnect() is server.requests[0]

    @pytest.mark.parametrize("stream", [False, True])
    def test_a_connection_closed_at_once_is_lost(self, stream: bool) -> None:
        with ScriptedServer(fails("cut")) as server, pytest.raises(self.lost):
            self.either(server, stream)

    @pytest.mark.parametrize("kind", ["cut", "timeout"])
    def test_a_stream_that_ends_in_the_middle_is_lost(self, kind: Any) -> None:
        with ScriptedServer(fails(kind, after=2, text=TEXT)) as server, pytest.raises(self.lost):
            self.stream(server, timeout=TIMEOUT)

    def test_a_stream_that_fails_in_the_middle_says_why(self) -> None:
        with ScriptedServer(fails(500, "overheated", after=2, text=TEXT)) as server:
            with pytest.raises(Exception, match="overheated"):
                self.stream(server)

    @pytest.mark.parametrize("stream", [False, True])
    def test_what_is_no_json_is_an_error(self, stream: bool) -> None:
        with ScriptedServer(fails("malformed", after=1, text=TEXT)) as server, pytest.raises(self.malformed):
            self.either(server, stream)

    def test_the_server_notes_that_a_client_leaves_a_stream(self) -> None:
        with ScriptedServer(fails("timeout", after=2, text=TEXT)) as server:
            self.leave(server)
            assert server.wait_disconnect().stream
            assert server.disconnects == server.requests


# OpenAI --------------------------------------------------------------------------------------------------------------


def openai_client(server: ScriptedServer, timeout: float = 5) -> Any:
    return openai.OpenAI(base_url=server.openai_url, api_key="k", max_retries=0, timeout=timeout)


class TestOpenAIChat(SdkContract):
    status_errors = openai.APIStatusError
    lost = (openai.APIConnectionError,)
    malformed = (json.JSONDecodeError, openai.APIResponseValidationError)

    def create(self, server: ScriptedServer, timeout: float = 5, **options: Any) -> Any:
        return openai_client(server, timeout).chat.completions.create(model="m", messages=MESSAGES, **options)

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        answer = self.create(server, timeout)
        message = answer.choices[0].message
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or ()]
        assert answer.choices[0].finish_reason == ("tool_calls" if calls else "stop")
        tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
        return Got(message.content, getattr(message, "reasoning_content", ""), calls, tokens)

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        got, calls = Got(), {}
        for chunk in self.create(server, timeout, stream=True, stream_options={"include_usage": True}):
            if chunk.usage:
                got.tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                got.text += choice.delta.content or ""
                got.pieces += bool(choice.delta.content)
                got.reasoning += getattr(choice.delta, "reasoning_content", "")
                for c in choice.delta.tool_calls or ():
                    name, text = calls.get(c.index, ("", ""))
                    calls[c.index] = (name + (c.function.name or ""), text + c.function.arguments)
        got.calls = [(name, json.loads(text)) for name, text in calls.values()]
        return got

    def leave(self, server: ScriptedServer) -> None:
        with self.create(server, stream=True) as stream:
            next(iter(stream))


class TestOpenAIResponses(SdkContract):
    status_errors = openai.APIStatusError
    lost = (openai.APIConnectionError,)
    malformed = (json.JSONDecodeError, openai.APIResponseValidationError)

    def create(self, server: ScriptedServer, timeout: float = 5, **options: Any) -> Any:
        return openai_client(server, timeout).responses.create(model="m", input="Hi", **options)

    def read(self, response: Any) -> Got:
        got = Got(response.output_text, tokens=(response.usage.input_tokens, response.usage.output_tokens))
        for item in response.output:
            if item.type == "reasoning":
                got.reasoning += "".join(part.text for part in item.summary)
            elif item.type == "function_call":
                got.calls.append((item.name, json.loads(item.arguments)))
        return got

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        return self.read(self.create(server, timeout))

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        got, text, arguments = Got(), "", {}
        for number, item in enumerate(self.create(server, timeout, stream=True)):
            if item.type == "error":
                raise RuntimeError(item.message)
            assert item.sequence_number == number
            if item.type == "response.output_text.delta":
                text += item.delta
                got.pieces += 1
            elif item.type == "response.function_call_arguments.delta":
                arguments[item.output_index] = arguments.get(item.output_index, "") + item.delta
            elif item.type == "response.completed":
                read = self.read(item.response)
                assert (read.text, [a for _, a in read.calls]) == (text, [json.loads(a) for a in arguments.values()])
                got = Got(read.text, read.reasoning, read.calls, read.tokens, got.pieces)
        return got

    def leave(self, server: ScriptedServer) -> None:
        with self.create(server, stream=True) as stream:
            next(iter(stream))

    def test_the_stream_helper_of_the_sdk_builds_the_same_response(self) -> None:
        with ScriptedServer(thinks("hm", TEXT, *TWO.calls)) as server:
            with openai_client(server).responses.stream(model="m", input="Hi") as stream:
                got = self.read(stream.get_final_response())
        assert (got.text, got.reasoning, len(got.calls)) == (TEXT, "hm", 2)

    def test_pictures_citations_and_an_early_end(self) -> None:
        cited = Citations(
            urls=[UrlCitation(url="https://a.example", title="A")], documents=[DocumentCitation(file_name="f.pdf")]
        )
        turn = Turn(text="See", citations=cited, images=(Image(content=b"png"),), finish="length")
        with ScriptedServer(turn, turn) as server:
            whole = self.create(server)
            ending = list(self.create(server, stream=True))[-1]
        assert ending.type == "response.incomplete"
        for response in (whole, ending.response):
            assert response.incomplete_details.reason == "max_output_tokens"
            by_type = {item.type: item for item in response.output}
            assert base64.b64decode(by_type["image_generation_call"].result) == b"png"
            pages, documents = by_type["message"].content[0].annotations
            assert (pages.url, pages.title, documents.filename) == ("https://a.example", "A", "f.pdf")


class Sum(BaseModel):
    total: int


def test_openai_parse_gives_an_object_in_both_protocols() -> None:
    with ScriptedServer(says('{"total": 3}'), repeat=True) as server:
        client = openai_client(server)
        chat = client.chat.completions.parse(model="m", messages=MESSAGES, response_format=Sum)
        response = client.responses.parse(model="m", input="Hi", text_format=Sum)
    assert chat.choices[0].message.parsed == response.output_parsed == Sum(total=3)


def test_openai_chat_sends_citations_audio_and_all_counts() -> None:
    usage = Metrics(input_tokens=9, output_tokens=8, cache_read_tokens=7, reasoning_tokens=6, audio_output_tokens=5)
    turn = Turn(
        audio=Audio(content=b"wav", transcript="hi"), citations=Citations(urls=[UrlCitation(url="u", title="t")]), usage=usage
    )  # fmt: skip
    with ScriptedServer(turn, turn) as server:
        answer = TestOpenAIChat().create(server)
        chunks = list(TestOpenAIChat().create(server, stream=True))
    message = answer.choices[0].message
    assert base64.b64decode(message.audio.data) == b"wav" and message.audio.transcript == "hi"
    assert message.annotations[0].url_citation.url == "u"
    assert answer.usage.total_tokens == 17
    assert answer.usage.prompt_tokens_details.cached_tokens == 7
    assert answer.usage.completion_tokens_details.reasoning_tokens == 6
    assert answer.usage.completion_tokens_details.audio_tokens == 5
    assert all(chunk.usage is None for chunk in chunks)  # not asked for
    assert any(getattr(c.choices[0].delta, "annotations", None) for c in chunks)


def test_openai_moderations_and_models() -> None:
    flags = {"I will hit you": {"violence"}}
    with ScriptedServer(moderate=lambda text: flags.get(text, ()), models=("tiny", "big")) as server:
        client = openai_client(server)
        kind, bad = client.moderations.create(input=["Hello", "I will hit you"]).results
        parts = client.moderations.create(input=[{"type": "text", "text": "I will hit you"}]).results
        assert [model.id for model in client.models.list()] == ["tiny", "big"]
    assert not kind.flagged and not kind.categories.violence
    assert bad.flagged and bad.categories.violence and not bad.categories.hate
    assert [result.flagged for result in parts] == [True]


# Anthropic -----------------------------------------------------------------------------------------------------------


class TestAnthropic(SdkContract):
    status_errors = anthropic.APIStatusError
    lost = (anthropic.APIConnectionError, httpx2.TransportError)  # the second in the middle of a stream

    def client(self, server: ScriptedServer, timeout: float = 5) -> Any:
        return anthropic.Anthropic(base_url=server.anthropic_url, api_key="k", max_retries=0, timeout=timeout)

    def read(self, message: Any) -> Got:
        got = Got(tokens=(message.usage.input_tokens, message.usage.output_tokens))
        for block in message.content:
            if block.type == "text":
                got.text += block.text
            elif block.type == "thinking":
                got.reasoning += block.thinking
                assert block.signature
            elif block.type == "tool_use":
                got.calls.append((block.name, block.input))
        assert message.stop_reason == ("tool_use" if got.calls else "end_turn")
        return got

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        return self.read(self.client(server, timeout).messages.create(model="m", max_tokens=9, messages=MESSAGES))

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        with self.client(server, timeout).messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream:
            pieces = len(list(stream.text_stream))
            got = self.read(stream.get_final_message())
        got.pieces = pieces
        return got

    def leave(self, server: ScriptedServer) -> None:
        with self.client(server).messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream:
            next(iter(stream))

    def test_cache_counts_citations_and_redacted_thoughts(self) -> None:
        usage = Metrics(input_tokens=9, output_tokens=8, cache_read_tokens=7, cache_write_tokens=6, reasoning_tokens=5)
        cited = Citations(
            urls=[UrlCitation(url="u", title="t")], documents=[DocumentCitation(document_title="d", cited_text="q")]
        )
        turn = Turn(text="See", reasoning="hm", redacted_reasoning="xx", citations=cited, usage=usage, signature="sig")
        with ScriptedServer(turn, turn) as server:
            messages = self.client(server).messages
            whole = messages.create(model="m", max_tokens=9, messages=MESSAGES)
            with messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream:
                streamed = stream.get_final_message()
        for message in (whole, streamed):
            thinking, redacted, text = message.content
            assert (thinking.signature, redacted.data, text.text) == ("sig", "xx", "See")
            assert [c.type for c in text.citations] == ["web_search_result_location", "char_location"]
            assert (text.citations[0].url, text.citations[1].cited_text) == ("u", "q")
            counts = message.usage
            assert (counts.input_tokens, counts.output_tokens) == (9, 8)
            assert (counts.cache_read_input_tokens, counts.cache_creation_input_tokens) == (7, 6)


# Google --------------------------------------------------------------------------------------------------------------


class TestGemini(SdkContract):
    status_errors = google_errors.APIError
    lost = TRANSPORT_ERRORS
    malformed = (json.JSONDecodeError, google_errors.UnknownApiResponseError)

    def client(self, server: ScriptedServer, timeout: float = 5) -> Any:
        options = {"base_url": server.gemini_url, "timeout": int(timeout * 1000)}
        return genai.Client(api_key="k", http_options=options)

    def read(self, chunks: list[Any]) -> Got:
        got = Got()
        for chunk in chunks:
            for part in chunk.candidates[0].content.parts:
                if part.function_call:
                    got.calls.append((part.function_call.name, part.function_call.args))
                elif part.thought:
                    got.reasoning += part.text
                else:
                    got.text += part.text
                    got.pieces += bool(part.text)
        counts = chunks[-1].usage_metadata
        got.tokens = (counts.prompt_token_count, counts.candidates_token_count + (counts.thoughts_token_count or 0))
        assert chunks[-1].candidates[0].finish_reason.value == "STOP"
        return got

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        with closing(self.client(server, timeout)) as client:
            return self.read([client.models.generate_content(model="m", contents="Hi")])

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        with closing(self.client(server, timeout)) as client:
            return self.read(list(client.models.generate_content_stream(model="m", contents="Hi")))

    def leave(self, server: ScriptedServer) -> None:
        with closing(self.client(server)) as client:
            stream = client.models.generate_content_stream(model="m", contents="Hi")
            next(stream)
            stream.close()

    def test_media_signatures_grounding_and_counts(self) -> None:
        usage = Metrics(input_tokens=9, output_tokens=8, cache_read_tokens=7, reasoning_tokens=3)
        cited = Citations(urls=[UrlCitation(url="u", title="t")], search_queries=["q"])
        turn = Turn(
            text="See", calls=(call("add", a=1),), images=(Image(content=b"png", mime_type="image/png"),),
            audio=Audio(content=b"wav", mime_type="audio/wav"), citations=cited, usage=usage, signature="sig",
        )  # fmt: skip
        with ScriptedServer(turn, turn) as server, closing(self.client(server)) as client:
            whole = [client.models.generate_content(model="m", contents="Hi")]
            streamed = list(client.models.generate_content_stream(model="m", contents="Hi"))
        for chunks in (whole, streamed):
            parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
            assert [p.inline_data.data for p in parts if p.inline_data] == [b"png", b"wav"]
            assert [p.thought_signature for p in parts if p.thought_signature] == [b"sig"]
            grounding = chunks[-1].candidates[0].grounding_metadata
            assert (grounding.grounding_chunks[0].web.uri, grounding.web_search_queries) == ("u", ["q"])
            counts = chunks[-1].usage_metadata
            assert (counts.candidates_token_count, counts.thoughts_token_count) == (5, 3)
            assert (counts.cached_content_token_count, counts.total_token_count) == (7, 17)


# Ollama --------------------------------------------------------------------------------------------------------------


class TestOllama(SdkContract):
    status_errors = ollama.ResponseError
    lost = TRANSPORT_ERRORS
    malformed = (json.JSONDecodeError,)

    def chat(self, server: ScriptedServer, timeout: float = 5, **options: Any) -> Any:
        return ollama.Client(host=server.ollama_url, timeout=timeout).chat(model="m", messages=MESSAGES, **options)

    def read(self, chunks: list[Any]) -> Got:
        got = Got()
        for chunk in chunks:
            got.text += chunk.message.content
            got.pieces += bool(chunk.message.content)
            got.reasoning += chunk.message.thinking or ""
            got.calls += [(c.function.name, dict(c.function.arguments)) for c in chunk.message.tool_calls or ()]
        assert [chunk.done for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        got.tokens = (chunks[-1].prompt_eval_count, chunks[-1].eval_count)
        return got

    def ask(self, server: ScriptedServer, timeout: float = 5) -> Got:
        return self.read([self.chat(server, timeout)])

    def stream(self, server: ScriptedServer, timeout: float = 5) -> Got:
        return self.read(list(self.chat(server, timeout, stream=True)))

    def leave(self, server: ScriptedServer) -> None:
        stream = self.chat(server, stream=True)
        next(stream)
        stream.close()

    def test_tags_lists_the_models(self) -> None:
        with ScriptedServer(models=("llama3.1",)) as server:
            assert [m.model for m in ollama.Client(host=server.ollama_url).list().models] == ["llama3.1"]


# Asynchronous clients ------------------------------------------------------------------------------------------------


def test_asynchronous_clients_of_all_sdks_are_served_at_once() -> None:
    async def ask_all(server: ScriptedServer) -> list[str]:
        chat = openai.AsyncOpenAI(base_url=server.openai_url, api_key="k", max_retries=0)
        claude = anthropic.AsyncAnthropic(base_url=server.anthropic_url, api_key="k", max_retries=0)
        gemini = genai.Client(api_key="k", http_options={"base_url": server.gemini_url})
        llama = ollama.AsyncClient(host=server.ollama_url)
        answers = await asyncio.gather(
            chat.chat.completions.create(model="m", messages=MESSAGES),
            chat.responses.create(model="m", input="Hi"),
            claude.messages.create(model="m", max_tokens=9, messages=MESSAGES),
            gemini.aio.models.generate_content(model="m", contents="Hi"),
            llama.chat(model="m", messages=MESSAGES),
        )
        await asyncio.gather(chat.close(), claude.close(), gemini.aio.aclose(), llama.close())
        gemini.close()
        first, second, third, fourth, fifth = answers
        return [
            first.choices[0].message.content, second.output_text, third.content[0].text, fourth.text, fifth.message.content
        ]  # fmt: skip

    with ScriptedServer(says("Hello", latency=0.05), repeat=True) as server:
        assert asyncio.run(ask_all(server)) == ["Hello"] * 5
    assert {r.protocol for r in server.requests} == {"openai_chat", "openai_responses", "anthropic", "gemini", "ollama"}
