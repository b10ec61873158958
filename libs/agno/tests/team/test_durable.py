"""A team whose process died goes on, and so do its members: no tool that succeeded runs again.

The death is played: each write to the database is a moment at which the process may have died, and what is stored then is
given to another process. That is every moment there is, for who reads the database. tests/team/test_killed.py kills.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import DbUnavailableError
from agno.db.in_memory import InMemoryDb
from agno.exceptions import RunClaimedError
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from team.desk import agent

from dying import TEAMS, Dying, Newsroom, broadcasting, nested, plays_again, results, stored_runs, to, to_all
from playing import in_every_mode, play


def runs_of(run: Any) -> list[tuple[Any, ...]]:
    """Who worked in a run, and what came of it, without what differs from one run to the next."""
    found = []
    for one in run.member_responses:
        name = one.__dict__.get("agent_name") or one.__dict__.get("team_name")
        deeper = runs_of(one) if "member_responses" in one.__dict__ else []
        found.append((name, one.status, one.content, [tool.result for tool in one.tools or ()], deeper))
    return sorted(found)


def sorted_state(run: Any) -> Any:
    """What the state says. A tool whose result was not stored may be in it, since its neighbour's was: it is there twice."""
    state = {key: value for key, value in (run.session_state or {}).items() if key != "team_tasks"}
    return {**state, "done": sorted(set(state["done"]))}


@pytest.mark.parametrize("shape", list(TEAMS))
@pytest.mark.parametrize("mode", ["run", "arun_stream"])
def test_whenever_the_process_dies_no_tool_that_succeeded_runs_again(mode: str, shape: str) -> None:
    make, expected = TEAMS[shape]
    ran: list[str] = []
    db = Dying(ran)
    whole = play(make(Newsroom(ran), db=db, checkpoint="tools"), "go", mode, run_id="r", session_id="s").output
    assert whole.status is RunStatus.completed and Counter(ran) == expected
    ends = stored_runs(db)
    for moment in range(0, len(db.moments) - 1, 1 if mode == "run" else 2):
        before = db.moments[moment][1]
        run, left, again, stored = plays_again(db, moment, make, checkpoint="tools")
        assert mode.startswith("a") or stored == before, "in a sync run every write holds all that was done"
        assert run.status is RunStatus.completed and run.content == whole.content
        assert again == expected - stored, "what is stored does not run again, and the rest does"
        assert runs_of(run) == runs_of(whole) and sorted_state(run) == sorted_state(whole)
        assert stored_runs(left) == ends, "a run that went on is stored as any other"
        assert run.to_dict().get("at_work") is None


@pytest.mark.parametrize("shape", list(TEAMS))
def test_a_process_that_goes_on_may_die_too(shape: str) -> None:
    make, expected = TEAMS[shape]
    ran: list[str] = []
    db = Dying(ran)
    whole = play(make(Newsroom(ran), db=db, checkpoint="tools"), "go", "run", run_id="r", session_id="s").output
    for moment in range(0, len(db.moments) - 1, 4):
        again: list[str] = []
        second = Dying(again, db.as_it_was(moment, again))
        play(
            make(Newsroom(again), db=second, checkpoint="tools"),
            None,
            "run",
            "continue_run",
            run_id="r",
            session_id="s",
        )
        if len(second.moments) == 1:  # it had nothing left to do but to end
            continue
        later = moment * 7 % (len(second.moments) - 1)
        run, left, third, stored = plays_again(second, later, make, checkpoint="tools")
        assert run.content == whole.content and stored == second.moments[later][1] and third == expected - stored
        assert runs_of(run) == runs_of(whole) and stored_runs(left) == stored_runs(db)
        assert spent_in(left) == spent_in(db), "each answer of a model that is stored is counted once"


def spent_in(db: InMemoryDb) -> Any:
    """What the session cost, by who spent it."""
    metrics = db.get_session("s").session_data["session_metrics"]
    spent = {part: [one["total_tokens"] for one in models] for part, models in metrics["details"].items()}
    return metrics["total_tokens"], spent


def test_with_tool_batch_a_member_does_again_no_more_than_the_turn_that_broke_off() -> None:
    ran: list[str] = []
    db = Dying(ran)
    nested(Newsroom(ran), db=db, checkpoint="tool-batch").run("go", run_id="r", session_id="s")
    lost: list[str] = []
    for moment in range(len(db.moments) - 1):
        run, left, again, stored = plays_again(db, moment, nested, checkpoint="tool-batch")
        assert run.content == "desk has it" and again == TEAMS["coordinate"][1] - stored
        lost += db.moments[moment][1] - stored
        stored_runs(left)
    assert set(lost) <= {"cy3", "ann3"}, "only a leader's delegation is stored within a turn"


@pytest.mark.parametrize("checkpoint", [None, "runs"])
def test_without_checkpoints_nothing_is_written_while_members_work(checkpoint: Any) -> None:
    ran: list[str] = []
    db = Dying(ran)
    nested(Newsroom(ran), db=db, checkpoint=checkpoint).run("go", session_id="s")
    assert len(db.moments) == 2


def test_members_without_tools_and_alone_at_their_call_cost_no_write() -> None:
    db = Dying([])
    leader = ScriptedModel(wants(to("ann")), says("ok"))
    members = [agent("Ann", says("It is done"))]
    Team(members, name="desk", model=leader, db=db, checkpoint="tools").run("go", session_id="s")
    assert len(db.moments) == 4, "its start, before and after the delegation, its end"


def asking(room: Newsroom, **settings: Any) -> Team:
    """A broadcast to one who has to ask and then goes on, and to two who work."""

    def turn(messages: list[Any]) -> Any:
        done = results(messages)
        if "cashier1" not in done:
            return wants("cashier1")
        return says("It is paid") if "cashier2" in done else wants("pay") if "pay" not in done else wants("cashier2")

    confirmed = tool(requires_confirmation=True)(room.tool("pay"))
    tools = [room.tool("cashier1"), confirmed, room.tool("cashier2")]
    cashier = Agent(name="cashier", model=ScriptedModel(turn, repeat=True), tools=tools)
    members = [room.agent("ann"), cashier, room.agent("ben")]
    return room.team("desk", members, to_all(), mode="broadcast", **settings)


@pytest.mark.parametrize("mode", ["run", "arun"])
def test_a_process_may_die_before_a_question_and_after_its_answer(mode: str) -> None:
    ran: list[str] = []
    db = Dying(ran)
    whole = play(asking(Newsroom(ran), db=db, checkpoint="tools"), "go", mode, run_id="r", session_id="s").output
    assert whole.is_paused and len(db.get_session("s").runs) == 4
    for moment in range(len(db.moments) - 1):
        run, left, again, stored = plays_again(db, moment, asking, checkpoint="tools")
        assert run.is_paused and again == BEFORE_ASKING - stored
        assert [one.tool_execution.tool_name for one in run.active_requirements] == ["pay"]
        assert stored_runs(left) == stored_runs(db)
        if moment % 5 == 0:
            _answered_and_died(left)


def _answered_and_died(left: InMemoryDb) -> None:
    again: list[str] = []
    db = Dying(again, left)
    team = asking(Newsroom(again), db=db, checkpoint="tools")
    run = team.get_run_output("r", "s")
    run.active_requirements[0].confirm()
    play(team, None, "run", "continue_run", run_id="r", session_id="s", requirements=run.requirements)
    assert Counter(again) == Counter(["pay", "cashier2"])
    for moment in range(1, len(db.moments) - 1, 2):
        run, _, third, _ = plays_again(db, moment, asking, checkpoint="tools")
        if run.is_paused:  # the answer was lost with the process, and nothing was done
            assert not db.moments[moment][1]
            continue
        assert run.content == "desk has it" and third == Counter(["pay", "cashier2"]) - db.moments[moment][1]


BEFORE_ASKING = Counter(["desk0", "cashier1", *(f"{who}{n}" for who in ("ann", "ben") for n in (1, 2, 3))])


def test_who_lost_the_run_to_another_process_stops_in_the_middle_of_a_member() -> None:
    """A process that was taken for dead, and is not: what a member of its has done is not stored over the other's."""
    ran: list[str] = []
    db = InMemoryDb()
    room = Newsroom(ran)

    def taken_over() -> str:
        db.claim_run("s", "r", "another", take_over=True)
        return "ok"

    def turn(messages: list[Any]) -> Any:
        done = results(messages)
        return wants("taken_over") if not done else wants("late") if len(done) == 1 else says("ann has it")

    ann = Agent(name="ann", model=ScriptedModel(turn, repeat=True), tools=[taken_over, room.tool("late")])
    desk = room.team("desk", [ann], to("ann"), db=db, checkpoint="tools")
    with pytest.raises(RunClaimedError):
        desk.run("go", run_id="r", session_id="s")
    assert ran == ["desk0"], "the member's next tool does not run"
    assert desk.get_run_output("r", "s").status is RunStatus.running


@in_every_mode
def test_a_database_that_is_away_for_a_moment_while_a_member_works_ends_the_run_of_the_team(mode: str) -> None:
    """Else the leader would read that the member failed, give the task again, and its tools would run again."""
    ran: list[str] = []
    room = Newsroom(ran)
    db = InMemoryDb()
    note = db.note_progress

    def away(*given: Any, **options: Any) -> None:
        if "ann1" in ran:
            raise DbUnavailableError("gone")
        note(*given, **options)

    db.note_progress = away  # type: ignore[method-assign]
    desk = room.team("desk", [room.agent("ann")], to("ann"), db=db, checkpoint="tools")
    seen = play(desk, "go", mode, run_id="r", session_id="s")
    assert isinstance(seen.error, DbUnavailableError) or seen.output.error_type == "DbUnavailableError"
    assert ran == ["desk0", "ann1"] and len(desk.model.requests) == 2


def test_a_run_that_is_asked_something_else_leaves_what_was_at_work() -> None:
    ran: list[str] = []
    db = Dying(ran)
    make = nested
    make(Newsroom(ran), db=db, checkpoint="tools").run("go", run_id="r", session_id="s")
    moment = next(n for n, (_, counts) in enumerate(db.moments) if "cy1" in counts)
    for options in ({"input": "something else"}, {"regenerate": True}, {"fork": True}):
        left = db.as_it_was(moment, ran)
        run = make(Newsroom(ran), db=left, checkpoint="tools").continue_run(run_id="r", session_id="s", **options)
        assert run.status is RunStatus.completed and not run.at_work
        if "fork" not in options:
            assert not left.get_session("s").get_run("r").at_work and stored_runs(left)
    original = left.get_session("s").get_run("r")
    assert [record["run"]["status"] for record in original.at_work] == ["RUNNING"] * 3, "that work is the original's"
    assert make(Newsroom(ran), db=left).continue_run(run_id="r", session_id="s").content == "desk has it"


def test_a_member_that_is_gone_cannot_go_on() -> None:
    ran: list[str] = []
    db = Dying(ran)
    broadcasting(Newsroom(ran), db=db, checkpoint="tools").run("go", run_id="r", session_id="s")
    moment = next(n for n, (_, counts) in enumerate(db.moments) if "ann1" in counts)
    room = Newsroom(ran)
    left = db.as_it_was(moment, ran)
    desk = room.team("desk", [room.agent("ben")], to_all(), mode="broadcast", db=left)
    run = desk.continue_run(run_id="r", session_id="s")
    assert run.content == "desk has it" and [one.agent_name for one in run.member_responses] == ["ben"]
    assert len(stored_runs(left)) == 2
