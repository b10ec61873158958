"""Steps again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agno.exceptions import RunCancelledException
from agno.run.workflow import (
    LoopExecutionCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
)
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError, OnReject
from agno.utils.log import log_warning
from agno.workflow import _reviews as reviews
from agno.workflow._building import StepList
from agno.workflow._deciding import decided, names_for, remembered
from agno.workflow._expressions import refuse_expression
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._sequence import Ending, after, inside, one_after_the_other
from agno.workflow.types import HumanReview, StepInput


class Loop(Node):
    """Steps that are repeated until `end_condition` says True, or `max_iterations` rounds were made.

    `end_condition` is a function of the outputs of the round (plain or async), or a CEL expression. Each round begins with
    the input of the loop; with `forward_iteration_output` with what the round before gave.
    """

    step_type = StepType.LOOP

    def __init__(
        self,
        steps: Sequence[Any],
        name: str | None = None,
        description: str | None = None,
        max_iterations: int | None = 3,
        end_condition: Callable[..., Any] | str | None = None,
        *,
        forward_iteration_output: bool = False,
        requires_confirmation: bool = False,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        requires_iteration_review: bool = False,
        iteration_review_message: str | None = None,
        on_error: OnError | str | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        self.steps = steps
        self.max_iterations, self.end_condition = max_iterations, end_condition
        self.forward_iteration_output = forward_iteration_output
        self._made = StepList()
        review = review_of(
            named("Loop", name),
            human_review,
            on_error,
            on_reject,
            requires_confirmation=requires_confirmation,
            confirmation_message=confirmation_message,
            requires_iteration_review=requires_iteration_review,
            iteration_review_message=iteration_review_message,
        )
        self._describe(name, description, review)
        self._check()

    def _check(self) -> None:
        if self.max_iterations is None and self.end_condition is None:
            raise ValueError(f"{self.title} has no end: give max_iterations=, or end_condition=.")
        rounds = self.max_iterations
        if rounds is not None and (not isinstance(rounds, int) or rounds is True or rounds < 1):
            raise ValueError(f"{self.title} has max_iterations={rounds!r}; give a number of 1 or more.")
        if (
            self.end_condition is not None
            and not isinstance(self.end_condition, str)
            and not callable(self.end_condition)
        ):
            raise ValueError(f"{self.title} has end_condition={self.end_condition!r}; give a function or a text.")
        refuse_expression(self.title, "end_condition", self.end_condition, *_TOLD)
        if not self.nodes:
            raise ValueError(f"{self.title} has no steps to repeat.")

    @property
    def nodes(self) -> Sequence[Node]:
        return self._made.of(self.steps, self)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        limit = self.max_iterations
        await self.emit(place, LoopExecutionStartedEvent, max_iterations=limit)
        rounds: list[list[StepOutput]] = []
        facts: dict[str, Any] = {}
        goes_on, now = True, given
        while goes_on:
            number = len(rounds) + 1
            await self.emit(place, LoopIterationStartedEvent, iteration=number, max_iterations=limit)
            ending, again = await self._round(place, now, number)
            rounds.append(ending.outputs)
            facts = {} if ending.failure is None else {"success": False, "error": ending.failure.error}
            goes_on = await self._goes_on(place, now, ending, number) and again
            await self.emit(
                place,
                LoopIterationCompletedEvent,
                iteration=number,
                max_iterations=limit,
                iteration_results=ending.outputs,
                should_continue=goes_on,
            )
            if self.forward_iteration_output:
                now = self._forwarded(now, ending)
        everything = [output for outputs in rounds for output in outputs]
        await self.emit(
            place,
            LoopExecutionCompletedEvent,
            total_iterations=len(rounds),
            max_iterations=limit,
            all_results=rounds,
        )
        said = f"{self.label} made {len(rounds)} rounds with {len(everything)} steps."
        return self.output(content=said, **(inside(everything) | facts))

    async def _round(self, place: Place, given: StepInput, number: int) -> tuple[Ending, bool]:
        """One round, and again after a no, if that is what a no means. False: no further round."""
        tries, now = 0, given
        while True:
            prefix = f"#{number}~{tries}." if tries else f"#{number}."
            ending = await one_after_the_other(self.nodes, place, now, self.step_id, prefix)
            if ending.failure is not None:
                return ending, True
            said = await reviews.iteration(self, place, number, tries, ending.outputs)
            if said is None or said.good:
                if said is not None and said.edited is not None:
                    ending.outputs[-1] = said.edited
                return ending, True
            if said.on_reject != OnReject.retry.value or tries >= self.review.max_retries:
                return ending, False
            tries += 1
            now = reviews.with_data(given, feedback=said.feedback) if said.feedback else given

    async def _goes_on(self, place: Place, given: StepInput, ending: Ending, number: int) -> bool:
        if ending.failure is not None or ending.stop:
            return False
        if self.max_iterations is not None and number >= self.max_iterations:
            return False
        if self.end_condition is None:
            return True
        return not await remembered(place, f"end {number}", lambda: self._is_at_its_end(place, given, ending, number))

    async def _is_at_its_end(self, place: Place, given: StepInput, ending: Ending, number: int) -> bool:
        outputs = ending.outputs
        last = outputs[-1].told if outputs else None
        names = names_for(
            place,
            given,
            iteration=number,
            current_iteration=number,
            max_iterations=self.max_iterations,
            last_step_content=last,
            step_outputs={output.step_name or "": output.told for output in outputs},
            all_success=all(output.success for output in outputs),
        )
        try:
            return bool(await decided(self, place, "end_condition", self.end_condition, outputs, names))
        except RunCancelledException:
            raise
        except Exception as error:  # contract: a condition that fails does not end the loop, its limit does
            if self.max_iterations is None:
                raise
            log_warning(f"The end condition of loop {self.label!r} failed, so the loop goes on: {error}")
            return False

    def _forwarded(self, given: StepInput, ending: Ending) -> StepInput:
        for node, output in zip(self.nodes, ending.outputs, strict=False):
            given = after(given, node, output)
        return given


# what an end condition that is an expression can name, beside what every expression can
_TOLD = ("iteration", "current_iteration", "max_iterations", "last_step_content", "step_outputs", "all_success")


__all__ = ["Loop"]
