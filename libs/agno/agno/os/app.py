"""AgentOS: agents, teams and workflows as a service."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from agno.os._assembly import Assembly, OnConflict
from agno.os._bodies import Limits
from agno.os._components import Components
from agno.os._guard import Guard
from agno.os._limiting import RateLimit
from agno.os._mcp_settings import MCPAuth, MCPConfig, mcp_settings
from agno.os._runs import RunLimits, Runs
from agno.os._scheduling import Scheduling
from agno.os._serving import serve
from agno.os.config import AgentOSConfig, load_config
from agno.os.settings import AgnoAPISettings
from agno.utils.later import later

_tokens, _tracing = later("agno.os._tokens"), later("agno.tracing.setup")
_a2a = later("agno.os.interfaces.a2a")

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
    - `run_hooks_in_background=True`: all pre- and post-hooks run after the answer, but for guardrails; otherwise those that
      say so.
    - `enable_mcp=True`: what is served are tools at /mcp. `mcp_server`, an `MCPServer` of yours, gets them beside its own;
      `mcp_config` says which of them, `mcp_auth` where clients get their tokens.
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
        run_hooks_in_background: bool = False,
        mcp_server: Any = None,
        mcp_auth: MCPAuth | None = None,
        mcp_config: MCPConfig | None = None,
        auto_provision_dbs: bool = True,
        internal_service_token: str | None = None,
    ) -> None:
        self.os_id: str | None = _one("os_id", os_id, "id", id)
        self.name, self.description, self.version = name, description, version
        self.settings, self.config = settings or AgnoAPISettings(), load_config(config)
        self.limits, self.runs = limits or Limits(), Runs(run_limits, run_hooks_in_background)
        self.interfaces = list(interfaces or ())
        if a2a_interface:
            self.interfaces.append(_a2a.A2A(agents=agents, teams=teams, workflows=workflows))
        self.components = Components(agents or (), teams or (), workflows or (), self.interfaces)
        self.components.add(db, knowledge or ())
        self.scheduling = Scheduling(self.components, db, scheduler, scheduler_poll_interval)
        self.tokens = _tokens_of(authorization, authorization_config)
        self.cors_allowed_origins = list(cors_allowed_origins or ())
        self.guard = Guard(
            self.settings.os_security_key, self.tokens and self.tokens.identify, rate_limit=rate_limit,
            largest=self.limits.body, seconds=self.limits.seconds, origins=self.origins,
        )  # fmt: skip
        enable_mcp = enable_mcp if enable_mcp_server is None else enable_mcp_server
        self.mcp = mcp_settings(enable_mcp, mcp_server, mcp_auth, mcp_config, self.tokens)
        self.registry, self.checkpoint, self.telemetry = registry, checkpoint, telemetry
        self.cancel_on_disconnect, self.prometheus = cancel_on_disconnect, prometheus
        self.traces_db = self._traces_db(db) if tracing else None
        self.base_app: FastAPI | None = _one("fastapi_app", fastapi_app, "base_app", base_app)
        self._assembly = Assembly(self, self.base_app, on_route_conflict, lifespan)
        self._app: FastAPI | None = None
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
            self._app = self._assembly.app()
        return self._app

    def running(self) -> AbstractAsyncContextManager[Any]:
        """What the service does while it runs, for an app that mounts this one: `async with agent_os.running():` in its lifespan.

        It takes runs of dead workers over, runs schedules, serves MCP, connects MCP tools, and at the end lets runs end.
        """
        app = self.get_app()
        opened: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
        return opened

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
        refused while there is no key, unless `insecure=True`. `options` are those of `uvicorn.run`; requests are read by h11,
        which limits headers, unless `http=` names another.
        """
        serve(
            self, app, host=host, port=port, reload=reload, workers=workers, access_log=access_log, insecure=insecure,
            **options,
        )  # fmt: skip


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


__all__ = ["AgentOS"]
