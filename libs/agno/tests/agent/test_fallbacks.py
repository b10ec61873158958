"""Other models take over when the main one fails."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.models.fallback import FallbackConfig
from agno.testing import ScriptedModel, fails, says, wants

from playing import in_every_mode, play


class City(BaseModel):
    name: str


def named(id: str, *turns: Any, **settings: Any) -> ScriptedModel:
    return ScriptedModel(*turns, id=id, **settings)


@in_every_mode
def test_the_models_of_fallback_models_are_tried_in_order(mode: str) -> None:
    main, second, third = named("main", fails(503)), named("second", fails(500)), named("third", says("here"))
    seen = play(Agent(model=main, fallback_models=[second, third]), "hi", mode)
    assert seen.output is not None and seen.output.content == "here"
    assert [len(m.requests) for m in (main, second, third)] == [1, 1, 1]
    assert [m.role for m in seen.output.messages] == ["user", "assistant"]


@in_every_mode
@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ModelRateLimitError("slow down"), "rate"),
        (ContextWindowExceededError("too long"), "long"),
        (ModelProviderError("down"), "error"),
        (ModelAuthenticationError("no key"), "error"),
    ],
)
def test_each_error_has_its_own_models(mode: str, error: Exception, answer: str) -> None:
    heard: list[Any] = []
    config = FallbackConfig(
        on_error=[named("e", says("error"))],
        on_rate_limit=[named("r", says("rate"))],
        on_context_overflow=[named("l", says("long"))],
        callback=lambda *facts: heard.append(facts),
    )
    seen = play(Agent(model=named("main", fails(error)), fallback_config=config), "hi", mode)
    assert seen.output is not None and seen.output.content == answer
    assert [(first, second) for first, second, _ in heard] == [("main", answer[0])]
    assert heard[0][2] is error


def test_an_empty_list_leaves_the_error_to_on_error_and_then_to_fallback_models() -> None:
    rate = ModelRateLimitError("slow down")
    only = Agent(model=named("m", fails(rate)), fallback_config=FallbackConfig(on_error=[named("e", says("error"))]))
    assert only.run("hi").content == "error"
    listed = Agent(model=named("m", fails(rate)), fallback_config=FallbackConfig(), fallback_models=["offline:x"])
    assert listed.run("hi").content


@in_every_mode
def test_the_main_model_is_asked_first_in_every_turn(mode: str) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    main, spare = named("main", fails(500), says("3")), named("spare", wants("add", a=1, b=2))
    seen = play(Agent(model=main, fallback_models=[spare], tools=[add]), "1+2?", mode)
    assert seen.output is not None and seen.output.content == "3" and seen.output.tools[0].result == "3"


@in_every_mode
def test_retries_come_before_fallbacks(mode: str) -> None:
    main, spare = named("main", fails(500), fails(500)), named("spare", says("ok"))
    agent = Agent(model=main, retries=1, delay_between_retries=0, fallback_models=[spare])
    seen = play(agent, "hi", mode)
    assert seen.output is not None and seen.output.content == "ok" and len(main.requests) == 2


@in_every_mode
def test_a_fallback_is_asked_for_a_schema_in_its_own_way(mode: str) -> None:
    main = named("main", fails(500), supports_native_structured_outputs=True)
    spare = named("spare", says('{"name": "Oslo"}'))
    seen = play(Agent(model=main, fallback_models=[spare], output_schema=City), "where?", mode)
    assert seen.output is not None and seen.output.content == City(name="Oslo")
    assert main.requests[0].response_format is City
    assert spare.requests[0].response_format == {"type": "json_object"}
    assert "<json_fields>" in spare.requests[0].messages[0].content
    assert "<json_fields>" not in str(seen.output.messages[0].content)


@pytest.mark.parametrize("mode", ["run_stream", "arun_stream"])
def test_nothing_is_asked_again_once_text_was_given_out(mode: str) -> None:
    spare = named("spare")
    seen = play(
        Agent(model=named("main", fails(500, text="half an answer", after=2)), fallback_models=[spare]), "x", mode
    )
    assert seen.events[-1].event == "RunError" and spare.requests == []


@in_every_mode
def test_a_callback_may_be_async_and_may_fail(mode: str) -> None:
    heard: list[str] = []

    async def callback(primary: str, fallback: str, error: Exception) -> None:
        heard.append(fallback)
        raise RuntimeError("listener is broken")

    config = FallbackConfig(on_error=[named("spare", says("ok"))], callback=callback)
    seen = play(Agent(model=named("main", fails(500)), fallback_config=config), "hi", mode)
    assert seen.output is not None and seen.output.content == "ok" and heard == ["spare"]


@in_every_mode
def test_when_all_fail_the_last_error_is_told(mode: str) -> None:
    agent = Agent(model=named("main", fails(500)), fallback_models=[named("spare", fails(503, "both are down"))])
    seen = play(agent, "hi", mode)
    told = str(seen.error) if seen.error is not None else seen.events[-1].content
    assert "both are down" in told
