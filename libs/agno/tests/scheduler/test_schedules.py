"""Making, changing and looking at schedules."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from clocks import START, Clock, ask, at, in_both_colours, reporter

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.scheduler import FiringStatus, Schedules


@pytest.fixture(params=["memory", "sqlite", "async sqlite"])
def schedules(request: Any, tmp_path: Any) -> Schedules:
    makers: dict[str, Any] = {"sqlite": SqliteDb, "async sqlite": AsyncSqliteDb}
    maker = makers.get(request.param)
    return Schedules(InMemoryDb() if maker is None else maker(db_file=str(tmp_path / "s.db")), clock=Clock())


@in_both_colours
def test_a_schedule_is_made_found_changed_and_deleted(schedules: Schedules, colour: str) -> None:
    made = ask(
        schedules, colour, "create", "News", reporter(), {"topic": "tea"}, cron_expr="0 9 * * *", timezone="Europe/Berlin",
        user_id="ann", max_retries=2, run_options={"session_state": {"n": 1}}, description="d",
    )  # fmt: skip
    assert (made.component_type, made.component_id, made.input) == ("agent", "reporter", {"topic": "tea"})
    assert made.enabled is True and made.next_run_at == at("2025-10-10T09:00", "Europe/Berlin")
    assert ask(schedules, colour, "get", made.id, user_id="ann") == made
    assert ask(schedules, colour, "get", made.id, user_id="ben") is None
    assert (
        ask(schedules, colour, "list", user_id="ann") == ([made], 1)
        and ask(schedules, colour, "list", user_id="b")[1] == 0
    )

    changed = ask(schedules, colour, "update", made.id, {"cron_expr": "0 10 * * *", "name": "Late"}, user_id="ann")
    assert changed.input == {"topic": "tea"}
    for given in ("plain text", "[1", ["a", 1], ""):
        assert ask(schedules, colour, "update", made.id, {"input": given}).input == given
        assert ask(schedules, colour, "get", made.id).input == given
    assert (changed.name, changed.next_run_at) == ("Late", at("2025-10-09T10:00", "Europe/Berlin") + 24 * 3600)
    assert ask(schedules, colour, "update", made.id, {"name": "x"}, user_id="ben") is None
    once = ask(schedules, colour, "update", made.id, {"run_at": START + 5})
    assert (once.cron_expr, once.run_at, once.next_run_at) == (None, START + 5, START + 5)

    assert ask(schedules, colour, "disable", made.id).next_run_at is None
    assert ask(schedules, colour, "list", enabled=True)[1] == 0
    assert ask(schedules, colour, "enable", made.id).next_run_at == START + 5
    assert ask(schedules, colour, "delete", made.id, user_id="ben") is False
    assert ask(schedules, colour, "delete", made.id, user_id="ann") is True
    for method in ("get", "disable", "enable", "trigger"):
        assert ask(schedules, colour, method, made.id) is None


@in_both_colours
def test_triggering_leaves_a_firing_for_any_worker(schedules: Schedules, colour: str) -> None:
    made = ask(schedules, colour, "create", "News", reporter(), cron_expr="@daily", enabled=False, user_id="ann")
    firing = ask(schedules, colour, "trigger", made.id)
    assert (firing.status, firing.source, firing.due_at, firing.user_id) == (
        FiringStatus.PENDING,
        "manual",
        START,
        "ann",
    )
    assert ask(schedules, colour, "firings", made.id) == ([firing], 1)
    assert ask(schedules, colour, "firings", made.id, status="failed")[1] == 0
    assert ask(schedules, colour, "firings", user_id="ben")[1] == 0 and firing.to_dict()["status"] == "pending"


def test_once_is_a_moment_in_the_zone_of_the_schedule() -> None:
    schedules = Schedules(InMemoryDb(), clock=Clock())
    moment = datetime(2026, 7, 1, 12, 0)
    for zone, given in (
        (None, moment),
        ("Europe/Berlin", moment.replace(hour=14)),
        (None, moment.replace(tzinfo=timezone.utc)),
    ):
        made = schedules.create("Once", component_type="team", component_id="t", run_at=given, timezone=zone)
        assert made.run_at == made.next_run_at == at("2026-07-01T12:00")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "either cron_expr=, for again and again, or run_at=, for once"),
        ({"cron_expr": "@daily", "run_at": 5}, "either cron_expr="),
        ({"cron_expr": "never"}, "'never' is no cron expression"),
        ({"cron_expr": "@daily", "timezone": "Moon"}, "'Moon' is no time zone"),
        ({"run_at": 5, "timezone": "Moon"}, "'Moon' is no time zone"),
        ({"run_at": 5, "component_type": "robot"}, "needs an agent, a team or a workflow"),
        ({"run_at": 5, "component_id": None}, "needs an agent, a team or a workflow"),
        ({"run_at": 5, "run_options": {"model": "x"}}, "run_options= has 'model'"),
        ({"run_at": 5, "max_retries": -1}, "max_retries=-1 of a schedule must be at least 0"),
        ({"run_at": 5, "timeout_seconds": 0}, "timeout_seconds=0"),
        ({"run_at": 5, "name": ""}, "needs a name"),
        ({"run_at": 5, "name": 3}, "needs a name, a text; it got 3"),
        ({"run_at": 5, "max_retries": "3"}, "max_retries='3' of a schedule must be at least 0, a whole number"),
        ({"run_at": 5, "retry_delay_seconds": 1.5}, "retry_delay_seconds=1.5"),
        ({"run_at": 5, "enabled": "no"}, "enabled='no' of a schedule must be True or False"),
        ({"run_at": 5, "run_options": ["x"]}, "run_options= of a schedule is a dict"),
        ({"run_at": 5, "run_options": {"session_id": 3}}, "session_id=3 in run_options= must be a text"),
        ({"run_at": "tomorrow"}, "run_at='tomorrow' must be a datetime, or seconds since 1970"),
        ({"run_at": 1_764_320_000_000}, "no milliseconds"),
        ({"run_at": float("nan")}, "run_at=nan must be"),
        ({"cron_expr": 5}, "a text such as '30 8 "),
        ({"run_at": 5, "timezone": timezone.utc}, "A time zone is given by its name"),
        ({"run_at": 5, "component": "clerk"}, "'clerk' is none"),
        ({"run_at": 5, "component": Agent}, "is none"),
    ],
)
def test_what_cannot_be_right_is_refused(given: dict[str, Any], message: str) -> None:
    given = {"name": "n", "component_type": "agent", "component_id": "a", **given}
    with pytest.raises(ValueError, match=message):
        Schedules(InMemoryDb()).create(**given)


def test_what_keeps_no_schedules_and_what_is_no_status_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Schedules\(db='office.db'\) needs a database"):
        Schedules("office.db")
    with pytest.raises(ValueError, match="'late' is no status of a firing; there are pending, running"):
        Schedules(InMemoryDb()).firings(status="late")


def test_a_change_that_cannot_be_right_changes_nothing() -> None:
    schedules = Schedules(InMemoryDb(), clock=Clock())
    made = schedules.create("News", reporter(), cron_expr="@daily")
    for changes in ({"cron_expr": "x"}, {"next_run_at": 5}, {"timezone": "Moon"}, {"cron_expr": None}):
        with pytest.raises(ValueError):
            schedules.update(made.id, changes)
    with pytest.raises(ValueError, match="a dict from names to values"):
        schedules.update(made.id, ["name"])  # type: ignore[arg-type]
    assert schedules.get(made.id) == made
