"""When a cron expression is due, in the time of a place.

Clocks that are put forward or back: an hour that is named runs once on that day, at its moment or as much later as the
clock was put forward, and in an hour that comes twice only the first time. Where the hour is a `*`, what counts is time
that passes: an hour that does not exist is left out, one that comes twice runs twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RANDOM = re.compile(r"(^|[\s,])[RrHh]($|[\s,(/])")  # what each worker would read differently
_NEAR = timedelta(hours=4)  # more than any clock is put forward or back
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Cron:
    """A cron expression of five fields (minute, hour, day, month, weekday), or an alias such as `@daily`, in a time zone.

    Raises ValueError for what is neither, for a zone that is not known, and for what is never due.
    """

    def __init__(self, expression: str, zone: str | None = None) -> None:
        if not isinstance(expression, str):
            raise ValueError(f"A cron expression is a text such as '30 8 * * 1-5', not {expression!r}.")
        self.expression, self.zone = expression, zone or "UTC"
        self._fields = _ALIASES.get(expression.strip().lower(), expression).split()
        if len(self._fields) != 5 or _RANDOM.search(expression):
            raise ValueError(
                f"{expression!r} is no cron expression: write minute, hour, day, month and weekday, for example "
                "'30 8 * * 1-5', or an alias such as '@daily'."
            )
        self._zone = zone_of(self.zone)
        self._by_the_clock = not self._fields[1].startswith("*")
        try:
            next(self._matches(datetime(2000, 1, 1)))
        except ValueError as error:  # also what croniter raises
            raise ValueError(f"{expression!r} is no cron expression that is ever due: {error}") from None

    def after(self, moment: int) -> int:
        """The first due time after a moment; both in epoch seconds."""
        instant = datetime.fromtimestamp(moment, timezone.utc)
        start = instant.astimezone(self._zone).replace(tzinfo=None)
        first = next(self._matches(start))
        if not self._moves(instant) and not self._moves(self._instant(first)):
            return int(self._instant(first).timestamp())
        return self._searched(instant, start)

    def latest(self, since: int, moment: int) -> int:
        """The last due time at or before a moment, in epoch seconds; at least `since`, which must be a due time."""
        step, found = 60, since
        while step < moment - since:  # look from shortly before the moment, further back each time
            found = self._last_from(moment - step, moment)
            if found > 0:
                return found
            step *= 8
        return max(self._last_from(since, moment), since)

    def _last_from(self, start: int, moment: int) -> int:
        found, due = 0, self.after(start)
        while due <= moment:
            found, due = due, self.after(due)
        return found

    def _matches(self, after: datetime) -> Iterator[datetime]:
        """Times on the clock, behind one."""
        iterator = _croniter()(" ".join(self._fields), after)
        while True:
            yield iterator.get_next(datetime)

    def _instant(self, local: datetime, fold: int = 0) -> datetime:
        # of a time that the clock leaves out, this is the moment as much later as the clock is put forward
        return local.replace(tzinfo=self._zone, fold=fold).astimezone(timezone.utc)

    def _moves(self, instant: datetime) -> bool:
        """Whether the clock is put forward or back near a moment."""
        before, after = ((instant + way).astimezone(self._zone).utcoffset() for way in (-_NEAR, _NEAR))
        return before != after

    def _searched(self, instant: datetime, start: datetime) -> int:
        """The same where the order on the clock is not the order in time."""
        best: datetime | None = None
        for local in self._matches(start - _NEAR):
            if best is not None and local > best.astimezone(self._zone).replace(tzinfo=None) + _NEAR:
                return int(best.timestamp())
            for moment in self._moments(local):
                if moment > instant and (best is None or moment < best):
                    best = moment
        raise AssertionError("a cron expression has no end")

    def _moments(self, local: datetime) -> list[datetime]:
        first, second = self._instant(local), self._instant(local, fold=1)
        if first == second:
            return [first]
        if first.astimezone(self._zone).replace(tzinfo=None) != local:  # the clock leaves it out
            return [first] if self._by_the_clock else []
        return [first] if self._by_the_clock else [first, second]


@lru_cache(maxsize=1024)
def cron_of(expression: str, zone: str | None) -> Cron:
    """The `Cron` of an expression and a time zone, from a cache."""
    return Cron(expression, zone)


def zone_of(name: str) -> ZoneInfo:
    """The time zone with this name. Raises ValueError if there is none."""
    if not isinstance(name, str):
        raise ValueError(f"A time zone is given by its name, such as 'Europe/Berlin', not as {name!r}.")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone; write a name such as 'Europe/Berlin' or 'UTC'. On Windows: pip install tzdata."
        ) from None


def _croniter() -> Any:
    try:
        from croniter import croniter
    except ImportError as error:
        raise ImportError('Cron expressions need `croniter`. Install it with: pip install "agno[scheduler]"') from error
    return croniter


__all__ = ["Cron", "cron_of", "zone_of"]
