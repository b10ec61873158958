"""Traces in the database: one row for each run that is no part of another, with all its spans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from agno.tracing._describe import CONTENT
from agno.tracing._watch import Listener
from agno.tracing.span import Link, Span

KEEP_DAYS = 7
KEEP_TRACES = 10_000
MOST_SPANS = 1_000
LARGEST = 250_000  # bytes of the spans of one trace as JSON; some databases hold no row of more than 400 kB
_PRUNED_AFTER = 100  # traces


class StoredTraces(Listener):
    """Writes each trace when its run ended, and takes old ones out from time to time."""

    def __init__(self, db: Any, keep_days: float | None = KEEP_DAYS, keep_traces: int | None = KEEP_TRACES) -> None:
        if isinstance(db, type) or not hasattr(db, "save_trace"):
            raise ValueError(
                f"setup_tracing(db={db!r}) needs a database of agno.db, such as SqliteDb(db_file='traces.db')."
            )
        for name, value in (("keep_days", keep_days), ("keep_traces", keep_traces)):
            if value is not None and (not isinstance(value, (int, float)) or not value >= 0):
                raise ValueError(
                    f"setup_tracing({name}={value!r}) is a number that is not negative, or None to keep all."
                )
        self.db, self.keep_days, self.keep_traces = db, keep_days, keep_traces
        self._written = 0

    async def trace_ended(self, io: Any, root: Span) -> None:
        await io.call(self.db.save_trace, row_of(root))
        self._written += 1
        if self._written % _PRUNED_AFTER == 1 and (self.keep_days is not None or self.keep_traces is not None):
            age = None if self.keep_days is None else timedelta(days=self.keep_days)
            await io.call(self.db.prune_traces, older_than=age, keep=self.keep_traces)

    async def link_to(self, io: Any, run_id: str, user_id: str | None) -> Link | None:
        rows, _ = await io.call(self.db.get_traces, run_id=run_id, user_id=user_id, limit=1)
        if not rows:
            return None
        row = await io.call(self.db.get_trace, rows[0]["trace_id"])
        first = next((span for span in (row or {}).get("spans") or () if span["parent_id"] is None), None)
        return None if first is None else Link(rows[0]["trace_id"], first["span_id"])


def row_of(root: Span) -> dict[str, Any]:
    """What is stored of a trace."""
    spans, dropped = _spans(root)
    about, facts = root.attributes, root.facts
    owner = f"{about['agno.component.type']}_id"
    return {
        "trace_id": root.trace_id,
        "name": about.get("gen_ai.agent.name") or about.get("gen_ai.workflow.name") or root.name,
        "status": about.get("agno.run.status", "error"),
        "run_id": facts.run_id if facts else None,
        "session_id": facts.session_id if facts else None,
        "user_id": about.get("user.id"),
        owner: about["agno.component.id"],
        "started_us": root.started // 1000,
        "duration_us": (root.duration or 0) // 1000,
        "span_count": len(root.finished),
        "error_count": sum(span.error_type is not None for span in root.finished),
        "error_type": root.error_type,
        "usage": usage_of(root.finished),
        "linked_trace_id": root.links[0].trace_id if root.links else None,
        "dropped_spans": dropped,
        "spans": spans,
    }


def usage_of(spans: list[Span]) -> dict[str, Any]:
    """Tokens and costs of all requests of a trace; the cost is only there if that of each is known."""
    asked = [span.attributes for span in spans if span.kind == "chat"]
    into = sum(about.get("gen_ai.usage.input_tokens", 0) for about in asked)
    out = sum(about.get("gen_ai.usage.output_tokens", 0) for about in asked)
    usage = {"requests": len(asked), "input_tokens": into, "output_tokens": out, "total_tokens": into + out}
    costs = [about.get("agno.cost") for about in asked]
    known = [cost for cost in costs if cost is not None]
    return {**usage, "cost": sum(known) if known and len(known) == len(costs) else None}


def _spans(root: Span) -> tuple[list[dict[str, Any]], int]:
    """The spans as they are stored, and how many are left out: a row must not become too large for the database."""
    found = sorted((span.to_dict() for span in root.finished), key=lambda one: one["started_us"])
    kept = found[:MOST_SPANS]
    while _size(kept) > LARGEST:
        if any(CONTENT & span["attributes"].keys() for span in kept):
            kept = [_without_content(span) for span in kept]
        else:
            kept = kept[: len(kept) // 2]
    return kept, len(found) - len(kept)


def _size(spans: list[dict[str, Any]]) -> int:
    return len(msgspec.json.encode(spans, enc_hook=str))


def _without_content(span: dict[str, Any]) -> dict[str, Any]:
    about = {name: value for name, value in span["attributes"].items() if name not in CONTENT}
    return {**span, "attributes": {**about, "agno.content_dropped": True}}


__all__ = ["KEEP_DAYS", "KEEP_TRACES", "LARGEST", "MOST_SPANS", "StoredTraces", "row_of", "usage_of"]
