"""AgentAsJudgeEval: of answers that are there, and beside runs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from judging import ask, in_both_colours, printed, verdicts

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.eval import AgentAsJudgeEval, AgentAsJudgeEvaluation, AgentAsJudgeResult
from agno.exceptions import EvalError, InputCheckError, OutputCheckError
from agno.team import Team
from agno.testing import ScriptedModel, says

from playing import in_every_mode, play


def clerk(**settings: Any) -> Agent:
    return Agent(name="Clerk", model=ScriptedModel(says("Buy it now!"), repeat=True), **settings)


@in_both_colours
def test_one_answer_is_met_or_not(colour: str) -> None:
    db, judge = InMemoryDb(), verdicts(True)
    evaluation = AgentAsJudgeEval("is polite", model=judge, db=db, name="manners", additional_guidelines="No irony")
    result = ask(evaluation, colour, input="hi", output="Hello, dear")
    [one] = result.results
    assert one == AgentAsJudgeEvaluation("hi", "Hello, dear", "is polite", None, "because True", True)
    assert (result.run_id, result.pass_rate, result.avg_score) == (evaluation.eval_id, 100.0, None)
    assert json.loads(judge.requests[0].messages[-1].content) == {
        "criteria": "is polite",
        "input": "hi",
        "output": "Hello, dear",
    }
    assert "No irony" in judge.requests[0].messages[0].content
    [row] = db.get_eval_runs()
    assert (row.run_id, row.eval_type.value, row.name) == (evaluation.eval_id, "agent_as_judge", "manners")
    assert row.eval_input["criteria"] == "is polite" and row.eval_data["pass_rate"] == 100


@in_both_colours
def test_several_cases_get_scores_and_a_rate(colour: str) -> None:
    failed: list[Any] = []

    async def note(evaluation: AgentAsJudgeEvaluation) -> None:
        failed.append(evaluation.output)

    evaluation = AgentAsJudgeEval("is short", scoring_strategy="numeric", model=verdicts(9, 7, 2), on_fail=note)
    cases = [{"input": "q", "output": text} for text in "abc"]
    result = ask(evaluation, colour, cases=cases)
    assert [one.passed for one in result.results] == [True, True, False] and failed == ["c"]
    assert (result.avg_score, result.min_score, result.max_score) == (6, 2, 9) and round(result.pass_rate, 1) == 66.7
    strict = AgentAsJudgeEval("is short", scoring_strategy="numeric", threshold=10, model=verdicts(9))
    assert ask(strict, colour, output="a").pass_rate == 0


@in_both_colours
def test_what_cannot_be_judged_is_refused(colour: str) -> None:
    evaluation = AgentAsJudgeEval("c", model=verdicts())
    for wrong in ({}, {"input": "q"}, {"output": "a", "cases": []}, {"input": "q", "cases": [{}]}):
        with pytest.raises(ValueError, match=r"either input= and output=, or cases="):
            ask(evaluation, colour, **wrong)
    with pytest.raises(ValueError, match="nothing to judge"):
        ask(evaluation, colour, cases=[])
    with pytest.raises(ValueError, match="'input' and 'output'"):
        ask(evaluation, colour, cases=[{"input": "q"}])
    for wrong in ({"input": "q", "output": 3}, {"cases": [{"input": "q", "output": None}]}, {"cases": 5}):
        with pytest.raises(ValueError, match="two texts|a list of cases"):
            ask(evaluation, colour, **wrong)
    with pytest.raises(EvalError, match="passed, reason"):
        ask(AgentAsJudgeEval("c", model=ScriptedModel(says("hm"))), colour, output="a")


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to judge by"):
        AgentAsJudgeEval(" ")
    with pytest.raises(ValueError, match="neither 'binary' nor 'numeric'"):
        AgentAsJudgeEval("c", scoring_strategy="stars")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threshold=11"):
        AgentAsJudgeEval("c", threshold=11)
    with pytest.raises(ValueError, match="threshold='7' must be a number"):
        AgentAsJudgeEval("c", threshold="7")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="on_fail=3 must be a function"):
        AgentAsJudgeEval("c", on_fail=3)  # type: ignore[arg-type]


@in_both_colours
def test_the_result_is_there_also_where_on_fail_raises(colour: str, capsys: Any) -> None:
    def refuse(evaluation: AgentAsJudgeEvaluation) -> None:
        raise OutputCheckError("Refused")

    evaluation = AgentAsJudgeEval("c", model=verdicts(False), on_fail=refuse, print_summary=True)
    with pytest.raises(OutputCheckError):
        ask(evaluation, colour, output="a")
    assert evaluation.result is not None and evaluation.result.pass_rate == 0
    assert "Pass Rate" in capsys.readouterr().out


@in_every_mode
def test_as_a_post_hook_it_judges_every_answer_and_the_run_goes_on(mode: str) -> None:
    db = InMemoryDb()
    evaluation = AgentAsJudgeEval("does not push", model=verdicts(False, False), db=db)
    agent = clerk(post_hooks=[evaluation])
    for _ in range(2):
        assert play(agent, "shall I?", mode).output.content == "Buy it now!"
    rows = db.get_eval_runs()
    assert len({row.run_id for row in rows}) == 2 and evaluation.result is None
    assert {(row.agent_id, row.model_id, row.evaluated_component_name) for row in rows} == {
        ("clerk", "scripted", "Clerk")
    }
    [case] = rows[0].eval_data["results"]
    assert (case["input"], case["output"], case["passed"]) == ("shall I?", "Buy it now!", False)


@in_every_mode
def test_on_fail_can_stop_the_run(mode: str) -> None:
    def refuse(evaluation: AgentAsJudgeEvaluation) -> None:
        raise OutputCheckError(f"Refused: {evaluation.reason}")

    db = InMemoryDb()
    hook = AgentAsJudgeEval("does not push", model=verdicts(False), on_fail=refuse, db=db)
    seen = play(clerk(post_hooks=[hook]), "shall I?", mode)
    if mode.endswith("stream"):
        assert seen.kinds[-1] == "RunError"
    else:
        assert isinstance(seen.error, OutputCheckError)
    assert len(db.get_eval_runs()) == 1, "what was refused is on record"


@in_every_mode
def test_as_a_pre_hook_it_judges_the_input(mode: str) -> None:
    def refuse(evaluation: AgentAsJudgeEvaluation) -> None:
        raise InputCheckError("off topic")

    judge = verdicts(False)
    agent = clerk(pre_hooks=[AgentAsJudgeEval("is about books", model=judge, on_fail=refuse)])
    play(agent, "cars?", mode)
    assert json.loads(judge.requests[0].messages[-1].content) == {"criteria": "is about books", "input": "cars?"}
    assert agent.model.requests == [], "the model was not asked"


@in_every_mode
def test_a_judge_that_fails_does_not_cost_the_answer(mode: str) -> None:
    agent = clerk(post_hooks=[AgentAsJudgeEval("c", model=ScriptedModel(says("hm")))])
    assert play(agent, "q", mode).output.content == "Buy it now!"


def test_the_answers_of_a_team_are_judged_too() -> None:
    db = InMemoryDb()
    hook = AgentAsJudgeEval("c", model=verdicts(True), db=db)
    Team([], model=ScriptedModel(says("ours")), name="Desk", post_hooks=[hook]).run("q")
    assert db.get_eval_runs()[0].team_id == "desk"


class Later:
    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def add_task(self, function: Any, **arguments: Any) -> None:
        self.tasks.append((function, arguments))


@pytest.mark.parametrize("mode", ["run", "arun"])
def test_in_the_background_it_waits_for_the_server(mode: str) -> None:
    db, later = InMemoryDb(), Later()
    hook = AgentAsJudgeEval("c", model=verdicts(True), db=db, run_in_background=True)
    play(clerk(post_hooks=[hook]), "q", mode, background_tasks=later)
    assert db.get_eval_runs() == []
    [(check, arguments)] = later.tasks
    found = check(**arguments)
    if mode == "arun":
        asyncio.run(found)
    assert db.get_eval_runs()[0].agent_id == "clerk"


def test_tables(capsys: Any) -> None:
    result = AgentAsJudgeResult("r", [AgentAsJudgeEvaluation("q", "a", "c", 8, "why", True)])
    text = printed(result.print_summary)
    assert "[ Evaluation Summary ]" in text and "100.0 %" in text and "8.00" in text
    text = printed(result.print_results)
    assert "[ Evaluation Result ]" in text and "8/10" in text and "PASSED" in text
    AgentAsJudgeEval("c", model=verdicts(True), print_results=True).run(output="a", print_summary=True)
    shown = capsys.readouterr().out
    assert "[ Evaluation Result ]" in shown and "Pass Rate" in shown and "Score" not in shown
