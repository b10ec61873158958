"""An agent prunes its own sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.session import AgentSession
from agno.testing import ScriptedModel, says


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_agent_prunes_its_own_sessions_only(colour: str) -> None:
    db = InMemoryDb()
    for agent_id in ("me", "other"):
        db.upsert_session(AgentSession(f"of {agent_id}", agent_id=agent_id, created_at=1_000))
    agent = Agent(id="me", db=db)

    def prune(**limits: object) -> list[str]:
        if colour == "sync":
            return agent.prune_sessions(**limits).sessions
        return asyncio.run(agent.aprune_sessions(**limits)).sessions

    assert prune(older_than=timedelta(days=1), dry_run=True) == ["of me"] == prune(older_than=timedelta(days=1))
    assert [session.session_id for session in db.get_sessions("agent")] == ["of other"]
    with pytest.raises(ValueError, match="no db="):
        Agent().prune_sessions(keep_runs=1)


def test_a_pruned_session_leaves_the_cache_and_goes_on_with_what_is_left() -> None:
    model = ScriptedModel(says("1"), says("2"), says("3"))
    agent = Agent(model=model, db=InMemoryDb(), cache_session=True, session_id="s", add_history_to_context=True)
    agent.run("one")
    agent.run("two")
    assert agent.prune_sessions(keep_runs=1).runs.keys() == {"s"}
    assert [run.content for run in agent.get_session().runs] == ["2"]
    agent.run("three")
    assert [m.content for m in model.requests[2].messages] == ["two", "2", "three"]
    assert agent.get_session_metrics().total_tokens > sum(r.metrics.total_tokens for r in agent.get_session().runs)
