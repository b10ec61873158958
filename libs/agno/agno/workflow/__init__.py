"""Workflows: steps in a fixed order, and what they are made of."""

from agno.run.workflow import WorkflowRunOutput
from agno.workflow._pausing import pause
from agno.workflow.agent import WorkflowAgent
from agno.workflow.condition import Condition
from agno.workflow.loop import Loop
from agno.workflow.parallel import Parallel
from agno.workflow.router import Router
from agno.workflow.step import Step
from agno.workflow.steps import Steps
from agno.workflow.types import (
    ErrorRequirement,
    HumanReview,
    OnError,
    OnReject,
    OnTimeout,
    StepInput,
    StepOutput,
    StepRequirement,
    UserInputField,
    WorkflowExecutionInput,
)
from agno.workflow.workflow import Workflow

__all__ = [
    "Condition",
    "ErrorRequirement",
    "HumanReview",
    "Loop",
    "OnError",
    "OnReject",
    "OnTimeout",
    "Parallel",
    "Router",
    "Step",
    "StepInput",
    "StepOutput",
    "StepRequirement",
    "Steps",
    "UserInputField",
    "Workflow",
    "WorkflowAgent",
    "WorkflowExecutionInput",
    "WorkflowRunOutput",
    "pause",
]
