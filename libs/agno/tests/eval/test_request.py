"""EvalRequest: evaluations that are asked for from outside, on copies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from judging import in_both_colours, scores

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb
from agno.eval import EvalRequest
from agno.eval.request import with_model
from agno.exceptions import EvalError
from agno.models.openai import OpenAIChat
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import Workflow


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def ask(request: EvalRequest, colour: str, component: Any, db: Any) -> dict[str, Any]:
    if colour == "sync":
        return request.run(component, db)
    return asyncio.run(request.arun(component, db))


@in_both_colours
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_accuracy_is_judged_by_the_components_own_model(colour: str, kind: str, tmp_path: Any) -> None:
    db: Any = InMemoryDb() if kind == "sync" else AsyncSqliteDb(db_file=str(tmp_path / "a.db"))
    agent = Agent(name="Clerk", model=ScriptedModel(says("4"), '{"accuracy_score": 9, "accuracy_reason": "r"}'))
    row = ask(EvalRequest(eval_type="accuracy", input="2+2?", expected_output="4", name="n"), colour, agent, db)
    assert (row["agent_id"], row["name"], row["eval_data"]["avg_score"]) == ("clerk", "n", 9)
    assert row["created_at"] and row["eval_input"]["input"] == "2+2?"


@in_both_colours
def test_reliability_and_performance_and_a_judge(colour: str) -> None:
    db = InMemoryDb()
    agent = Agent(name="Clerk", model=ScriptedModel(wants("add", a=1, b=2), says("3")), tools=[add])
    row = ask(EvalRequest(eval_type="reliability", input="go", expected_tool_calls=["add"]), colour, agent, db)
    assert row["eval_data"]["eval_status"] == "PASSED" and row["agent_id"] == "clerk"

    team = Team([], model=ScriptedModel(says("x"), repeat=True), name="Desk")
    row = ask(EvalRequest(eval_type="performance", input="go", num_iterations=2, warmup_runs=1), colour, team, db)
    assert (row["team_id"], row["evaluated_component_name"], row["model_id"]) == ("desk", "Desk", "scripted")
    assert len(row["eval_data"]["runs"]) == 2 and row["eval_input"] == {"num_iterations": 2, "warmup_runs": 1}

    flow = Workflow(name="Flow", steps=[Agent(model=ScriptedModel(says("x"), repeat=True))])
    row = ask(EvalRequest(eval_type="performance", input="go", num_iterations=None), colour, flow, db)
    assert (row["workflow_id"], len(row["eval_data"]["runs"])) == ("flow", 10)

    judged = Agent(name="J", model=ScriptedModel(says("hi"), '{"score": 8, "reason": "r"}'))
    request = EvalRequest(eval_type="agent_as_judge", input="q", criteria="polite", scoring_strategy="numeric")
    assert ask(request, colour, judged, db)["eval_data"]["results"][0]["score"] == 8


@in_both_colours
def test_another_model_is_asked_on_a_copy_and_the_shared_agent_stays_as_it_is(colour: str) -> None:
    db = InMemoryDb()
    model = ScriptedModel(says("x"), repeat=True)
    agent = Agent(model=model)
    before = dict(agent.__dict__)
    request = EvalRequest(eval_type="performance", input="q", model_id="other", model_provider="scripted")
    row = ask(request, colour, agent, db)
    assert (row["model_id"], row["model_provider"]) == ("other", "Scripted")
    assert row["agent_id"] == agent.id, "the copy has the id of the agent, also where nobody named it"
    assert agent.model is model and model.id == "scripted"
    assert {name: value for name, value in agent.__dict__.items() if name in before} == before


def test_a_model_of_the_same_provider_keeps_its_address_and_key() -> None:
    agent = Agent(name="A", model=OpenAIChat(id="gpt-4o", api_key="k", base_url="http://localhost:1"))
    copy = with_model(agent, "gpt-4o-mini", "OpenAI")
    assert (copy.model.id, copy.model.api_key, copy.model.base_url) == ("gpt-4o-mini", "k", "http://localhost:1")
    assert agent.model.id == "gpt-4o" and copy.id == agent.id
    assert with_model(agent, "gpt-4o", "openai") is agent and with_model(agent, None) is agent
    assert type(with_model(agent, "x", "ollama").model).__name__ == "Ollama"
    with pytest.raises(ValueError, match="Unknown model provider 'acme'"):
        with_model(agent, "x", "acme")
    with pytest.raises(ValueError, match="no model of its own"):
        with_model(Workflow(name="F", steps=[agent]), "x", "ollama")


@in_both_colours
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"eval_type": "beauty"}, "Invalid eval_type: beauty. Valid types: accuracy, performance, reliability"),
        ({"eval_type": "accuracy"}, "expected_output is required for accuracy evaluation"),
        ({"eval_type": "reliability"}, "expected_tool_calls is required for reliability evaluations"),
        ({"eval_type": "agent_as_judge"}, "criteria is required"),
        ({"eval_type": "performance", "model_provider": "x"}, "model_provider goes with model_id"),
    ],
)
def test_a_request_that_cannot_be_right_is_refused(colour: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(EvalRequest(input="q", **fields), colour, Agent(model=scores()), InMemoryDb())


@in_both_colours
def test_what_is_no_component_or_no_database_is_refused_before_a_model_is_asked(colour: str) -> None:
    model = scores()
    for component, db in (("clerk", InMemoryDb()), (Agent(model=model), None)):
        with pytest.raises(ValueError, match="takes an agent, a team or a workflow, and a database"):
            ask(EvalRequest(eval_type="performance", input="q"), colour, component, db)
    request = EvalRequest(eval_type="agent_as_judge", input="q", criteria="c", threshold=11)
    with pytest.raises(ValueError, match="threshold=11"):
        ask(request, colour, Agent(model=model), InMemoryDb())
    assert model.requests == []


@in_both_colours
def test_a_run_that_waits_for_a_person_is_not_measured_as_an_answer(colour: str) -> None:
    pay, db = tool(requires_confirmation=True)(add), InMemoryDb()
    agent = Agent(model=ScriptedModel(wants("add", a=1, b=2), repeat=True), tools=[pay])
    with pytest.raises(EvalError, match="ended as PAUSED"):
        ask(EvalRequest(eval_type="performance", input="q"), colour, agent, db)
    assert db.get_eval_runs() == []
