"""Agno: agents, teams and workflows on one engine. Import from the packages: `from agno.agent import Agent`."""

__version__ = "2.0.0"
