"""Sessions: conversations that are kept."""

from agno.session.agent import AgentSession
from agno.session.summary_data import SessionSummary

__all__ = ["AgentSession", "SessionSummary"]
