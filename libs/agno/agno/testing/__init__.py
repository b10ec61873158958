"""Test your own agents, offline: scripted models and model servers, recorded traffic, a guard against the network."""

from agno.testing.network import NetworkBlocked, NetworkGuard, no_network
from agno.testing.replay import Recorder, Replayer, ReplayMismatch, recording
from agno.testing.script import (
    Call,
    Fault,
    ScriptExhausted,
    ScriptNotFinished,
    Turn,
    call,
    fails,
    last_user_text,
    says,
    thinks,
    wants,
    wants_many,
)
from agno.testing.scripted_model import Request, ScriptedModel
from agno.testing.server import ScriptedServer, ServedRequest

__all__ = [
    "Call",
    "Fault",
    "NetworkBlocked",
    "NetworkGuard",
    "Recorder",
    "ReplayMismatch",
    "Replayer",
    "Request",
    "ScriptExhausted",
    "ScriptNotFinished",
    "ScriptedModel",
    "ScriptedServer",
    "ServedRequest",
    "Turn",
    "call",
    "fails",
    "last_user_text",
    "no_network",
    "recording",
    "says",
    "thinks",
    "wants",
    "wants_many",
]
