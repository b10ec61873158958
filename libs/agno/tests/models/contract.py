"""What the model of every family must do against the scripted server: in both colours, whole and streamed.

`provider_wire.AdapterContract` says what is particular to a protocol byte by byte; here every family plays the same script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest

from agno._io import ASYNC, IO, SYNC, drive
from agno.agent import Agent
from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.models._requests import Joined
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.testing import ScriptedServer, call, fails, says, thinks, wants

from playing import in_every_mode, play
from provider_wire import CITY, TWO_CALLS, WEATHER, City, answers_to, assistant_message, calls_of, user


@dataclass(frozen=True)
class Colour:
    """How a model is asked: who drives, and whether the answer comes in pieces."""

    io: IO
    streaming: bool

    def drive(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return drive(coroutine) if self.io is SYNC else asyncio.run(coroutine)

    def ask(self, model: Any, messages: list[Message] | None = None, **options: Any) -> Any:
        """The whole answer."""
        return self.drive(self._ask(model, {"messages": messages or [user()], **options}))

    async def _ask(self, model: Any, arguments: dict[str, Any]) -> Any:
        arguments["assistant_message"] = Message("assistant")
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

    def leave(self, model: Any) -> str:
        """The first text of an answer; then the stream is closed."""
        return self.drive(self._leave(model))

    async def _leave(self, model: Any) -> str:
        arguments = {"messages": [user()], "assistant_message": Message("assistant")}
        async with aclosing(self.io.stream(model.invoke_stream, model.ainvoke_stream, **arguments)) as deltas:
            async for delta in deltas:
                if delta.content:
                    break
        if self.io is ASYNC:
            await model.aclose()
        return delta.content


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

    def model(self, server: ScriptedServer, **settings: Any) -> Any:
        raise NotImplementedError

    @in_every_colour
    def test_text_and_usage_arrive_however_the_bytes_are_torn(self, colour: Colour) -> None:
        usage = Metrics(input_tokens=11, output_tokens=7)
        with ScriptedServer(says("Hello thére ☃", usage=usage), wire_bytes=3) as server:
            answer = colour.ask(self.model(server))
        assert answer.content == "Hello thére ☃"
        assert (answer.response_usage.input_tokens, answer.response_usage.output_tokens) == (11, 7)

    @in_every_colour
    def test_thoughts_and_several_calls_make_a_turn_that_goes_back(self, colour: Colour) -> None:
        calls = [call(name, **values) for name, values in TWO_CALLS]
        with ScriptedServer(thinks("hm", "Let me see", *calls), says("It rains")) as server:
            model = self.model(server)
            answer = colour.ask(model, tools=[WEATHER])
            message = assistant_message(answer)
            last = colour.ask(model, [user(), message, *answers_to(message, "rain", "sun")], tools=[WEATHER])
            sent = server.requests[1].messages
        assert (answer.content, answer.reasoning_content, calls_of(answer)) == ("Let me see", "hm", TWO_CALLS)
        assert last.content == "It rains"
        back = [c["function"]["name"] for m in sent for c in m.tool_calls or ()]
        assert back == ["weather", "weather"]
        assert [m.content for m in sent if m.role == "tool"] == ["rain", "sun"]

    @in_every_colour
    def test_a_call_without_text_is_read(self, colour: Colour) -> None:
        with ScriptedServer(wants("weather", city="Oslo")) as server:
            assert calls_of(colour.ask(self.model(server), tools=[WEATHER])) == TWO_CALLS[:1]

    @in_every_colour
    def test_an_answer_by_schema_is_its_json(self, colour: Colour) -> None:
        with ScriptedServer(says(CITY)) as server:
            answer = colour.ask(self.model(server), response_format=City)
        assert City.model_validate_json(answer.content) == City(name="Oslo", people=700000)
        assert colour.streaming or answer.parsed == City(name="Oslo", people=700000)

    @in_every_colour
    @pytest.mark.parametrize(
        ("status", "kind", "again"),
        [
            (400, ModelProviderError, False),
            (401, ModelAuthenticationError, False),
            (429, ModelRateLimitError, True),
            (500, ModelProviderError, True),
        ],
    )
    def test_an_error_status_is_our_error(self, colour: Colour, status: int, kind: type, again: bool) -> None:
        with ScriptedServer(fails(status, "it went wrong")) as server:
            model = self.model(server)
            with pytest.raises(kind, match="it went wrong") as caught:
                colour.ask(model)
        assert (type(caught.value), caught.value.status_code) == (kind, status)
        assert model.is_retryable(caught.value) is again

    @in_every_colour
    @pytest.mark.parametrize("fault", ["timeout", "cut", "malformed"])
    def test_a_broken_answer_is_an_error_worth_a_retry(self, colour: Colour, fault: str) -> None:
        after = {"after": 2, "text": "Hello there"} if colour.streaming else {}
        with ScriptedServer(fails(fault, **after)) as server:
            model = self.model(server, timeout=0.3)
            with pytest.raises(ModelProviderError) as caught:
                colour.ask(model)
        assert model.is_retryable(caught.value)

    @in_every_stream
    def test_an_error_in_the_middle_of_a_stream_is_our_error(self, colour: Colour) -> None:
        with ScriptedServer(fails(500, "it went wrong", after=2, text="Hello there")) as server:
            with pytest.raises(ModelProviderError, match="it went wrong"):
                colour.ask(self.model(server))

    @in_every_stream
    def test_leaving_a_stream_closes_the_connection(self, colour: Colour) -> None:
        with ScriptedServer(fails("timeout", after=2, text="Hello there")) as server:
            assert colour.leave(self.model(server))
            assert server.wait_disconnect() is server.requests[0]

    @in_every_mode
    def test_an_agent_gives_an_instance_of_its_schema(self, mode: str) -> None:
        with ScriptedServer(says(CITY)) as server:
            seen = play(Agent(model=self.model(server), output_schema=City), "Which city?", mode)
        assert seen.error is None
        assert seen.output.content == City(name="Oslo", people=700000)


__all__ = ["COLOURS", "Colour", "ModelContract", "in_every_colour", "in_every_stream"]
