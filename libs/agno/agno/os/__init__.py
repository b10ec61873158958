"""AgentOS: agents, teams and workflows as a service."""

from agno.os._bodies import Limits
from agno.os._limiting import RateLimit
from agno.os._runs import RunLimits
from agno.os.app import AgentOS

__all__ = ["AgentOS", "Limits", "RateLimit", "RunLimits"]
