"""Traces in the database: written once per run, read by whom they belong to, and thrown away in time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.tracing import setup_tracing, tracing, tree_of
from agno.tracing import store as stored
from agno.tracing._watch import Watch
from agno.tracing.span import Link
from agno.workflow import Step, Workflow

from playing import in_every_mode, play


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@in_every_mode
def test_a_trace_is_stored_with_its_tree_and_what_it_used(mode: str) -> None:
    db = InMemoryDb()
    assert setup_tracing(db=db).db is db
    agent = Agent(id="a", name="A", model=ScriptedModel(wants("add", a=1, b=2), says("3")), tools=[add])
    output = play(agent, "go", mode, session_id="s", user_id="ann").output
    ((light,), total) = db.get_traces(run_id=output.run_id)
    assert total == 1 and (light["name"], light["agent_id"], light["session_id"]) == ("A", "a", "s")
    assert (light["status"], light["span_count"], light["error_count"]) == ("completed", 4, 0)
    assert light["usage"] == {
        "requests": 2, "input_tokens": output.metrics.input_tokens, "output_tokens": output.metrics.output_tokens,
        "total_tokens": output.metrics.total_tokens, "cost": None,
    }  # fmt: skip
    trace = db.get_trace(light["trace_id"], user_id="ann")
    assert db.get_trace(light["trace_id"], user_id="ben") is None
    (root,) = tree_of(trace["spans"])
    assert [child["name"] for child in root["children"]] == ["chat scripted", "execute_tool add", "chat scripted"]
    assert (
        abs(root["started_us"] / 1e6 - time.time()) < 60 and root["duration_us"] >= root["children"][0]["duration_us"]
    )


def test_a_team_and_a_workflow_are_one_trace_each() -> None:
    db = InMemoryDb()
    setup_tracing(db=db)
    member = Agent(id="m", model=ScriptedModel(says("x"), repeat=True))
    leader = ScriptedModel(wants("delegate_task_to_member", member_id="m", task_description="do"), says("y"))
    Team(id="t", members=[member], model=leader).run("go")
    Workflow(id="w", steps=[Step(name="s", agent=member)]).run("go")
    rows, total = db.get_traces()
    assert total == 2 and [(row["workflow_id"], row["team_id"]) for row in rows] == [("w", None), (None, "t")]


def test_what_goes_on_after_the_process_died_is_linked_through_the_database(tmp_path: Any) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        """Pay."""
        return "paid"

    db = SqliteDb(db_file=str(tmp_path / "x.db"))
    handle = setup_tracing(db=db)
    agent = Agent(db=db, model=ScriptedModel(wants("pay"), says("done")), tools=[pay])
    paused = agent.run("go", session_id="s", user_id="ann")
    watch = Watch()  # of another process: it knows nothing of the first part
    watch.listeners = handle.listeners
    from agno.run import watching

    watching.watch(watch)
    for requirement in paused.active_requirements:
        requirement.confirm()
    agent.continue_run(paused)
    second, first = db.get_traces(run_id=paused.run_id)[0]
    assert (first["status"], second["status"]) == ("paused", "completed")
    assert second["linked_trace_id"] == first["trace_id"]
    link = Link(**db.get_trace(second["trace_id"])["spans"][0]["links"][0])
    assert link.span_id == db.get_trace(first["trace_id"])["spans"][0]["span_id"]


def test_async_databases_store_them_too(tmp_path: Any) -> None:
    async def main() -> None:
        db = AsyncSqliteDb(db_file=str(tmp_path / "x.db"))
        setup_tracing(db=db)
        await Agent(model=ScriptedModel(says("x"))).arun("go", user_id="ann")
        rows, total = await db.get_traces(user_id="ann")
        assert total == 1 and (await db.get_trace(rows[0]["trace_id"]))["spans"]
        assert (await db.get_trace_session_stats())[1] == 1
        await db.close()

    asyncio.run(main())


def test_a_database_that_is_away_costs_no_run(caplog: pytest.LogCaptureFixture) -> None:
    class Away(InMemoryDb):
        def save_trace(self, trace: Any) -> Any:
            raise OSError("away")

    setup_tracing(db=Away())
    assert Agent(model=ScriptedModel(says("fine"))).run("go").content == "fine"


def test_the_database_keeps_so_many_and_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_PRUNED_AFTER", 2)
    db = InMemoryDb()
    setup_tracing(db=db, keep_traces=3)
    agent = Agent(model=ScriptedModel(says("x"), repeat=True))
    for _ in range(9):
        agent.run("go")
    assert db.get_traces()[1] == 3
    assert stored.KEEP_DAYS == 7 and stored.KEEP_TRACES == 10_000


def test_a_large_trace_is_cut_to_what_a_database_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "LARGEST", 3000)
    db = InMemoryDb()
    setup_tracing(db=db, capture_content=True)
    Agent(model=ScriptedModel(*[wants("add", a=n, b=n) for n in range(20)], says("x")), tools=[add]).run("go " * 500)
    ((row,), _) = db.get_traces()
    spans = db.get_trace(row["trace_id"])["spans"]
    assert row["span_count"] == 42 and row["dropped_spans"] == 42 - len(spans) > 0
    assert spans[0]["attributes"]["agno.content_dropped"] and "gen_ai.input.messages" not in spans[0]["attributes"]


def test_stored_and_exported_spans_have_the_same_ids() -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    db, exporter = InMemoryDb(), InMemorySpanExporter()
    setup_tracing(db=db, exporter=exporter, batch=False)
    Agent(model=ScriptedModel(says("x"))).run("go")
    ((row,), _) = db.get_traces()
    exported = {(f"{s.context.trace_id:032x}", f"{s.context.span_id:016x}") for s in exporter.get_finished_spans()}
    assert exported == {(row["trace_id"], span["span_id"]) for span in db.get_trace(row["trace_id"])["spans"]}
    assert tracing() is not None
