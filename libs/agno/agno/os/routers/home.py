"""Routes about the service itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os import config as configs
from agno.os._describing import model_of, summary_of
from agno.os._errors import Json
from agno.os.schema.components import ModelEntry
from agno.os.schema.home import ConfigResponse, HealthResponse, HomeResponse, InfoResponse

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_OK = b'{"status":"ok"}'

_DOMAINS: dict[str, tuple[str, Any, Any]] = {
    "session": ("Sessions", configs.SessionConfig, configs.SessionDomainConfig),
    "metrics": ("Metrics", configs.MetricsConfig, configs.MetricsDomainConfig),
    "memory": ("Memory", configs.MemoryConfig, configs.MemoryDomainConfig),
    "knowledge": ("Knowledge", configs.KnowledgeConfig, configs.KnowledgeDomainConfig),
    "evals": ("Evals", configs.EvalsConfig, configs.EvalsDomainConfig),
}


def router(os: AgentOS) -> APIRouter:
    """/, /health, /config, /models and /info."""
    made = APIRouter(tags=["Core"])
    home = partial(_json, lambda: _home(os))
    add = made.add_api_route
    add(
        "/",
        _route(home),
        response_model=HomeResponse,
        operation_id="home",
        responses=docs.errors(),
        summary="What is served here",
    )
    add("/health", _health, response_model=HealthResponse, operation_id="health", summary="Whether the service runs")
    add("/info", _route(partial(_json, lambda: _info(os))), response_model=InfoResponse, operation_id="info",
        responses=docs.errors(), summary="What is served here, in numbers")  # fmt: skip
    add("/config", _route(partial(_json, lambda: config_of(os))), response_model=ConfigResponse, operation_id="config",
        response_model_exclude_none=True, responses=docs.errors(), summary="The configuration")  # fmt: skip
    add("/models", _route(partial(_json, lambda: _models(os))), response_model=list[ModelEntry], operation_id="models",
        responses=docs.errors(), summary="The models of agents and teams")  # fmt: skip
    return made


def _route(make: Any) -> Any:
    async def endpoint(request: Request) -> Response:
        response: Response = make()
        return response

    return endpoint


async def _health(request: Request) -> Response:
    return Json(_OK)


def _json(make: Any) -> Response:
    return Json(msgspec.json.encode(make(), enc_hook=str))


def _home(os: AgentOS) -> dict[str, Any]:
    found = {"name": os.title, "description": os.shown_description, "version": os.shown_version}
    if os.settings.docs_enabled:
        found["docs"] = "/docs"
    return found


def _info(os: AgentOS) -> dict[str, Any]:
    return {
        "os_id": os.os_id or "Unnamed OS",
        "name": os.title,
        "description": os.description,
        "version": os.shown_version,
        "agno_version": os.agno_version,
        "agents": len(os.components.agents),
        "teams": len(os.components.teams),
        "workflows": len(os.components.workflows),
        "interfaces": len(os.interfaces),
        "databases": len(os.components.dbs),
        "authentication": os.authentication,
    }


def config_of(os: AgentOS) -> dict[str, Any]:
    """The configuration, as `ConfigResponse` describes it."""
    given, served = os.config or configs.AgentOSConfig(), os.components
    found: dict[str, Any] = {
        "os_id": os.os_id or "Unnamed OS",
        "name": os.name,
        "description": os.description,
        "available_models": given.available_models or [],
        "databases": list(served.dbs),
        "chat": given.chat.model_dump(exclude_none=True) if given.chat is not None else None,
    }
    for domain, (title, whole, of_db) in _DOMAINS.items():
        found[domain] = _domain(getattr(given, domain) or whole(), title, of_db, list(served.dbs))
    for kind in ("agents", "teams", "workflows"):
        found[kind] = [summary_of(component) for component in getattr(served, kind).values()]
    found["interfaces"] = [
        {"type": one.type, "version": one.version, "route": one.prefix or "/"} for one in os.interfaces
    ]
    return {name: value for name, value in found.items() if value is not None}


def _domain(given: Any, title: str, of_db: Any, db_ids: list[str]) -> dict[str, Any]:
    """A domain, with an entry for each database that is not listed in it."""
    dbs = list(given.dbs or ())
    listed = {one.db_id for one in dbs}
    for db_id in db_ids:
        if db_id not in listed:
            shown = db_id if title == "Knowledge" else f"'{db_id}'"
            name = title if len(db_ids) == 1 else f"{title} in database {shown}"
            dbs.append(configs.DatabaseConfig(db_id=db_id, domain_config=of_db(display_name=name)))
    found: dict[str, Any] = given.model_dump(exclude={"dbs"}, exclude_none=True)
    found["dbs"] = [one.model_dump(exclude_none=True) for one in dbs]
    return found


def _models(os: AgentOS) -> list[dict[str, Any]]:
    """Each model of an agent or a team once."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for component in os.components.everything():
        model = getattr(component, "model", None)
        if model is not None and component.session_type != "workflow":
            shown = model_of(model)
            key = (shown.get("model"), shown.get("provider"))
            found.setdefault(key, {"id": key[0], "provider": key[1]})
    return list(found.values())


__all__ = ["config_of", "router"]
