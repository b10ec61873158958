"""How well the answers of an agent, a team or a workflow agree with an expected one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from agno._io import IO, asynchronous, sync
from agno.db.schemas.evals import EvalType
from agno.eval._evaluation import Evaluation, answer_of, check_count, facts_of, judge_of, only_one, text_of
from agno.eval._judging import judge, question_of, verdict_of
from agno.eval._statistics import spread_of
from agno.exceptions import EvalError
from agno.utils.later import later

_utils = later("agno.eval.utils")

_TASK = (
    "Compare the output with the expected output, given the input. Judge the content, not the wording.",
    "accuracy_score: 10 is fully right and complete; 7 to 9 right with small gaps; 4 to 6 right in part; 2 or 3 mostly "
    "wrong; 1 wrong, empty or about something else.",
    "accuracy_reason: say in a few sentences what agrees, what is missing and what is wrong.",
)


class AccuracyAgentResponse(BaseModel):
    """What the judge says."""

    accuracy_score: int = Field(ge=1, le=10, description="How well the output agrees with what was expected, 1 to 10")
    accuracy_reason: str = Field(description="Why, in a few sentences")


@dataclass
class AccuracyEvaluation:
    """One answer, and what the judge says of it: a score from 1 to 10, and why."""

    input: str
    output: str
    expected_output: str
    score: int
    reason: str

    def print_eval(self, console: Any = None) -> None:
        """Print it as a table."""
        rows = [
            ("Input", self.input),
            ("Output", self.output),
            ("Expected Output", self.expected_output),
            ("Accuracy Score", f"{self.score}/10"),
            ("Accuracy Reason", self.reason),
        ]
        _utils.show("[ Evaluation Result ]", rows, console)


@dataclass
class AccuracyResult:
    """All judged answers of an evaluation, with average, extremes and spread of their scores; 0 without answers."""

    results: list[AccuracyEvaluation] = field(default_factory=list)
    avg_score: float = field(init=False, default=0.0)
    mean_score: float = field(init=False, default=0.0)
    min_score: float = field(init=False, default=0.0)
    max_score: float = field(init=False, default=0.0)
    std_dev_score: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.compute_stats()

    def compute_stats(self) -> None:
        """Compute the figures from `results`."""
        spread = spread_of([result.score for result in self.results])
        self.avg_score = self.mean_score = spread.average
        self.min_score, self.max_score, self.std_dev_score = spread.least, spread.most, spread.deviation

    def print_summary(self, console: Any = None) -> None:
        """Print the figures."""
        rows = [
            ("Number of Runs", len(self.results)),
            ("Average Score", f"{self.avg_score:.2f}"),
            ("Mean Score", f"{self.mean_score:.2f}"),
            ("Minimum Score", f"{self.min_score:.2f}"),
            ("Maximum Score", f"{self.max_score:.2f}"),
            ("Standard Deviation", f"{self.std_dev_score:.2f}"),
        ]
        _utils.show("[ Evaluation Summary ]", rows, console)

    def print_results(self, console: Any = None) -> None:
        """Print every answer."""
        for result in self.results:
            result.print_eval(console)


@dataclass(eq=False)
class AccuracyEval(Evaluation):
    """Asks an agent, a team or a workflow the same thing `num_iterations` times, and a judge how right the answers are.

    `input` and `expected_output` are texts, or functions that give them. The judge is an agent with `model` (without one:
    OpenAI's o4-mini), whose prompt holds `additional_guidelines` and `additional_context`; or it is `evaluator_agent`, and
    then these three do not matter. Nothing is changed on what is evaluated, and each iteration has a new session.
    """

    eval_type = EvalType.ACCURACY

    input: str | Callable[..., Any]
    expected_output: str | Callable[..., Any]
    agent: Any = None
    team: Any = None
    workflow: Any = None
    num_iterations: int = 1
    result: AccuracyResult | None = None
    model: Any = None
    evaluator_agent: Any = None
    additional_guidelines: str | Sequence[str] | None = None
    additional_context: str | None = None
    print_summary: bool = False

    def get_evaluator_agent(self) -> Any:
        """The judge."""
        if self.evaluator_agent is not None:
            return judge_of("AccuracyEval", self.evaluator_agent)
        return judge(self.model, AccuracyAgentResponse, _TASK, self.additional_guidelines, self.additional_context)

    async def _eval_input(self, io: IO) -> str:
        """The input. Raises EvalError for a function that gives no text."""
        return await _text(io, "input", self.input)

    get_eval_input = sync(_eval_input)
    aget_eval_input = asynchronous(_eval_input)

    async def _eval_expected_output(self, io: IO) -> str:
        """The expected output. Raises EvalError for a function that gives no text."""
        return await _text(io, "expected_output", self.expected_output)

    get_eval_expected_output = sync(_eval_expected_output)
    aget_eval_expected_output = asynchronous(_eval_expected_output)

    async def _evaluate(
        self,
        io: IO,
        input: str,
        evaluator_agent: Any,
        evaluation_input: str,
        evaluator_expected_output: str,
        agent_output: str,
    ) -> AccuracyEvaluation:
        """Ask the judge, with `evaluation_input`, about one answer. Raises EvalError if it gives no verdict."""
        verdict = await verdict_of(io, evaluator_agent, evaluation_input, AccuracyAgentResponse)
        return AccuracyEvaluation(
            input, agent_output, evaluator_expected_output, verdict.accuracy_score, verdict.accuracy_reason
        )

    evaluate_answer = sync(_evaluate)
    aevaluate_answer = asynchronous(_evaluate)

    async def _run(self, io: IO, *, print_summary: bool = True, print_results: bool = True) -> AccuracyResult:
        """Ask, judge, store and print. Raises ValueError unless there is exactly one of agent, team and workflow, and
        EvalError if a run or the judge gives no answer."""
        kind, component = only_one("AccuracyEval", self._components())
        check_count("AccuracyEval", "num_iterations", self.num_iterations, 1)

        async def answer(given: str) -> str:
            return text_of((await answer_of(io, component, given)).content)

        return await self._judged(io, kind, component, answer, self.num_iterations, print_summary, print_results)

    run = sync(_run)
    arun = asynchronous(_run)

    async def _run_with_output(
        self, io: IO, *, output: str, print_summary: bool = True, print_results: bool = True
    ) -> AccuracyResult:
        """Judge an answer that is there already; agent, team or workflow only say whose it is."""
        kind, component = only_one("AccuracyEval", self._components(), needed=False)
        if not isinstance(output, str):
            raise ValueError(f"AccuracyEval.run_with_output(output={output!r}) judges a text.")

        async def answer(given: str) -> str:
            return output

        return await self._judged(io, kind, component, answer, 1, print_summary, print_results)

    run_with_output = sync(_run_with_output)
    arun_with_output = asynchronous(_run_with_output)

    def _components(self) -> dict[str, Any]:
        return {"agent": self.agent, "team": self.team, "workflow": self.workflow}

    async def _judged(
        self, io: IO, kind: str, component: Any, answer: Any, times: int, print_summary: bool, print_results: bool
    ) -> AccuracyResult:
        eval_id, evaluator = self._begin(), self.get_evaluator_agent()
        given, expected = await self._eval_input(io), await self._eval_expected_output(io)
        result = AccuracyResult()
        for _ in range(times):
            output = await answer(given)
            asked = question_of({"input": given, "expected_output": expected, "output": output})
            result.results.append(await self._evaluate(io, given, evaluator, asked, expected, output))
        result.compute_stats()
        self.result = result
        if print_results or self.print_results:
            result.print_results()
        if print_summary or self.print_summary:
            result.print_summary()
        settings = {
            "additional_guidelines": self.additional_guidelines,
            "additional_context": self.additional_context,
            "num_iterations": times,
            "expected_output": expected,
            "input": given,
        }
        about = {**facts_of(kind, component), "eval_input": settings}
        await self._keep(io, eval_id, result, asdict(result), about)
        return result


async def _text(io: IO, name: str, given: Any) -> str:
    found = await io.call(given) if callable(given) else given
    if not isinstance(found, str):
        what = f"the function in {name}= gave" if callable(given) else f"{name}= is"
        raise EvalError(f"AccuracyEval needs a text, but {what} {type(found).__name__}: {found!r}.", 400)
    return found


__all__ = ["AccuracyAgentResponse", "AccuracyEval", "AccuracyEvaluation", "AccuracyResult"]
