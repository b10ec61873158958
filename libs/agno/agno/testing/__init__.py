"""Test your own agents, offline: scripted models, and a guard against the network."""

from agno.testing.network import NetworkBlocked, no_network
from agno.testing.script import Call, Turn, call, fails, says, wants
from agno.testing.scripted_model import Request, ScriptedModel, ScriptExhausted, ScriptNotFinished

__all__ = [
    "Call",
    "NetworkBlocked",
    "Request",
    "ScriptExhausted",
    "ScriptNotFinished",
    "ScriptedModel",
    "Turn",
    "call",
    "fails",
    "no_network",
    "says",
    "wants",
]
