"""Hooks get what they name; guardrails stand for themselves; background hooks run later on copies."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import CheckTrigger, InputCheckError, OutputCheckError
from agno.guardrails import BaseGuardrail
from agno.hooks import hook
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.session import AgentSession
from agno.testing import ScriptedModel, says

from playing import in_every_mode, play


def ok(*more: Any) -> ScriptedModel:
    return ScriptedModel(says("ok"), repeat=True)


@in_every_mode
def test_hooks_get_what_they_name(mode: str) -> None:
    seen_by: dict[str, dict[str, Any]] = {}

    def before(
        run_input, run_context, agent, session, user_id, debug_mode, metadata, session_state, dependencies, city
    ):  # type: ignore[no-untyped-def]
        seen_by["before"] = dict(locals())

    def after(
        run_output, run_context, agent, session, user_id, debug_mode, metadata, session_state, dependencies, city
    ):  # type: ignore[no-untyped-def]
        seen_by["after"] = dict(locals())

    def everything(**offered: Any) -> None:
        seen_by["everything"] = offered

    agent = Agent(
        model=ok(), pre_hooks=[before, everything], post_hooks=[after], metadata={"m": 1}, dependencies={"d": 2},
        session_state={"s": 3},
    )  # fmt: skip
    play(agent, "tea", mode, user_id="ann", city="Oslo")
    for given in seen_by.values():
        assert isinstance(given["run_context"], RunContext) and given["agent"] is agent
        assert isinstance(given["session"], AgentSession) and given["user_id"] == "ann"
        assert given["metadata"] == {"m": 1} and given["dependencies"] == {"d": 2} and given["session_state"]["s"] == 3
        assert given["debug_mode"] is False and given["city"] == "Oslo"
    assert seen_by["before"]["run_input"].input_content == "tea" == seen_by["everything"]["run_input"].input_content
    assert seen_by["after"]["run_output"].content == "ok" and "run_output" not in seen_by["everything"]


@in_every_mode
@pytest.mark.parametrize(("when", "error"), [("pre_hooks", InputCheckError), ("post_hooks", OutputCheckError)])
def test_a_check_error_ends_the_run_and_is_stored(mode: str, when: str, error: Any) -> None:
    def refuse() -> None:
        raise error("no tea", check_trigger=CheckTrigger.OFF_TOPIC, additional_data={"why": "coffee only"})

    model, db = ok(), InMemoryDb()
    agent = Agent(model=model, db=db, session_id="s", **{when: [refuse]})
    seen = play(agent, "tea", mode)
    assert len(model.requests) == (when == "post_hooks")
    stored = agent.get_last_run_output(session_id="s")
    assert stored.status is RunStatus.error and stored.content == "no tea"
    if seen.events:
        last = seen.events[-1]
        assert (last.event, last.error_type, last.error_id) == ("RunError", "off_topic", "off_topic")
        assert last.additional_data == {"why": "coffee only"}
    else:
        assert isinstance(seen.error, error)


@in_every_mode
def test_any_other_error_of_a_hook_is_logged_and_the_run_goes_on(mode: str) -> None:
    def broken() -> None:
        raise KeyError("x")

    seen = play(Agent(model=ok(), pre_hooks=[broken], post_hooks=[broken]), "tea", mode)
    assert seen.output is not None and seen.output.status is RunStatus.completed
    if seen.events:
        hooks = [event for event in seen.events if "Hook" in event.event]
        assert [event.event for event in hooks] == [
            "PreHookStarted", "PreHookCompleted", "PostHookStarted", "PostHookCompleted",
        ]  # fmt: skip
        assert hooks[0].pre_hook_name == hooks[2].post_hook_name == "broken" and hooks[0].run_input is not None


@pytest.mark.parametrize("mode", ["arun", "arun_stream"])
def test_async_hooks_work_in_async_runs(mode: str) -> None:
    async def shout(run_output: Any) -> None:
        run_output.content = run_output.content.upper()

    class Loud:
        async def __call__(self, run_output: Any) -> None:
            run_output.content += "!"

    assert play(Agent(model=ok(), post_hooks=[shout, Loud()]), "tea", mode).output.content == "OK!"


@pytest.mark.parametrize("when", ["pre_hooks", "post_hooks"])
def test_async_hooks_are_refused_in_sync_runs_before_anything_happens(when: str) -> None:
    async def later() -> None:
        pass

    model = ok()
    with pytest.raises(ValueError, match=f"{when} of .* holds the async function 'later'"):
        Agent(model=model, **{when: [later]}).run("tea")
    assert model.requests == []


class Seen(BaseGuardrail):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def check(self, run_input: Any) -> None:
        self.calls.append(f"sync {run_input.input_content}")

    async def async_check(self, run_input: Any) -> None:
        self.calls.append(f"async {run_input.input_content}")


@in_every_mode
def test_a_guardrail_is_asked_in_the_colour_of_the_run(mode: str) -> None:
    guard = Seen()
    play(Agent(model=ok(), pre_hooks=[guard]), "tea", mode)
    assert guard.calls == [f"{'async' if mode.startswith('a') else 'sync'} tea"]


@in_every_mode
def test_an_evaluation_is_asked_by_its_own_checks(mode: str) -> None:
    class Graded:
        def __init__(self) -> None:
            self.calls: list[str] = []

        def pre_check(self, run_input: Any) -> None:
            self.calls.append(f"pre {run_input.input_content}")

        def post_check(self, run_output: Any) -> None:
            self.calls.append(f"post {run_output.content}")

        async def async_pre_check(self, run_input: Any) -> None:
            self.pre_check(run_input)

        async def async_post_check(self, run_output: Any) -> None:
            self.post_check(run_output)

    grade = Graded()
    play(Agent(model=ok(), pre_hooks=[grade], post_hooks=[grade]), "tea", mode)
    assert grade.calls == ["pre tea", "post ok"]


class Later:
    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def add_task(self, function: Any, **arguments: Any) -> None:
        self.tasks.append((function, arguments))


@in_every_mode
def test_a_background_hook_waits_for_the_server_and_gets_copies(mode: str) -> None:
    @hook(run_in_background=True)
    def log_it(run_output: Any, session_state: dict[str, Any], agent: Agent) -> None:
        run_output.content = session_state["list"] = "changed"

    later = Later()
    agent = Agent(model=ok(), post_hooks=[log_it], session_state={"list": [1]})
    seen = play(agent, "tea", mode, background_tasks=later)
    [(function, arguments)] = later.tasks
    assert function is log_it and arguments["agent"] is agent
    assert (
        arguments["run_output"] is not seen.output
        and arguments["run_output"].messages[0] is not seen.output.messages[0]
    )
    function(**arguments)
    assert seen.output.content == "ok" and seen.output.session_state == {"list": [1]}

    seen = play(agent, "tea", mode)
    assert seen.output.content == "ok", "without a server it runs in its place, on copies all the same"


@in_every_mode
def test_a_guardrail_never_runs_in_the_background(mode: str) -> None:
    guard, later = Seen(), Later()
    guard.run_in_background = True  # type: ignore[attr-defined]
    play(Agent(model=ok(), pre_hooks=[guard]), "tea", mode, background_tasks=later)
    assert later.tasks == [] and len(guard.calls) == 1


class Order(BaseModel):
    item: str
    count: int = 1


@in_every_mode
def test_hooks_and_an_input_schema_go_together(mode: str) -> None:
    def doubled(run_input: Any) -> None:
        run_input.input_content = {**run_input.input_content, "count": 2}

    model = ScriptedModel(says("ok"), says("ok"), says("ok"))
    play(Agent(model=model, input_schema=Order, pre_hooks=[lambda: None]), {"item": "tea"}, mode)
    assert '"count": 1' in model.requests[0].messages[-1].content, "defaults of the schema are sent"
    play(Agent(model=model, input_schema=Order, pre_hooks=[doubled]), {"item": "tea"}, mode)
    assert '"count": 2' in model.requests[1].messages[-1].content

    def in_words(run_input: Any) -> None:
        run_input.input_content = "two teas"

    play(Agent(model=model, input_schema=Order, pre_hooks=[in_words]), {"item": "tea"}, mode)
    assert model.requests[2].messages[-1].content == "two teas"
