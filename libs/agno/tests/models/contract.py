"""What the model of every family must do against the scripted server: in both colours, whole and streamed.

A family subclasses `ModelContract`, builds its model, and states as data what its protocol has no words for. What is
particular to a protocol, byte by byte, stands in the family's own file, over `provider_wire.Wire`.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import importlib
import importlib.util
import json
import logging
import threading
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from agno._io import ASYNC, IO, SYNC, drive
from agno.agent import Agent
from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.media import Audio, File, Image
from agno.models._requests import Joined
from agno.models.message import Citations, Message, UrlCitation
from agno.models.metrics import Metrics
from agno.testing import ScriptedServer, call, fails, says, thinks, wants
from agno.testing.script import Call

from playing import in_every_mode, play
from provider_wire import (
    CITY,
    OSLO,
    PNG,
    TWO_CALLS,
    WEATHER,
    City,
    answers_to,
    assistant_message,
    calls_of,
    user,
    weather,
)

CALLS = [call(name, **values) for name, values in TWO_CALLS]
_NOWHERE = "http://127.0.0.1:9"
NOWHERE: Any = SimpleNamespace(
    url=_NOWHERE, openai_url=_NOWHERE, anthropic_url=_NOWHERE, gemini_url=_NOWHERE, ollama_url=_NOWHERE
)
WAV = b"RIFF0000WAVEsound"


@dataclass(frozen=True)
class Colour:
    """How a model is asked: who drives, and whether the answer comes in pieces."""

    io: IO
    streaming: bool

    def drive(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return drive(coroutine) if self.io is SYNC else asyncio.run(coroutine)

    def ask(self, model: Any, messages: list[Message] | None = None, **options: Any) -> Any:
        """The whole answer."""
        return self.drive(self._ask(model, messages, options))

    async def _ask(self, model: Any, messages: list[Message] | None, options: dict[str, Any]) -> Any:
        arguments = {"messages": messages or [user()], "assistant_message": Message("assistant"), **options}
        try:
            if not self.streaming:
                return await self.io.pick(model.invoke, model.ainvoke, **arguments)
            parts = Joined()
            async with aclosing(self.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)) as deltas:
                async for delta in deltas:
                    parts.add(delta)
            return parts.response(model)
        finally:
            if self.io is ASYNC:
                await model.aclose()

    def pieces(self, model: Any, stop_at_text: bool = False, **options: Any) -> list[Any]:
        """The deltas of a streamed answer; with `stop_at_text` it is left at its first text."""
        return self.drive(self._pieces(model, stop_at_text, options))

    async def _pieces(self, model: Any, stop_at_text: bool, options: dict[str, Any]) -> list[Any]:
        arguments = {"messages": [user()], "assistant_message": Message("assistant"), **options}
        found = []
        async with aclosing(self.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)) as deltas:
            async for delta in deltas:
                found.append(delta)
                if stop_at_text and delta.content:
                    break
        if self.io is ASYNC:
            await model.aclose()
        return found


COLOURS = {
    "whole": Colour(SYNC, False),
    "stream": Colour(SYNC, True),
    "awhole": Colour(ASYNC, False),
    "astream": Colour(ASYNC, True),
}
in_every_colour = pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
in_every_stream = pytest.mark.parametrize("colour", [COLOURS["stream"], COLOURS["astream"]], ids=["stream", "astream"])


class ModelContract:
    """Subclass it and state `model`: one of the family that talks to the server and never retries by itself."""

    module: ClassVar[str]  # of the SDK
    package: ClassVar[str]
    variable: ClassVar[str | None]  # of the key; None if the server needs none
    splits_arguments: ClassVar[bool] = True  # the protocol streams the arguments of a call in pieces
    hears: ClassVar[bool] = False  # takes sound
    cites: ClassVar[bool] = True
    draws: ClassVar[bool] = False  # the answer may have images
    takes_http_client: ClassVar[bool] = False
    counts: ClassVar[frozenset[str]] = frozenset()  # token counts that the protocol has beside input and output

    def model(self, server: Any, **settings: Any) -> Any:
        raise NotImplementedError

    # Answers ---------------------------------------------------------------------------------------------------------

    @in_every_colour
    def test_text_and_usage_arrive_however_the_bytes_are_torn(self, colour: Colour) -> None:
        usage = Metrics(input_tokens=11, output_tokens=7)
        with ScriptedServer(says("Hello thére ☃", usage=usage), wire_bytes=3) as server:
            answer = colour.ask(self.model(server))
        assert answer.content == "Hello thére ☃"
        assert answer.role in ("assistant", None)
        counts = answer.response_usage
        assert (counts.input_tokens, counts.output_tokens, counts.total_tokens) == (11, 7, 18)

    @in_every_colour
    def test_all_kinds_of_tokens_that_the_protocol_knows_are_counted(self, colour: Colour) -> None:
        kinds = dict(
            cache_read_tokens=3, cache_write_tokens=2, reasoning_tokens=4, audio_input_tokens=5, audio_output_tokens=1,
            audio_total_tokens=6,
        )  # fmt: skip
        usage = Metrics(input_tokens=11, output_tokens=7, **kinds)
        with ScriptedServer(says("Hello", usage=usage)) as server:
            counts = colour.ask(self.model(server)).response_usage
        assert {kind: getattr(counts, kind) for kind in kinds} == {
            kind: number if kind in self.counts else 0 for kind, number in kinds.items()
        }

    @in_every_stream
    def test_text_arrives_in_pieces(self, colour: Colour) -> None:
        with ScriptedServer(says("Hello there", chunk_size=6)) as server:
            pieces = colour.pieces(self.model(server))
        assert [piece.content for piece in pieces if piece.content] == ["Hello ", "there"]

    @in_every_colour
    def test_thoughts_and_several_calls_make_a_turn_that_goes_back(self, colour: Colour) -> None:
        with ScriptedServer(thinks("hm", "Let me see", *CALLS), says("It rains")) as server:
            model = self.model(server)
            answer = colour.ask(model, tools=[WEATHER])
            message = assistant_message(answer)
            last = colour.ask(model, [user(), message, *answers_to(message, "rain", "sun")], tools=[WEATHER])
            sent = server.requests[1].messages
        assert (answer.content, answer.reasoning_content, calls_of(answer)) == ("Let me see", "hm", TWO_CALLS)
        assert len({made["id"] for made in answer.tool_calls}) == 2
        assert last.content == "It rains"
        back = [c["function"]["name"] for m in sent for c in m.tool_calls or ()]
        assert back == ["weather", "weather"]
        assert [m.content for m in sent if m.role == "tool"] == ["rain", "sun"]

    @in_every_colour
    def test_a_call_without_text_is_read(self, colour: Colour) -> None:
        with ScriptedServer(wants("weather", city="Oslo")) as server:
            assert calls_of(colour.ask(self.model(server), tools=[WEATHER])) == TWO_CALLS[:1]

    @in_every_stream
    def test_the_arguments_of_calls_arrive_as_the_protocol_streams_them(self, colour: Colour) -> None:
        with ScriptedServer(wants(*CALLS)) as server:
            model = self.model(server)
            pieces = colour.pieces(model, tools=[WEATHER])
        fragments = [fragment for piece in pieces for fragment in piece.tool_calls]
        assert (len(fragments) > 2) is self.splits_arguments
        whole = model.parse_tool_calls(fragments)
        assert [json.loads(made["function"]["arguments"]) for made in whole] == [values for _, values in TWO_CALLS]

    @in_every_colour
    def test_cited_pages_are_citations(self, colour: Colour) -> None:
        if not self.cites:
            pytest.skip("the protocol has no citations")
        cited = Citations(urls=[UrlCitation(url="http://a.example/", title="A")])
        with ScriptedServer(says("So it is", citations=cited)) as server:
            answer = colour.ask(self.model(server))
        assert [(page.url, page.title) for page in answer.citations.urls] == [("http://a.example/", "A")]

    @in_every_colour
    def test_all_generated_images_are_given(self, colour: Colour) -> None:
        if not self.draws:
            pytest.skip("the protocol has no images in answers")
        images = (Image(content=PNG, mime_type="image/png"), Image(content=PNG + b"2", mime_type="image/png"))
        with ScriptedServer(says("Here", images=images)) as server:
            answer = colour.ask(self.model(server))
        assert [image.content for image in answer.images] == [PNG, PNG + b"2"]

    # Input -----------------------------------------------------------------------------------------------------------

    @in_every_colour
    def test_images_and_text_files_reach_the_server(self, colour: Colour, tmp_path: Any) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("some notes")
        message = user("Look", images=[Image(content=PNG)], files=[File(filepath=path)])
        with ScriptedServer(says("ok")) as server:
            colour.ask(self.model(server), [message])
        sent = json.dumps(server.requests[0].json)
        assert Image(content=PNG).to_base64() in sent
        assert "some notes" in sent or File(filepath=path).to_base64() in sent

    @in_every_colour
    def test_sound_reaches_the_server_or_is_left_out_with_a_warning(self, colour: Colour, caplog: Any) -> None:
        sound = Audio(content=WAV)
        with ScriptedServer(says("ok")) as server:
            with caplog.at_level(logging.WARNING, "agno"):
                colour.ask(self.model(server), [user("Hear", audio=[sound])])
        assert (sound.to_base64() in json.dumps(server.requests[0].json)) is self.hears

    def test_a_request_changes_neither_messages_nor_tools(self) -> None:
        with ScriptedServer(thinks("hm", "See", *CALLS)) as server:
            model = self.model(server)
            said = assistant_message(COLOURS["whole"].ask(model, tools=[WEATHER]))
        system, asked = Message("system", "Be brief"), user(images=[Image(content=PNG)])
        messages = [system, asked, said, *answers_to(said, "rain", "sun")]
        tools = [copy.deepcopy(WEATHER)]
        before = [m.to_dict() for m in messages]
        first = repr(model.request(messages, tools=tools))
        assert repr(model.request(messages, tools=tools)) == first
        assert [m.to_dict() for m in messages] == before
        assert tools == [WEATHER]

    def test_request_params_win(self) -> None:
        assert "extra" in repr(self.model(NOWHERE, request_params={"extra": 1}).request([user()]))

    # Structured output -----------------------------------------------------------------------------------------------

    @in_every_colour
    def test_an_answer_by_schema_is_its_json(self, colour: Colour) -> None:
        with ScriptedServer(says(CITY)) as server:
            answer = colour.ask(self.model(server), response_format=City)
        assert City.model_validate_json(answer.content) == OSLO
        assert colour.streaming or answer.parsed == OSLO

    @in_every_mode
    @pytest.mark.parametrize("tools", [[], [weather]], ids=["without tools", "with tools"])
    def test_an_agent_gives_an_instance_of_its_schema(self, mode: str, tools: list[Any]) -> None:
        turns = [wants("weather", city="Oslo"), says(CITY)] if tools else [says(CITY)]
        with ScriptedServer(*turns) as server:
            model = self.model(server)
            seen = play(Agent(model=model, tools=tools, output_schema=City), "Which city?", mode)
            sent = [json.dumps(request.json) for request in server.requests]
        assert seen.error is None
        assert seen.output.content == OSLO
        assert [request.stream for request in server.requests] == [mode.endswith("stream")] * len(turns)
        contents = [event for event in seen.events if event.event == "RunContent"]
        assert [(e.content, e.content_type) for e in contents] == ([(OSLO, "City")] if seen.events else [])
        native = not tools or model.native_output_with_tools
        by_tool, by_prompt = not native and model.answers_by == "tool", not native and model.answers_by == "prompt"
        assert all(("<json_fields>" in text) is by_prompt for text in sent), "asked for in one way, not in two"
        assert all(("final_answer" in text) is by_tool for text in sent)

    @in_every_mode
    @pytest.mark.parametrize("tools", [[], [weather]], ids=["without tools", "with tools"])
    def test_a_model_without_schemas_may_give_its_answer_with_a_tool(self, mode: str, tools: list[Any]) -> None:
        first = [wants(call("weather", city="Oslo"), Call("final_answer", {"name": "too early"}))] if tools else []
        with ScriptedServer(*first, wants(Call("final_answer", json.loads(CITY)))) as server:
            model = self.model(server)
            model.supports_native_structured_outputs, model.answers_by = False, "tool"
            seen = play(Agent(model=model, tools=tools, output_schema=City), "Which city?", mode)
            sent = [request.json for request in server.requests]
        assert seen.error is None and seen.output.content == OSLO
        assert len(sent) == 1 + len(tools) and all("final_answer" in json.dumps(request) for request in sent)
        assert not any("<json_fields>" in json.dumps(request) for request in sent)
        last = seen.output.messages[-1]
        assert last.role in ("assistant", "model") and last.tool_calls is None, (
            "the conversation goes on from an answer"
        )
        assert [tool.tool_name for tool in seen.output.tools or ()] == [tool.__name__ for tool in tools]
        contents = [event for event in seen.events if event.event == "RunContent"]
        assert [(e.content, e.content_type) for e in contents] == ([(OSLO, "City")] if seen.events else [])

    @in_every_mode
    def test_a_model_without_schemas_is_asked_in_the_prompt(self, mode: str) -> None:
        with ScriptedServer(says(f"Here it is:\n```json\n{CITY}\n```")) as server:
            model = self.model(server)
            model.supports_native_structured_outputs, model.answers_by = False, "prompt"
            seen = play(Agent(model=model, output_schema=City), "Which city?", mode)
        assert seen.output.content == OSLO
        assert "<json_fields>" in json.dumps(server.requests[0].json)

    # Errors ----------------------------------------------------------------------------------------------------------

    @in_every_colour
    @pytest.mark.parametrize(
        ("status", "kind", "again"),
        [
            (400, ModelProviderError, False),
            (401, ModelAuthenticationError, False),
            (403, ModelProviderError, False),
            (404, ModelProviderError, False),
            (429, ModelRateLimitError, True),
            (500, ModelProviderError, True),
            (529, ModelRateLimitError, True),
        ],
    )
    def test_an_error_status_is_our_error(self, colour: Colour, status: int, kind: type, again: bool) -> None:
        with ScriptedServer(fails(status, "it went wrong")) as server:
            model = self.model(server)
            with pytest.raises(kind, match="it went wrong") as caught:
                colour.ask(model)
        error: Any = caught.value
        assert (type(error), error.status_code, error.model_name) == (kind, status, model.name)
        assert model.is_retryable(error) is again
        assert kind is ModelAuthenticationError or error.model_id == model.id

    def test_too_long_messages_have_their_own_error(self) -> None:
        with ScriptedServer(fails(400, "prompt is too long: 300000 tokens")) as server:
            with pytest.raises(ContextWindowExceededError):
                COLOURS["whole"].ask(self.model(server))

    @in_every_colour
    def test_a_pause_that_the_provider_asks_for_is_known(self, colour: Colour) -> None:
        with ScriptedServer(fails(429, headers={"retry-after": "7"}), fails(429)) as server:
            model = self.model(server)
            with pytest.raises(ModelRateLimitError) as first:
                colour.ask(model)
            with pytest.raises(ModelRateLimitError) as second:
                colour.ask(model)
        assert (first.value.retry_after, second.value.retry_after) == (7.0, None)

    @in_every_colour
    @pytest.mark.parametrize("fault", ["timeout", "cut", "short", "malformed"])
    def test_a_broken_answer_is_an_error_worth_a_retry(self, colour: Colour, fault: Any) -> None:
        after = {"after": 2, "text": "Hello there"} if colour.streaming else {}
        with ScriptedServer(fails(fault, **after)) as server:
            model = self.model(server, timeout=0.3 if fault == "timeout" else 50)
            with pytest.raises(ModelProviderError) as caught:
                colour.ask(model)
        assert model.is_retryable(caught.value)
        assert fault != "timeout" or "in time" in str(caught.value)

    @in_every_stream
    def test_an_error_in_the_middle_of_a_stream_is_our_error(self, colour: Colour) -> None:
        with ScriptedServer(fails(500, "it went wrong", after=2, text="Hello there")) as server:
            with pytest.raises(ModelProviderError, match="it went wrong"):
                colour.ask(self.model(server))

    @in_every_colour
    def test_an_unreachable_server_is_an_error_worth_a_retry(self, colour: Colour) -> None:
        model = self.model(NOWHERE)
        with pytest.raises(ModelProviderError) as caught:
            colour.ask(model)
        assert caught.value.status_code == 502
        assert model.is_retryable(caught.value)

    # Leaving ---------------------------------------------------------------------------------------------------------

    @in_every_stream
    def test_leaving_a_stream_closes_the_connection(self, colour: Colour) -> None:
        with ScriptedServer(fails("timeout", after=2, text="Hello there")) as server:
            assert colour.pieces(self.model(server), stop_at_text=True)[-1].content
            assert server.wait_disconnect() is server.requests[0]

    @pytest.mark.parametrize("stream", [False, True])
    def test_cancelling_the_task_of_a_run_closes_the_connection(self, stream: bool) -> None:
        after = {"after": 2, "text": "Hello there"} if stream else {}
        with ScriptedServer(fails("timeout", **after)) as server:
            model = self.model(server)

            async def read() -> None:
                agent = Agent(model=model)
                if not stream:
                    await agent.arun("Hi")
                async for _ in agent.arun("Hi", stream=True):
                    pass

            async def cancel() -> None:
                task = asyncio.create_task(read())
                while not server.requests:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await asyncio.to_thread(server.wait_disconnect)
                await model.aclose()

            asyncio.run(cancel())
            assert len(server.requests) == 1

    @pytest.mark.parametrize("mode", ["run_stream", "arun_stream"])
    def test_cancelling_a_streamed_run_closes_the_connection(self, mode: str) -> None:
        text = "many words " * 200
        with ScriptedServer(says(text, pace=0.01)) as server:
            agent = Agent(model=self.model(server))

            def cancel() -> None:
                while not server.requests:
                    pass
                agent.cancel_run("r")

            thread = threading.Thread(target=cancel)
            thread.start()
            seen = play(agent, "Hi", mode, run_id="r")
            thread.join()
            assert seen.output.status == "CANCELLED"
            assert server.wait_disconnect() is server.requests[0]

    @pytest.mark.parametrize(("mode", "heard"), [("arun", 0), ("arun_stream", 0), ("arun_stream", 2)])
    def test_cancelling_an_async_run_leaves_a_request_that_waits(self, mode: str, heard: int) -> None:
        after = {"after": heard, "text": "Hello there"} if heard else {}
        with ScriptedServer(fails("timeout", **after)) as server:
            agent = Agent(model=self.model(server), retries=3)

            def cancel() -> None:
                while not server.requests:
                    pass
                agent.cancel_run("r")

            thread = threading.Thread(target=cancel)
            thread.start()
            seen = play(agent, "Hi", mode, run_id="r")
            thread.join()
            assert seen.output.status == "CANCELLED"
            assert server.wait_disconnect() is server.requests[0]
            assert len(server.requests) == 1, "it is not sent again"

    # Clients ---------------------------------------------------------------------------------------------------------

    def test_all_calls_go_over_one_connection(self) -> None:
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)
            for colour in (COLOURS["whole"], COLOURS["stream"], COLOURS["whole"]):
                colour.ask(model)
            connections = {request.connection for request in server.requests}
        assert len(connections) == 1

    def test_all_calls_of_an_event_loop_go_over_one_connection(self) -> None:
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)

            async def several() -> None:
                for streaming in (False, True, False):
                    agent = Agent(model=model)
                    if streaming:
                        assert [event async for event in agent.arun("Hi", stream=True)]
                    else:
                        await agent.arun("Hi")
                await model.aclose()

            asyncio.run(several())
            asyncio.run(several())  # another loop
            connections = [request.connection for request in server.requests]
        assert len(set(connections[:3])) == len(set(connections[3:])) == 1
        assert connections[0] != connections[3]

    def test_a_program_that_closes_nothing_ends_in_silence(self, caplog: Any, capfd: Any) -> None:
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)
            for _ in range(2):  # in the second loop the client of the first is collected
                asyncio.run(_ask_and_collect(model))
            COLOURS["whole"].ask(model)
        del model
        asyncio.run(_collect())
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
        assert capfd.readouterr().err == ""

    def test_a_copy_has_the_settings_but_not_the_clients(self) -> None:
        model = self.model(NOWHERE)
        client = model.get_client()
        assert model.get_client() is client
        twin = copy.deepcopy(model)
        assert twin == model
        assert twin.get_client() is not client

    def test_a_given_client_is_used_and_stays_open(self) -> None:
        with ScriptedServer(says("ok"), repeat=True) as server:
            client = self.model(server).get_client()
            model = self.model(server, client=client)
            assert model.get_client() is client
            for _ in range(2):
                assert COLOURS["whole"].ask(model).content == "ok"
                model.close()

    def test_who_awaits_has_the_sdk_loaded_and_the_client_made_in_a_thread_and_once(self, monkeypatch: Any) -> None:
        made_in: list[threading.Thread] = []
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)
            make = type(model).make_async_client

            def recorded(model: Any) -> Any:
                made_in.append(threading.current_thread())
                return make(model)

            async def several() -> None:
                await asyncio.gather(*(model.ainvoke([user()], Message("assistant")) for _ in range(5)))
                await model.aclose()

            monkeypatch.setattr(type(model), "make_async_client", recorded)
            asyncio.run(several())
        (thread,) = made_in
        assert thread is not threading.main_thread()

    def test_a_model_of_the_user_may_find_its_client_itself(self) -> None:
        found: list[Any] = []
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)

            class Mine(type(model)):  # type: ignore[misc]  # known at run time only
                def get_async_client(self) -> Any:
                    found.append(super().get_async_client())
                    return found[-1]

            model.__class__ = Mine
            assert COLOURS["awhole"].ask(model).content == "ok"
        assert len(found) == 1

    def test_an_http_client_of_the_user_is_used_and_left_open(self) -> None:
        if not self.takes_http_client:
            pytest.skip("the SDK takes no HTTP client")
        made_by = importlib.import_module(self.module).DefaultHttpxClient.__mro__[1].__module__
        library = importlib.import_module(made_by.partition(".")[0])
        with ScriptedServer(says("ok"), repeat=True) as server:
            with library.Client(headers={"x-mine": "1"}) as mine:
                model = self.model(server, http_client=mine)
                assert COLOURS["whole"].ask(model).content == "ok"
                model.close()
                assert not mine.is_closed
                assert COLOURS["awhole"].ask(model).content == "ok"  # the synchronous client is no use there

            async def asynchronously() -> None:
                async with library.AsyncClient(headers={"x-mine": "2"}) as mine:
                    model = self.model(server, http_client=mine)
                    await model.ainvoke([user()], Message("assistant"))
                    await model.aclose()
                    assert not mine.is_closed

            asyncio.run(asynchronously())
        assert [request.headers.get("x-mine") for request in server.requests] == ["1", None, "2"]

    def test_a_closed_model_opens_a_new_client(self) -> None:
        with ScriptedServer(says("ok"), repeat=True) as server:
            model = self.model(server)
            for _ in range(2):
                assert COLOURS["whole"].ask(model).content == "ok"
                model.close()

    def test_without_its_sdk_construction_says_what_to_install(self, monkeypatch: Any) -> None:
        real = importlib.util.find_spec
        missing = {self.module}
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in missing else real(name, *a))
        with pytest.raises(ImportError, match=f"pip install {self.package}"):
            self.model(NOWHERE)

    def test_without_a_key_the_first_use_names_the_variable(self, monkeypatch: Any) -> None:
        if self.variable is None:
            pytest.skip("the server needs no key")
        for name in (self.variable, "GEMINI_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        model = self.model(NOWHERE, api_key=None)
        with pytest.raises(ModelAuthenticationError, match=self.variable):
            COLOURS["whole"].ask(model)

    def test_a_name_and_provider_are_known(self) -> None:
        model = self.model(NOWHERE)
        assert model.to_dict() == {"name": model.name, "id": model.id, "provider": model.get_provider()}

    # In a run, and without an agent ----------------------------------------------------------------------------------

    @in_every_mode
    def test_an_agent_runs_several_tools_of_one_turn(self, mode: str) -> None:
        with ScriptedServer(thinks("hm", "Let me see. ", *CALLS), says("It rains")) as server:
            seen = play(Agent(model=self.model(server), tools=[weather]), "How is it?", mode)
            sent = server.requests[1].messages
        assert seen.error is None
        assert (seen.output.content, seen.output.reasoning_content) == ("Let me see. It rains", "hm")
        assert [tool.result for tool in seen.output.tools] == ["rain in Oslo", "rain in Bergen"]
        assert seen.output.metrics.input_tokens == 20
        assert [m.content for m in sent if m.role == "tool"] == ["rain in Oslo", "rain in Bergen"]

    @in_every_mode
    def test_half_a_character_in_what_is_said_or_found_keeps_no_run_from_its_answer(self, mode: str) -> None:
        def listed() -> str:
            return "report-\udcff.txt"  # as Python gives the name of a file that is no UTF-8

        with ScriptedServer(wants("listed"), says("One report.")) as server:
            agent = Agent(model=self.model(server), tools=[listed])
            seen = play(agent, "Look for \ud800", mode)
            assert seen.error is None and seen.output.content == "One report."
            assert "report-\ufffd.txt" in json.dumps(server.requests[1].json, ensure_ascii=False)

    @in_every_colour
    def test_a_model_is_used_without_an_agent(self, colour: Colour) -> None:
        with ScriptedServer(wants(*CALLS), says("It rains")) as server:
            model = self.model(server)
            messages = [user()]

            async def use() -> Any:
                if not colour.streaming:
                    return await colour.io.pick(model.response, model.aresponse, messages, tools=[weather])
                given = colour.io.stream(model.response_stream, model.aresponse_stream, messages, tools=[weather])
                items = [item async for item in given]
                if colour.io is ASYNC:
                    await model.aclose()
                return items

            answer = colour.drive(use())
        assert [m.role for m in messages] == ["user", "assistant", "tool", "tool", "assistant"]
        assert messages[-1].content == "It rains"
        if colour.streaming:
            assert "".join(item.content or "" for item in answer) == "It rains"
            started = [item for item in answer if item.event == "ToolCallStarted"]
            assert len(started) == 2
        else:
            assert (answer.content, answer.response_usage.input_tokens) == ("It rains", 20)
            assert [made.result for made in answer.tool_executions] == ["rain in Oslo", "rain in Bergen"]


async def _ask_and_collect(model: Any) -> None:
    assert (await model.ainvoke([user()], Message("assistant"))).content == "ok"
    await _collect()


async def _collect() -> None:
    gc.collect()
    await asyncio.sleep(0.01)  # what the collection started


__all__ = ["COLOURS", "NOWHERE", "Colour", "ModelContract", "in_every_colour", "in_every_stream"]
