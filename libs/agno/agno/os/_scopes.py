"""Which scope a request needs: the resource and what is done to it, read off its method and path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette._utils import get_route_path
from starlette.types import Scope

_COMPONENTS = frozenset({"agents", "teams", "workflows"})
_RESOURCES = {
    **dict.fromkeys(("", "config", "models", "info", "service-accounts"), "system"),
    "registry": "components",
    **dict.fromkeys(("memories", "memory_topics", "user_memory_stats", "optimize-memories"), "memories"),
    **dict.fromkeys(("traces", "trace_session_stats"), "traces"),
    "eval-runs": "evals",
}
_ACTIONS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "DELETE": "delete"}
_READING_POSTS = frozenset({"/knowledge/search"})


@dataclass(frozen=True, slots=True)
class Need:
    """What a request does: `action` to a `resource`, or to one component of it. `listing`: it shows what is allowed."""

    resource: str
    action: str
    component_id: str | None = None
    listing: bool = False

    def __str__(self) -> str:
        return ":".join(part for part in (self.resource, self.component_id, self.action) if part)


NeedOf = Callable[[Scope], "Need | None"]


def need_of(scope: Scope) -> Need | None:
    """The need of a request to a route of AgentOS."""
    path = get_route_path(scope)
    if scope["type"] == "websocket":
        return None  # says in each message what it wants
    method = scope["method"]
    first, _, rest = path.lstrip("/").partition("/")
    if first in _COMPONENTS:
        return _component_need(first, method, rest)
    action = "read" if path in _READING_POSTS else _ACTIONS.get(method, "write")
    return Need(_RESOURCES.get(first, first), action)


def _component_need(resource: str, method: str, rest: str) -> Need:
    component_id, _, what = rest.partition("/")
    if not component_id:
        return Need(resource, "read", listing=True)
    action = "run" if what.startswith("runs") and method == "POST" else _ACTIONS.get(method, "write")
    return Need(resource, action, component_id)


def runs_component(component: object) -> NeedOf:
    """The need of every route of an interface: to run its component."""
    kind, component_id = getattr(component, "session_type", "agent"), getattr(component, "id", None)
    need = Need(f"{kind}s", "run", component_id)
    return lambda scope: need


__all__ = ["Need", "NeedOf", "need_of", "runs_component"]
