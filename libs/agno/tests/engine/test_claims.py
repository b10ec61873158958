"""A run is continued once, however many try, and cancelled only by those it belongs to."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunClaimedError, RunNotContinuableError
from agno.run import cancel
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import Step, Workflow

from playing import in_every_mode, play


def till(paid: list[str], **settings: Any) -> Agent:
    @tool(requires_confirmation=True)
    def pay() -> str:
        paid.append("paid")
        return "paid"

    return Agent(model=ScriptedModel(wants("pay"), says("done")), tools=[pay], session_id="s", **settings)


def confirmed(agent: Any, run_id: str = "r") -> Any:
    run = agent.get_run_output(run_id, "s")
    for requirement in run.active_requirements:
        requirement.confirm()
    return run


def message(seen: Any) -> str:
    return str(seen.error) if seen.error else seen.output.content


@in_every_mode
def test_a_run_that_another_process_continues_is_refused_and_can_be_taken_over(mode: str) -> None:
    db, paid = InMemoryDb(), []
    agent = till(paid, db=db)
    play(agent, "go", mode, run_id="r")
    db.claim_run("s", "r", "another process")
    run = confirmed(agent)
    assert "being continued by another process" in message(play(agent, run, mode, "continue_run"))
    assert paid == [] and agent.get_run_output("r", "s").status is RunStatus.paused, "nothing was lost"
    seen = play(agent, run, mode, "continue_run", take_over=True)
    assert seen.output.content == "done" and paid == ["paid"]
    assert "is completed" in message(play(agent, run, mode, "continue_run"))
    assert agent.get_session("s").session_data.keys() == {"session_metrics"}


@in_every_mode
def test_a_refusal_gives_the_claim_back(mode: str) -> None:
    db, paid = InMemoryDb(), []
    agent = till(paid, db=db)
    play(agent, "go", mode, run_id="r")
    assert "needs updated_tools=" in message(play(agent, None, mode, "continue_run", run_id="r", session_id="s"))
    assert "no run 'x'" in message(play(agent, None, mode, "continue_run", run_id="x", session_id="s", requirements=[]))
    assert db.claim_run("s", "r", "somebody") and db.claim_run("s", "x", "somebody")


@in_every_mode
def test_a_run_that_was_taken_over_stores_nothing(mode: str) -> None:
    db = InMemoryDb()

    @tool(requires_confirmation=True)
    def pay() -> str:
        db.claim_run("s", "r", "another process", take_over=True)
        return "paid"

    agent = Agent(model=ScriptedModel(wants("pay"), says("done")), tools=[pay], session_id="s", db=db)
    play(agent, "go", mode, run_id="r")
    seen = play(agent, confirmed(agent), mode, "continue_run")
    assert "was taken over by another process" in message(seen)
    assert agent.get_run_output("r", "s").status is RunStatus.paused


@in_every_mode
def test_a_claim_is_renewed_while_the_run_goes_on(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agno._engine.claims._RENEW_SECONDS", -1)
    db, paid = InMemoryDb(), []
    renewed: list[Any] = []
    renew = db.renew_claim
    monkeypatch.setattr(db, "renew_claim", lambda *claim: (renewed.append(claim[:2]), renew(*claim)))
    agent = till(paid, db=db)
    play(agent, "go", mode, run_id="r")
    assert play(agent, confirmed(agent), mode, "continue_run").output.content == "done"
    assert renewed == [("s", "r")]


@in_every_mode
def test_a_cached_session_is_not_believed_when_a_run_is_continued(mode: str, tmp_path: Any) -> None:
    paid: list[str] = []
    first, second = (till(paid, db=SqliteDb(db_file=tmp_path / "a.db"), cache_session=True) for _ in "ab")
    run = play(first, "go", mode, run_id="r").output
    run.active_requirements[0].confirm()
    other = confirmed(second)
    second.model = ScriptedModel(says("done"))
    assert play(second, other, mode, "continue_run").output.content == "done"
    assert "is completed" in message(play(first, run, mode, "continue_run"))
    assert paid == ["paid"]


def test_of_threads_that_continue_one_run_one_does(tmp_path: Any) -> None:
    paid: list[str] = []
    agent = till(paid, db=SqliteDb(db_file=tmp_path / "a.db"))
    agent.run("go", run_id="r")
    run, barrier = confirmed(agent), threading.Barrier(4)

    def go(number: int) -> str:
        barrier.wait()
        try:
            return str(agent.continue_run(run).content)
        except RunNotContinuableError:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, range(4))) == ["done", "refused", "refused", "refused"]
    assert paid == ["paid"]


@in_every_mode
def test_teams_and_workflows_claim_their_runs_too(mode: str) -> None:
    db, paid = InMemoryDb(), []
    member = till(paid, name="Till")
    team = Team(
        [member], model=ScriptedModel(wants("delegate_task_to_member", member_id="till", task_description="pay"), says("ok")),
        db=db, session_id="s",
    )  # fmt: skip
    play(team, "go", mode, run_id="r")
    db.claim_run("s", "r", "another process")
    assert "being continued by another process" in message(play(team, confirmed(team), mode, "continue_run"))
    assert play(team, confirmed(team), mode, "continue_run", take_over=True).output.content == "ok"

    steps = [Step("pay", executor=lambda step: paid.append("w") or "paid", requires_confirmation=True)]
    workflow = Workflow(name="w", steps=steps, db=db, session_id="w")
    run = play(workflow, "go", mode, run_id="w").output
    run.step_requirements[0].confirm()
    db.claim_run("w", "w", "another process")
    refused = play(workflow, run, mode, "continue_run")
    assert "being continued by another process" in message(refused) and paid == ["paid"]
    assert play(workflow, run, mode, "continue_run", take_over=True).output.status is RunStatus.completed
    assert paid == ["paid", "w"]


def test_a_background_run_that_is_refused_can_be_begun_again() -> None:
    db, paid = InMemoryDb(), []
    agent = till(paid, db=db)
    agent.run("go", run_id="r")
    db.claim_run("s", "r", "another process")
    run = confirmed(agent)

    async def main() -> None:
        with pytest.raises(RunClaimedError):
            await agent.acontinue_run(run, background=True)
        pending = await agent.acontinue_run(run, background=True, take_over=True)
        assert pending.status is RunStatus.pending
        while (await agent.aget_run_output("r", "s")).status is not RunStatus.completed:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert paid == ["paid"]


# Whose run it is ---------------------------------------------------------------------------------------------------------


def cancelled(component: Any, mode: str, run_id: str, **options: Any) -> bool:
    if mode.startswith("a"):
        return bool(asyncio.run(component.acancel_run(run_id, **options)))
    return bool(component.cancel_run(run_id, **options))


@in_every_mode
def test_a_paused_run_of_another_user_is_not_cancelled(mode: str) -> None:
    agent = till([], db=InMemoryDb())
    play(agent, "go", mode, run_id="r", user_id="ann")
    for options in ({"session_id": "s"}, {}):
        assert cancelled(agent, mode, "r", user_id="bob", **options) is False
        assert agent.get_run_output("r", "s").status is RunStatus.paused
    assert play(agent, confirmed(agent), mode, "continue_run").output.content == "done", "no wish was left behind"
    play(agent, "go", mode, run_id="q", user_id="ann")


@in_every_mode
def test_a_paused_run_of_one_s_own_or_of_nobody_is_cancelled(mode: str) -> None:
    for user in ("ann", None):
        agent = till([], db=InMemoryDb())
        play(agent, "go", mode, run_id="r", user_id=user)
        assert cancelled(agent, mode, "r", user_id="ann") is True
        assert agent.get_run_output("r", "s").status is RunStatus.cancelled


def component_of(kind: str, look: Any) -> Any:
    if kind == "workflow":
        return Workflow(
            name="w", steps=[Step("look", executor=lambda step: look()), Step("end", executor=lambda step: "x")]
        )
    if kind == "team":
        return Team(
            [Agent(name="m", model=ScriptedModel())], model=ScriptedModel(wants("look"), says("x")), tools=[look]
        )
    return Agent(model=ScriptedModel(wants("look"), says("x")), tools=[look])


@pytest.mark.parametrize("kind", ["agent", "team", "workflow"])
@in_every_mode
def test_a_run_that_goes_on_is_cancelled_by_its_user_only(kind: str, mode: str) -> None:
    heard: list[bool] = []

    def look() -> str:
        heard.append(component.cancel_run("r", user_id="bob"))
        heard.append(type(component).cancel_run("r", user_id="bob"))
        heard.append(cancel.is_cancelled("r"))
        heard.append(component.cancel_run("r", user_id="ann"))
        return "seen"

    component = component_of(kind, look)
    seen = play(component, "go", mode, run_id="r", user_id="ann")
    assert heard == [False, False, False, True]
    assert seen.output.status is RunStatus.cancelled


@in_every_mode
def test_the_wish_to_cancel_a_run_before_it_begins_is_bound_to_the_user(mode: str) -> None:
    for wishing, status in (("bob", RunStatus.completed), ("ann", RunStatus.cancelled)):
        agent = Agent(model=ScriptedModel(says("x")))
        assert cancelled(agent, mode, "early", user_id=wishing) is False
        assert play(agent, "go", mode, run_id="early", user_id="ann").output.status is status
    assert not cancel._wished


@in_every_mode
def test_cancelling_a_run_that_another_process_continues_is_a_wish(mode: str) -> None:
    db = InMemoryDb()
    agent = till([], db=db)
    play(agent, "go", mode, run_id="r")
    db.claim_run("s", "r", "another process")
    assert cancelled(agent, mode, "r") is False
    assert agent.get_run_output("r", "s").status is RunStatus.paused and cancel.is_cancelled("r")
    cancel.cleanup_run("r")
