"""Cancelling a run that waits for a person: it is in the database only."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play


@tool(requires_confirmation=True)
def pay() -> str:
    return "paid"


def cancelled(agent: Any, mode: str, *arguments: Any) -> bool:
    """Cancel in the colour of a mode."""
    if mode.startswith("a"):
        return bool(asyncio.run(agent.acancel_run(*arguments)))
    return bool(agent.cancel_run(*arguments))


@pytest.mark.parametrize("known", ["session in hand", "session_id given", "looked up"])
@in_every_mode
def test_a_paused_run_is_marked_and_not_continued(mode: str, known: str, tmp_path: Any) -> None:
    model = ScriptedModel(wants("pay"), says("ok"))
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(model=model, name="payer", tools=[pay], db=db)
    paused = play(agent, "go", mode).output
    if known != "session in hand":
        agent = Agent(model=model, name="payer", tools=[pay], db=db)
    arguments = (paused.run_id, paused.session_id) if known == "session_id given" else (paused.run_id,)
    assert cancelled(agent, mode, *arguments) is True
    stored = agent.get_run_output(paused.run_id, paused.session_id)
    assert stored.status is RunStatus.cancelled
    assert [m.role for m in stored.messages] == ["user", "assistant", "tool"]
    assert "cancelled" in stored.messages[-1].content
    paused.active_requirements[0].confirm()
    seen = play(
        agent, None, mode, "continue_run",
        run_id=paused.run_id, session_id=paused.session_id, requirements=paused.requirements,
    )  # fmt: skip
    said = str(seen.error) if seen.error else seen.events[-1].content
    assert "is cancelled, so there is nothing to continue" in said
    assert cancelled(agent, mode, paused.run_id) is False, "there is nothing left to cancel"


@in_every_mode
def test_what_is_not_there_or_has_ended_is_not_cancelled(mode: str) -> None:
    agent = Agent(model=ScriptedModel(says("ok")), db=InMemoryDb())
    done = play(agent, "go", mode).output
    assert cancelled(agent, mode, done.run_id) is False
    assert agent.get_run_output(done.run_id).status is RunStatus.completed
    assert cancelled(agent, mode, "nope") is False
    assert cancelled(Agent(), mode, "nope") is False
    assert cancelled(Agent, mode, "nope") is False, "also without an agent"
