"""Whatever a model asks for and whatever goes wrong: what is stored and sent again is valid for every provider."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import ModelProviderError, StopAgentRun
from agno.models.message import Message
from agno.run.context import RunContext
from agno.testing import ScriptedModel, call, fails, says, wants
from agno.tools import tool

from playing import MODES

TOOLS = ["works", "breaks", "stops", "cancels", "waits", "unknown", "limited"]
one_turn = st.one_of(
    st.lists(st.sampled_from(TOOLS), min_size=1, max_size=4),
    st.sampled_from(["error", "text"]),
)


def works() -> str:
    return "fine"


def breaks() -> str:
    raise ValueError("broken")


def stops() -> str:
    raise StopAgentRun("enough")


def cancels(run_context: RunContext) -> str:
    Agent.cancel_run(run_context.run_id)
    return "cancelled"


@tool(requires_confirmation=True)
def waits() -> str:
    return "confirmed"


@tool(tool_call_limit=1)
def limited() -> str:
    return "once"


def scripted(plan: list[Any]) -> ScriptedModel:
    turns: list[Any] = []
    for kind in plan:
        if kind == "error":
            turns.append(fails(ModelProviderError("down")))
        elif kind == "text":
            turns.append(says("some words"))
        else:
            turns.append(wants(*[call(name) for name in kind]))
    return ScriptedModel(*turns, says("the end"), repeat=True)


def check(messages: list[Message]) -> None:
    """Behind each message with tool calls stand their answers, one for each call, in order; nowhere else are any."""
    position = 0
    while position < len(messages):
        message = messages[position]
        assert message.tool_call_id is None, f"an answer without its call: {message.to_dict()}"
        wanted = [c["id"] for c in message.tool_calls or ()]
        answers = messages[position + 1 : position + 1 + len(wanted)]
        assert [m.tool_call_id for m in answers] == wanted
        position += 1 + len(wanted)


def run_in(mode: str, agent: Agent, leave_after: int | None) -> None:
    """Run, and leave a stream after some events."""

    async def watch() -> None:
        stream = agent.arun("go", stream=True, stream_events=True)
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == leave_after:
                break
        await stream.aclose()

    try:
        if mode == "run":
            agent.run("go")
        elif mode == "arun":
            asyncio.run(agent.arun("go"))
        elif mode == "arun_stream":
            asyncio.run(watch())
        else:
            for number, _ in enumerate(agent.run("go", stream=True, stream_events=True), start=1):
                if number == leave_after:
                    break
    except ModelProviderError:
        pass


@settings(max_examples=120, deadline=None)
@given(
    plan=st.lists(one_turn, min_size=1, max_size=4),
    limit=st.none() | st.integers(0, 3),
    mode=st.sampled_from(MODES),
    leave_after=st.none() | st.integers(1, 12),
)
def test_every_tool_call_has_its_answer(plan: list[Any], limit: int | None, mode: str, leave_after: int | None) -> None:
    model = scripted(plan)
    agent = Agent(
        model=model,
        tools=[works, breaks, stops, cancels, waits, limited],
        tool_call_limit=limit,
        db=InMemoryDb(),
        session_id="s",
        add_history_to_context=True,
        num_history_runs=10,
    )
    run_in(mode, agent, leave_after)
    agent.model = ScriptedModel(says("next"))
    agent.run("and now?")
    for asked in [*model.requests, *agent.model.requests]:
        check(asked.messages)
    stored = agent.get_session()
    for run in stored.runs:
        open_ones = [t for t in run.tools or () if t.is_paused]
        if not open_ones:
            check(run.messages or [])
