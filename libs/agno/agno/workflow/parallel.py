"""Steps side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agno._io import Give
from agno.models.metrics import Metrics
from agno.run.output import text_of
from agno.run.workflow import ParallelExecutionCompletedEvent, ParallelExecutionStartedEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError
from agno.workflow._building import StepList
from agno.workflow._failing import Paused, StepFailed
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._sequence import inside
from agno.workflow._state import Reducer, join
from agno.workflow.types import HumanReview, StepInput


class Parallel(Node):
    """Steps at the same time: each gets the same input, and what they give comes in the order in which they were written.

    A step that fails leaves the others alone. Each works on a copy of the session state; what they changed is joined when
    all have ended. `merge_state` says for a key what comes of several changes: a function of the value before and the list
    of the new values.
    """

    step_type = StepType.PARALLEL

    def __init__(
        self,
        *parts: Any,
        name: str | None = None,
        description: str | None = None,
        steps: Sequence[Any] | None = None,
        merge_state: Mapping[str, Reducer] | None = None,
        on_error: OnError | str | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        if len(parts) == 1 and isinstance(parts[0], (list, tuple)):
            parts = tuple(parts[0])
        self.steps = [*parts, *(steps or ())]
        self.merge_state = merge_state
        self._made = StepList()
        self._describe(name, description, review_of(named("Parallel", name), human_review, on_error, None))
        _ = self.nodes  # refuses what is no step

    def constructor_arguments(self) -> dict[str, Any]:
        """The arguments that make the same object, with all steps in one list."""
        _, keywords = self.__dict__["_given"]
        return {**keywords, "steps": self.steps}

    @property
    def nodes(self) -> Sequence[Node]:
        return self._made.of(self.steps, self)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        nodes = self.nodes
        await self.emit(place, ParallelExecutionStartedEvent, parallel_step_count=len(nodes))
        outputs = await self._side_by_side(nodes, place, given)
        output = self.output(content=_said(outputs), metrics=_cost(outputs), **inside(outputs))
        failed = [one for one in outputs if not one.success]
        if failed:
            output.success, output.error = False, "; ".join(f"{one.step_name}: {one.error}" for one in failed)
        if not nodes:
            output.skipped = True
        await self.emit(place, ParallelExecutionCompletedEvent, parallel_step_count=len(nodes), step_results=outputs)
        return output

    async def _side_by_side(self, nodes: Sequence[Node], place: Place, given: StepInput) -> list[StepOutput]:
        branches: dict[int, Place] = {}
        found: dict[int, StepOutput] = {}
        waiting: dict[int, Paused] = {}
        fatal: dict[int, StepFailed] = {}

        def work_on(number: int, node: Node) -> Any:
            async def work(give: Give) -> None:
                branch = branches[number] = place.beside(number, f".{number}", self.step_id, give)
                try:
                    found[number] = await node.play(branch, given)
                except Paused as pause:
                    waiting[number] = pause
                except StepFailed as failure:
                    found[number] = failure.output
                    if failure.fatal:
                        fatal[number] = failure

            return work

        await place.run.io.merge([work_on(number, node) for number, node in enumerate(nodes)], place.give)
        if fatal:
            raise fatal[min(fatal)]
        if waiting:  # the others are done, and are not done again
            raise Paused([one for number in sorted(waiting) for one in waiting[number].requirements])
        ordered = range(len(nodes))
        join(place.state, [(nodes[n].label, branches[n].state) for n in ordered], self.merge_state)
        return [found[n] for n in ordered]


def _said(outputs: Sequence[StepOutput]) -> str:
    """All of them under their names, and whether they succeeded."""
    parts = []
    for output in outputs:
        content = output.told if output.steps else output.content
        parts.append(f"## {output.step_name} ({'ok' if output.success else 'failed'})\n{text_of(content)}")
    return "\n\n".join(parts) or "No steps ran."


def _cost(outputs: Sequence[StepOutput]) -> Metrics | None:
    total = Metrics()
    for output in outputs:
        if output.metrics is not None:
            total.add(output.metrics)
    return total if total.total_tokens or total.duration else None


__all__ = ["Parallel"]
