"""AgentOS: agents, teams and workflows as a service."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agno.os._bodies import Limits
    from agno.os._limiting import RateLimit
    from agno.os._mcp_settings import MCPAuth, MCPConfig
    from agno.os._runs import RunLimits
    from agno.os.app import AgentOS

# loaded at their first use: with FastAPI, which the chat clients that share its interfaces do without
_PLACES = {
    "AgentOS": "agno.os.app",
    "Limits": "agno.os._bodies",
    "MCPAuth": "agno.os._mcp_settings",
    "MCPConfig": "agno.os._mcp_settings",
    "RateLimit": "agno.os._limiting",
    "RunLimits": "agno.os._runs",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(_PLACES[name])
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "agno":
            raise
        raise ImportError(f"{name} needs the package {package!r}: pip install 'agno[os]'") from error
    return getattr(module, name)


__all__ = ["AgentOS", "Limits", "MCPAuth", "MCPConfig", "RateLimit", "RunLimits"]
