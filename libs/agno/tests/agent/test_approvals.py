"""Approvals: on record, decided by the record, and in the way until they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.approval import approval
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunNotContinuableError
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play


@approval
@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


@approval("audit")
@tool(requires_confirmation=True)
def post(text: str) -> str:
    """Post."""
    return f"posted {text}"


def an_agent(db: Any, *turns: Any, tools: Any = (pay,)) -> Agent:
    return Agent(id="cashier", name="Cashier", model=ScriptedModel(*turns), tools=list(tools), db=db, session_id="s")


@in_every_mode
def test_a_required_approval_is_recorded_and_decides(mode: str, tmp_path: Path) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = an_agent(db, wants("pay", amount=3), says("done"))
    seen = play(agent, "pay 3", mode, user_id="ann")
    assert seen.output is not None and seen.output.is_paused
    [row] = db.get_approvals("pending")[0]
    assert row["id"] == seen.output.tools[0].approval_id
    assert (row["tool_name"], row["tool_args"], row["run_id"]) == ("pay", {"amount": 3}, seen.output.run_id)
    assert (row["agent_id"], row["session_id"], row["user_id"]) == ("cashier", "s", "ann")
    assert (row["approval_type"], row["pause_type"], row["source_type"]) == ("required", "confirmation", "agent")

    db.resolve_approval(row["id"], True, resolved_by="boss")
    done = play(agent, None, mode, "continue_run", run_id=row["run_id"], requirements=[], user_id="ann")
    assert done.output is not None and done.output.content == "done" and done.output.tools[0].result == "paid 3"


@in_every_mode
def test_a_run_does_not_go_on_before_the_record_is_decided(mode: str) -> None:
    db = InMemoryDb()
    agent = an_agent(db, wants("pay", amount=3), says("done"))
    paused = play(agent, "pay 3", mode).output
    paused.tools[0].confirmed = True
    seen = play(agent, paused, mode, "continue_run")
    if seen.error is not None:
        assert isinstance(seen.error, RunNotContinuableError) and "is pending" in str(seen.error)
    else:
        assert seen.events[-1].event == "RunError" and "is pending" in seen.events[-1].content
    assert paused.is_paused and agent.get_last_run_output(session_id="s").status is RunStatus.paused
    db.resolve_approval(paused.tools[0].approval_id, True)
    assert play(agent, paused, mode, "continue_run").output.content == "done"


@in_every_mode
def test_a_rejection_on_record_counts_whatever_the_caller_says(mode: str) -> None:
    db = InMemoryDb()
    agent = an_agent(db, wants("pay", amount=3), says("sorry"))
    paused = play(agent, "pay 3", mode).output
    paused.tools[0].confirmed = True
    db.resolve_approval(paused.tools[0].approval_id, False, resolution_data={"note": "too much"})
    done = play(agent, paused, mode, "continue_run").output
    assert done.content == "sorry" and done.tools[0].result == "too much" and done.tools[0].tool_call_error


@in_every_mode
def test_an_audit_writes_down_what_was_decided(mode: str) -> None:
    db = InMemoryDb()
    agent = an_agent(db, wants("post", text="a"), says("1"), wants("post", text="b"), says("2"), tools=[post])
    for text, yes in (("a", True), ("b", False)):
        paused = play(agent, text, mode).output
        assert db.get_approvals("pending")[1] == 0
        requirement = paused.active_requirements[0]
        requirement.confirm() if yes else requirement.reject("not now")
        assert play(agent, paused, mode, "continue_run").output.status is RunStatus.completed
    rows = {row["tool_args"]["text"]: row for row in db.get_approvals(approval_type="audit")[0]}
    assert rows["a"]["status"] == "approved" and rows["a"]["resolved_at"]
    assert rows["b"]["status"] == "rejected" and rows["b"]["resolution_data"] == {"note": "not now"}


@in_every_mode
def test_an_audited_tool_that_is_not_answered_yet_is_not_written_down(mode: str) -> None:
    db = InMemoryDb()
    agent = an_agent(db, wants("post", text="a"), says("1"), tools=[post])
    paused = play(agent, "a", mode).output
    assert play(agent, paused, mode, "continue_run").output.is_paused
    assert db.get_approvals() == ([], 0)


@in_every_mode
def test_values_and_results_may_come_with_the_decision(mode: str) -> None:
    @approval
    @tool(requires_user_input=True, user_input_fields=["to"])
    def send(text: str, to: str) -> str:
        return f"{text} to {to}"

    @approval
    @tool(external_execution=True)
    def print_it(text: str) -> str:
        raise AssertionError("executed elsewhere")

    db = InMemoryDb()
    agent = an_agent(db, wants("send", text="hi"), wants("print_it", text="x"), says("done"), tools=[send, print_it])
    first = play(agent, "go", mode).output
    db.resolve_approval(first.tools[0].approval_id, True, resolution_data={"values": {"to": "ann"}})
    second = play(agent, first, mode, "continue_run").output
    assert second.is_paused and second.tools[0].result == "hi to ann"
    db.resolve_approval(second.tools[1].approval_id, True, resolution_data={"result": "printed"})
    done = play(agent, second, mode, "continue_run").output
    assert done.content == "done" and done.tools[1].result == "printed"


@in_every_mode
def test_a_refused_value_or_execution_is_a_rejection(mode: str) -> None:
    @approval
    @tool(external_execution=True)
    def print_it(text: str) -> str:
        raise AssertionError("executed elsewhere")

    db = InMemoryDb()
    agent = an_agent(db, wants("print_it", text="x"), says("sorry"), tools=[print_it])
    paused = play(agent, "go", mode).output
    db.resolve_approval(paused.tools[0].approval_id, False)
    done = play(agent, paused, mode, "continue_run").output
    assert done.content == "sorry" and done.tools[0].tool_call_error


def test_approvals_need_a_database() -> None:
    model = ScriptedModel()
    with pytest.raises(ValueError, match="Tool 'pay' is marked @approval, but .* has no database"):
        Agent(model=model, tools=[pay]).run("pay 3")
    assert model.requests == []
