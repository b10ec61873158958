"""Thinking before answering, in all its kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agno.agent import Agent
from agno.models.message import Message
from agno.reasoning.step import NextAction, ReasoningStep, ReasoningSteps
from agno.run.context import RunContext
from agno.testing import ScriptedModel, call, fails, says, thinks, wants
from agno.tools import tool
from agno.tools.reasoning import ReasoningTools

from playing import in_every_mode, play


def steps(*titles: str, then: str | None = "final_answer") -> Any:
    listed = [{"title": title, "reasoning": f"why {title}", "next_action": "continue"} for title in titles]
    listed[-1]["next_action"] = then
    return says(json.dumps({"reasoning_steps": listed}))


class Thinker(ScriptedModel):
    """A model that thinks by itself."""

    native_reasoning = True


PHASE = ["RunStarted", "ReasoningStarted", "ReasoningStep", "ReasoningStep", "ReasoningCompleted", "RunContent",
         "RunCompleted"]  # fmt: skip


@in_every_mode
def test_steps_are_asked_for_until_one_is_the_last(mode: str) -> None:
    model = ScriptedModel(steps("look", then="continue"), steps("decide"), says("42"))
    seen = play(Agent(model=model, reasoning=True, instructions="Be exact"), "how much?", mode)
    output = seen.output
    assert output is not None and output.content == "42"
    assert [step.title for step in output.reasoning_steps] == ["look", "decide"]
    assert output.reasoning_content == "## look\nwhy look\n\n## decide\nwhy decide\n\n"
    first, second, last = model.requests
    assert "Be exact" in first.messages[0].content and first.messages[-1].content == "how much?"
    assert len(second.messages) == len(first.messages) + 2
    bracketed = [m.content for m in last.messages if m.role == "assistant"]
    assert len(bracketed) == 4 and "look" in bracketed[1] and "decide" in bracketed[2]
    assert [m.role for m in output.messages] == ["system", "user", "assistant"], "the thoughts are not kept as messages"
    assert len([m for m in output.reasoning_messages if m.role == "assistant"]) == 2
    if seen.events:
        assert seen.kinds == PHASE
        step = seen.events[2]
        assert (step.content_type, step.content.title, step.reasoning_content) == (
            "ReasoningStep", "look", "## look\nwhy look\n\n",
        )  # fmt: skip
        done = seen.events[4]
        assert done.content_type == "ReasoningSteps" and isinstance(done.content, ReasoningSteps)
        assert seen.events[-1].reasoning_steps == output.reasoning_steps


@in_every_mode
@pytest.mark.parametrize("then", ["final_answer", "validate", "reset", None])
def test_anything_but_continue_is_the_last_step(mode: str, then: str | None) -> None:
    with ScriptedModel(steps("only", then=then), says("ok")) as model:
        assert play(Agent(model=model, reasoning=True), "go", mode).output.content == "ok"


@in_every_mode
def test_there_are_never_more_steps_than_allowed(mode: str) -> None:
    model = ScriptedModel(steps("a", "b", then="continue"), steps("c", "d", then="continue"), says("ok"))
    seen = play(Agent(model=model, reasoning=True, reasoning_min_steps=2, reasoning_max_steps=3), "go", mode)
    assert [step.title for step in seen.output.reasoning_steps] == ["a", "b", "c"]
    assert "at least 2 and at most 3 steps" in model.requests[0].messages[0].content


@in_every_mode
@pytest.mark.parametrize("turn", [says("no steps at all"), says('{"reasoning_steps": []}'), fails(500)])
def test_reasoning_that_fails_never_costs_the_answer(mode: str, turn: Any) -> None:
    seen = play(Agent(model=ScriptedModel(turn, says("42")), reasoning=True), "go", mode)
    assert seen.output.content == "42" and not seen.output.reasoning_steps
    if seen.events:
        assert [kind for kind in seen.kinds if "Reasoning" in kind] == ["ReasoningStarted", "ReasoningCompleted"]


@in_every_mode
def test_tools_serve_reasoning_too_but_not_those_that_wait_for_a_person(mode: str) -> None:
    users: list[str | None] = []

    def weight(run_context: RunContext) -> str:
        users.append(run_context.user_id)
        return "7 kg"

    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    model = ScriptedModel(wants("weight"), steps("heavy"), says("7 kg"))
    seen = play(Agent(model=model, reasoning=True, tools=[weight, pay]), "how heavy?", mode, user_id="ann")
    assert seen.output.content == "7 kg" and users == ["ann"]
    assert model.requests[0].tool_names == ["weight"] and model.requests[2].tool_names == ["weight", "pay"]


@in_every_mode
def test_a_native_reasoning_model_is_asked_once(mode: str) -> None:
    thinker = Thinker(thinks("first I look", "then"))
    model = ScriptedModel(says("42"))
    seen = play(Agent(model=model, reasoning_model=thinker), "go", mode)
    output = seen.output
    assert output.content == "42" and output.reasoning_steps == [ReasoningStep(result="first I look")]
    assert output.reasoning_messages[0].content == "<thinking>\nfirst I look\n</thinking>"
    assert "<thinking>\nfirst I look\n</thinking>" in [m.content for m in model.requests[0].messages]
    if seen.events:
        deltas = [event for event in seen.events if event.event == "ReasoningContentDelta"]
        assert "".join(event.reasoning_content for event in deltas) == "first I look"
        kinds = [kind for kind in dict.fromkeys(seen.kinds)]
        assert kinds == ["RunStarted", "ReasoningStarted", "ReasoningContentDelta", "ReasoningStep",
                         "ReasoningCompleted", "RunContent", "RunCompleted"]  # fmt: skip


@in_every_mode
def test_another_model_may_do_the_thinking(mode: str) -> None:
    thinker, model = ScriptedModel(steps("look")), ScriptedModel(says("42"))
    seen = play(Agent(model=model, reasoning_model=thinker), "go", mode)
    assert seen.output.content == "42" and len(thinker.requests) == len(model.requests) == 1


@in_every_mode
def test_an_agent_that_thinks_by_itself_answers_in_steps_when_it_is_only_told_to_reason(mode: str) -> None:
    with Thinker(steps("look"), says("42")) as model:
        assert play(Agent(model=model, reasoning=True), "go", mode).output.reasoning_steps[0].title == "look"


@in_every_mode
def test_a_reasoning_agent_thinks_and_its_words_are_shown_to_the_model(mode: str) -> None:
    thinker = Agent(model=ScriptedModel(steps("look"), supports_json_schema_outputs=True), output_schema=ReasoningSteps)
    model = ScriptedModel(says("42"))
    seen = play(Agent(model=model, reasoning=True, reasoning_agent=thinker, instructions="Be kind"), "go", mode)
    assert seen.output.content == "42" and seen.output.reasoning_steps[0].title == "look"
    assert any("why look" in str(m.content) for m in model.requests[0].messages if m.role == "assistant")
    assert [m.content for m in thinker.model.requests[0].messages if m.role == "user"] == ["go"]


@in_every_mode
def test_a_reasoning_agent_of_the_wrong_kind_costs_nothing(mode: str) -> None:
    thinker = Agent(model=ScriptedModel(says("just text")))
    seen = play(Agent(model=ScriptedModel(says("42")), reasoning=True, reasoning_agent=thinker), "go", mode)
    assert seen.output.content == "42" and seen.output.reasoning_steps is None


@in_every_mode
def test_think_and_analyze_make_steps(mode: str) -> None:
    model = ScriptedModel(
        wants("think", title="Plan", thought="hm", action="look", confidence=0.5),
        wants(call("analyze", title="Sum", result="3", analysis="fits", next_action="finalize", confidence=0.9)),
        says("3"),
    )
    seen = play(Agent(model=model, tools=[ReasoningTools()]), "go", mode)
    plan, total = seen.output.reasoning_steps
    assert (plan.next_action, total.next_action) == (NextAction.CONTINUE, NextAction.FINAL_ANSWER)
    assert seen.output.reasoning_content == (
        "## Plan\nhm\nAction: look\nConfidence: 0.5\n\n"
        "## Sum\nfits\nResult: 3\nConfidence: 0.9\nNext Action: final_answer\n\n"
    )
    if seen.events:
        assert seen.kinds == [
            "RunStarted", "ToolCallStarted", "ToolCallCompleted", "ReasoningStarted", "ReasoningStep",
            "ToolCallStarted", "ToolCallCompleted", "ReasoningStep", "RunContent", "ReasoningCompleted", "RunCompleted",
        ]  # fmt: skip


@in_every_mode
def test_a_thought_without_title_is_called_thinking(mode: str) -> None:
    def think(thought: str) -> str:
        return "noted"

    seen = play(Agent(model=ScriptedModel(wants("think", thought="hm"), says("ok")), tools=[think]), "go", mode)
    assert seen.output.reasoning_steps[0].title == "Thinking"


@in_every_mode
def test_history_is_not_thought_about_again(mode: str) -> None:
    from agno.db.in_memory import InMemoryDb

    model = ScriptedModel(steps("a"), says("1"), steps("b"), says("2"))
    agent = Agent(
        model=model, reasoning=True, db=InMemoryDb(), session_id="s", add_history_to_context=True,
        additional_input=[Message("user", "example")],
    )  # fmt: skip
    play(agent, "one", mode)
    play(agent, "two", mode)
    assert [m.content for m in model.requests[2].messages if m.role == "user"] == ["example", "two"]
