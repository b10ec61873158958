"""The FastAPI app of an AgentOS: its routes behind the guard, in an app of its own or in one that was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agno.os._guard import OPEN_PATHS, OneLength
from agno.os._lifespan import Lifespan
from agno.os._mcp_settings import MCPSettings
from agno.os._recovery import Recovery
from agno.os._scopes import NeedOf, need_of, runs_component
from agno.os.routers import ROUTERS
from agno.utils.later import later

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_mcp = later("agno.os.mcp")

OnConflict = Literal["preserve_agentos", "preserve_base_app", "error"]


class Assembly:
    """Makes the app, once. `given` is an app of the user's, `lifespan` the user's for either app."""

    def __init__(
        self, os: AgentOS, given: FastAPI | None, on_conflict: OnConflict, lifespan: Callable[..., Any] | None
    ) -> None:
        if on_conflict not in ("preserve_agentos", "preserve_base_app", "error"):
            raise ValueError(
                f"on_route_conflict={on_conflict!r} is none of 'preserve_agentos', 'preserve_base_app', 'error'."
            )
        self._os, self._given, self._on_conflict, self._lifespan = os, given, on_conflict, lifespan
        self._methods: dict[str, set[str]] = {}

    def app(self) -> FastAPI:
        """The app with everything in it."""
        os, app = self._os, self._given or self._own_app()
        if getattr(app.state, "agent_os", None) is not None:
            raise ValueError(
                "The given app has an AgentOS already, and both have the same routes. Give all agents, teams and workflows to "
                "one AgentOS, or mount each in a path of its own: app.mount('/shop', shop_os.get_app())."
            )
        lifespan = Lifespan(os, self._outer_lifespans())
        self._add_routes(app, lifespan)
        app.router.lifespan_context = lifespan
        app.add_middleware(OneLength)
        if origins := os.origins:
            app.add_middleware(
                CORSMiddleware, allow_origins=origins, allow_credentials="*" not in origins,
                allow_methods=["*"], allow_headers=["*"], expose_headers=["*"],
            )  # fmt: skip
        app.state.agent_os = os
        return app

    def _own_app(self) -> FastAPI:
        os, shown = self._os, self._os.settings.docs_enabled
        return FastAPI(
            title=os.title,
            version=os.shown_version,
            description=os.shown_description,
            docs_url="/docs" if shown else None,
            redoc_url="/redoc" if shown else None,
            openapi_url="/openapi.json" if shown else None,
        )

    def _outer_lifespans(self) -> list[Callable[..., Any]]:
        """Those of the app that was given and of the user, the outer one first."""
        found = [self._given.router.lifespan_context] if self._given is not None else []
        return [*found, self._lifespan] if self._lifespan is not None else found

    # Routes ----------------------------------------------------------------------------------------------------------

    def _add_routes(self, app: FastAPI, lifespan: Lifespan) -> None:
        os, drain = self._os, self._os.runs.limits.drain
        for make in ROUTERS:
            if (router := make(os)) is not None:
                self._put(app, router.routes)
        lifespan.add(Recovery(os.runs, os.components).working, None)
        lifespan.add(os.scheduling.working, drain)
        for interface in os.interfaces:
            interface.os = os
            router, need = interface.get_router(), _need_of(interface)
            self._put(app, router.routes, open=not interface.guarded, need=need)
            lifespan.add(interface.working, drain)
        if os.mcp is not None:
            self._add_mcp(app, lifespan, os.mcp)

    def _add_mcp(self, app: FastAPI, lifespan: Lifespan, settings: MCPSettings) -> None:
        mounted, challenge = _mcp.mcp_app(self._os, settings), None
        lifespan.add(mounted.router.lifespan_context, mounted)
        if settings.auth is not None:
            address, routes = _mcp.metadata_of(settings.auth)
            challenge = f'Bearer resource_metadata="{address}"'
            self._put(app, routes, open=True)
        self._put(app, [Route("/mcp", endpoint=_While(lifespan, mounted))], challenge=challenge)

    def _put(
        self,
        app: FastAPI,
        routes: Sequence[BaseRoute],
        open: bool = False,
        need: NeedOf = need_of,
        challenge: str | None = None,
    ) -> None:
        """Add routes to an app, each behind the guard."""
        present = _by_key(app.router.routes) if self._given is not None else {}
        for route in routes:
            rivals = [other for key in _keys(route) if (other := present.get(key)) is not None]
            if not self._gives_way(app, route, rivals):
                self._guarded(route, open, need, challenge)
                app.router.routes.append(route)

    def _gives_way(self, app: FastAPI, route: BaseRoute, rivals: Sequence[BaseRoute]) -> bool:
        """Whether a route of the given app stays instead; else it goes."""
        if rivals and self._on_conflict == "error":
            raise ValueError(
                f"Both AgentOS and the given app have the route {getattr(route, 'path', route)!r}. Rename one of them, or "
                "choose with on_route_conflict='preserve_agentos' or 'preserve_base_app'."
            )
        if rivals and self._on_conflict == "preserve_base_app":
            return True
        for rival in rivals:
            if rival in app.router.routes:
                app.router.routes.remove(rival)
        return False

    def _guarded(self, route: BaseRoute, open: bool, need: NeedOf, challenge: str | None) -> None:
        path = getattr(route, "path", None)
        methods = self._methods.setdefault(path or "", set())
        methods.update(getattr(route, "methods", None) or ())
        handle: Any = self._os.guard.before(
            route.handle, open=open or path in OPEN_PATHS, late=getattr(route, "name", "") == "workflow_socket", need=need,
            methods=methods, challenge=challenge,
        )  # fmt: skip
        route.handle = handle  # type: ignore[method-assign]  # the guard stands before whatever the route is


class _While:
    """An app that needs the lifespan to be open; of one that is mounted, nobody opens it by itself."""

    def __init__(self, lifespan: Lifespan, app: ASGIApp) -> None:
        self._lifespan, self._app = lifespan, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._lifespan.is_open:
            raise RuntimeError(
                "/mcp is not served yet: the lifespan of the app is not open. Where the app is mounted in another one, open "
                "`async with agent_os.running():` in the lifespan of that one."
            )
        await self._app(scope, receive, send)


def _need_of(interface: Any) -> NeedOf:
    if getattr(interface, "checks_scopes", False):
        return lambda scope: None
    return runs_component(getattr(interface, "component", None))


def _keys(route: BaseRoute) -> list[tuple[str, str]]:
    path = getattr(route, "path", None)
    if path is None:
        return []
    return [(path, method) for method in getattr(route, "methods", None) or {"*"} if method != "HEAD"]


def _by_key(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], BaseRoute]:
    return {key: route for route in routes for key in _keys(route)}


__all__ = ["Assembly", "OnConflict"]
