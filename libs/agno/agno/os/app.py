"""AgentOS: agents, teams and workflows as a service."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from agno.os._bodies import Limits
from agno.os._components import Components
from agno.os._guard import OPEN_PATHS, Guard, OneLength
from agno.os._lifespan import Lifespan
from agno.os._limiting import RateLimit
from agno.os._recovery import Recovery
from agno.os._runs import RunLimits, Runs
from agno.os._scheduling import Scheduling
from agno.os._scopes import NeedOf, need_of, runs_component
from agno.os._serving import serve
from agno.os.config import AgentOSConfig, load_config
from agno.os.routers import ROUTERS
from agno.os.settings import AgnoAPISettings
from agno.utils.later import later

_mcp, _tokens, _tracing = later("agno.os.mcp"), later("agno.os._tokens"), later("agno.tracing.setup")
_a2a = later("agno.os.interfaces.a2a")

OnConflict = Literal["preserve_agentos", "preserve_base_app", "error"]
_DESCRIPTION = "An agent operating system."


class AgentOS:
    """A service of agents, teams and workflows: HTTP with streams, a WebSocket, and the protocols of `interfaces`.

    Without a key (`OS_SECURITY_KEY`, or `settings.os_security_key`) it is open, so `serve` binds to this machine only.
    Names of newer versions of Agno are accepted: `id`, `base_app`, `enable_mcp_server`.

    - `config`: an `AgentOSConfig`, or the path of a YAML file with its keys.
    - `fastapi_app`: an app to add the routes to; `on_route_conflict` says whose route stays where both have one.
    - `lifespan`: of the app, `async with lifespan(app)`; MCP tools of agents and teams are connected inside of it.
    - `cors_allowed_origins`: web pages that may call from a browser. Nobody else may.
    - `authorization=True` with `authorization_config`, a `JWTSettings`: callers show a JSON web token, and its scopes say
      what they may do. Each sees, changes and runs what is its own.
    - `rate_limit`: how often one caller may ask.
    - `run_limits`, `limits`: how large and how long runs and requests may be.
    - `scheduler`: run what schedules in `db` are due, looking every `scheduler_poll_interval` seconds; any number of workers
      may. `scheduler_base_url` is kept for old programs: nothing is called over HTTP.
    - `tracing=True`: traces of runs are stored in `db`, or else in the only database there is, unless
      `agno.tracing.setup_tracing` was called before. `prometheus=True`: runs are counted for `GET /metrics/prometheus`.
    - `registry`: a `Registry` with what stored components may name; `GET /registry` lists it.
    - `checkpoint`: when agents, teams and workflows without a setting of their own store what their runs did so far;
      "tools" where a database can tell other workers of a run.
    - `auto_provision_dbs`, `internal_service_token` and `telemetry` are kept for old programs: tables are made at the first
      write, and nothing is called over HTTP.
    - `a2a_interface=True`: all agents, teams and workflows are served to other agents, see `agno.os.interfaces.a2a`.
    - `cancel_on_disconnect`: a streamed run ends when its client goes. Otherwise it goes on, and can be read again.
    """

    def __init__(
        self,
        os_id: str | None = None,
        name: str | None = None,
        description: str | None = None,
        version: str | None = None,
        agents: Sequence[Any] | None = None,
        teams: Sequence[Any] | None = None,
        workflows: Sequence[Any] | None = None,
        interfaces: Sequence[Any] | None = None,
        config: AgentOSConfig | str | Path | None = None,
        settings: AgnoAPISettings | None = None,
        fastapi_app: FastAPI | None = None,
        lifespan: Callable[..., Any] | None = None,
        enable_mcp: bool = False,
        telemetry: bool = False,
        *,
        id: str | None = None,
        base_app: FastAPI | None = None,
        enable_mcp_server: bool | None = None,
        on_route_conflict: OnConflict = "preserve_agentos",
        a2a_interface: bool = False,
        cors_allowed_origins: Sequence[str] | None = None,
        authorization: bool = False,
        authorization_config: Any = None,
        rate_limit: RateLimit | None = None,
        db: Any = None,
        knowledge: Sequence[Any] | None = None,
        limits: Limits | None = None,
        run_limits: RunLimits | None = None,
        cancel_on_disconnect: bool = False,
        scheduler: bool = False,
        scheduler_poll_interval: float = 15,
        scheduler_base_url: str | None = None,
        tracing: bool = False,
        prometheus: bool = False,
        registry: Any = None,
        checkpoint: str | None = None,
        auto_provision_dbs: bool = True,
        internal_service_token: str | None = None,
    ) -> None:
        if not (agents or teams or workflows):
            raise ValueError("AgentOS has nothing to serve: give it at least one of agents=, teams= and workflows=.")
        self.os_id: str | None = _one("os_id", os_id, "id", id)
        self.name, self.description, self.version = name, description, version
        self.interfaces = list(interfaces or ())
        if a2a_interface:
            self.interfaces.append(_a2a.A2A(agents=agents, teams=teams, workflows=workflows))
        self.config = load_config(config)
        self.settings = settings or AgnoAPISettings()
        self.base_app: FastAPI | None = _one("fastapi_app", fastapi_app, "base_app", base_app)
        self.lifespan = lifespan
        self.enable_mcp = enable_mcp if enable_mcp_server is None else enable_mcp_server
        self.telemetry = telemetry
        self.registry, self.checkpoint = registry, checkpoint
        if on_route_conflict not in ("preserve_agentos", "preserve_base_app", "error"):
            raise ValueError(
                f"on_route_conflict={on_route_conflict!r} is none of 'preserve_agentos', 'preserve_base_app', 'error'."
            )
        self.on_route_conflict = on_route_conflict
        self.cors_allowed_origins = list(cors_allowed_origins or ())
        self.limits = limits or Limits()
        self.cancel_on_disconnect = cancel_on_disconnect
        self.runs = Runs(run_limits)
        self.components = Components(agents or (), teams or (), workflows or (), self.interfaces)
        self.components.add_db(db)
        for one in knowledge or ():
            self.components.add_knowledge(one)
        self.scheduling = Scheduling(self.components, db, scheduler, scheduler_poll_interval)
        self.tokens = _tokens_of(authorization, authorization_config)
        self.guard = Guard(
            self.settings.os_security_key,
            self.tokens.identify if self.tokens is not None else None,
            rate_limit=rate_limit,
            largest=self.limits.body,
            seconds=self.limits.seconds,
            origins=self.origins,
        )
        self.traces_db = self._traces_db(db) if tracing else None
        self.prometheus = prometheus
        self._app: FastAPI | None = None
        self._methods: dict[str, set[str]] = {}
        self._prepare()

    def _prepare(self) -> None:
        for component in self.components.everything():
            component.set_id()
            is_workflow = component.session_type == "workflow"
            if "store_events" not in component.__dict__ and not is_workflow:
                component.store_events = True
            if "checkpoint" in component.__dict__:
                continue
            if self.checkpoint is not None:  # steps of workflows are stored anyway
                component.checkpoint = "steps" if is_workflow and self.checkpoint == "runs" else self.checkpoint
            elif self.runs.keeper_of(component) is not None:
                component.checkpoint = "tools"  # who takes its runs over does not run these again

    def _traces_db(self, db: Any) -> Any:
        dbs = self.components.dbs
        if db is None and len(dbs) != 1:
            have = f"there are {len(dbs)} of them" if dbs else "there is none"
            raise ValueError(f"tracing=True needs a database for the traces, and {have}: give AgentOS(db=...).")
        return db if db is not None else next(iter(dbs.values()))

    def _watch(self) -> None:
        """Begin to trace and to count, as far as it is wanted and nobody has begun before."""
        if self.traces_db is not None and _tracing.tracing() is None:
            _tracing.setup_tracing(db=self.traces_db)
        if self.prometheus:
            _tracing.setup_prometheus()

    # What it is called -----------------------------------------------------------------------------------------------

    @property
    def id(self) -> str | None:
        """The name of `os_id` in newer versions."""
        return self.os_id

    @property
    def title(self) -> str:
        """The name that is shown."""
        return self.name or "Agno AgentOS"

    @property
    def shown_description(self) -> str:
        """The description that is shown."""
        return self.description or _DESCRIPTION

    @property
    def shown_version(self) -> str:
        """The version that is shown."""
        return self.version or "1.0.0"

    @property
    def origins(self) -> list[str]:
        """The origins of web pages that may call."""
        return list(dict.fromkeys([*(self.settings.cors_origin_list or ()), *self.cors_allowed_origins]))

    @property
    def agno_version(self) -> str:
        """The version of Agno."""
        return importlib.metadata.version("agno")

    @property
    def authentication(self) -> str:
        """How callers say who they are: `none`, `key` or `jwt`."""
        if self.tokens is not None:
            return "jwt"
        return "key" if self.settings.os_security_key else "none"

    # What is served --------------------------------------------------------------------------------------------------

    @property
    def agents(self) -> list[Any]:
        """The agents."""
        return list(self.components.agents.values())

    @property
    def teams(self) -> list[Any]:
        """The teams."""
        return list(self.components.teams.values())

    @property
    def workflows(self) -> list[Any]:
        """The workflows."""
        return list(self.components.workflows.values())

    @property
    def dbs(self) -> dict[str, Any]:
        """The databases by id."""
        return self.components.dbs

    # The app ---------------------------------------------------------------------------------------------------------

    def get_app(self) -> FastAPI:
        """The FastAPI app; the same one at every call."""
        if self._app is None:
            self._watch()
            app = self.base_app or self._own_app()
            lifespan = Lifespan(self, self._inner_lifespan(app))
            self._add_routes(app, lifespan)
            app.router.lifespan_context = lifespan
            app.add_middleware(OneLength)
            if origins := self.origins:
                app.add_middleware(
                    CORSMiddleware, allow_origins=origins, allow_credentials="*" not in origins,
                    allow_methods=["*"], allow_headers=["*"], expose_headers=["*"],
                )  # fmt: skip
            app.state.agent_os = self
            self._app = app
        return self._app

    def _inner_lifespan(self, app: FastAPI) -> list[Callable[..., Any]]:
        """Those of the app that was given and of the user, the outer one first."""
        found = [app.router.lifespan_context] if self.base_app is not None else []
        return [*found, self.lifespan] if self.lifespan is not None else found

    def _own_app(self) -> FastAPI:
        shown = self.settings.docs_enabled
        return FastAPI(
            title=self.title,
            version=self.shown_version,
            description=self.shown_description,
            docs_url="/docs" if shown else None,
            redoc_url="/redoc" if shown else None,
            openapi_url="/openapi.json" if shown else None,
        )

    def _add_routes(self, app: FastAPI, lifespan: Lifespan) -> None:
        for make in ROUTERS:
            self._take(app, make(self))
        lifespan.add(Recovery(self.runs, self.components).working, None)
        lifespan.add(self.scheduling.working, self.runs.limits.drain)
        for interface in self.interfaces:
            router, need = interface.get_router(), _need_of(interface)
            self._put(app, router.routes, open=not interface.guarded, need=need)
            lifespan.add(interface.working, self.runs.limits.drain)
        if self.enable_mcp:
            mounted = _mcp.mcp_app(self)
            lifespan.add(mounted.router.lifespan_context, mounted)
            self._put(app, [Route("/mcp", endpoint=mounted)])

    def _take(self, app: FastAPI, router: APIRouter | None) -> None:
        if router is not None:
            self._put(app, router.routes)

    def _put(self, app: FastAPI, routes: Sequence[BaseRoute], open: bool = False, need: NeedOf = need_of) -> None:
        """Add routes to an app, each behind the guard."""
        present = _by_key(app.router.routes) if self.base_app is not None else {}
        for route in routes:
            rivals = [other for key in _keys(route) if (other := present.get(key)) is not None]
            if rivals and self.on_route_conflict == "error":
                raise ValueError(
                    f"Both AgentOS and the given app have the route {getattr(route, 'path', route)!r}. Rename one of them, or "
                    "choose with on_route_conflict='preserve_agentos' or 'preserve_base_app'."
                )
            if rivals and self.on_route_conflict == "preserve_base_app":
                continue
            for rival in rivals:
                if rival in app.router.routes:
                    app.router.routes.remove(rival)
            is_open = open or getattr(route, "path", None) in OPEN_PATHS
            late = getattr(route, "name", "") == "workflow_socket"
            methods = self._methods.setdefault(getattr(route, "path", ""), set())
            methods.update(getattr(route, "methods", None) or ())
            handle: Any = self.guard.before(route.handle, open=is_open, late=late, need=need, methods=methods)
            route.handle = handle  # type: ignore[method-assign]  # the guard stands before whatever the route is
            app.router.routes.append(route)

    def get_routes(self) -> list[Any]:
        """All routes of the app."""
        return list(self.get_app().routes)

    # Serving ---------------------------------------------------------------------------------------------------------

    def serve(
        self,
        app: str | FastAPI | None = None,
        *,
        host: str = "localhost",
        port: int = 7777,
        reload: bool = False,
        workers: int | None = None,
        access_log: bool = False,
        insecure: bool = False,
        **options: Any,
    ) -> None:
        """Serve with uvicorn until it is told to stop; then runs that go on may end, for `run_limits.drain` seconds.

        `app` is the app, or the text `"module:app"`, which `reload` and `workers` need. Another host than this machine is
        refused while there is no key, unless `insecure=True`. `options` are those of `uvicorn.run`.
        """
        serve(
            self, app, host=host, port=port, reload=reload, workers=workers, access_log=access_log, insecure=insecure,
            **options,
        )  # fmt: skip


def _need_of(interface: Any) -> NeedOf:
    if getattr(interface, "checks_scopes", False):
        return lambda scope: None
    return runs_component(getattr(interface, "component", None))


def _one(name: str, given: Any, alias: str, other: Any) -> Any:
    if given is not None and other is not None and given is not other and given != other:
        raise ValueError(f"{name}= and {alias}= are the same setting, and they differ. Give one of them.")
    return given if given is not None else other


def _tokens_of(authorization: bool, config: Any) -> Any:
    if not authorization:
        if config is not None:
            raise ValueError("authorization_config= is only looked at with authorization=True.")
        return None
    if config is None:
        raise ValueError("authorization=True needs authorization_config=JWTSettings(...), with the keys of the tokens.")
    return _tokens.Tokens(replace(config, authorization=True))


def _keys(route: BaseRoute) -> list[tuple[str, str]]:
    path = getattr(route, "path", None)
    if path is None:
        return []
    return [(path, method) for method in getattr(route, "methods", None) or {"*"} if method != "HEAD"]


def _by_key(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], BaseRoute]:
    return {key: route for route in routes for key in _keys(route)}


__all__ = ["AgentOS"]
