"""Whether answers meet a criterion, as an agent judges them: of answers that are there, or of each run as it ends."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from agno._io import IO, asynchronous, sync
from agno.db.schemas.evals import EvalType
from agno.eval._evaluation import Evaluation, facts_of_output, judge_of, text_of
from agno.eval._judging import judge, question_of, verdict_of
from agno.eval._statistics import spread_of
from agno.eval.base import BaseEval
from agno.utils.ids import new_id
from agno.utils.later import later

_utils = later("agno.eval.utils")

_TASK = (
    "Say whether what you are shown meets the criteria. Judge nothing else.",
    "reason: say in a few sentences what meets them and what does not.",
)
_SCORED = "score: 10 meets them fully, 7 to 9 with small gaps, 4 to 6 in part, 2 or 3 hardly, 1 not at all."
_PASSED = "passed: true only if they are met."


class NumericVerdict(BaseModel):
    """What the judge says, as a score."""

    score: int = Field(ge=1, le=10, description="How well the criteria are met, 1 to 10")
    reason: str = Field(description="Why, in a few sentences")


class BinaryVerdict(BaseModel):
    """What the judge says, as a yes or no."""

    passed: bool = Field(description="Whether the criteria are met")
    reason: str = Field(description="Why, in a few sentences")


@dataclass
class AgentAsJudgeEvaluation:
    """One case, and what the judge says of it. `score` is None where it only says yes or no."""

    input: str
    output: str
    criteria: str
    score: int | None
    reason: str
    passed: bool

    def print_eval(self, console: Any = None) -> None:
        """Print it as a table."""
        rows = [("Input", self.input), ("Output", self.output), ("Criteria", self.criteria)]
        if self.score is not None:
            rows.append(("Score", f"{self.score}/10"))
        rows += [("Status", "PASSED" if self.passed else "FAILED"), ("Reason", self.reason)]
        _utils.show("[ Evaluation Result ]", rows, console)


@dataclass
class AgentAsJudgeResult:
    """All cases. `pass_rate` is in per cent; the figures of scores are None where there are none."""

    run_id: str
    results: list[AgentAsJudgeEvaluation] = field(default_factory=list)
    avg_score: float | None = field(init=False, default=None)
    min_score: float | None = field(init=False, default=None)
    max_score: float | None = field(init=False, default=None)
    std_dev_score: float | None = field(init=False, default=None)
    pass_rate: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.compute_stats()

    def compute_stats(self) -> None:
        """Compute the figures from `results`."""
        passed = [result.passed for result in self.results]
        self.pass_rate = 100 * sum(passed) / len(passed) if passed else 0.0
        scores = [result.score for result in self.results if result.score is not None]
        figures = spread_of(scores)[:4] if scores else (None,) * 4
        self.avg_score, self.min_score, self.max_score, self.std_dev_score = figures

    def print_summary(self, console: Any = None) -> None:
        """Print the figures."""
        rows: list[tuple[str, Any]] = [("Number of Runs", len(self.results)), ("Pass Rate", f"{self.pass_rate:.1f} %")]
        scores = {
            "Average Score": self.avg_score,
            "Minimum Score": self.min_score,
            "Maximum Score": self.max_score,
            "Standard Deviation": self.std_dev_score,
        }
        rows += [(name, f"{value:.2f}") for name, value in scores.items() if value is not None]
        _utils.show("[ Evaluation Summary ]", rows, console)

    def print_results(self, console: Any = None) -> None:
        """Print every case."""
        for result in self.results:
            result.print_eval(console)


@dataclass(eq=False)
class AgentAsJudgeEval(Evaluation, BaseEval):
    """Lets an agent judge answers by `criteria`: "binary" as met or not, "numeric" with a score from 1 to 10, of which
    `threshold` and more pass.

    The judge is an agent with `model` (without one: OpenAI's o4-mini), or `evaluator_agent`. `on_fail` is called with each
    `AgentAsJudgeEvaluation` that did not pass; it may be async.

    In `post_hooks` of an agent or a team it judges each answer, in `pre_hooks` each input; every one is a row in `db`. The
    run goes on whatever the judge says; to stop it, raise an `OutputCheckError` (or `InputCheckError`) in `on_fail`. With
    `run_in_background` it judges after the response, under AgentOS or where the run is given `background_tasks`.
    """

    eval_type = EvalType.AGENT_AS_JUDGE

    criteria: str
    scoring_strategy: Literal["binary", "numeric"] = "binary"
    threshold: int = 7
    on_fail: Callable[[AgentAsJudgeEvaluation], Any] | None = None
    additional_guidelines: str | Sequence[str] | None = None
    model: Any = None
    evaluator_agent: Any = None
    result: AgentAsJudgeResult | None = None
    print_summary: bool = False
    run_in_background: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.criteria, str) or not self.criteria.strip():
            raise ValueError(f"criteria={self.criteria!r} says nothing to judge by; give it a text.")
        if self.scoring_strategy not in ("binary", "numeric"):
            raise ValueError(f"scoring_strategy={self.scoring_strategy!r} is neither 'binary' nor 'numeric'.")
        if not isinstance(self.threshold, (int, float)) or not 1 <= self.threshold <= 10:
            raise ValueError(f"threshold={self.threshold!r} must be a number between 1 and 10.")
        if self.on_fail is not None and not callable(self.on_fail):
            raise ValueError(f"on_fail={self.on_fail!r} must be a function of an AgentAsJudgeEvaluation.")

    def get_evaluator_agent(self) -> Any:
        """The judge."""
        if self.evaluator_agent is not None:
            return judge_of("AgentAsJudgeEval", self.evaluator_agent)
        how = _SCORED if self.scoring_strategy == "numeric" else _PASSED
        return judge(self.model, self._schema, [*_TASK, how], self.additional_guidelines, None)

    @property
    def _schema(self) -> type[NumericVerdict] | type[BinaryVerdict]:
        return NumericVerdict if self.scoring_strategy == "numeric" else BinaryVerdict

    # Answers that are there ------------------------------------------------------------------------------------------

    async def _run(
        self,
        io: IO,
        *,
        input: str | None = None,
        output: str | None = None,
        cases: Sequence[Mapping[str, str]] | None = None,
        print_summary: bool = False,
        print_results: bool = False,
    ) -> AgentAsJudgeResult:
        """Judge one `output` (and the `input` that it answers), or several `cases`, each a dict of these two. Raises
        ValueError unless one of both is given, and EvalError if the judge gives no verdict."""
        given = _cases(input, output, cases)
        eval_id = self._begin()
        self.result = result = await self._judged(io, eval_id, given, {})
        await self._tell(io, result, print_results, print_summary)
        return result

    run = sync(_run)
    arun = asynchronous(_run)

    async def _judged(
        self, io: IO, eval_id: str, cases: list[tuple[str, str | None]], about: dict[str, Any]
    ) -> AgentAsJudgeResult:
        result, evaluator = AgentAsJudgeResult(eval_id), self.get_evaluator_agent()
        for given, output in cases:
            result.results.append(await self._evaluate(io, evaluator, given, output))
        result.compute_stats()
        settings = {
            "criteria": self.criteria,
            "scoring_strategy": self.scoring_strategy,
            "threshold": self.threshold if self.scoring_strategy == "numeric" else None,
            "additional_guidelines": self.additional_guidelines,
        }
        await self._keep(io, eval_id, result, asdict(result), {**about, "eval_input": settings})
        return result

    async def _tell(
        self, io: IO, result: AgentAsJudgeResult, print_results: bool = False, print_summary: bool = False
    ) -> None:
        """Print what is wanted; then call `on_fail`, which may raise."""
        if print_results or self.print_results:
            result.print_results()
        if print_summary or self.print_summary:
            result.print_summary()
        if self.on_fail is not None:
            for evaluation in result.results:
                if not evaluation.passed:
                    await io.call(self.on_fail, evaluation)

    async def _evaluate(self, io: IO, evaluator: Any, given: str, output: str | None) -> AgentAsJudgeEvaluation:
        shown = {"criteria": self.criteria, "input": given, "output": output}
        question = question_of({name: part for name, part in shown.items() if part is not None})
        verdict = await verdict_of(io, evaluator, question, self._schema)
        if isinstance(verdict, NumericVerdict):
            score, passed = verdict.score, verdict.score >= self.threshold
        else:
            score, passed = None, verdict.passed
        return AgentAsJudgeEvaluation(given, output or "", self.criteria, score, verdict.reason, passed)

    # Beside a run ----------------------------------------------------------------------------------------------------

    async def _pre(self, io: IO, run_input: Any) -> None:
        """Judge what the caller gave."""
        await self._beside(io, [(_input_text(run_input), None)], {})

    pre_check = sync(_pre)  # type: ignore[arg-type]  # `self` is taken for the base's
    async_pre_check = asynchronous(_pre)  # type: ignore[arg-type]  # `self` is taken for the base's

    async def _post(self, io: IO, run_output: Any) -> None:
        """Judge what a run answers."""
        case = (_input_text(run_output.input), text_of(run_output.content))
        await self._beside(io, [case], facts_of_output(run_output))

    post_check = sync(_post)  # type: ignore[arg-type]  # `self` is taken for the base's
    async_post_check = asynchronous(_post)  # type: ignore[arg-type]  # `self` is taken for the base's

    async def _beside(self, io: IO, cases: list[tuple[str, str | None]], about: dict[str, Any]) -> None:
        await self._tell(io, await self._judged(io, new_id(), cases, about))


def _input_text(run_input: Any) -> str:
    return text_of(getattr(run_input, "input_content", run_input))


def _cases(
    input: str | None, output: str | None, cases: Sequence[Mapping[str, str]] | None
) -> list[tuple[str, str | None]]:
    if (cases is None) == (output is None) or (cases is not None and input is not None):
        raise ValueError(
            "AgentAsJudgeEval.run() needs either input= and output=, or cases=[{'input': …, 'output': …}]."
        )
    given: Any = [{"input": input or "", "output": output}] if cases is None else cases
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError(f"AgentAsJudgeEval.run(cases={cases!r}) has nothing to judge; give a list of cases.")
    for case in given:
        if not isinstance(case, Mapping) or not all(isinstance(case.get(part), str) for part in ("input", "output")):
            raise ValueError(f"A case is a dict of two texts, 'input' and 'output'; one is {reprlib.repr(case)}.")
    return [(case["input"], case["output"]) for case in given]


__all__ = ["AgentAsJudgeEval", "AgentAsJudgeEvaluation", "AgentAsJudgeResult", "BinaryVerdict", "NumericVerdict"]
