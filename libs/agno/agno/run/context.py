"""The one object that tools, hooks, instructions and retrievers of a run share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agno.filters import Filters


@dataclass
class RunContext:
    """What a run is about: who runs what for whom, and with which state, knowledge and tools.

    Tools, hooks, instructions and retrievers that name `run_context` get it. Changes of `session_state` are stored with the
    session; changes of the rest count for this run only.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    dependencies: dict[str, Any] | None = None
    knowledge_filters: Filters | None = None
    metadata: dict[str, Any] | None = None
    session_state: dict[str, Any] | None = None
    output_schema: Any = None
    messages: list[Any] | None = None
    tools: list[Any] | None = None
    knowledge: Any = None
    members: list[Any] | None = None
    client_tools: list[Any] | None = None


__all__ = ["RunContext"]
