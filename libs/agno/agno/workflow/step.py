"""A step: one agent, team, workflow or function at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from agno.run.cancel import cancel_run
from agno.run.workflow import StepCompletedEvent, StepOutputEvent, StepStartedEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import OnError, OnReject, OnTimeout
from agno.utils.parameters import names_of
from agno.workflow._executors import by_component, by_function
from agno.workflow._nested import by_workflow
from agno.workflow._node import Node, named, review_of
from agno.workflow._place import Place
from agno.workflow._state import adopt, own_state, snapshot
from agno.workflow._steps_of import kind_of_executor
from agno.workflow.types import HumanReview, StepInput

if TYPE_CHECKING:
    from agno.workflow._run import WorkflowRun

_OFFERED = frozenset({"session_state", "run_context", "workflow_session"})


class Step(Node):
    """One agent, team, workflow or function (plain, async, or a generator of either colour).

    `max_retries` are attempts beyond the first; each is limited to `timeout_seconds`. What follows from a failure says
    `on_error`: by default it ends the workflow (inside of a container: the container); `skip_on_failure=True` is
    `on_error=OnError.skip`. What people are asked is set here or in `human_review`.
    """

    is_leaf = True
    executor_type: str

    def __init__(
        self,
        name: str | None = None,
        agent: Any = None,
        team: Any = None,
        executor: Callable[..., Any] | None = None,
        step_id: str | None = None,
        description: str | None = None,
        max_retries: int = 3,
        timeout_seconds: float | None = None,
        skip_on_failure: bool = False,
        strict_input_validation: bool = False,
        *,
        workflow: Any = None,
        add_workflow_history: bool | None = None,
        num_history_runs: int = 3,
        requires_confirmation: bool = False,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        requires_user_input: bool = False,
        user_input_message: str | None = None,
        user_input_schema: list[Any] | None = None,
        on_error: OnError | str | None = None,
        requires_output_review: bool | Callable[[StepOutput], bool] = False,
        output_review_message: str | None = None,
        hitl_max_retries: int | None = None,
        hitl_timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        title = named("Step", name)
        given = {"agent": agent, "team": team, "executor": executor, "workflow": workflow}
        found = [(kind, value) for kind, value in given.items() if value is not None]
        if len(found) != 1:
            has = ", ".join(f"{kind}=" for kind, _ in found) or "nothing"
            raise ValueError(f"{title} needs one of agent=, team=, workflow= and executor=; it got {has}.")
        kind, self.worker = found[0]
        _check_worker(title, kind, self.worker)
        if not isinstance(max_retries, int) or max_retries < 0:
            raise ValueError(f"{title} has max_retries={max_retries!r}; give 0 for one attempt, or more.")
        if timeout_seconds is not None and (not isinstance(timeout_seconds, (int, float)) or not timeout_seconds > 0):
            raise ValueError(
                f"{title} has timeout_seconds={timeout_seconds!r}; give a number of seconds above 0, or None."
            )
        self.agent, self.team, self.executor, self.workflow = agent, team, executor, workflow
        self.executor_type = "function" if kind == "executor" else kind
        self.max_retries, self.timeout_seconds = max_retries, timeout_seconds
        self.skip_on_failure, self.strict_input_validation = skip_on_failure, strict_input_validation
        self.add_workflow_history, self.num_history_runs = add_workflow_history, num_history_runs
        review = review_of(
            named("Step", name or own_name(self.worker)),
            human_review or getattr(executor, "agno_review", None),
            on_error or (OnError.skip if skip_on_failure else None),
            on_reject,
            on_timeout,
            requires_confirmation=requires_confirmation,
            confirmation_message=confirmation_message,
            requires_user_input=requires_user_input,
            user_input_message=user_input_message,
            user_input_schema=user_input_schema,
            requires_output_review=requires_output_review,
            output_review_message=output_review_message,
            max_retries=hitl_max_retries,
            timeout=hitl_timeout,
        )
        if kind == "workflow":
            self.step_type = StepType.WORKFLOW  # type: ignore[misc]  # of this one
        self._describe(name or own_name(self.worker), description, review, step_id)
        if kind == "executor":
            names = names_of(self.worker)
            self.takes_input = names is None or bool(names - _OFFERED)

    @property
    def executor_name(self) -> str:
        """The name of who works."""
        return _name_of(self.worker) or f"unnamed {self.executor_type}"

    @property
    def active_executor(self) -> Any:
        """Who works."""
        return self.worker

    def _inside(self, mark: str, ways: list[str] | None) -> Sequence[Node] | None:
        return () if self.workflow is None else self.workflow.nodes or None  # one elsewhere knows its steps itself

    def described(self) -> dict[str, Any]:
        data = super().described()
        if self.executor_type != "function":
            data[self.executor_type] = {"id": getattr(self.worker, "id", None), "name": self.executor_name}
        if self.workflow is not None:
            data["steps"] = self.workflow.to_dict_for_steps()["steps"]
        return data

    def wants_history(self, run: WorkflowRun) -> bool:
        """True if the executor is told of earlier runs."""
        own = self.add_workflow_history
        return bool(run.component.add_workflow_history_to_steps if own is None else own)

    def history_runs(self, run: WorkflowRun) -> int:
        """Of how many."""
        return self.num_history_runs if self.add_workflow_history else run.component.num_history_runs

    # Running ---------------------------------------------------------------------------------------------------------

    def _recorded(
        self, place: Place, output: StepOutput, before: dict[str, Any], *, raised: bool
    ) -> Awaitable[None] | None:
        run = place.run
        run.count(output)
        runs = run.executed_at.get(place.key, ())
        return run.journal.record(place, output, before, runs, leaf=True, raised=raised)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        run = place.run
        if run.hears(StepStartedEvent) and (place.key, "executor") not in run.replies:
            await self.emit(place, StepStartedEvent)
        if self.timeout_seconds is None:
            output = await _WORK[self.executor_type](self, place, given)
        else:
            output = await self._in_time(place, given, self.timeout_seconds)
        run.check()
        if self.executor_type == "function":
            await self.emit(place, StepOutputEvent, step_output=output)
        if run.hears(StepCompletedEvent):
            await self.emit(place, StepCompletedEvent, **_shown(output))
        return output

    async def _in_time(self, place: Place, given: StepInput, seconds: float) -> StepOutput:
        """The work, within a time. What goes on after it, in a thread, changes nothing any more."""
        found: list[tuple[StepOutput, dict[str, Any]]] = []
        before = snapshot(place.state)

        async def work(give: Any) -> None:
            apart = place.apart(give)
            found.append((await _WORK[self.executor_type](self, apart, given), apart.state))

        place.run.at_work.pop(place.key, None)
        try:
            await place.run.io.within(seconds, work, place.give)
        except TimeoutError:
            if not found:  # else it ended in the very moment
                if (run_id := place.run.at_work.get(place.key)) is not None:
                    cancel_run(run_id)
                raise TimeoutError(f"It took longer than {seconds} seconds.") from None
        output, state = found[0]
        adopt(place.state, before, own_state(state))
        return output


_WORK: dict[str, Callable[[Step, Place, StepInput], Awaitable[StepOutput]]] = {
    "agent": by_component,
    "team": by_component,
    "function": by_function,
    "workflow": by_workflow,
}


def _shown(output: StepOutput) -> dict[str, Any]:
    shown: dict[str, Any] = {"content": output.content, "step_response": output}
    if output.content is not None and not isinstance(output.content, str):
        shown["content_type"] = type(output.content).__name__
    for name in ("images", "videos", "audio"):
        if (media := getattr(output, name)) is not None:
            shown[name] = media
    return shown


def _name_of(worker: Any) -> str | None:
    name = getattr(worker, "name", None) or getattr(worker, "__name__", None)
    if name.__class__ is str:
        return name
    if name is None and (inner := getattr(worker, "func", None)) is not None:  # a partial
        return _name_of(inner)
    if name is None and callable(worker) and kind_of_executor(worker) == "executor":
        return type(worker).__name__
    return str(name) if name else None


def own_name(worker: Any) -> str | None:
    """The name that a step takes from its executor; a lambda has none."""
    name = _name_of(worker)
    return None if name == "<lambda>" else name


def _check_worker(title: str, kind: str, worker: Any) -> None:
    is_kind = kind_of_executor(worker)
    if is_kind != kind and not (kind == "team" and is_kind == "agent"):
        raise ValueError(
            f"{title} got {worker!r} as {kind}=, which is no {'function' if kind == 'executor' else kind}."
            + (f" Give it as {is_kind}=." if is_kind else "")
        )


__all__ = ["Step", "own_name"]
