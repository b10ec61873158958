"""How a step ends that does not end well: inside of the engine these are raised, outside they are outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.exceptions import RunCancelledException
from agno.run.workflow_data import StepOutput


class StepFailed(Exception):
    """A step failed for good. `fatal` ends the whole workflow, else the containers around it end."""

    def __init__(self, output: StepOutput, fatal: bool = False) -> None:
        super().__init__(f"Step {output.step_name!r} failed: {output.error}")
        self.output = output
        self.error_type = output.error_type
        self.fatal = fatal


class Paused(Exception):
    """Steps wait for a person; these are the questions."""

    def __init__(self, requirements: Sequence[Any]) -> None:
        super().__init__("The workflow waits for a person.")
        self.requirements = list(requirements)


class Refused(RunCancelledException):
    """A person said no, or nothing, and that ends the run."""


__all__ = ["Paused", "Refused", "StepFailed"]
