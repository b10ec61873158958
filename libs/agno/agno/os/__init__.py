"""AgentOS: agents, teams and workflows as a service."""

from agno.os.app import AgentOS

__all__ = ["AgentOS"]
