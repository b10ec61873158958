"""Steps of a chain of thought."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, Field


class NextAction(str, Enum):
    """What follows a step."""

    CONTINUE = "continue"
    VALIDATE = "validate"
    FINAL_ANSWER = "final_answer"
    RESET = "reset"


class ReasoningStep(BaseModel):
    """One step; confidence is between 0 and 1."""

    title: str | None = Field(default=None, description="What this step is about")
    action: str | None = Field(default=None, description="What is done in this step")
    result: str | None = Field(default=None, description="What came out of it")
    reasoning: str | None = Field(default=None, description="Why")
    next_action: NextAction | None = Field(default=None, description="What follows")
    confidence: float | None = Field(default=None, description="Between 0 and 1")


class ReasoningSteps(BaseModel):
    """A chain of thought."""

    reasoning_steps: list[ReasoningStep] = Field(default_factory=list, description="The steps, in order")
