"""The agent that talks with the user about a workflow, and lets it run when that is needed."""

from __future__ import annotations

from typing import Any

from agno.agent.agent import Agent
from agno.utils.settings import publish_signature

TOOL = "run_workflow"
INSTRUCTIONS = (
    "You talk with the user about a workflow. If the earlier runs of the workflow hold the answer, answer from them. If new "
    f"work is needed, call {TOOL} with the task in the user's words; its result is shown to the user."
)


@publish_signature
class WorkflowAgent(Agent):
    """Answers from earlier runs of the workflow, or runs it. All settings of `Agent` are there.

    `add_workflow_history` tells it of the newest `num_history_runs` runs.
    """

    add_workflow_history: bool = True
    num_history_runs = 5

    def __init__(self, model: Any = None, instructions: Any = None, **settings: Any) -> None:
        if model is not None:
            settings["model"] = model
        settings["instructions"] = instructions if instructions is not None else INSTRUCTIONS
        super().__init__(**settings)


__all__ = ["TOOL", "WorkflowAgent"]
