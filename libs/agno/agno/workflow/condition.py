"""Steps that run only if a condition holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agno.run.workflow import ConditionExecutionCompletedEvent, ConditionExecutionStartedEvent, StepOutputEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError, OnReject, OnTimeout
from agno.utils.log import log_warning
from agno.workflow._building import StepList
from agno.workflow._deciding import decided, names_for, remembered
from agno.workflow._expressions import refuse_expression
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._sequence import one_after_the_other
from agno.workflow.types import HumanReview, StepInput


class Condition(Node):
    """Runs `steps` if the evaluator says True, else `else_steps`, if there are any.

    The evaluator is a bool, a function of the StepInput (plain or async), or a CEL expression. `Condition(evaluator, steps)`
    and `Condition(steps, evaluator)` are the same.
    """

    step_type = StepType.CONDITION

    def __init__(
        self,
        evaluator: Any = True,
        steps: Any = None,
        name: str | None = None,
        description: str | None = None,
        *,
        else_steps: Sequence[Any] | None = None,
        requires_confirmation: bool = False,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        on_timeout: OnTimeout | str | None = None,
        hitl_timeout: float | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        if isinstance(evaluator, (list, tuple, Node)):
            evaluator, steps = (True if steps is None else steps), evaluator
        if not (isinstance(evaluator, (bool, str)) or callable(evaluator)):
            raise ValueError(
                f"{named('Condition', name)} has evaluator={evaluator!r}; give a bool, a function or a text."
            )
        refuse_expression(named("Condition", name), "evaluator", evaluator)
        self.evaluator: bool | str | Callable[..., Any] = evaluator
        self.steps = [steps] if steps is not None and not isinstance(steps, (list, tuple)) else steps or []
        self.else_steps = else_steps
        self._made, self._others = StepList(), StepList()
        review = review_of(
            named("Condition", name),
            human_review,
            on_error,
            on_reject,
            on_timeout,
            requires_confirmation=requires_confirmation,
            confirmation_message=confirmation_message,
            timeout=hitl_timeout,
        )
        self._describe(name, description, review)
        if not self.nodes:
            raise ValueError(f"{self.title} has no steps.")

    def constructor_arguments(self) -> dict[str, Any]:
        """The arguments that make the same object, in the order of the signature."""
        _, keywords = self.__dict__["_given"]
        plain = {"name": self.name, "description": self.description}
        return {**plain, **keywords, "evaluator": self.evaluator, "steps": self.steps}

    @property
    def then_nodes(self) -> Sequence[Node]:
        """The steps for True."""
        return self._made.of(self.steps, self)

    @property
    def else_nodes(self) -> Sequence[Node]:
        """The steps for False."""
        return self._others.of(self.else_steps, self)

    @property
    def nodes(self) -> Sequence[Node]:
        return [*self.then_nodes, *self.else_nodes]

    def _inside(self, mark: str, ways: list[str] | None) -> Sequence[Node]:
        return self.else_nodes if mark == ".else." else self.then_nodes

    def described(self) -> dict[str, Any]:
        data = {**super().described(), "steps": [node.described() for node in self.then_nodes]}
        if self.else_steps:
            data["else_steps"] = [node.described() for node in self.else_nodes]
        return data

    async def _refused(self, place: Place, given: StepInput, how: OnReject) -> StepOutput:
        if how is OnReject.else_branch:
            return await self._branch(place, given, False)
        return await super()._refused(place, given, how)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        result = await remembered(place, "result", lambda: self._result(place, given))
        return await self._branch(place, given, result)

    async def _result(self, place: Place, given: StepInput) -> bool:
        rule = self.evaluator
        if isinstance(rule, bool):
            return rule
        found = await decided(self, place, "evaluator", rule, given, names_for(place, given))
        if not isinstance(found, bool):
            log_warning(f"The evaluator of condition {self.label!r} gave {found!r}, which is no bool; taken as False.")
            return False
        return found

    async def _branch(self, place: Place, given: StepInput, result: bool) -> StepOutput:
        nodes = self.then_nodes if result else self.else_nodes
        await self.emit(place, ConditionExecutionStartedEvent, condition_result=result)
        ending = await one_after_the_other(nodes, place, given, self.step_id, "." if result else ".else.")
        outputs = ending.outputs
        if nodes:
            output = self.output(content=f"{self.label} ran {len(outputs)} steps.", **ending.facts())
        else:
            said = f"{self.label} was not met: {len(self.then_nodes)} steps were left out."
            output = self.output(content=said, skipped=True)
        await self.emit(
            place,
            ConditionExecutionCompletedEvent,
            condition_result=result,
            executed_steps=len(outputs),
            step_results=outputs,
        )
        if not nodes:
            await self.emit(place, StepOutputEvent, step_output=output)
        return output


__all__ = ["Condition"]
