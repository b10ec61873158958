"""Protocols through which a component of AgentOS is reached, each in a package of its own."""
