"""AgentOS: agents, teams and workflows as a service."""
