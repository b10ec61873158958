"""What happened on a day: counts over the sessions that were made on it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

import msgspec

from agno.db._port import RunRow
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


class _Run(msgspec.Struct):
    model: str | None = None
    model_provider: str | None = None


_read_run = msgspec.json.Decoder(_Run).decode


def daily_row(day: date, sessions: Sequence[Row], runs: Mapping[str, Sequence[RunRow]], *, completed: bool) -> Row:
    """The metrics of a day."""
    kinds = Counter(session["session_type"] for session in sessions)
    run_kinds: Counter[str] = Counter()
    models: Counter[tuple[str, str]] = Counter()
    for session in sessions:
        found = runs.get(session["session_id"], ())
        run_kinds[session["session_type"]] += len(found)
        for _, payload in found:
            run = _read_run(payload)
            if run.model:
                models[run.model, run.model_provider or ""] += 1
    now = now_epoch()
    return {
        # the same in every process, so that two that count at once write one row
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{PERIOD} {day.isoformat()}")),
        **{f"{kind}_runs_count": run_kinds[kind] for kind in ("agent", "team", "workflow")},
        **{f"{kind}_sessions_count": kinds[kind] for kind in ("agent", "team", "workflow")},
        "users_count": len({session["user_id"] for session in sessions if session["user_id"]}),
        "token_metrics": _tokens(sessions),
        "model_metrics": [
            {"model_id": model, "model_provider": provider, "count": count}
            for (model, provider), count in models.items()
        ],
        "date": day.isoformat(),
        "aggregation_period": PERIOD,
        "created_at": now,
        "updated_at": now,
        "completed": completed,
    }


def _tokens(sessions: Sequence[Row]) -> dict[str, int]:
    sums = dict.fromkeys(_TOKENS, 0)
    for session in sessions:
        spent = (session["session_data"] or {}).get("session_metrics") or {}
        for name in _TOKENS:
            sums[name] += spent.get(name) or 0
    return sums


def utc_date(seconds: int) -> date:
    """The day of a time."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).date()


def epoch(day: date) -> int:
    """When a day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


def days_between(first: date, last: date) -> Iterator[date]:
    """The days from one to the other, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


__all__ = ["PERIOD", "daily_row", "days_between", "epoch", "utc_date"]
