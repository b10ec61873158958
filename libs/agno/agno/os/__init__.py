"""AgentOS: agents, teams and workflows as a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agno.utils.later import later

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_app = later("agno.os.app")  # with FastAPI, which the chat clients that share its interfaces do without


def __getattr__(name: str) -> Any:
    if name == "AgentOS":
        return _app.AgentOS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["AgentOS"]
