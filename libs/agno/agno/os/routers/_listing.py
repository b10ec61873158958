"""Routes that list components and describe one, then those that run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._errors import Json
from agno.os.routers._running import RunRoutes

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def component_router(
    os: AgentOS, kind: str, list_model: Any, model: Any, listed: Callable[[Any], Any], described: Callable[[Any], Any]
) -> APIRouter:
    """The routes of agents, teams or workflows."""
    made = APIRouter(tags=[f"{kind.title()}s"])

    async def list_all(request: Request) -> Response:
        caller, served = caller_of(request), os.components.of_kind[kind]
        found = [listed(component) for key, component in served.items() if caller.may(f"{kind}s", "read", key)]
        return Json(msgspec.json.encode(found, enc_hook=str))

    async def get_one(request: Request) -> Response:
        component = os.components.component(kind, request.path_params[f"{kind}_id"])
        return Json(msgspec.json.encode(described(component), enc_hook=str))

    made.add_api_route(
        f"/{kind}s", list_all, response_model=list[list_model], operation_id=f"list_{kind}s", responses=docs.errors(),
        response_model_exclude_none=True, summary=f"All {kind}s",
    )  # fmt: skip
    made.add_api_route(
        f"/{kind}s/{{{kind}_id}}", get_one, response_model=model, operation_id=f"get_{kind}",
        responses=docs.errors(404), response_model_exclude_none=True, summary=f"One {kind}",
        openapi_extra=docs.extra(docs.path(f"{kind}_id")),
    )  # fmt: skip
    RunRoutes(os, kind).add_to(made)
    return made


__all__ = ["component_router"]
