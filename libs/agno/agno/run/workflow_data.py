"""What the steps of a workflow give: outputs and metrics. `agno.workflow.types` offers them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agno.media import Audio, File, Image, Video
from agno.models.metrics import Metrics
from agno.run.output import text_of
from agno.utils.codec import Coded, encode_fields


class StepType(str, Enum):
    """Kinds of steps, as `step_type` carries them."""

    FUNCTION = "Function"
    STEP = "Step"
    STEPS = "Steps"
    LOOP = "Loop"
    PARALLEL = "Parallel"
    CONDITION = "Condition"
    ROUTER = "Router"
    WORKFLOW = "Workflow"


_PARALLEL = StepType.PARALLEL.value
_ALWAYS = frozenset(
    {
        "content", "step_name", "step_id", "step_type", "executor_type", "executor_name", "step_run_id", "images",
        "videos", "audio", "files", "metrics", "success", "error", "stop",
    }
)  # fmt: skip


@dataclass
class StepOutput(Coded):
    """What a step gave. `stop=True` ends the workflow; containers have their children in `steps`."""

    step_name: str | None = None
    step_id: str | None = None
    step_type: str | None = None
    executor_type: str | None = None
    executor_name: str | None = None
    content: Any = None
    step_run_id: str | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    files: list[File] | None = None
    metrics: Metrics | None = None
    success: bool = True
    error: str | None = None
    error_type: str | None = None  # the class of what was raised; None where the step itself says that it failed
    stop: bool = False
    skipped: bool | None = None  # True for a step that was left out; what comes next sees the output before it
    steps: list[StepOutput] | None = None
    duration: float | None = None  # wall clock of the step and everything inside of it, in seconds

    def to_dict(self) -> dict[str, Any]:
        """Plain data: every key, None where there is nothing; `steps` only of containers."""
        data = encode_fields(self, always=_ALWAYS)
        if not data.get("steps"):
            data.pop("steps", None)
        return data

    @property
    def deepest_last(self) -> StepOutput:
        """This output, or of a container the last step that really ran."""
        return self.steps[-1].deepest_last if self.steps else self

    @property
    def told(self) -> Any:
        """The content that goes on to the next step: of a container that of its last step that ran, of parallel steps
        all of theirs, under their names; None if nothing ran."""
        if not self.steps:
            return None if self.skipped else self.content
        if self.step_type == _PARALLEL:
            parts = [
                f"=== {step.step_name} ===\n{text_of(said)}" for step in self.steps if (said := step.told) is not None
            ]
            return "\n\n".join(parts) or None
        return next((told for step in reversed(self.steps) if (told := step.told) is not None), None)

    def find(self, name: str) -> StepOutput | None:
        """The output of the step with this name: this one, or one inside of it; the newest if there are several."""
        if self.step_name == name:
            return self
        return next((found for step in reversed(self.steps or ()) if (found := step.find(name)) is not None), None)


@dataclass
class StepMetrics(Coded):
    """What an agent or team step cost."""

    step_name: str
    executor_type: str
    executor_name: str
    metrics: Metrics | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields."""
        return encode_fields(self, always=frozenset({"metrics"}))


@dataclass
class WorkflowMetrics(Coded):
    """The metrics of the agent and team steps by step name; `duration` is the wall clock of the run, in seconds."""

    steps: dict[str, StepMetrics] = field(default_factory=dict)
    duration: float | None = None

    def total(self) -> Metrics:
        """All steps as one, without a time to the first token."""
        total, known = Metrics(), [step.metrics for step in self.steps.values() if step.metrics is not None]
        for metrics in known:
            total.add_usage(metrics)
        total.duration = self.duration
        if total.duration is None and any(metrics.duration is not None for metrics in known):
            total.duration = sum(metrics.duration or 0.0 for metrics in known)
        return total


def step_results(data: Any) -> list[Any]:
    """Step outputs read from dicts; a step may have given a list of them."""
    return [step_results(item) if isinstance(item, list) else _step_output(item) for item in data]


def _step_output(item: Any) -> Any:
    return StepOutput.from_dict(item) if isinstance(item, Mapping) else item


__all__ = ["StepMetrics", "StepOutput", "StepType", "WorkflowMetrics", "step_results"]
