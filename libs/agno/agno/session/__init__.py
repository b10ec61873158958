"""Sessions: conversations that are kept."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Union

from agno.session.agent import AgentSession
from agno.session.summary_data import SessionSummary

if TYPE_CHECKING:
    from agno.session.team import TeamSession
    from agno.session.workflow import WorkflowSession

    Session = Union[AgentSession, TeamSession, WorkflowSession]

# loaded at their first use: with them come the events of teams and workflows, or models, which few programs need
_LATER = {
    "SessionSummaryManager": "agno.session.summary",  # a service, so no type checker sees it here
    "TeamSession": "agno.session.team",
    "WorkflowSession": "agno.session.workflow",
}


def __getattr__(name: str) -> Any:
    if name == "Session":
        return Union[AgentSession, __getattr__("TeamSession"), __getattr__("WorkflowSession")]
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'agno.session' has no attribute {name!r}")


__all__ = ["AgentSession", "Session", "SessionSummary", "SessionSummaryManager", "TeamSession", "WorkflowSession"]
