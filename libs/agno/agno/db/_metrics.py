"""What happened on a day: counts over the sessions that were made on it, and over the runs that began on it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

import msgspec

from agno.db._port import RunRow
from agno.db._sessions import without_progress
from agno.db.tables import Row
from agno.utils.dttm import now_epoch

PERIOD = "daily"
_TOKENS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "audio_total_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)


class _Run(msgspec.Struct):  # of any type: what an older version wrote does not stop the count
    model: Any = None
    model_provider: Any = None
    created_at: Any = None
    metrics: Any = None
    agent_id: Any = None


_read_run = msgspec.json.Decoder(_Run).decode


def _began(run: _Run) -> date | None:
    """The day a run began, if it says so in a way that can be read."""
    try:
        return utc_date(run.created_at)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


class Day:
    """What happened on one day."""

    def __init__(self) -> None:
        self.sessions: Counter[str] = Counter()  # by type
        self.runs: Counter[str] = Counter()  # by type of what ran
        self.models: Counter[tuple[str, str]] = Counter()
        self.tokens: Counter[str] = Counter()
        self.users: set[str] = set()

    def row(self, day: date, *, completed: bool) -> Row:
        """The row that is stored of it."""
        now = now_epoch()
        return {
            # the same in every process, so that two that count at once write one row
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{PERIOD} {day.isoformat()}")),
            **{f"{kind}_runs_count": self.runs[kind] for kind in ("agent", "team", "workflow")},
            **{f"{kind}_sessions_count": self.sessions[kind] for kind in ("agent", "team", "workflow")},
            "users_count": len(self.users),
            "token_metrics": {name: self.tokens[name] for name in _TOKENS},
            "model_metrics": [
                {"model_id": model, "model_provider": provider, "count": count}
                for (model, provider), count in self.models.items()
            ],
            "date": day.isoformat(),
            "aggregation_period": PERIOD,
            "created_at": now,
            "updated_at": now,
            "completed": completed,
        }


class Days(dict[date, Day]):
    """The days from one to another on which something happened, by UTC.

    A session counts on the day it was made, a run and its tokens on the day the run began. What a session cost beyond
    the runs that are stored of it (they were pruned, or it is from another version) counts on its own day.
    """

    def __init__(self, first: date, last: date) -> None:
        super().__init__()
        self._first, self._last = first, last

    def add(self, session: Row, runs: Sequence[RunRow]) -> None:
        """Count a session and its runs, as far as they are of these days."""
        kind, made = session["session_type"], utc_date(session["created_at"])
        in_runs: Counter[str] = Counter()
        for _, payload in without_progress(runs):
            run = _read_run(payload)
            spent = _tokens(run.metrics)
            in_runs.update(spent)
            if (day := self._day(_began(run) or made, session)) is not None:
                # contract: in the session of a team, a run with an agent_id is an agent's, of one of its members
                day.runs["agent" if kind == "team" and run.agent_id else kind] += 1
                day.tokens.update(spent)
                if run.model:
                    day.models[str(run.model), str(run.model_provider or "")] += 1
        if (day := self._day(made, session)) is not None:
            day.sessions[kind] += 1
            day.tokens.update(_tokens((session["session_data"] or {}).get("session_metrics")) - in_runs)

    def _day(self, day: date, session: Row) -> Day | None:
        """The day, if it is one of these; its user was there."""
        if not self._first <= day <= self._last:
            return None
        found = self.setdefault(day, Day())
        if session["user_id"]:
            found.users.add(session["user_id"])
        return found


def _tokens(metrics: Any) -> Counter[str]:
    """The tokens in stored metrics; those of a workflow's run are in its steps."""
    if not isinstance(metrics, Mapping):
        return Counter()
    found = Counter({name: count for name in _TOKENS if isinstance(count := metrics.get(name), int)})
    steps = metrics.get("steps")
    for step in steps.values() if isinstance(steps, Mapping) else ():
        if isinstance(step, Mapping):
            found.update(_tokens(step.get("metrics")))
    return found


def utc_date(seconds: float) -> date:
    """The day of a time."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).date()


def epoch(day: date) -> int:
    """When a day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


__all__ = ["PERIOD", "Day", "Days", "epoch", "utc_date"]
