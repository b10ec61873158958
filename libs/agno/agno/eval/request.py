"""An evaluation that somebody asks for from outside: a form is filled in, and what is served stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agno._io import IO, asynchronous, drive, sync
from agno.db.schemas.evals import EvalType
from agno.eval._evaluation import Evaluation, answer_of
from agno.eval.accuracy import AccuracyEval
from agno.eval.agent_as_judge import AgentAsJudgeEval
from agno.eval.performance import PerformanceEval
from agno.eval.reliability import ReliabilityEval
from agno.models.base import Model
from agno.models.utils import get_model
from agno.run.output import text_of

_PERFORMANCE_RUNS = 10  # where the request says 0 or nothing


@dataclass(kw_only=True)
class EvalRequest:
    """What is to be evaluated and how, whatever the component: an agent, a team or a workflow.

    With `model_id` and `model_provider` a copy with that model is evaluated; of the same provider it keeps the address and
    the key. The judge of "accuracy" and "agent_as_judge" has the component's own model.
    """

    eval_type: EvalType | str
    input: str
    name: str | None = None
    model_id: str | None = None
    model_provider: str | None = None
    num_iterations: int | None = 1
    warmup_runs: int | None = 0
    expected_output: str | None = None
    additional_guidelines: str | Sequence[str] | None = None
    additional_context: str | None = None
    expected_tool_calls: Sequence[str] | None = None
    criteria: str | None = None
    scoring_strategy: Literal["binary", "numeric"] = "binary"
    threshold: int = 7

    def check(self) -> None:
        """Raise ValueError for what cannot be evaluated."""
        try:
            kind = EvalType(self.eval_type)
        except ValueError:
            known = ", ".join(one.value for one in EvalType)
            raise ValueError(f"Invalid eval_type: {self.eval_type}. Valid types: {known}") from None
        if kind is EvalType.ACCURACY and not self.expected_output:
            raise ValueError("expected_output is required for accuracy evaluation")
        if kind is EvalType.RELIABILITY and self.expected_tool_calls is None:
            raise ValueError("expected_tool_calls is required for reliability evaluations")
        if kind is EvalType.AGENT_AS_JUDGE and not self.criteria:
            raise ValueError("criteria is required for agent_as_judge evaluations")
        if self.model_provider is not None and self.model_id is None:
            raise ValueError("model_provider goes with model_id")

    async def _run(self, io: IO, component: Any, db: Any) -> dict[str, Any]:
        """Evaluate, and give the row that is stored in `db`. Raises ValueError for a request that cannot be right, and
        EvalError or the model's error if a run fails; nothing is stored then."""
        self.check()
        if not hasattr(component, "session_type") or not hasattr(db, "get_eval_run"):
            raise ValueError(
                "EvalRequest.run(component, db) takes an agent, a team or a workflow, and a database; it got "
                f"{component!r} and {db!r}."
            )
        subject = with_model(component, self.model_id, self.model_provider)
        made = await getattr(self, f"_{EvalType(self.eval_type).value}")(io, component, subject)
        evaluation, options = made if isinstance(made, tuple) else (made, {})
        evaluation.name, evaluation.db = self.name, db
        await io.pick(evaluation.run, evaluation.arun, **options)
        row: dict[str, Any] = await io.call(db.get_eval_run, evaluation.eval_id, deserialize=False)
        return row

    run = sync(_run)
    arun = asynchronous(_run)

    async def _accuracy(self, io: IO, component: Any, subject: Any) -> tuple[Evaluation, dict[str, Any]]:
        evaluation = AccuracyEval(
            self.input,
            self.expected_output or "",
            **{subject.session_type: subject},
            num_iterations=self.num_iterations or 1,
            model=_own_model(component),
            additional_guidelines=self.additional_guidelines,
            additional_context=self.additional_context,
        )
        return evaluation, {"print_summary": False, "print_results": False}

    async def _performance(self, io: IO, component: Any, subject: Any) -> Evaluation:
        if io.is_async:

            async def answer() -> None:
                await answer_of(io, subject, self.input)

        else:

            def answer() -> None:  # type: ignore[misc]  # the other colour of the same
                drive(answer_of(io, subject, self.input))

        model = _own_model(subject)
        evaluation = PerformanceEval(
            answer,
            num_iterations=self.num_iterations or _PERFORMANCE_RUNS,
            warmup_runs=self.warmup_runs,
            model_id=None if model is None else model.id,
            model_provider=None if model is None else model.get_provider(),
        )
        setattr(evaluation, f"{subject.session_type}_id", component.id)
        answer.__name__ = str(component.name or component.id)
        return evaluation

    async def _reliability(self, io: IO, component: Any, subject: Any) -> Evaluation:
        output = await answer_of(io, subject, self.input)
        return ReliabilityEval(
            **{f"{subject.session_type}_response": output}, expected_tool_calls=self.expected_tool_calls
        )

    async def _agent_as_judge(self, io: IO, component: Any, subject: Any) -> tuple[Evaluation, dict[str, Any]]:
        evaluation = AgentAsJudgeEval(
            self.criteria or "",
            scoring_strategy=self.scoring_strategy,
            threshold=self.threshold,
            model=_own_model(component),
            additional_guidelines=self.additional_guidelines,
        )
        output = await answer_of(io, subject, self.input)
        return evaluation, {"input": self.input, "output": text_of(output.content)}


def with_model(component: Any, model_id: str | None, model_provider: str | None = None) -> Any:
    """The component, or a copy of it with another model. The id stays the same. Raises ValueError for an unknown provider."""
    if model_id is None:
        return component
    model = _own_model(component)
    if model is None:
        raise ValueError(f"{component!r} has no model of its own, so model_id={model_id!r} has no place.")
    same_provider = model_provider is None or model_provider.casefold() == model.get_provider().casefold()
    if same_provider and model.id == model_id:
        return component
    other = _with_id(model, model_id) if same_provider else get_model(model_id, model_provider)
    return component.deep_copy(update={"id": component.id, "model": other})


def _own_model(component: Any) -> Model | None:
    """The model of an agent or a team; a workflow has none."""
    return None if component.session_type == "workflow" else component.model_of_run()


def _with_id(model: Model, model_id: str) -> Model:
    twin = copy.deepcopy(model)
    if twin is model:  # it says that it is one, whoever asks
        twin = copy.copy(model)
    twin.id = model_id
    return twin


__all__ = ["EvalRequest", "with_model"]
