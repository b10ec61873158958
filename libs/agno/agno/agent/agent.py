"""The agent. Its settings are listed in `_settings.py`, its methods lie beside this file, by what they are for."""

from __future__ import annotations

from typing import Any

from agno._engine.toolbox import component_in_tools
from agno.agent._accessors import Accessors
from agno.agent._cancelling import Cancelling
from agno.agent._component import Component
from agno.agent._copying import Copying
from agno.agent._definition import Definition
from agno.agent._inspection import Inspection
from agno.agent._printing import Printing
from agno.agent._running import Running
from agno.agent._sessions import Sessions
from agno.agent._settings import CommonSettings
from agno.run.agent import RunOutput, RunOutputEvent
from agno.session import AgentSession
from agno.utils.settings import publish_signature


@publish_signature
class Agent(
    CommonSettings,
    Running[RunOutput, RunOutputEvent],
    Component,
    Definition,
    Inspection,
    Accessors,
    Sessions[AgentSession, RunOutput],
    Cancelling,
    Printing,
    Copying,
):
    """A language model with instructions, tools and a memory of its sessions.

    An agent is configuration: a run changes nothing on it, so one agent serves any number of runs at once.
    All settings are keyword arguments; what is left out keeps the default shown here.
    """

    def __init__(self, **settings: Any) -> None:
        self._take(settings)
        if "tools" in settings:
            component_in_tools(self, (Component,))


__all__ = ["Agent"]
