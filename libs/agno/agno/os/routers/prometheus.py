"""What Prometheus scrapes: `GET /metrics/prometheus`, and `GET /metrics` for whoever asks for its formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os._operators import operators_only
from agno.tracing.prometheus import asks_for_prometheus
from agno.tracing.setup import counting

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_OFF = "Nothing is counted for Prometheus here: AgentOS(prometheus=True), or agno.tracing.setup_prometheus()."


def router(os: AgentOS) -> APIRouter:
    """/metrics/prometheus."""
    made = APIRouter(tags=["Metrics"])

    async def scrape(request: Request) -> Response:
        operators_only(request, "metrics", "read")
        return _numbers(request)

    made.add_api_route(
        "/metrics/prometheus", scrape, operation_id="prometheus", response_class=Response, summary="Numbers for Prometheus",
        responses={200: {"content": {"text/plain": {"schema": docs.TEXT}}}, **docs.errors(404)},
    )  # fmt: skip
    return made


def answer_to_scraper(request: Request) -> Response | None:
    """For `GET /metrics`, whose answer is JSON otherwise: the numbers, if the `Accept` header is that of a scraper and
    something is counted; else None."""
    if counting() is None or not asks_for_prometheus(request.headers.get("accept", "")):
        return None
    return _numbers(request)


def _numbers(request: Request) -> Response:
    numbers = counting()
    if numbers is None:
        raise HTTPException(404, _OFF)
    body, content_type = numbers.text(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})


__all__ = ["answer_to_scraper", "router"]
