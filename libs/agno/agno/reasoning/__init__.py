"""Data of reasoning."""

from agno.reasoning.step import NextAction, ReasoningStep, ReasoningSteps

__all__ = ["NextAction", "ReasoningStep", "ReasoningSteps"]
