"""Tools: functions that models can call."""

from agno.tools.decorator import tool
from agno.tools.function import Function, FunctionCall
from agno.tools.toolkit import Toolkit

__all__ = ["Function", "FunctionCall", "Toolkit", "tool"]
