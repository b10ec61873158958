"""A workflow that went on after a pause and whose process died: the next process goes on without being answered again."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import HumanReview, Loop, OnError, OnReject, Parallel, Router, Step, StepOutput, Workflow

from dying import Dying, Newsroom, results
from playing import MODES, play


class Mortal:
    """A workflow of which every process dies at one of its writes, and another goes on with what is stored."""

    def __init__(self, build: Any) -> None:
        self.build, self.ran = build, list[str]()
        self.db: Any = InMemoryDb()

    def flow(self, db: Any, ran: list[str]) -> Workflow:
        return Workflow(name="w", steps=self.build(Newsroom(ran)), db=db, checkpoint="tools")

    def begin(self) -> Any:
        return self.flow(self.db, self.ran).run("go", run_id="r", session_id="s")

    def go_on(self, *decide: Any) -> tuple[Any, Dying]:
        """Answer what is open, in order, and go on to the end; the database knows every moment of it."""
        run = self.db.get_session("s").get_run("r")
        for requirement, answer in zip(run.active_requirements, decide, strict=False):
            answer(requirement)
        answers = [*(run.step_requirements or ()), *(run.error_requirements or ())]
        self.ran = [*self.ran]
        dying = Dying(self.ran, self.db)
        output = self.flow(dying, self.ran).continue_run(run_id="r", session_id="s", requirements=answers)
        self.db = dying.as_it_was(len(dying.moments) - 1, self.ran)
        return output, dying

    def dies_everywhere(self, output: Any, dying: Dying, mode: str) -> None:
        """Whenever the process died, the next one comes to the same end, with no answer."""
        assert len(dying.moments) > 1
        for moment in range(len(dying.moments) - 1):
            ran: list[str] = []
            left = dying.as_it_was(moment, ran)
            waiting = left.get_session("s").get_run("r")
            assert waiting.status is RunStatus.running, "it goes on, as every run whose process died"
            options: dict[str, Any] = {"run_id": "r", "session_id": "s", "take_over": True}
            again = play(self.flow(left, ran), None, mode, "continue_run", **options).output
            assert (again.status, again.content) == (output.status, output.content)
            assert len(again.active_requirements) == len(output.active_requirements)
            stored = left.get_session("s").get_run("r")
            assert stored.status is output.status
            assert not any("#" in run_id for run_id, _ in left.load_session("s", None)[1]), "nothing is left beside it"


def confirm(requirement: Any) -> None:
    requirement.confirm()


def reject(requirement: Any) -> None:
    requirement.reject("again")


def noting(room: Newsroom, name: str) -> Any:
    return Step(name, executor=lambda step_input: room.ran.append(name) or f"{name} {room.ran.count(name)}")


def asking_before(room: Newsroom) -> list[Any]:
    ask = Step("ask", executor=lambda step_input: "asked", requires_confirmation=True)
    return [noting(room, "one"), ask, room.agent("ann"), noting(room, "two"), noting(room, "three")]


@pytest.mark.parametrize("mode", MODES)
def test_a_confirmation_is_given_once(mode: str) -> None:
    mortal = Mortal(asking_before)
    assert mortal.begin().is_paused
    output, dying = mortal.go_on(confirm)
    assert output.content == "three 1"
    mortal.dies_everywhere(output, dying, mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_no_to_an_output_counts_as_one_try_however_often_the_process_dies(mode: str) -> None:
    def build(room: Newsroom) -> list[Any]:
        review = HumanReview(requires_output_review=True, on_reject=OnReject.retry, max_retries=2)
        draft = Step("draft", agent=room.agent("ann"), human_review=review)
        return [draft, noting(room, "after"), noting(room, "last")]

    mortal = Mortal(build)
    assert mortal.begin().is_paused
    for _ in range(2):
        output, dying = mortal.go_on(reject)
        assert output.is_paused, "the second draft, and the third, are shown too"
        mortal.dies_everywhere(output, dying, mode)
    output, dying = mortal.go_on(confirm)
    assert output.content == "last 1"
    mortal.dies_everywhere(output, dying, mode)


@pytest.mark.parametrize("mode", MODES)
def test_each_round_of_a_loop_is_asked_for(mode: str) -> None:
    def build(room: Newsroom) -> list[Any]:
        review = HumanReview(requires_iteration_review=True)
        rounds = Loop([noting(room, "round"), room.agent("ann")], name="rounds", max_iterations=3, human_review=review)
        return [rounds, noting(room, "after"), noting(room, "last")]

    mortal = Mortal(build)
    output = mortal.begin()
    while output.is_paused:
        output, dying = mortal.go_on(reject)  # not yet good
        mortal.dies_everywhere(output, dying, mode)
    assert output.content == "last 1"


@pytest.mark.parametrize("mode", MODES)
def test_of_two_that_wait_the_answered_one_is_not_asked_again_and_the_other_is(mode: str) -> None:
    def build(room: Newsroom) -> list[Any]:
        def paying(name: str) -> Agent:
            def turn(messages: list[Any]) -> Any:
                done = results(messages)
                return wants(f"pay_{name}") if not done else wants(f"note_{name}") if len(done) == 1 else says(name)

            tools = [tool(requires_confirmation=True)(room.tool(f"pay_{name}")), room.tool(f"note_{name}")]
            return Agent(name=name, model=ScriptedModel(turn, repeat=True), tools=tools)

        return [Parallel(Step("a", agent=paying("a")), Step("b", agent=paying("b")), name="both"), noting(room, "last")]

    mortal = Mortal(build)
    assert len(mortal.begin().active_requirements) == 2

    def pay(requirement: Any) -> None:
        requirement.executor_requirements[0].confirm()

    output, dying = mortal.go_on(pay)
    assert output.is_paused and len(output.active_requirements) == 1
    mortal.dies_everywhere(output, dying, mode)
    output, dying = mortal.go_on(pay)
    assert output.content == "last 1"


@pytest.mark.parametrize("mode", MODES)
def test_a_way_that_was_chosen_and_a_failure_that_was_decided_stay_so(mode: str) -> None:
    def build(room: Newsroom) -> list[Any]:
        def fails_at_first(step_input: Any) -> str:
            if "mended" not in room.ran:
                raise RuntimeError("no")
            return "now"

        ways = Router(
            [Step("left", agent=room.agent("ann")), noting(room, "right")],
            name="ways",
            human_review=HumanReview(requires_user_input=True),
        )
        failing = Step(
            "failing", executor=fails_at_first, human_review=HumanReview(on_error=OnError.pause), max_retries=0
        )
        return [ways, failing, noting(room, "one"), noting(room, "last")]

    mortal = Mortal(build)
    assert mortal.begin().is_paused
    output, dying = mortal.go_on(lambda requirement: requirement.select("left"))
    assert output.is_paused and output.error_requirements
    mortal.dies_everywhere(output, dying, mode)
    mortal.ran.append("mended")
    output, dying = mortal.go_on(lambda requirement: requirement.retry())
    assert output.content == "last 1"
    mortal.dies_everywhere(output, dying, mode)


def test_the_run_that_was_paused_may_be_given_again_and_its_answers_are_used_once() -> None:
    mortal = Mortal(asking_before)
    paused = mortal.begin()
    held: Any = type(paused).from_dict(paused.to_dict())
    held.step_requirements[0].confirm()
    dying = Dying(mortal.ran, mortal.db)
    output = mortal.flow(dying, mortal.ran).continue_run(held)
    assert output.content == "three 1"
    for moment in range(len(dying.moments) - 1):
        ran: list[str] = []
        left = dying.as_it_was(moment, ran)
        again = mortal.flow(left, ran).continue_run(held, take_over=True)
        assert (again.content == "three 1" and ran.count("one") == ran.count("two") == 1) or "two" not in again.content


def test_another_answer_counts_where_nothing_came_of_the_first() -> None:
    mortal = Mortal(asking_before)
    mortal.begin()
    _, dying = mortal.go_on(confirm)
    ran: list[str] = []
    left = dying.as_it_was(0, ran)  # the answer is stored, and nothing that came of it
    run = left.get_session("s").get_run("r")
    run.step_requirements[0].reject()
    answers = {"run_id": "r", "session_id": "s", "requirements": run.step_requirements, "take_over": True}
    output = mortal.flow(left, ran).continue_run(**answers)
    assert [one.skipped for one in output.step_results if isinstance(one, StepOutput)][1]


def waiting_three_times(room: Newsroom) -> list[Any]:
    def paying(name: str) -> Agent:
        def turn(messages: list[Any]) -> Any:
            done = results(messages)
            return wants(f"pay_{name}") if not done else says(name)

        tools = [tool(requires_confirmation=True)(room.tool(f"pay_{name}"))]
        return Agent(name=name, model=ScriptedModel(turn, repeat=True), tools=tools)

    ask = Step("c", executor=lambda step_input: room.ran.append("c") or "c", requires_confirmation=True)
    both = Parallel(Step("a", agent=paying("a")), Step("b", agent=paying("b")), ask, name="all")
    return [noting(room, "one"), both, noting(room, "last")]


def answer(requirement: Any) -> None:
    for inner in requirement.executor_requirements or ():
        inner.confirm()
    requirement.confirm()


@pytest.mark.parametrize("mode", MODES)
def test_each_with_a_copy_of_their_own_answers_in_any_order_and_twice(mode: str) -> None:
    mortal = Mortal(waiting_three_times)
    paused = mortal.begin()
    for number in (2, 0, 1):
        for attempt in range(2):  # the second one by mistake
            copy = type(paused).from_dict(paused.to_dict())
            answer(copy.step_requirements[number])
            seen = play(mortal.flow(mortal.db, mortal.ran), copy, mode, "continue_run")
            assert attempt or (seen.error is None and seen.output.is_paused is (number != 1))
            assert not attempt or seen.error is not None or seen.output.status is RunStatus.error
    assert mortal.db.get_session("s").get_run("r").content == "last 1"
    assert sorted(mortal.ran) == ["c", "last", "one", "pay_a", "pay_b"]


@pytest.mark.parametrize("mode", MODES)
def test_one_list_of_answers_may_be_given_each_time_another_of_it_is_there(mode: str) -> None:
    mortal = Mortal(waiting_three_times)
    requirements = mortal.begin().step_requirements
    for requirement in requirements:
        answer(requirement)
        options: dict[str, Any] = {"run_id": "r", "session_id": "s", "requirements": requirements}
        seen = play(mortal.flow(mortal.db, mortal.ran), None, mode, "continue_run", **options)
    assert seen.output.content == "last 1" and sorted(mortal.ran) == ["c", "last", "one", "pay_a", "pay_b"]


@pytest.mark.parametrize("mode", MODES)
def test_a_no_that_is_sent_twice_refuses_one_draft(mode: str) -> None:
    def build(room: Newsroom) -> list[Any]:
        review = HumanReview(requires_output_review=True, on_reject=OnReject.retry, max_retries=3)
        draft = Step("draft", executor=lambda step_input: room.ran.append("draft") or "text", human_review=review)
        return [draft, noting(room, "last")]

    mortal = Mortal(build)
    requirements = mortal.begin().step_requirements
    requirements[0].reject("again")
    options: dict[str, Any] = {"run_id": "r", "session_id": "s", "requirements": requirements}
    assert play(mortal.flow(mortal.db, mortal.ran), None, mode, "continue_run", **options).output.is_paused
    play(mortal.flow(mortal.db, mortal.ran), None, mode, "continue_run", **options)
    run = mortal.db.get_session("s").get_run("r")
    assert run.is_paused and run.step_requirements[0].retry_count == 1 and mortal.ran == ["draft", "draft"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("beside", [False, True])
def test_what_an_agent_changed_in_the_state_before_it_waited_is_there_when_it_goes_on(mode: str, beside: bool) -> None:
    def counted(session_state: dict[str, Any], name: str) -> str:
        session_state[name] = session_state.get(name, 0) + 1
        return f"{name} {session_state[name]}"

    def build(room: Newsroom) -> list[Any]:
        def note(session_state: dict[str, Any]) -> str:
            return counted(session_state, "notes")

        def pay(session_state: dict[str, Any]) -> str:
            return counted(session_state, "payments") + f" after {session_state['notes']}"

        def turn(messages: list[Any]) -> Any:
            return says("ann has it") if results(messages) else wants("note", "pay")

        tools = [note, tool(requires_confirmation=True)(pay)]
        asking = Step("ann", agent=Agent(name="ann", model=ScriptedModel(turn, repeat=True), tools=tools))
        other = Step("other", executor=lambda step_input, session_state: counted(session_state, "others"))
        first = Step("first", executor=lambda step_input, session_state: counted(session_state, "rounds"))
        return [Loop([first, Parallel(asking, other) if beside else asking], name="twice", max_iterations=2)]

    mortal = Mortal(build)
    run = mortal.begin()
    while run.is_paused:
        run.step_requirements[0].executor_requirements[0].confirm()
        run = play(mortal.flow(mortal.db, mortal.ran), run, mode, "continue_run").output
    others = {"others": 2} if beside else {}
    assert run.session_state == {"rounds": 2, "notes": 2, "payments": 2, **others}
    assert [one.tools[1].result for one in run.step_executor_runs] == ["payments 1 after 1", "payments 2 after 2"]
