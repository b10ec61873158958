"""What an interface is: a set of routes through which one component is reached with another protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from agno.os._bodies import Limits
from agno.os._runs import Runs
from agno.os.interfaces._fetching import Fetching

if TYPE_CHECKING:
    from fastapi import APIRouter

    from agno.os.app import AgentOS


class BaseInterface:
    """A protocol that AgentOS speaks for an agent, a team or a workflow.

    Subclasses set `type` and `default_prefix`, and build their routes in `get_router`. With several components given,
    the first of agent, team, workflow is used. With `allow_private`, files at URLs that callers name are also read from
    addresses that are not public.
    """

    type: ClassVar[str] = ""
    version: ClassVar[str] = "1.0"
    default_prefix: ClassVar[str] = ""
    guarded: ClassVar[bool] = True
    """Behind the key of AgentOS. False only for protocols whose requests carry a signature that the routes check."""

    checks_scopes: ClassVar[bool] = False
    """The routes look at the caller's scopes themselves, because they serve several components."""

    agent: Any = None  # the defaults are for subclasses that do not call this constructor, as Agno 2.0 allows
    team: Any = None
    workflow: Any = None
    router_prefix: str = ""
    allow_private: bool = False
    router: APIRouter | None = None
    os: AgentOS | None = None
    """The AgentOS that serves it; None where its routes are in an app without one."""

    def __init__(
        self,
        agent: Any = None,
        team: Any = None,
        workflow: Any = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        allow_private: bool = False,
    ) -> None:
        if agent is None and team is None and workflow is None:
            raise ValueError(f"{type(self).__name__} has nothing to serve: give it agent=, team= or workflow=.")
        self.agent = agent
        self.team = team
        self.workflow = workflow
        self.allow_private = allow_private
        self.router_prefix = self.default_prefix if prefix is None else prefix
        self.tags = tags if tags is not None else [self.type.upper() if len(self.type) < 4 else self.type.title()]

    @property
    def prefix(self) -> str:
        """Where its routes begin."""
        return self.router_prefix

    @property
    def component(self) -> Any:
        """The agent, team or workflow that answers; None where the routes need none."""
        return next((given for given in (self.agent, self.team, self.workflow) if given is not None), None)

    @property
    def runs(self) -> Runs:
        """The runs of the AgentOS that serves it, or its own."""
        return self.os.runs if self.os is not None else self._own_runs

    @cached_property
    def _own_runs(self) -> Runs:
        return Runs()

    @property
    def limits(self) -> Limits:
        """How large requests may be."""
        return self.os.limits if self.os is not None else Limits()

    @property
    def fetching(self) -> Fetching:
        """How files that callers name by their URLs are read."""
        return Fetching(self.limits, self.allow_private)

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        """What it does in the background while the service runs; at the end, what goes on has `grace` seconds."""
        yield

    @property
    def components(self) -> list[Any]:
        """All that can be reached."""
        return [] if self.component is None else [self.component]

    def get_router(self, use_async: bool = True) -> APIRouter:
        """The routes, with their prefix. `use_async` is accepted for programs written for Agno 2.0; routes are async."""
        raise NotImplementedError


class ServesSeveral(BaseInterface):
    """An interface that serves several components, each by its id; those in `single` come first."""

    checks_scopes: ClassVar[bool] = True

    def __init__(
        self,
        agents: Sequence[Any] | None = None,
        teams: Sequence[Any] | None = None,
        workflows: Sequence[Any] | None = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        allow_private: bool = False,
        single: Sequence[Any] = (),
    ) -> None:
        named = {"agents": agents, "teams": teams, "workflows": workflows}
        for name, given in named.items():
            if given is not None and (isinstance(given, str) or not isinstance(given, Sequence)):
                raise TypeError(f"{type(self).__name__}({name}=) takes a list, not {given!r}.")
        self.served = [*(one for one in single if one is not None), *(agents or ()), *(teams or ()), *(workflows or ())]
        if not self.served:
            raise ValueError(f"{type(self).__name__} has nothing to serve: give it agents=, teams= or workflows=.")
        super().__init__(self.served[0], prefix=prefix, tags=tags, allow_private=allow_private)
        self.by_kind: dict[str, dict[str, Any]] = {"agent": {}, "team": {}, "workflow": {}}
        for component in self.served:
            component.set_id()
            kind = component.session_type
            if self.by_kind[kind].setdefault(component.id, component) is not component:
                raise ValueError(f"Two {kind}s have the id {component.id!r}. Give one of them another id= or name=.")

    @property
    def components(self) -> list[Any]:
        return self.served

    def by_id(self) -> dict[str, Any]:
        """All of them by their ids. Raises ValueError for two of different kinds with the same one."""
        found: dict[str, Any] = {}
        for component in self.served:
            if found.setdefault(component.id, component) is not component:
                raise ValueError(f"Two components have the id {component.id!r}. Give one of them another id= or name=.")
        return found


__all__ = ["BaseInterface", "ServesSeveral"]
