"""People in workflows: asked before a step, about its output, which way to go, and about failures; also the agents in steps."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunNotContinuableError
from agno.run.base import RunStatus
from agno.run.requirement import RunRequirement
from agno.run.workflow import WorkflowRunOutput
from agno.run.workflow_requirements import PauseKind
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import (
    Condition,
    HumanReview,
    Loop,
    OnError,
    OnReject,
    Parallel,
    Router,
    Step,
    StepInput,
    StepOutput,
    Steps,
    UserInputField,
    Workflow,
    pause,
)

from playing import in_every_mode, play
from workflow.making import asked, named, saying


class Played:
    """A workflow whose runs are continued from the database, as another process would do it."""

    def __init__(self, tmp_path: Any, mode: str, build: Any) -> None:
        self.mode, self.build, self.file = mode, build, str(tmp_path / f"{mode}.db")
        self.log: list[str] = []
        self.seen = play(self.workflow(), "go", mode)

    def workflow(self) -> Workflow:
        return Workflow(name="w", session_id="s", db=SqliteDb(db_file=self.file), steps=self.build(self.log))

    @property
    def output(self) -> WorkflowRunOutput:
        assert self.seen.error is None, self.seen.error
        output: Any = self.seen.output
        return output

    def go_on(self, *decide: Any) -> WorkflowRunOutput:
        """Answer the open questions, in order, and go on."""
        workflow = self.workflow()
        run = workflow.get_run(self.output.run_id)
        assert run is not None and run.status is RunStatus.paused
        for requirement, answer in zip(run.active_requirements, decide, strict=False):
            answer(requirement)
        self.seen = play(
            workflow,
            None,
            self.mode,
            "continue_run",
            run_id=run.run_id,
            step_requirements=run.step_requirements,
            error_requirements=run.error_requirements,
        )
        stored = workflow.get_run(run.run_id)
        assert stored is not None and stored.status is self.output.status
        assert len(workflow.get_session("s").runs) == 1
        return self.output


def confirm(requirement: Any) -> None:
    requirement.confirm()


def reject(feedback: str | None = None) -> Any:
    return lambda requirement: requirement.reject(feedback)


def gate(log: list[str], **settings: Any) -> list[Any]:
    ask = Step(
        "ask", executor=named("ask", None, log), requires_confirmation=True, confirmation_message="Sure?", **settings
    )
    return [named("before", None, log), ask, named("after", lambda si: f"after {si.previous_step_content}", log)]


# Before a step -------------------------------------------------------------------------------------------------------


@in_every_mode
def test_a_step_waits_for_confirmation_and_nothing_runs_twice(mode: str, tmp_path: Any) -> None:
    played = Played(tmp_path, mode, gate)
    output = played.output
    assert output.status is RunStatus.paused and output.is_paused and played.log == ["before"]
    assert output.pause_kind is PauseKind.step
    assert output.content == "The workflow waits for a person: step 'ask' needs confirmation (Sure?)."
    question = output.active_step_requirements[0]
    assert (question.step_name, question.step_index, question.step_type) == ("ask", 1, "Step")
    if played.seen.events:
        assert played.seen.kinds[-2:] == ["StepPaused", "WorkflowPaused"]
    done = played.go_on(confirm)
    assert done.content == "after ask" and played.log == ["before", "ask", "after"]
    assert [one.step_name for one in done.step_results] == ["before", "ask", "after"]
    assert done.progress is None and done.step_requirements is None
    if played.seen.events:
        assert played.seen.kinds[:2] == ["StepContinued", "StepStarted"]


@in_every_mode
@pytest.mark.parametrize("how", ["skip", "cancel", "retry"])
def test_what_a_no_means(mode: str, how: str, tmp_path: Any) -> None:
    played = Played(tmp_path, mode, lambda log: gate(log, on_reject=how))
    output = played.go_on(reject("too risky"))
    if how == "skip":
        assert output.content == "after before" and played.log == ["before", "after"]
        assert output.step_results[1].skipped
    elif how == "cancel":
        assert output.status is RunStatus.cancelled and played.log == ["before"]
        assert output.content == "Step 'ask' was rejected: too risky"
    else:
        assert output.status is RunStatus.paused, "it is asked again"
        assert played.go_on(confirm).content == "after ask"


@in_every_mode
def test_only_true_lets_a_step_run(mode: str, tmp_path: Any) -> None:
    def says_false(requirement: Any) -> None:
        requirement.confirmed = "false"  # as a form may send it

    played = Played(tmp_path, mode, gate)
    assert played.go_on(says_false).content == "after before" and played.log == ["before", "after"]


@in_every_mode
def test_values_that_a_person_gives_reach_functions_and_agents(mode: str, tmp_path: Any) -> None:
    agent = saying("booked")
    fields = [UserInputField("city", "str"), UserInputField("days", "int", required=False, allowed_values=[1, 2])]

    def build(log: list[str]) -> list[Any]:
        note = named("note", lambda si: log.append(str(si.additional_data["user_input"])) or "noted")
        ask = {"requires_user_input": True, "user_input_message": "Where to?", "user_input_schema": fields}
        return [Step("note", executor=note, **ask), Step("book", agent=agent, **ask)]

    played = Played(tmp_path, mode, build)
    question = played.output.active_step_requirements[0]
    for wrong, words in (({"town": 1}, "'town' is not among it"), ({"days": "2"}, "type int"), ({"days": 3}, "one of")):
        with pytest.raises(ValueError, match=words):
            question.set_user_input(**wrong)
    assert question.needs_user_input
    played.go_on(lambda requirement: requirement.set_user_input(city="Rome", days=2))
    assert played.log == ["{'city': 'Rome', 'days': 2}"]
    assert played.go_on(lambda requirement: requirement.set_user_input(city="Oslo")).content == "booked"
    assert asked(agent) == "noted\n\nValues from the user:\ncity: Oslo"
    assert fields[0].value is None, "steps are configuration"


@in_every_mode
def test_a_function_may_say_itself_that_it_waits(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        @pause(requires_confirmation=True, confirmation_message="Delete?", on_reject=OnReject.cancel)
        def delete(step_input: StepInput) -> str:
            return "deleted"

        return [delete]

    played = Played(tmp_path, mode, build)
    assert played.output.step_requirements[0].confirmation_message == "Delete?"
    assert played.go_on(confirm).content == "deleted"


@pytest.mark.parametrize(
    "said", [{"confirmation_message": "Delete?"}, {"on_reject": "cancel"}, {"timeout": 60, "on_timeout": "skip"}]
)
def test_a_function_that_says_how_it_is_asked_waits_for_a_yes(said: dict[str, Any]) -> None:
    @pause(**said)
    def delete(step_input: StepInput) -> str:
        return "deleted"

    output = Workflow(steps=[delete]).run("go")
    assert output.status is RunStatus.paused and output.step_requirements[0].needs_confirmation


def test_who_rejects_an_output_or_a_round_is_quoted_where_that_ends_the_run(tmp_path: Any) -> None:
    def output(log: list[str]) -> list[Any]:
        return [Step("draft", executor=named("draft", None, log), requires_output_review=True, on_reject="cancel")]

    def rounds(log: list[str]) -> list[Any]:
        return [Loop([named("draft", None, log)], name="again", requires_iteration_review=True, on_reject="cancel")]

    for place, build, what in (
        ("output", output, "The output of step 'draft'"),
        ("rounds", rounds, "Round 1 of 'again'"),
    ):
        (tmp_path / place).mkdir()
        ended = Played(tmp_path / place, "run", build).go_on(reject("too long"))
        assert ended.status is RunStatus.cancelled and ended.content == f"{what} was rejected: too long"


@in_every_mode
def test_two_parallel_steps_wait_and_one_answer_lets_one_go_on(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        def one(name: str) -> Step:
            def work(step_input: StepInput, session_state: dict[str, Any]) -> str:
                log.append(name)
                session_state[name] = True
                return name

            return Step(name, executor=work, requires_confirmation=name != "free")

        return [Steps("box", steps=[Parallel(one("a"), one("free"), one("b"), name="all")]), named("end", None, log)]

    played = Played(tmp_path, mode, build)
    assert [one.step_name for one in played.output.active_requirements] == ["a", "b"] and played.log == ["free"]
    output = played.go_on(confirm)
    assert output.status is RunStatus.paused and [one.step_name for one in output.active_requirements] == ["b"]
    output = played.go_on(confirm)
    assert played.log == ["free", "a", "b", "end"]
    assert output.session_state == {"a": True, "free": True, "b": True}


@in_every_mode
def test_conditions_and_containers_wait_too(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        fork = Condition(
            True, [named("yes", None, log)], name="if", else_steps=[named("no", None, log)],
            requires_confirmation=True, on_reject="else",
        )  # fmt: skip
        box = Steps("box", steps=[named("inside", None, log)], requires_confirmation=True)
        loop = Loop([named("round", None, log)], name="loop", max_iterations=2, requires_confirmation=True)
        return [fork, box, loop]

    played = Played(tmp_path, mode, build)
    if played.seen.events:
        assert played.seen.kinds[-2] == "ConditionPaused"
    played.go_on(reject())
    assert played.log == ["no"]
    played.go_on(reject())
    assert played.go_on(confirm).content == "round" and played.log == ["no", "round", "round"]


# Routes --------------------------------------------------------------------------------------------------------------


@in_every_mode
def test_a_person_chooses_the_way(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        ways = [named("left", None, log), named("right", None, log)]
        return [
            Router(choices=ways, name="one", requires_user_input=True, user_input_message="Which?"),
            Router(
                choices=ways,
                name="some",
                human_review=HumanReview(requires_user_input=True),
                allow_multiple_selections=True,
            ),
        ]

    played = Played(tmp_path, mode, build)
    question = played.output.active_step_requirements[0]
    assert question.available_choices == ["left", "right"]
    with pytest.raises(ValueError, match="there is no 'up'"):
        question.select("up")
    with pytest.raises(ValueError, match="takes one choice"):
        question.select("left", "right")
    if played.seen.events:
        assert played.seen.kinds[-2] == "RouterPaused"
    played.go_on(lambda requirement: requirement.select_single("right"))
    played.go_on(lambda requirement: requirement.select_multiple(["right", "left"]))
    assert played.log == ["right", "right", "left"]


# Outputs -------------------------------------------------------------------------------------------------------------


@in_every_mode
def test_an_output_is_reviewed_until_it_is_good(mode: str, tmp_path: Any) -> None:
    writer = Agent(name="Writer", model=ScriptedModel(says("draft 1"), says("draft 2"), says("draft 3")))

    def build(log: list[str]) -> list[Any]:
        step = Step(
            "write", agent=writer, requires_output_review=True, on_reject="retry", output_review_message="Good?"
        )
        return [step, named("end", lambda si: f"{si.previous_step_content}!", log)]

    played = Played(tmp_path, mode, build)
    assert played.output.active_step_requirements[0].step_output.content == "draft 1"
    if played.seen.events:
        assert played.seen.kinds[-2] == "StepOutputReview"
    played.go_on(reject("shorter"))
    assert asked(writer) == "go\n\nYour last answer was not accepted. The feedback:\nshorter"
    assert played.output.active_step_requirements[0].retry_count == 1
    assert played.go_on(lambda requirement: requirement.edit("mine")).content == "mine!"
    assert len(writer.model.requests) == 2, "what was reviewed is not made again"


@in_every_mode
def test_a_function_decides_which_outputs_are_reviewed(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        def wanted(output: StepOutput) -> bool:
            return "risk" in output.content

        review = HumanReview(requires_output_review=wanted, on_reject=OnReject.skip)
        return [
            Step("safe", executor=named("safe"), human_review=review),
            Step("risky", executor=named("risky", "a risk"), human_review=review),
            named("end", lambda si: f"after {si.previous_step_content}"),
        ]

    played = Played(tmp_path, mode, build)
    assert [one.step_name for one in played.output.active_requirements] == ["risky"]
    assert played.go_on(reject()).content == "after safe"


@in_every_mode
def test_rounds_of_a_loop_are_reviewed(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        work = named("work", lambda si: f"try {len(log)}" + str((si.additional_data or {}).get("feedback") or ""), log)
        review = HumanReview(requires_iteration_review=True, on_reject="retry")
        return [Loop([work], name="loop", max_iterations=2, human_review=review)]

    played = Played(tmp_path, mode, build)
    assert played.output.active_step_requirements[0].iteration == 1
    played.go_on(reject(" louder"))
    assert played.output.active_step_requirements[0].iteration_results[-1].content == "try 2 louder"
    played.go_on(confirm)
    assert played.output.active_step_requirements[0].iteration == 2
    assert played.go_on(confirm).content == "try 3" and len(played.log) == 3


# Failures ------------------------------------------------------------------------------------------------------------


@in_every_mode
@pytest.mark.parametrize("decision", ["retry", "skip"])
def test_a_failure_waits_for_a_decision(mode: str, decision: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        work = named("bad", lambda si: ValueError("broke") if log.count("bad") < 2 else "fixed", log)
        bad = Step("bad", executor=work, max_retries=0, on_error=OnError.pause)
        return [named("first", None, log), Steps("box", steps=[bad]), named("end", lambda si: si.previous_step_content)]

    played = Played(tmp_path, mode, build)
    question = played.output.active_error_requirements[0]
    assert (question.error_message, question.error_type, question.retry_count) == ("broke", "ValueError", 0)
    assert played.output.content.endswith(
        "step 'bad' needs a decision, to try it again or to go on without it; it failed: broke."
    )
    output = played.go_on(lambda requirement: getattr(requirement, decision)())
    assert output.content == ("fixed" if decision == "retry" else "Step 'bad' failed: broke")
    assert played.log.count("first") == 1


@in_every_mode
def test_a_container_that_failed_is_tried_again_without_what_succeeded(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        bad = Step("bad", executor=named("bad", lambda si: ValueError("x") if log.count("bad") < 2 else "ok", log))
        bad.max_retries = 0
        return [Parallel(named("good", None, log), bad, name="both", on_error="pause")]

    played = Played(tmp_path, mode, build)
    assert played.output.active_error_requirements[0].step_name == "both"
    output = played.go_on(lambda requirement: requirement.retry())
    assert output.step_results[0].success and sorted(played.log) == ["bad", "bad", "good"]


@in_every_mode
def test_a_loop_that_failed_is_tried_again_in_its_round(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        bad = Step(
            "bad", executor=named("bad", lambda si: ValueError("x") if len(log) < 5 else "ok", log), max_retries=0
        )
        return [Loop([named("good", None, log), bad], name="again", max_iterations=1, on_error="pause")]

    played = Played(tmp_path, mode, build)
    played.go_on(lambda requirement: requirement.retry())
    played.go_on(lambda requirement: requirement.retry())
    output = played.go_on(lambda requirement: requirement.retry())
    assert output.status is RunStatus.completed and output.content == "ok"
    assert played.log == ["good", "bad", "bad", "bad", "bad"]


@in_every_mode
def test_runs_of_agents_in_parallel_steps_inside_of_each_other_are_kept_once(mode: str, tmp_path: Any) -> None:
    def build(log: list[str]) -> list[Any]:
        def pair(one: str, other: str) -> Parallel:
            return Parallel(saying("x", name=one), saying("x", name=other), name=f"{one}{other}")

        wait = Step("wait", executor=named("wait"), requires_confirmation=True)
        return [
            Parallel(Steps("left", steps=[pair("A", "B"), wait]), Steps("right", steps=[pair("C", "D")]), name="all")
        ]

    played = Played(tmp_path, mode, build)
    output = played.go_on(lambda requirement: requirement.confirm())
    assert sorted(run.agent_name for run in output.step_executor_runs) == ["A", "B", "C", "D"]


@in_every_mode
def test_a_run_that_failed_goes_on_at_the_step_that_failed(mode: str, tmp_path: Any) -> None:
    log: list[str] = []
    bad = Step(
        "bad", executor=named("bad", lambda si: ValueError("x") if log.count("bad") < 2 else "ok", log), max_retries=0
    )
    db = SqliteDb(db_file=str(tmp_path / "w.db"))
    workflow = Workflow(name="w", db=db, session_id="s", steps=[saying("text", name="A"), bad])
    failed = play(workflow, "go", mode).output
    assert failed.status is RunStatus.error
    seen = play(workflow, None, mode, "continue_run", run_id=failed.run_id)
    assert seen.output.content == "ok" and seen.output.step_results[0].content == "text"
    assert workflow.get_session_metrics().total_tokens == 15, "nothing is counted twice"
    refused = play(workflow, None, mode, "continue_run", run_id=failed.run_id)
    assert "is completed, so there is nothing to continue" in str(refused.error or refused.events[-1].error)


# Agents in steps -----------------------------------------------------------------------------------------------------


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


@in_every_mode
@pytest.mark.parametrize("yes", [True, False])
def test_an_agent_in_a_step_of_a_workflow_in_a_step_waits_and_goes_on(mode: str, yes: bool, tmp_path: Any) -> None:
    model = ScriptedModel(wants("pay", amount=3), says("done"))

    def build(log: list[str]) -> list[Any]:
        cashier = Agent(name="Cashier", model=model, tools=[pay])
        inner = Workflow(
            name="inner", steps=[named("look", None, log), Parallel(cashier, named("other", None, log), name="p")]
        )
        return [named("first", None, log), Steps("box", steps=[Step("in", workflow=inner)]), named("end", None, log)]

    played = Played(tmp_path, mode, build)
    output = played.output
    assert output.pause_kind is PauseKind.executor
    question = output.active_step_requirements[0]
    assert (question.executor_name, question.executor_type, question.step_name) == ("Cashier", "agent", "Cashier")
    assert isinstance(question.executor_requirements[0], RunRequirement)
    if played.seen.events:
        assert {"RunPaused", "StepExecutorPaused"} < set(played.seen.kinds) and played.seen.kinds[
            -1
        ] == "WorkflowPaused"

    def decide(requirement: Any) -> None:
        for inside in requirement.executor_requirements:
            inside.confirm() if yes else inside.reject("no money")

    done = played.go_on(decide)
    assert done.content == "end" and played.log == ["first", "look", "other", "end"]
    inner_run = done.step_executor_runs[0]
    assert inner_run.step_executor_runs[0].content == "done"
    answers = [m.content for m in model.requests[1].messages if m.role == "tool"]
    assert answers == ["paid 3" if yes else "no money"]


@in_every_mode
def test_a_member_of_a_team_in_a_step_waits_and_goes_on(mode: str, tmp_path: Any) -> None:
    delegates = wants("delegate_task_to_member", member_id="teller", task_description="pay")
    leading, paying = ScriptedModel(delegates, says("all paid")), ScriptedModel(wants("pay", amount=3), says("paid it"))

    def build(log: list[str]) -> list[Any]:
        teller = Agent(name="Teller", role="Pays", model=paying, tools=[pay])
        return [
            Team(name="Bank", members=[teller], model=leading),
            named("end", lambda si: f"{si.previous_step_content}!"),
        ]

    played = Played(tmp_path, mode, build)
    question = played.output.active_step_requirements[0]
    assert (question.executor_type, question.executor_name) == ("team", "Bank")
    assert question.executor_requirements[0].member_agent_name == "Teller"
    output = played.go_on(lambda requirement: requirement.executor_requirements[0].confirm())
    assert output.content == "all paid!" and output.step_executor_runs[0].team_name == "Bank"
    assert output.metrics.total().total_tokens == 60, "a team costs what its members cost, too"


# Time and mistakes ---------------------------------------------------------------------------------------------------


@in_every_mode
@pytest.mark.parametrize("how", ["cancel", "skip", "approve"])
def test_what_it_means_that_nobody_answers_in_time(mode: str, how: str, tmp_path: Any) -> None:
    played = Played(tmp_path, mode, lambda log: gate(log, hitl_timeout=0.01, on_timeout=how))
    question = played.output.step_requirements[0]
    while not question.is_timed_out:
        time.sleep(0.005)
    output = played.go_on()
    if how == "cancel":
        assert output.status is RunStatus.cancelled and "Nobody answered step 'ask'" in output.content
    else:
        assert output.content == ("after before" if how == "skip" else "after ask")


def test_without_an_answer_nothing_goes_on() -> None:
    workflow = Workflow(name="w", steps=gate([]))
    run = workflow.run("go")
    with pytest.raises(ValueError, match="waits at step 'ask'"):
        workflow.continue_run(run)
    with pytest.raises(ValueError, match="needs the run"):
        workflow.continue_run()
    run.step_requirements[0].key = "7"
    with pytest.raises(ValueError, match="does not wait"):
        workflow.continue_run(workflow.run("go"), step_requirements=run.step_requirements)


def test_a_run_goes_on_from_the_object_alone_which_stays_as_it_is() -> None:
    log: list[str] = []
    workflow = Workflow(name="w", steps=gate(log), session_state={"n": 1})
    run = workflow.run("go")
    run.step_requirements[0].confirm()
    before = run.to_dict()
    done = workflow.continue_run(WorkflowRunOutput.from_dict(before))
    assert done.content == "after ask" and log == ["before", "ask", "after"]
    again = workflow.continue_run(run)
    assert again.content == "after ask" and log == ["before", "ask", "after", "ask", "after"]
    assert run.to_dict() == before


def test_a_paused_run_is_cancelled_in_the_database(tmp_path: Any) -> None:
    played = Played(tmp_path, "run", gate)
    workflow = played.workflow()
    assert workflow.cancel_run(played.output.run_id)
    run = workflow.get_run(played.output.run_id)
    assert run is not None and run.is_cancelled and run.step_results[0].content == "before"
    with pytest.raises(RunNotContinuableError, match="cancelled"):
        workflow.continue_run(run_id=run.run_id)
