"""A workflow whose process died: an agent or a team that was at work in a step goes on where it was."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import Loop, Parallel, Step, Workflow

from dying import Dying, Newsroom, plays_again, results, stored_runs, to, to_all
from playing import play


def flow(room: Newsroom, db: Any, **settings: Any) -> Workflow:
    """A workflow in a workflow: an agent twice in a loop, then a team of a team beside an agent."""
    core = room.team("core", [room.agent("cy"), room.agent("dan")], to_all(), mode="broadcast")
    desk = room.team("desk", [core, room.agent("ann")], to("core"), to("ann"))

    def look(step_input: Any, session_state: dict[str, Any]) -> str:
        room.ran.append("look")
        session_state["seen"] = session_state.get("seen", 0) + 1
        return "looked"

    rounds = Loop([Step("one", agent=room.agent("eve"))], name="rounds", max_iterations=2)
    inner = Workflow(
        name="inner", steps=[rounds, Parallel(Step("two", team=desk), Step("three", agent=room.agent("fay")))]
    )
    steps = [Step("first", executor=look), Step("nested", workflow=inner), Step("last", executor=look)]
    return Workflow(name="flow", steps=steps, db=db, **settings)


EXPECTED = Counter({"look": 2, "desk0": 1, "core0": 1, **{f"eve{n}": 2 for n in (1, 2, 3)}})
EXPECTED.update({f"{who}{n}": 1 for who in ("cy", "dan", "ann", "fay") for n in (1, 2, 3)})


@pytest.mark.parametrize("mode", ["run", "arun_stream"])
def test_whenever_the_process_dies_no_tool_of_an_executor_that_succeeded_runs_again(mode: str) -> None:
    ran: list[str] = []
    db = Dying(ran)
    whole = play(flow(Newsroom(ran), db, checkpoint="tools"), "go", mode, run_id="r", session_id="s").output
    assert whole.status is RunStatus.completed and Counter(ran) == EXPECTED
    for moment in range(1, len(db.moments) - 1, 2):
        run, left, again, stored = plays_again(db, moment, flow, checkpoint="tools")
        stored["look"] = again["look"] = 0  # a step that is recorded, which is another matter
        assert run.content == whole.content and +again == (EXPECTED - stored) - Counter({"look": 2})
        assert sorted_state(run) == sorted_state(whole) and executors(run) == executors(whole)
        assert run.metrics.total().total_tokens == whole.metrics.total().total_tokens
        assert stored_runs(left) == stored_runs(db) and left.get_session("s").get_run("r").at_work is None


def sorted_state(run: Any) -> Any:
    return {**run.session_state, "done": sorted(set(run.session_state["done"]))}


def executors(run: Any) -> list[Any]:
    """The runs of agents and teams, however deep."""
    inside = run.__dict__.get("step_executor_runs") or run.__dict__.get("member_responses") or ()
    return sorted((str(one.content), one.status, executors(one)) for one in inside)


@pytest.mark.parametrize(("settings", "of_agent"), [({}, "tools"), ({"checkpoint": "tool-batch"}, None)])
def test_an_agent_may_say_itself_how_often_what_it_does_is_kept(settings: Any, of_agent: Any) -> None:
    ran: list[str] = []

    def one_step(room: Newsroom, db: Any, **more: Any) -> Workflow:
        return Workflow(name="w", steps=[room.agent("ann", checkpoint=of_agent), room.agent("ben")], db=db, **more)

    db = Dying(ran)
    one_step(Newsroom(ran), db, **settings).run("go", run_id="r", session_id="s")
    kept = [set(counts) for _, counts in db.moments]
    assert {"ann1"} in kept and ({"ann1", "ann2"} in kept) is (of_agent == "tools")
    _, _, again, stored = plays_again(db, kept.index({"ann1"}), one_step, **settings)
    assert stored["ann1"] == 1 and again == Counter([*(f"ann{n}" for n in (2, 3)), *(f"ben{n}" for n in (1, 2, 3))])


def test_where_steps_are_stored_only_an_agent_in_one_costs_one_write() -> None:
    ran: list[str] = []
    db = Dying(ran)
    steps = [Newsroom(ran).agent("ann"), Newsroom(ran).agent("ben")]
    Workflow(name="w", steps=steps, db=db).run("go", session_id="s")
    assert len(db.moments) == 3, "the start, one step that is not the last, the end"


def test_an_answer_that_an_executor_has_worked_on_counts_in_the_next_process() -> None:
    ran: list[str] = []

    def paying(room: Newsroom, db: Any, **settings: Any) -> Workflow:
        def turn(messages: list[Any]) -> Any:
            done = results(messages)
            return wants("pay") if not done else wants("note") if len(done) == 1 else says("paid")

        tools = [tool(requires_confirmation=True)(room.tool("pay")), room.tool("note")]
        cashier = Agent(name="cashier", model=ScriptedModel(turn, repeat=True), tools=tools)
        return Workflow(name="w", steps=[cashier], db=db, **settings)

    begun = InMemoryDb()
    first = paying(Newsroom(ran), begun, checkpoint="tools")
    paused = first.run("go", run_id="r", session_id="s")
    db = Dying(ran, begun)
    paused.step_requirements[0].executor_requirements[0].confirm()
    second = paying(Newsroom(ran), db, checkpoint="tools")
    answers = {"run_id": "r", "session_id": "s", "requirements": paused.step_requirements}
    assert second.continue_run(**answers).content == "paid" and ran == ["pay", "note"]
    moment = next(n for n, (_, counts) in enumerate(db.moments) if "pay" in counts)
    again: list[str] = []
    third = paying(Newsroom(again), db.as_it_was(moment, again), checkpoint="tools")
    assert third.continue_run(**answers, take_over=True).content == "paid" and again == ["pay", "note"]


def test_an_unknown_checkpoint_is_refused() -> None:
    workflow = Workflow(name="w", steps=[lambda: "x"], db=InMemoryDb(), checkpoint="often")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'often' of .* is none of 'runs', 'steps', 'tool-batch', 'tools'"):
        workflow.run("go")
