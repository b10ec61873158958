"""Steps that are chosen while the workflow runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from agno.run.workflow import RouterExecutionCompletedEvent, RouterExecutionStartedEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError, OnReject, OnTimeout
from agno.workflow import _reviews as reviews
from agno.workflow._building import StepList, listed, step_of
from agno.workflow._deciding import decided, names_for
from agno.workflow._expressions import refuse_expression, texts_of
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._sequence import one_after_the_other
from agno.workflow._steps_of import kind_of_executor
from agno.workflow.steps import Steps
from agno.workflow.types import HumanReview, StepInput


class Router(Node):
    """Runs what the selector gives: steps, or names of `choices`; one or a list of them, one after the other.

    The selector is a function of the StepInput (plain or async), or a CEL expression that gives names. It may give steps that
    are not among the choices, but no names that are not. A list among the choices is a way of several steps. Without a selector
    and with `requires_user_input` a person chooses. `Router(selector, choices)` and `Router(choices, selector)` are the same.
    """

    step_type = StepType.ROUTER

    def __init__(
        self,
        selector: Any = None,
        choices: Any = None,
        name: str | None = None,
        description: str | None = None,
        *,
        allow_multiple_selections: bool = False,
        requires_confirmation: bool = False,
        confirmation_message: str | None = None,
        requires_user_input: bool = False,
        user_input_message: str | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        on_timeout: OnTimeout | str | None = None,
        hitl_timeout: float | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        if isinstance(selector, (list, tuple)):
            selector, choices = choices, selector
        self.selector: str | Callable[..., Any] | None = selector
        self.choices = choices if choices is not None else []
        self.allow_multiple_selections = allow_multiple_selections
        self._made = StepList()
        review = review_of(
            named("Router", name),
            human_review,
            on_error,
            on_reject,
            on_timeout,
            requires_confirmation=requires_confirmation,
            confirmation_message=confirmation_message,
            requires_user_input=requires_user_input,
            user_input_message=user_input_message,
            timeout=hitl_timeout,
        )
        self.asks_for_route = review.requires_user_input and selector is None
        if self.asks_for_route:  # the question is which way, not what to give
            review = HumanReview(**{**review.__dict__, "requires_user_input": False})
        self._describe(name, description, review)
        self._check()

    def _check(self) -> None:
        if self.selector is None and not self.asks_for_route:
            raise ValueError(
                f"{self.title} has nobody who chooses: give selector=, or requires_user_input=True to let a person do it."
            )
        if self.selector is not None and not isinstance(self.selector, str) and not callable(self.selector):
            raise ValueError(f"{self.title} has selector={self.selector!r}; give a function or a text.")
        if not self.nodes and not callable(self.selector):  # a function may give steps that are not among them
            raise ValueError(f"{self.title} has no choices.")
        refuse_expression(self.title, "selector", self.selector, "step_choices")
        for name in texts_of(self.title, "selector", self.selector) or _announced(self.selector):
            self._named(name, "can choose")

    def constructor_arguments(self) -> dict[str, Any]:
        """The arguments that make the same object, in the order of the signature."""
        _, keywords = self.__dict__["_given"]
        plain = {"name": self.name, "description": self.description}
        return {**plain, **keywords, "selector": self.selector, "choices": self.choices}

    @property
    def nodes(self) -> Sequence[Node]:
        return self._made.of(self._ways(), self)

    def _inside(self, mark: str, ways: list[str] | None) -> Sequence[Node] | None:
        nodes = {node.label: node for node in self.nodes}
        return None if ways is None or not nodes.keys() >= set(ways) else [nodes[name] for name in ways]

    def _ways(self) -> list[Any]:
        """The choices; a list among them, always the same object for the same list, is a sequence."""
        kept: dict[int, Any] = self.__dict__.setdefault("_lists", {})
        ways = []
        for number, choice in enumerate(listed(self.choices), 1):
            if isinstance(choice, (list, tuple)):
                if id(choice) not in kept:
                    kept[id(choice)] = self._sequence(choice, number)
                ways.append(kept[id(choice)])
            else:
                ways.append(choice)
        return ways

    def _sequence(self, choice: Sequence[Any], number: int) -> Node:
        return Steps(name=f"way {number}", steps=list(choice))

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        nodes = await self._selected(place, given)
        names = [node.label for node in nodes]
        await self.emit(place, RouterExecutionStartedEvent, selected_steps=names)
        ending = await one_after_the_other(nodes, place, given, self.step_id)
        outputs = ending.outputs
        if nodes:
            output = self.output(
                content=f"{self.label} ran {len(outputs)} steps: {', '.join(names)}.", **ending.facts()
            )
        else:
            output = self.output(content=f"{self.label} chose no step.", skipped=True)
        await self.emit(
            place,
            RouterExecutionCompletedEvent,
            selected_steps=names,
            executed_steps=len(outputs),
            step_results=outputs,
        )
        return output

    async def _selected(self, place: Place, given: StepInput) -> list[Node]:
        journal = place.run.journal
        known = journal.noted(place, "ways")
        if known is not None:
            return [self._named(name) for name in known]
        if self.asks_for_route:
            choices = [node.label for node in self.nodes]
            chosen: Any = await reviews.selection(self, place, choices, self.allow_multiple_selections) or []
        else:
            names = names_for(place, given, step_choices=[node.label for node in self.nodes])
            chosen = await decided(self, place, "selector", self.selector, given, names)
        nodes = [self._way(choice) for choice in _as_list(chosen)]
        if all(any(node is way for way in self.nodes) for node in nodes):  # else it is chosen anew if the run goes on
            await journal.note(place, "ways", [node.label for node in nodes])
        return nodes

    def _way(self, choice: Any) -> Node:
        """The step that a selector means."""
        if isinstance(choice, str):
            return self._named(choice)
        for way, node in zip(self._ways(), self.nodes, strict=True):
            if choice is way or choice is node:
                return node
        for original, node in zip(self.choices, self.nodes, strict=True):
            if choice is original:
                return node
        if isinstance(choice, Node) or kind_of_executor(choice) is not None:
            return step_of(choice, f"What router {self.label!r} chose")
        raise ValueError(
            f"Router {self.label!r} chose {choice!r} ({type(choice).__name__}), which is no step. "
            "Its selector gives steps, or names of its choices."
        )

    def _named(self, name: str, verb: str = "chose") -> Node:
        for node in self.nodes:
            if node.label == name:
                return node
        names = ", ".join(repr(node.label) for node in self.nodes)
        raise ValueError(f"{self.title} {verb} {name!r}, but its choices are {names or 'none'}.")


def _announced(selector: Any) -> list[str]:
    """The names that a function says it gives: `def choose(step_input) -> Literal["draft", "edit"]`."""
    hint = getattr(selector, "__annotations__", {}).get("return")
    if isinstance(hint, str):
        try:
            hint = get_type_hints(selector).get("return")
        except (NameError, TypeError):  # names something that only its author knows
            return []
    found = [hint, *(inner for outer in get_args(hint) for inner in (outer, *get_args(outer)))]
    literals = [one for one in found if get_origin(one) is Literal]
    return [name for one in literals for name in get_args(one) if isinstance(name, str)]


def _as_list(chosen: Any) -> Iterable[Any]:
    if chosen is None:
        return []
    return chosen if isinstance(chosen, (list, tuple)) else [chosen]


__all__ = ["Router"]
