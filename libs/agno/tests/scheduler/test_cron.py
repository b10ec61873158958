"""When cron expressions are due, also where clocks are put forward and back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from clocks import at

from agno.scheduler import Cron

BERLIN = "Europe/Berlin"


def due(expression: str, start: str, count: int, zone: str = BERLIN) -> list[str]:
    """The next due times, as the clock there shows them."""
    cron, moment, found = Cron(expression, zone), at(start, zone), []
    for _ in range(count):
        moment = cron.after(moment)
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%m-%d %H:%M%z"))
    return found


def test_a_due_time_itself_is_not_after_itself() -> None:
    cron = Cron("0 9 * * *")
    assert cron.after(at("2026-01-01T09:00")) == at("2026-01-02T09:00")
    assert cron.after(at("2026-01-01T09:00") - 1) == at("2026-01-01T09:00")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 8 * * 1-5", ["03-27 08:30+0100", "03-30 08:30+0200"]),
        ("@daily", ["03-27 00:00+0100", "03-28 00:00+0100"]),
        ("0 0 1 * *", ["04-01 00:00+0200", "05-01 00:00+0200"]),
        ("0 12 29 feb *", ["02-29 12:00+0100", "02-29 12:00+0100"]),
    ],
)
def test_expressions_mean_the_time_of_the_place(expression: str, expected: list[str]) -> None:
    assert due(expression, "2026-03-26T09:00", 2) == expected


def test_an_hour_that_is_named_runs_once_on_the_day_that_has_it_not() -> None:
    assert due("30 2 * * *", "2026-03-28T00:00", 3) == ["03-28 02:30+0100", "03-29 03:30+0200", "03-30 02:30+0200"]
    assert due("30 2,3 * * *", "2026-03-29T00:00", 2) == ["03-29 03:30+0200", "03-30 02:30+0200"]


def test_an_hour_that_is_named_runs_once_on_the_day_that_has_it_twice() -> None:
    assert due("30 2 * * *", "2026-10-24T12:00", 3) == ["10-25 02:30+0200", "10-26 02:30+0100", "10-27 02:30+0100"]


def test_what_runs_every_hour_goes_on_as_time_passes() -> None:
    spring = due("*/30 * * * *", "2026-03-29T01:15", 3)
    assert spring == ["03-29 01:30+0100", "03-29 03:00+0200", "03-29 03:30+0200"]
    autumn = due("*/30 * * * *", "2026-10-25T01:45", 5)
    assert autumn == [
        "10-25 02:00+0200",
        "10-25 02:30+0200",
        "10-25 02:00+0100",
        "10-25 02:30+0100",
        "10-25 03:00+0100",
    ]
    assert due("0 * * * *", "2026-10-04T01:30", 2, "Australia/Lord_Howe") == ["10-04 03:00+1100", "10-04 04:00+1100"]


@pytest.mark.parametrize("start", ["2026-03-27T00:00", "2026-10-23T00:00"])
def test_no_hour_is_lost_or_doubled(start: str) -> None:
    cron, moment = Cron("0 * * * *", BERLIN), at(start, BERLIN)
    for _ in range(4 * 24):
        following = cron.after(moment)
        assert following == moment + 3600
        moment = following


def test_the_latest_due_time_is_found_however_long_ago_the_first_was() -> None:
    cron = Cron("0 9 * * *")
    first = at("2020-01-01T09:00")
    assert cron.latest(first, at("2026-05-05T12:00")) == at("2026-05-05T09:00")
    assert cron.latest(first, first) == first and cron.latest(first, first + 60) == first
    assert Cron("* * * * *").latest(first, at("2026-05-05T12:00") + 30) == at("2026-05-05T12:00")


@pytest.mark.parametrize(
    "wrong", ["", "hourly", "* * * * * *", "61 * * * *", "0 0 31 2 *", "@reboot", "H * * * *", "R * * * *"]
)
def test_what_is_no_expression_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no cron expression"):
        Cron(wrong)


@pytest.mark.parametrize("wrong", ["Mars/Base", "../etc/passwd", ""])
def test_a_zone_that_is_not_known_is_refused(wrong: str) -> None:
    if wrong:
        with pytest.raises(ValueError, match="is no time zone"):
            Cron("* * * * *", wrong)
    else:
        assert Cron("* * * * *", wrong).zone == "UTC"
