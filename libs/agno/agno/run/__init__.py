"""Data of runs: context, status, cancellation. Outputs and events are in `agno.run.agent`, `.team`, `.workflow`."""

from agno.run.base import RunStatus
from agno.run.cancel import get_cancellation_manager, set_cancellation_manager
from agno.run.context import RunContext

__all__ = ["RunContext", "RunStatus", "get_cancellation_manager", "set_cancellation_manager"]
