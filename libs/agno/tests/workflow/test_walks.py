"""Random walks: each process goes on with what is stored, gives some of the answers, maybe on an old copy of the run, and dies
at one of its writes. However it went, each tool has run once, its effect on the state is there, and nothing is left beside
the run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool
from agno.workflow import Condition, HumanReview, Loop, Parallel, Router, Step, Workflow

from dying import Dying, Newsroom, results, to, to_all
from playing import MODES, play

OPTIONS: dict[str, Any] = {"run_id": "r", "session_id": "s"}


class Counting(Newsroom):
    """Components that wait for people, and tools and functions that count in the state how often they ran."""

    def tool(self, name: str) -> Callable[..., Any]:
        def work(session_state: dict[str, Any]) -> str:
            return self.count(name, session_state)

        work.__name__ = name
        return work

    def count(self, name: str, session_state: dict[str, Any]) -> str:
        self.ran.append(name)
        session_state[name] = session_state.get(name, 0) + 1
        return f"{name} is done"

    def function(self, name: str, **settings: Any) -> Step:
        def work(step_input: Any, session_state: dict[str, Any]) -> str:
            return self.count(name, session_state)

        return Step(name, executor=work, **settings)

    def asking(self, name: str) -> Agent:
        """An agent that waits twice: for one of two calls, and for another one."""

        def turn(messages: list[Any]) -> Any:
            done = results(messages)
            if not done:
                return wants(call(f"pay_{name}"), call(f"note_{name}"))
            return wants(f"send_{name}") if len(done) == 2 else says(f"{name} has it")

        marked = tool(requires_confirmation=True)
        tools = [marked(self.tool(f"pay_{name}")), self.tool(f"note_{name}"), marked(self.tool(f"send_{name}"))]
        return Agent(name=name, id=name, model=ScriptedModel(turn, repeat=True), tools=tools)

    def desk(self, **settings: Any) -> Team:
        inner = self.team("inner", [self.asking("a"), self.asking("b")], to_all(), mode="broadcast")
        return self.team("desk", [inner, self.asking("c")], to("inner"), to("c"), **settings)


def of_team(room: Counting, **settings: Any) -> Any:
    return room.desk(**settings)


def of_step(room: Counting, **settings: Any) -> Any:
    return Workflow(name="w", steps=[Step("team", team=room.desk())], **settings)


def of_all(room: Counting, **settings: Any) -> Any:
    nested = [room.function("n1"), Step("d", agent=room.asking("d")), room.function("n2", requires_confirmation=True)]
    routed = room.team("routed", [room.asking("f")], to("f"), mode="route")
    beside = [Step("team", team=room.desk()), Step("nested", workflow=Workflow(name="nested", steps=nested))]
    steps = [
        room.function("one"),
        Parallel(*beside, room.function("p"), name="par"),
        Condition(lambda step_input: True, [Step("e", agent=room.asking("e"))], name="if"),
        Router(lambda step_input: ["way"], [Step("way", team=routed)], name="ways"),
        Loop([room.function("l"), Step("g", agent=room.asking("g"))], name="rounds", max_iterations=2),
        room.function("last", requires_confirmation=True),
    ]
    return Workflow(name="w", steps=steps, **settings)


def of_reviews(room: Counting, **settings: Any) -> Any:
    drafts = HumanReview(requires_output_review=True)
    rounds, chosen = HumanReview(requires_iteration_review=True), HumanReview(requires_user_input=True)
    ways = [room.function("left"), Step("right", team=room.team("right", [room.asking("b")], to("b")))]
    steps = [
        room.function("one"),
        Step("draft", agent=room.asking("a"), human_review=drafts),
        Loop([Step("c", agent=room.asking("c")), room.function("l")], max_iterations=2, human_review=rounds),
        Router(ways, name="ways", human_review=chosen),
        room.function("last"),
    ]
    return Workflow(name="w", steps=steps, **settings)


SHAPES: dict[str, Callable[..., Any]] = {"team": of_team, "step": of_step, "all": of_all, "reviews": of_reviews}


def waiting(run: Any) -> list[Any]:
    """The requirements that `continue_run` is given."""
    return list(run.requirements or ()) if not hasattr(run, "step_requirements") else list(run.step_requirements or ())


def answer(requirement: Any, dice: random.Random) -> None:
    if inner := getattr(requirement, "executor_requirements", None):
        for one in dice.sample(inner, dice.randint(1, len(inner))):
            one.confirm()
    elif getattr(requirement, "requires_route_selection", False):
        requirement.select("right")
    else:
        requirement.confirm()


class Walk:
    """A run that many processes go on with."""

    def __init__(self, shape: str, dice: random.Random) -> None:
        self.make, self.dice, self.db = SHAPES[shape], dice, InMemoryDb()
        self.dies = self.errs = 0.0
        self.copies: list[Any] = []  # old ones, in the hands of others
        self.ran: Counter[str] = Counter()
        self.most: Counter[str] | None = None  # how often each tool runs where nobody dies

    def run(self) -> Any:
        session = self.db.get_session("s")
        return None if session is None else session.get_run("r")

    def to_its_end(self) -> Any:
        while (run := self.run()) is None or run.status is not RunStatus.completed:
            self.one_process(run)
        return run

    def one_process(self, run: Any) -> None:
        ran: list[str] = []
        dying = Dying(ran, self.db)
        stored = done_in(self.db)
        component, mode = self.make(Counting(ran), db=dying, checkpoint="tools"), self.dice.choice(MODES)
        given, options = (None, {}) if run is None else self.given(run)
        if run is None:
            seen = play(component, "go", mode, **OPTIONS)
        else:
            seen = play(component, given, mode, "continue_run", take_over=True, **options)
        if not dying.moments:
            assert given is not None, seen.error  # nothing on that copy was news
            return
        last = len(dying.moments) - 1
        moment = self.dice.randrange(last + 1) if self.dice.random() < self.dies else last
        self.db = dying.as_it_was(moment, ran)
        self.ran.update(ran)
        assert self.most is None or Counter(ran) <= self.most - stored, "its result was stored, and it ran again"

    def given(self, run: Any) -> tuple[Any, dict[str, Any]]:
        """An old copy with answers, or what is stored with some; nothing to a run whose process died."""
        if run.is_paused:
            self.copies.append(run.to_dict())
        if self.copies and self.dice.random() < self.errs:
            copy = type(run).from_dict(self.dice.choice(self.copies))
            for requirement in copy.active_requirements:
                answer(requirement, self.dice)
            return copy, {}
        if not run.is_paused:
            return None, OPTIONS
        open_ones = run.active_requirements
        assert open_ones, "it waits, and says for what"
        for requirement in self.dice.sample(open_ones, self.dice.randint(1, len(open_ones))):
            answer(requirement, self.dice)
        return None, {**OPTIONS, "requirements": waiting(run)}


def done_in(db: InMemoryDb) -> Counter[str]:
    """The tools whose results are stored; of functions the outputs."""
    runs: dict[str, list[str]] = {}
    found: Counter[str] = Counter()
    session = db.get_session("s")
    for run in session.runs if session is not None else ():
        data = run.to_dict()
        _collect(data, runs, newest=False)
        for record in data.get("progress") or ():
            output = record.get("output")
            if output is not None and output.get("executor_type") == "function":
                found[output["step_name"]] += 1
            for one in record.get("runs") or ():
                _collect(one, runs, newest=False)
    for names in runs.values():
        found.update(names)
    return found


def _collect(data: Any, runs: dict[str, list[str]], *, newest: bool) -> None:
    done = [one["tool_name"] for one in data.get("tools") or () if one.get("result") is not None]
    if newest or data["run_id"] not in runs:
        runs[data["run_id"]] = [name for name in done if not name.startswith("delegate")]
    for record in data.get("at_work") or ():
        _collect(record["run"], runs, newest=True)
    for one in (*(data.get("member_responses") or ()), *(data.get("step_executor_runs") or ())):
        _collect(one, runs, newest=False)


def walked(shape: str, seed: int) -> None:
    calm = Walk(shape, random.Random(seed))
    expected = calm.to_its_end()
    wild = Walk(shape, random.Random(seed))
    wild.dies, wild.errs, wild.most = 0.8, 0.15, calm.ran
    run = wild.to_its_end()
    assert (run.content, run.session_state) == (expected.content, expected.session_state)
    assert done_in(wild.db) == done_in(calm.db), "what was done is told"
    assert not any("#" in run_id for run_id, _ in wild.db.load_session("s", None)[1]), "nothing is left beside it"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", SHAPES)
def test_however_often_it_dies_each_tool_runs_once_and_each_answer_counts_once(shape: str, seed: int) -> None:
    walked(shape, seed)


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES)
def test_many_more_walks_end_well(shape: str) -> None:
    for seed in range(2, 60):
        walked(shape, seed)
