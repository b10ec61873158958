"""The worker: what is due is run once, whoever looks, fails or dies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from clocks import START, Clock, at, reporter

from agno._io import ASYNC
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.db.tables import SCHEDULE_RUNS
from agno.scheduler import Firing, FiringStatus, Scheduler, Schedules
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools import tool
from agno.workflow import Workflow

EVERY_MINUTE = "* * * * *"


class Office:
    """A clock, a database, schedules in it, and one worker."""

    def __init__(self, *components: Any, db: Any = None, **settings: Any) -> None:
        self.clock, self.db = Clock(), db if db is not None else InMemoryDb()
        self.schedules = Schedules(self.db, clock=self.clock)
        self.components = components
        self.worker = self.another(**settings)

    def another(self, **settings: Any) -> Scheduler:
        return Scheduler(self.db, self.components, clock=self.clock, **settings)

    def work(self, worker: Scheduler | None = None) -> int:
        return asyncio.run((worker or self.worker).run_due())

    @property
    def firings(self) -> list[Firing]:
        return list(reversed(self.schedules.firings()[0]))


def test_a_schedule_fires_when_it_is_due_and_then_again() -> None:
    agent = reporter(db=InMemoryDb())
    office = Office(agent)
    schedule = office.schedules.create("News", agent, "What is new?", cron_expr=EVERY_MINUTE, user_id="ann")
    assert office.work() == 0
    office.clock.forward(60)
    assert office.work() == 1 and office.work() == 0
    office.clock.forward(60)
    assert office.work() == 1

    first, second = office.firings
    assert (first.status, first.attempt, first.source, first.error) == (FiringStatus.COMPLETED, 1, "schedule", None)
    assert first.due_at == START - START % 60 + 60 and second.due_at == first.due_at + 60
    assert first.session_id != second.session_id and first.worker == office.worker.worker
    run = agent.get_run_output(first.run_id, session_id=first.session_id, user_id="ann")
    assert run.content == "done" and run.input.input_content == "What is new?" and run.user_id == "ann"
    assert office.schedules.get(schedule.id).next_run_at == second.due_at + 60


def test_what_runs_once_runs_once() -> None:
    agent = reporter()
    office = Office(agent)
    schedule = office.schedules.create("Once", agent, "hi", run_at=START + 10)
    office.clock.forward(3600)
    assert office.work() == 1 and office.schedules.get(schedule.id).next_run_at is None
    office.schedules.enable(schedule.id)
    assert office.work() == 0, "enabling it again does not repeat what was"


def test_a_moment_that_passed_while_it_was_disabled_is_not_made_up_for() -> None:
    agent = reporter()
    office = Office(agent)
    schedule = office.schedules.create("Once", agent, "hi", run_at=START + 10)
    office.schedules.disable(schedule.id)
    office.clock.forward(3600)
    assert office.schedules.enable(schedule.id).next_run_at is None and office.work() == 0
    office.schedules.update(schedule.id, {"run_at": START + 20})
    assert office.work() == 1, "a moment that is given now counts, also one that has passed"


@pytest.mark.parametrize("when", [{"cron_expr": EVERY_MINUTE}, {"run_at": START + 60}])
def test_saying_again_what_is_so_takes_no_due_time_away(when: dict[str, Any]) -> None:
    agent = reporter()
    office = Office(agent)
    schedule = office.schedules.create("News", agent, "hi", timezone="UTC", **when)
    office.clock.forward(90)
    office.schedules.enable(schedule.id)
    office.schedules.update(schedule.id, {"name": "Old news", "timezone": "UTC", **when})
    assert office.work() == 1


def test_teams_workflows_and_run_options_are_served_too() -> None:
    seen: list[Any] = []

    def note(step_input: Any) -> str:
        seen.append((step_input.input, step_input.additional_data))
        return "noted"

    flow = Workflow(name="Flow", steps=[note], db=InMemoryDb())
    office = Office(flow)
    options = {"session_id": "fixed", "additional_data": {"k": 1}}
    office.schedules.create("F", flow, {"q": 1}, cron_expr=EVERY_MINUTE, run_options=options)
    for _ in range(2):
        office.clock.forward(60)
        office.work()
    assert [firing.session_id for firing in office.firings] == ["fixed", "fixed"]
    assert seen == [({"q": 1}, {"k": 1})] * 2 and len(flow.get_session("fixed").runs) == 2


def test_after_a_downtime_it_fires_once_and_not_for_what_was_missed() -> None:
    agent = reporter()
    office = Office(agent)
    office.schedules.create("News", agent, cron_expr="0 9 * * *")
    office.clock.now = at("2025-10-20T12:00")
    assert office.work() == 1 and office.work() == 0
    [firing] = office.firings
    assert firing.due_at == at("2025-10-20T09:00")
    office.clock.now = at("2025-10-21T09:00")
    assert office.work() == 1


@pytest.mark.parametrize(("kind", "many"), [("memory", 1000), ("sqlite", 1000), ("async sqlite", 100)])
def test_of_a_thousand_due_schedules_two_workers_fire_each_once(kind: str, many: int, tmp_path: Any) -> None:
    makers: dict[str, Any] = {"sqlite": SqliteDb, "async sqlite": AsyncSqliteDb}
    db = InMemoryDb() if kind == "memory" else makers[kind](db_file=str(tmp_path / "s.db"))
    agent = reporter()
    office = Office(agent, db=db)
    due = START - START % 60
    asyncio.run(_fill(db, many, due))

    async def both() -> list[int]:
        return await asyncio.gather(office.another().run_due(), office.another().run_due())

    counts = asyncio.run(both())
    assert sum(counts) == many and min(counts) > 0
    firings, total = office.schedules.firings()
    assert total == many == len({firing.schedule_id for firing in firings}) == len(agent.model.requests)
    assert {firing.status for firing in firings} == {FiringStatus.COMPLETED} and {one.attempt for one in firings} == {1}


def _due_row(name: str, due: int) -> dict[str, Any]:
    return {"id": name, "name": name, "enabled": True, "component_type": "agent", "component_id": "reporter",
            "cron_expr": EVERY_MINUTE, "next_run_at": due}  # fmt: skip


async def _fill(db: Any, many: int, due: int) -> None:
    for n in range(many):
        await ASYNC.call(db.create_schedule, _due_row(f"s{n}", due))


# Failing -----------------------------------------------------------------------------------------------------------------


def test_a_run_that_fails_is_tried_again_later_and_later() -> None:
    agent = reporter(fails(500), fails(500), says("at last"))
    office = Office(agent)
    office.schedules.create("News", agent, run_at=START, max_retries=2, retry_delay_seconds=30)
    assert office.work() == 1
    [firing] = office.firings
    assert (firing.status, firing.lease_until, firing.worker) == (FiringStatus.RETRYING, START + 30, None)
    assert "ModelProviderError" in firing.error
    office.clock.forward(29)
    assert office.work() == 0
    office.clock.forward(1)
    assert office.work() == 1 and office.firings[0].lease_until == office.clock.now + 60
    office.clock.forward(60)
    office.work()
    [firing] = office.firings
    assert (firing.status, firing.attempt) == (FiringStatus.COMPLETED, 3) and firing.finished_at == office.clock.now


def test_without_retries_a_failure_is_the_end_of_a_firing_and_not_of_the_schedule() -> None:
    agent = reporter(fails(500), says("better"))
    office = Office(agent)
    office.schedules.create("News", agent, cron_expr=EVERY_MINUTE)
    for _ in range(2):
        office.clock.forward(60)
        office.work()
    assert [firing.status for firing in office.firings] == [FiringStatus.FAILED, FiringStatus.COMPLETED]


def test_another_attempt_does_not_repeat_a_tool_that_succeeded() -> None:
    paid: list[int] = []

    def pay(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return "paid"

    model = ScriptedModel(wants("pay", amount=3), fails(500), says("all paid"))
    agent = Agent(name="Payer", model=model, tools=[pay], db=InMemoryDb())
    office = Office(agent)
    office.schedules.create("Rent", agent, "Pay 3", run_at=START, max_retries=1, retry_delay_seconds=0)
    office.work()
    [firing] = office.firings
    assert (firing.status, firing.attempt, paid) == (FiringStatus.COMPLETED, 2, [3])


def test_another_attempt_goes_on_with_a_run_that_a_dead_worker_had_claimed() -> None:
    model = ScriptedModel(fails(500), says("all is well"))
    agent = Agent(name="Watcher", model=model, db=InMemoryDb())
    office = Office(agent)
    office.schedules.create("Watch", agent, "Look", run_at=START, max_retries=1, retry_delay_seconds=5)
    office.work()
    [firing] = office.firings
    assert agent.db.claim_run(firing.session_id, firing.run_id, "a worker that died")
    office.clock.forward(5)
    office.work(office.another())
    [firing] = office.firings
    assert (firing.status, firing.attempt) == (FiringStatus.COMPLETED, 2)


def test_a_step_that_fails_is_a_failure() -> None:
    def broken(step_input: Any) -> str:
        raise RuntimeError("no stock")

    flow = Workflow(name="Flow", steps=[broken])
    office = Office(flow)
    office.schedules.create("F", flow, "go", run_at=START)
    office.work()
    assert office.firings[0].status is FiringStatus.FAILED and "no stock" in office.firings[0].error


def test_a_run_that_waits_for_a_person_is_paused_and_done_with() -> None:
    @tool(requires_confirmation=True)
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    agent = Agent(name="Payer", model=ScriptedModel(wants("pay", amount=3)), tools=[pay], db=InMemoryDb())
    office = Office(agent)
    office.schedules.create("Rent", agent, "Pay 3", run_at=START)
    office.work()
    assert office.firings[0].status is FiringStatus.PAUSED and office.work() == 0


def test_what_is_not_there_any_more_is_a_failure() -> None:
    office = Office(reporter())
    office.schedules.create("Gone", component_type="team", component_id="gone", run_at=START)
    office.work()
    assert (office.firings[0].status, office.firings[0].error) == (FiringStatus.FAILED, "There is no team 'gone' here.")


def test_a_run_that_takes_too_long_is_stopped_and_fails() -> None:
    stopped: list[bool] = []

    async def wait_forever() -> str:
        """Wait."""
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)
        return ""

    agent = Agent(name="Slow", model=ScriptedModel(wants("wait_forever")), tools=[wait_forever])
    office = Office(agent)
    office.schedules.create("Slow", agent, "go", run_at=START, timeout_seconds=1)
    office.work()
    assert office.firings[0].error == "It took longer than 1 seconds." and stopped == [True]


def test_a_schedule_that_cannot_be_read_does_not_keep_the_others_from_their_turn() -> None:
    agent = reporter()
    office = Office(agent)
    office.db.create_schedule({**_due_row("broken", START - 60), "cron_expr": "when I like"})
    office.db.create_schedule(_due_row("fine", START - 30))
    assert office.work() == 1 and office.firings[0].schedule_id == "fine"
    assert office.schedules.get("broken").enabled is False


# Dying -------------------------------------------------------------------------------------------------------------------


def test_what_a_dead_worker_had_is_taken_over_when_its_lease_ends() -> None:
    agent = reporter()
    office = Office(agent, lease=60)

    async def die() -> None:
        await office.worker._take_due()  # and the process ends here, before the run began
        for task in office.worker._running.values():
            task.cancel()
        office.db.update_schedule_run = lambda *given, **named: None  # the dead write nothing
        await asyncio.sleep(0)

    schedule = office.schedules.create("News", agent, run_at=START)
    asyncio.run(die())
    del office.db.update_schedule_run
    [firing] = office.firings
    assert firing.status is FiringStatus.RUNNING and agent.model.requests == []

    other = office.another()
    office.clock.forward(59)
    assert office.work(other) == 0
    office.clock.forward(1)
    assert office.work(other) == 1
    [firing] = office.firings
    assert (firing.status, firing.takeovers, firing.attempt) == (FiringStatus.COMPLETED, 1, 1)
    assert firing.worker == other.worker and firing.schedule_id == schedule.id


def test_what_was_finished_before_its_worker_died_is_not_run_again() -> None:
    agent = reporter(db=InMemoryDb())
    office = Office(agent)
    office.schedules.create("News", agent, run_at=START)
    office.work()
    [row] = office.db.get_schedule_runs()[0]
    office.db.update(
        SCHEDULE_RUNS, row["id"], lambda row: {**row, "phase": "open", "status": "running", "lease_until": START}
    )
    assert office.work(office.another()) == 1
    assert office.firings[0].status is FiringStatus.COMPLETED and len(agent.model.requests) == 1


def test_what_kills_every_worker_is_given_up() -> None:
    office = Office(reporter())
    schedule = office.schedules.create("News", office.components[0], run_at=START + 999)
    office.schedules.trigger(schedule.id)
    [row] = office.db.get_schedule_runs()[0]
    dead = {"status": "running", "worker": "dead", "lease_until": START - 1, "takeovers": 3}
    office.db.take_schedule_run(row, dead)
    assert office.work() == 0
    assert office.firings[0].status is FiringStatus.FAILED and "died 4 times" in office.firings[0].error


def test_a_worker_that_lost_its_lease_stops() -> None:
    class Held:
        session_type, id, db = "agent", "held", None

        def set_id(self) -> None: ...

        async def arun(self, given: Any, **options: Any) -> Any:
            self.began.set()
            await asyncio.Event().wait()

    async def scenario() -> bool:
        Held.began = asyncio.Event()  # type: ignore[attr-defined]
        await office.worker.poll()
        await Held.began.wait()  # type: ignore[attr-defined]
        office.clock.forward(30)
        await office.worker.renew()
        [row] = office.db.get_schedule_runs()[0]
        assert row["lease_until"] == office.clock.now + 60, "a sign of life"
        office.db.take_schedule_run(row, {"worker": "other"})
        await office.worker.renew()
        await asyncio.wait(list(office.worker._running.values()))
        return office.db.get_schedule_runs()[0][0]["worker"] == "other"

    held = Held()
    office = Office(held)
    office.schedules.create("Held", held, run_at=START)
    assert asyncio.run(scenario())


def test_what_takes_longer_than_the_lease_stays_with_the_program_that_runs_it() -> None:
    async def scenario() -> None:
        taken: list[int] = []
        late, renewed = asyncio.Event(), asyncio.Event()

        async def work() -> str:
            """Work."""
            office.clock.forward(60)
            late.set()
            await renewed.wait()
            taken.append(await office.another().poll())
            return "worked"

        async def renew() -> None:
            known = late.is_set()
            await renewing()
            if known:
                renewed.set()

        agent = Agent(name="A", model=ScriptedModel(wants("work"), says("ok")), tools=[work])
        office = Office(agent, lease=1)
        renewing, office.worker.renew = office.worker.renew, renew  # type: ignore[method-assign]
        office.schedules.create("Long", agent, "go", run_at=START)
        assert await office.worker.run_due() == 1 and taken == [0]
        assert office.firings[0].status is FiringStatus.COMPLETED

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_program_that_is_stopped_gives_back_what_it_was_running() -> None:
    async def scenario() -> None:
        started = asyncio.Event()

        async def work() -> str:
            """Work."""
            started.set()
            await asyncio.Event().wait()
            return "never"

        agent = Agent(name="A", model=ScriptedModel(wants("work")), tools=[work])
        office = Office(agent)
        office.schedules.create("Long", agent, "go", run_at=START)
        program = asyncio.create_task(office.worker.run_due())
        await started.wait()
        program.cancel()
        await asyncio.wait([program])
        [firing] = office.firings
        assert (firing.status, firing.attempt, firing.worker) == (FiringStatus.PENDING, 0, None)
        assert program.cancelled() and asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_what_became_of_old_times_is_forgotten() -> None:
    agent = reporter()
    office = Office(agent, keep_days=2)
    office.schedules.create("News", agent, "What is new?", cron_expr="@daily")
    for _ in range(4):
        office.clock.forward(86_400)
        assert office.work() == 1
    assert asyncio.run(office.worker.forget_old()) == 2 and len(office.firings) == 2
    assert asyncio.run(office.another(keep_days=None).forget_old()) == 0


# As a service ------------------------------------------------------------------------------------------------------------


def test_the_service_looks_again_and_again_and_at_once_when_it_is_woken() -> None:
    async def scenario() -> None:
        done = asyncio.Event()

        def finish() -> str:
            """Finish."""
            loop.call_soon_threadsafe(done.set)
            return "finished"

        loop = asyncio.get_running_loop()
        agent = Agent(
            name="A", model=ScriptedModel(wants("finish"), says("ok"), wants("finish"), says("ok")), tools=[finish]
        )
        office = Office(agent, poll_interval=1000)
        schedule = await office.schedules.acreate("News", agent, cron_expr=EVERY_MINUTE)
        async with office.worker as worker:
            await worker.start()  # twice is once
            await office.schedules.atrigger(schedule.id)
            worker.wake()
            await asyncio.wait_for(done.wait(), 30)
        [firing] = office.firings
        assert (firing.status, firing.source) == (FiringStatus.COMPLETED, "manual")

    asyncio.run(scenario())


def test_a_database_that_is_down_for_a_while_does_not_end_the_service() -> None:
    async def scenario() -> None:
        agent = reporter()
        office = Office(agent, poll_interval=0.01)
        office.schedules.create("News", agent, run_at=START)
        due, calls = office.db.due_schedules, []

        def down(*given: Any) -> Any:
            calls.append(given)
            if len(calls) == 1:
                raise ConnectionError("down")
            return due(*given)

        office.db.due_schedules = down
        async with office.worker:
            while not office.firings or office.firings[0].status is not FiringStatus.COMPLETED:
                await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_service_that_stops_gives_back_what_it_cannot_finish() -> None:
    began: list[Any] = []

    async def scenario() -> None:
        started = asyncio.Event()

        async def work() -> str:
            """Work."""
            began.append(1)
            started.set()
            if len(began) == 1:
                await asyncio.Event().wait()
            return "worked"

        agent = Agent(
            name="A", model=ScriptedModel(wants("work"), wants("work"), says("ok")), tools=[work], db=InMemoryDb()
        )
        office = Office(agent)
        office.schedules.create("Long", agent, "go", run_at=START)
        await office.worker.start()
        await started.wait()
        await office.worker.stop(grace=0)
        [firing] = office.firings
        assert (firing.status, firing.attempt, firing.worker) == (FiringStatus.PENDING, 0, None)
        assert await office.another().run_due() == 1, "nobody has to wait for the lease"
        [firing] = office.firings
        assert (firing.status, firing.attempt, firing.takeovers) == (FiringStatus.COMPLETED, 1, 0) and len(began) == 2

    asyncio.run(scenario())


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"keep_days=0\) must be at least 1"):
        Scheduler(InMemoryDb(), [], keep_days=0)
    for wrong in ({"poll_interval": 0}, {"lease": 0.5}, {"max_concurrent": 0}, {"lease": "60"}):
        with pytest.raises(ValueError, match="must be positive"):
            Scheduler(InMemoryDb(), [], **wrong)
    with pytest.raises(ValueError, match=r"Scheduler\(db='office.db'\) needs a database"):
        Scheduler("office.db", [])
    for nobody in (reporter(), "reporter", 5):
        with pytest.raises(ValueError, match="takes a list of agents, teams and workflows"):
            Scheduler(InMemoryDb(), nobody)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'reporter' is none"):
        Scheduler(InMemoryDb(), ["reporter"])
