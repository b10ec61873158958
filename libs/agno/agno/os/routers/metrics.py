"""Routes of daily metrics. They are sums over all users, and for operators."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timezone
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os._components import ask
from agno.os._operators import operators_only
from agno.os._pages import as_json, iso
from agno.os.routers.prometheus import answer_to_scraper
from agno.os.schema.metrics import DayAggregatedMetrics, MetricsResponse

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def _day(given: Any) -> Any:
    """No seconds since 1970 and no times, which pydantic takes for dates as well."""
    if isinstance(given, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
        raise ValueError("it is no date such as 2026-01-31")
    return given


Day = Annotated[date | None, BeforeValidator(_day)]


def router(os: AgentOS) -> APIRouter | None:
    """/metrics; None where no database is served."""
    if not os.components.dbs:
        return None
    made = APIRouter(tags=["Metrics"])

    async def get_metrics(
        request: Request,
        starting_date: Day = None,
        ending_date: Day = None,
        db_id: str | None = None,
    ) -> Response:
        """The days from one date to the other, both included, as far as they were counted. Prometheus, which says in its
        `Accept` header what it reads, gets its own numbers where they are counted."""
        operators_only(request, "metrics", "read")
        if (numbers := answer_to_scraper(request)) is not None:
            return numbers
        rows, latest = await ask(os.components.db(db_id).get_metrics, starting_date, ending_date)
        return as_json({"metrics": [_shown(row) for row in rows], "updated_at": iso(latest)})

    async def refresh_metrics(request: Request, db_id: str | None = None) -> Response:
        """Counts the days that are not final yet, and gives them."""
        operators_only(request, "metrics", "write")
        rows = await ask(os.components.db(db_id).calculate_metrics)
        return as_json([_shown(row) for row in rows or ()])

    errors = docs.errors(400, 404, 422)
    made.add_api_route("/metrics", get_metrics, response_model=MetricsResponse, operation_id="get_metrics",
                       summary="Daily metrics", responses=errors)  # fmt: skip
    made.add_api_route("/metrics/refresh", refresh_metrics, methods=["POST"], summary="Count anew",
                       response_model=list[DayAggregatedMetrics], operation_id="refresh_metrics", responses=errors)  # fmt: skip
    return made


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    begins = datetime.combine(row["date"], time(), timezone.utc)
    found = {name: row.get(name) for name in DayAggregatedMetrics.model_fields}
    return {**found, "date": iso(begins)}


__all__ = ["router"]
