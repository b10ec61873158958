"""Steps one after the other, as one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.run.workflow import StepsExecutionCompletedEvent, StepsExecutionStartedEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError, OnReject
from agno.workflow._building import StepList
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._sequence import one_after_the_other
from agno.workflow.types import HumanReview, StepInput


class Steps(Node):
    """A named sequence. A step that fails ends it; what was done before stays."""

    step_type = StepType.STEPS

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        steps: Sequence[Any] | None = None,
        *,
        requires_confirmation: bool = False,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        self.steps = steps if steps is not None else []
        self._made = StepList()
        review = review_of(
            named("Steps", name),
            human_review,
            on_error,
            on_reject,
            requires_confirmation=requires_confirmation,
            confirmation_message=confirmation_message,
        )
        self._describe(name, description, review)
        _ = self.nodes  # refuses what is no step

    @property
    def nodes(self) -> Sequence[Node]:
        return self._made.of(self.steps, self)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        nodes = self.nodes
        await self.emit(place, StepsExecutionStartedEvent, steps_count=len(nodes))
        ending = await one_after_the_other(nodes, place, given, self.step_id)
        outputs = ending.outputs
        output = self.output(content=_said(self.label, len(outputs), len(nodes)), **ending.facts())
        if not nodes:
            output.skipped = True
        await self.emit(
            place,
            StepsExecutionCompletedEvent,
            steps_count=len(nodes),
            executed_steps=len(outputs),
            step_results=outputs,
        )
        return output


def _said(name: str, done: int, planned: int) -> str:
    return f"{name} has no steps." if not planned else f"{name} ran {done} of {planned} steps."


__all__ = ["Steps"]
