"""The older name of `Toolkit`."""

from agno.tools.toolkit import Toolkit as ToolRegistry

__all__ = ["ToolRegistry"]
