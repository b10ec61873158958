"""Functions in `tools=` and `knowledge=`."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.run.context import RunContext
from agno.testing import ScriptedModel, says, wants
from agno.tools.toolkit import Toolkit

from playing import in_every_mode, play


def answering(*turns: Any) -> ScriptedModel:
    return ScriptedModel(*(turns or (says("ok"),)), repeat=True)


@in_every_mode
def test_tools_are_made_for_the_user_and_kept(mode: str) -> None:
    made: list[str] = []

    def tools(run_context: RunContext, agent: Agent) -> list[Any]:
        made.append(f"{agent.name}/{run_context.user_id}")

        def whoami() -> str:
            return str(run_context.user_id)

        return [whoami]

    model = ScriptedModel(wants("whoami"), says("1"), wants("whoami"), says("2"), wants("whoami"), says("3"))
    agent = Agent(name="A", model=model, tools=tools)
    results = [play(agent, "who?", mode, user_id=user).output.tools[0].result for user in ("ann", "ben", "ann")]
    assert results == ["ann", "ben", "ann"] and made == ["A/ann", "A/ben"]


@in_every_mode
def test_the_key_is_a_setting_and_none_means_not_kept(mode: str) -> None:
    calls: list[int] = []

    def tools() -> list[Any]:
        calls.append(1)
        return []

    settings: dict[str, Any] = {"model": answering(), "tools": tools}
    by_tenant = Agent(**settings, callable_tools_cache_key=lambda session_state: session_state["tenant"])
    for tenant in ("a", "b", "a"):
        play(by_tenant, "x", mode, session_state={"tenant": tenant})
    assert len(calls) == 2
    never = Agent(**settings, callable_tools_cache_key=lambda: None)
    off = Agent(**settings, cache_callables=False)
    for agent in (never, never, off, off):
        play(agent, "x", mode)
    assert len(calls) == 6


@in_every_mode
def test_an_async_factory_serves_every_mode_and_its_toolkits_are_connected(mode: str) -> None:
    class Link(Toolkit):
        requires_connect = True

        def __init__(self) -> None:
            super().__init__(name="link", tools=[self.state])
            self.log: list[str] = []

        def connect(self) -> None:
            self.log.append("connected")
            super().connect()

        def close(self) -> None:
            self.log.append("closed")
            super().close()

        def state(self) -> str:
            return "open" if self.is_connected else "closed"

    link = Link()

    async def tools() -> list[Any]:
        return [link]

    seen = play(Agent(model=ScriptedModel(wants("state"), says("ok")), tools=tools), "x", mode)
    assert seen.output.tools[0].result == "open" and link.log == ["connected", "closed"]


@in_every_mode
def test_knowledge_may_be_made_per_run(mode: str) -> None:
    class Base:
        def search(self, query: str) -> list[Any]:
            return []

    found: list[Any] = []
    base = Base()

    def remember(run_context: RunContext) -> None:
        found.append(run_context.knowledge)

    agent = Agent(model=answering(), knowledge=lambda user_id: base if user_id == "ann" else None, pre_hooks=[remember])
    for user in ("ann", "ben"):
        play(agent, "x", mode, user_id=user)
    assert found == [base, None]


@in_every_mode
def test_what_is_no_list_is_refused(mode: str) -> None:
    seen = play(Agent(model=ScriptedModel(), tools=lambda: "search"), "x", mode)
    told = str(seen.error) if seen.error is not None else seen.events[-1].content
    assert "it must give a list of tools" in told


def test_the_cache_is_cleared_by_kind_and_closes_what_it_held() -> None:
    class Link(Toolkit):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    link = Link()
    agent = Agent(model=answering(), tools=lambda: [link])
    agent.run("x", user_id="ann")
    assert len(agent.kept_callables) == 1
    agent.clear_callable_cache("knowledge", close=True)
    assert len(agent.kept_callables) == 1 and link.closed == 0
    agent.clear_callable_cache(close=True)
    assert agent.kept_callables == {} and link.closed == 1


def test_an_agent_keeps_the_newest_made_values_only() -> None:
    agent = Agent(model=answering(), tools=lambda: [])
    for number in range(300):
        agent.run("x", user_id=str(number))
    assert len(agent.kept_callables) == 256


def test_add_tool_says_where_the_tool_belongs() -> None:
    with pytest.raises(TypeError, match="add the tool there"):
        Agent(tools=lambda: []).add_tool(print)
