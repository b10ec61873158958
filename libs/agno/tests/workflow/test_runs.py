"""Events in their order, cancelling, the background, sessions and what they remember, many runs at once."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import SessionConflictError
from agno.db.in_memory import InMemoryDb
from agno.db.schemas import UserMemory
from agno.db.sqlite import SqliteDb
from agno.db.sqlite.async_sqlite import AsyncSqliteDb
from agno.run.base import RunStatus
from agno.run.cancel import get_active_runs
from agno.run.workflow import WorkflowRunOutput, workflow_run_output_event_from_dict
from agno.session import SessionSummary
from agno.testing import ScriptedModel, says, wants
from agno.workflow import Condition, Loop, Parallel, Router, Step, StepInput, Steps, Workflow, WorkflowAgent
from agno.workflow.types import WebSocketHandler

from playing import in_every_mode, play
from workflow.making import asked, named, saying

# Events --------------------------------------------------------------------------------------------------------------


def shape() -> Workflow:
    route = Router(lambda si: "r", [named("r")], name="route")
    box = Steps(
        "box",
        steps=[Loop([Condition(True, [Parallel(named("p"), name="par")], name="if")], name="loop", max_iterations=1)],
    )
    return Workflow(name="w", steps=[saying("text", name="A"), route, box], store_events=True)


EXPECTED = [
    ("WorkflowStarted", None),
    ("StepStarted", 0), ("RunStarted", 0), ("RunContent", 0), ("RunCompleted", 0), ("StepCompleted", 0),
    ("RouterExecutionStarted", 1), ("StepStarted", (1, 0)), ("StepOutput", (1, 0)), ("StepCompleted", (1, 0)),
    ("RouterExecutionCompleted", 1),
    ("StepsExecutionStarted", 2), ("LoopExecutionStarted", (2, 0)), ("LoopIterationStarted", (2, 0)),
    ("ConditionExecutionStarted", (2, 0, 0)), ("ParallelExecutionStarted", (2, 0, 0, 0)),
    ("StepStarted", (2, 0, 0, 0)), ("StepOutput", (2, 0, 0, 0)), ("StepCompleted", (2, 0, 0, 0)),
    ("ParallelExecutionCompleted", (2, 0, 0, 0)), ("ConditionExecutionCompleted", (2, 0, 0)),
    ("LoopIterationCompleted", (2, 0)), ("LoopExecutionCompleted", (2, 0)), ("StepsExecutionCompleted", 2),
    ("WorkflowCompleted", None),
]  # fmt: skip


@in_every_mode
def test_events_come_in_order_with_positions_and_parents(mode: str) -> None:
    seen = play(shape(), "go", mode)
    own = [kind for kind, _ in EXPECTED if not kind.startswith("Run")]
    assert [event.event for event in seen.output.events] == own
    if not seen.events:
        return
    shown = [(event.event, getattr(event, "step_index", None)) for event in seen.events]
    assert [pair for n, pair in enumerate(shown) if pair not in shown[:n] or pair[0] != "RunContent"] == EXPECTED
    started = {
        event.step_id: event
        for event in seen.events
        if event.event.endswith("Started") and hasattr(event, "parent_step_id")
    }
    inner = next(event for event in seen.events if event.event == "ParallelExecutionStarted")
    assert started[started[inner.parent_step_id].parent_step_id].event == "LoopIterationStarted"
    agent = next(event for event in seen.events if event.event == "RunStarted")
    assert (agent.workflow_id, agent.workflow_run_id, agent.step_name) == ("w", seen.output.run_id, "A")
    assert {event.run_id for event in seen.events if hasattr(event, "parent_step_id")} == {seen.output.run_id}
    for event in seen.events:
        assert workflow_run_output_event_from_dict(json.loads(event.to_json())).to_dict() == event.to_dict()


def test_a_plain_stream_has_texts_outputs_and_ends() -> None:
    kinds = [event.event for event in shape().run("go", stream=True)]
    assert [k for k in kinds if k != "RunContent"] == [
        "WorkflowStarted",
        "StepOutput",
        "StepOutput",
        "WorkflowCompleted",
    ]
    assert "RunContent" in kinds
    hidden = Workflow(steps=[saying("x")], stream_executor_events=False)
    assert [event.event for event in hidden.run("go", stream=True, stream_events=True)] == [
        "WorkflowStarted", "StepStarted", "StepCompleted", "WorkflowCompleted",
    ]  # fmt: skip


def test_events_to_skip_are_not_stored() -> None:
    workflow = Workflow(steps=[named("a")], store_events=True, events_to_skip=["StepOutput", "StepStarted"])
    kinds = [event.event for event in workflow.run("go").events]
    assert kinds == ["WorkflowStarted", "StepCompleted", "WorkflowCompleted"]


def test_parallel_streams_are_interleaved_as_they_come() -> None:
    turns: list[str] = []

    async def scenario() -> None:
        gates = {"a": asyncio.Event(), "b": asyncio.Event()}
        gates["a"].set()

        def talk(me: str, other: str) -> Any:
            async def step(step_input: StepInput) -> AsyncIterator[str]:
                for n in range(3):
                    await gates[me].wait()
                    gates[me].clear()
                    yield f"{me}{n}"
                    gates[other].set()

            step.__name__ = me
            return step

        workflow = Workflow(steps=[Parallel(talk("a", "b"), talk("b", "a"))])
        async for event in await workflow.arun("go", stream=True):
            if event.event == "WorkflowRunContent":
                turns.append(event.content)

    asyncio.run(scenario())
    assert turns == ["a0", "b0", "a1", "b1", "a2", "b2"]


# Ending early --------------------------------------------------------------------------------------------------------


@in_every_mode
@pytest.mark.parametrize("where", ["function", "agent", "parallel", "nested"])
def test_cancelling_reaches_the_running_step(mode: str, where: str) -> None:
    log: list[str] = []
    workflow: Workflow

    def cancel() -> str:
        log.append("cancel")
        assert workflow.cancel_run("the-run")
        return "cancelled"

    model = ScriptedModel(wants("cancel"), says("never"))
    agent = Agent(name="A", model=model, tools=[cancel])
    step: Any = {
        "function": named("f", lambda si: cancel()),
        "agent": agent,
        "parallel": Parallel(agent, named("other"), name="p"),
        "nested": Step("in", workflow=Workflow(name="inner", steps=[agent])),
    }[where]
    workflow = Workflow(
        name="w", db=InMemoryDb(), session_id="s", steps=[named("first"), step, named("never", None, log)]
    )
    seen = play(workflow, "go", mode, run_id="the-run")
    assert seen.output.status is RunStatus.cancelled and log == ["cancel"]
    assert seen.output.step_results[0].content == "first" and "was cancelled" in seen.output.content
    assert workflow.get_run("the-run").is_cancelled and get_active_runs() == {}
    if where != "function":
        assert len(model.requests) == 1, "the agent asks no more"
    if seen.events:
        assert seen.kinds[-1] == "WorkflowCancelled"


@in_every_mode
@pytest.mark.parametrize("where", ["step", "pieces", "timed", "parallel", "nested", "selector", "function"])
def test_cancelling_does_not_wait_for_a_function_that_awaits(mode: str, where: str) -> None:
    begun, log = threading.Event(), list[str]()

    async def forever(*given: Any, **options: Any) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("left")
        return "never"

    async def pieces(step_input: StepInput) -> AsyncIterator[str]:
        yield "piece"
        yield await forever()

    steps: Any = {
        "step": [forever],
        "pieces": [pieces],
        "timed": [Step("timed", executor=forever, timeout_seconds=100)],
        "parallel": [Parallel(Step("a", executor=forever), named("b"))],
        "nested": [Step("in", workflow=Workflow(name="inner", steps=[forever]))],
        "selector": [Router(forever, [named("a")])],
        "function": forever,
    }[where]
    workflow = Workflow(name="w", steps=steps)
    canceller = threading.Thread(target=lambda: begun.wait(30) and workflow.cancel_run("the-run"))
    canceller.start()
    seen = play(workflow, "go", mode, run_id="the-run")
    canceller.join()
    assert seen.output.status is RunStatus.cancelled and log == ["left"] and get_active_runs() == {}


@in_every_mode
def test_branches_that_end_because_they_are_cancelled_are_no_failures(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    workflow: Workflow
    run_id = f"branches-{mode}"  # a thread may ask when it is over, and would cancel the next run of this id
    at_work = threading.Barrier(2)

    def cancel() -> str:
        at_work.wait(30)
        workflow.cancel_run(run_id)
        return "cancelled"

    branches = [Agent(name=name, model=ScriptedModel(wants("cancel")), tools=[cancel]) for name in "AB"]
    workflow = Workflow(name="w", steps=[Parallel(*branches)])
    output = play(workflow, "go", mode, run_id=run_id).output
    assert output.status is RunStatus.cancelled and not caplog.records
    runs = {run.agent_name: run.status for run in output.step_executor_runs}
    assert runs == {"A": RunStatus.cancelled, "B": RunStatus.cancelled}, "what both did is kept"


def test_leaving_a_stream_early_stores_what_was_done() -> None:
    workflow = Workflow(
        name="w", db=InMemoryDb(), session_id="s", steps=[named("a"), saying("one two three"), named("b")]
    )
    for event in workflow.run("go", stream=True, stream_events=True, run_id="r"):
        if event.event == "RunContent":
            break
    run = workflow.get_run("r")
    assert run is not None and run.is_cancelled and [one.content for one in run.step_results] == ["a"]


# In the background ---------------------------------------------------------------------------------------------------


async def until_done(workflow: Workflow, run_id: str) -> WorkflowRunOutput:
    for _ in range(500):
        found = await workflow.aget_run(run_id)
        if found is not None and (found.has_completed() or found.is_paused):
            return found
        await asyncio.sleep(0.005)
    raise AssertionError(f"{run_id} does not end")


@pytest.mark.parametrize("database", [SqliteDb, AsyncSqliteDb])
def test_a_run_in_the_background_is_looked_up(database: Any, tmp_path: Any) -> None:
    async def scenario() -> None:
        released = asyncio.Event()

        async def wait(step_input: StepInput, session_state: dict[str, Any]) -> str:
            await released.wait()
            return f"waited {session_state['n']}"

        workflow = Workflow(
            name="w", db=database(db_file=str(tmp_path / "w.db")), session_id="s", steps=[named("a"), wait]
        )
        given = await workflow.arun("go", background=True, session_state={"n": 1})
        assert given.status is RunStatus.pending and not given.has_completed()
        stored = await workflow.aget_run(given.run_id)
        assert stored is not None and stored.status in (RunStatus.pending, RunStatus.running)
        released.set()
        done = await until_done(workflow, given.run_id)
        assert done.status is RunStatus.completed and done.content == "waited 1"
        assert given.content == "waited 1", "the same object is filled"

    asyncio.run(scenario())


def test_events_of_a_background_run_go_to_a_socket_that_may_go_away() -> None:
    class Socket:
        def __init__(self, most: int) -> None:
            self.sent: list[str] = []
            self.most = most

        async def send_text(self, text: str) -> None:
            if len(self.sent) == self.most:
                raise ConnectionError("gone")
            self.sent.append(text)

    async def scenario(socket: Any) -> None:
        workflow = Workflow(name="w", db=InMemoryDb(), session_id="s", steps=[named("a"), saying("hello")])
        with pytest.raises(ValueError, match="websocket="):
            workflow.arun("go", background=True, stream=True)
        given = await workflow.arun("go", background=True, stream=True, stream_events=True, websocket=socket)
        assert (await until_done(workflow, given.run_id)).content == "hello"

    whole, short = Socket(100), Socket(2)
    asyncio.run(scenario(whole))
    asyncio.run(scenario(WebSocketHandler(short)))
    lines = whole.sent[0].split("\n")
    assert lines[0] == "event: WorkflowStarted" and json.loads(lines[1].removeprefix("data: "))["workflow_id"] == "w"
    assert whole.sent[-1].startswith("event: WorkflowCompleted") and len(short.sent) == 2


def test_the_background_needs_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="arun"):
        Workflow(steps=[named("a")], db=InMemoryDb()).run("go", background=True)


# Sessions ------------------------------------------------------------------------------------------------------------


@in_every_mode
def test_steps_are_told_of_earlier_runs(mode: str, tmp_path: Any) -> None:
    agent, found = saying("an answer"), []
    look = named("look", lambda si: found.append(si.get_workflow_history(2)) or "looked")
    workflow = Workflow(
        name="w", db=SqliteDb(db_file=str(tmp_path / "w.db")), session_id="s", steps=[Step("a", agent=agent), look],
        add_workflow_history_to_steps=True,
    )  # fmt: skip
    for text in ("one", "two", "three", "four"):
        assert play(workflow, text, mode).error is None
    assert found == [
        [],
        [("one", "looked")],
        [("one", "looked"), ("two", "looked")],
        [("two", "looked"), ("three", "looked")],
    ]
    assert asked(agent, 0) == "one"
    assert asked(agent, 2).startswith("<workflow_history>") and asked(agent, 2).endswith("three")
    quiet = Workflow(name="q", db=workflow.db, session_id="s2", steps=[saying("x")])
    play(quiet, "one", mode)
    play(quiet, "two", mode)
    assert asked(quiet.nodes[0].agent) == "two"


@in_every_mode
def test_a_session_has_its_runs_state_metrics_and_name(mode: str, tmp_path: Any) -> None:
    def count(session_state: dict[str, Any]) -> str:
        session_state["n"] = session_state.get("n", 0) + 1
        return str(session_state["n"])

    db = SqliteDb(db_file=str(tmp_path / "w.db"))
    workflow = Workflow(
        name="w", description="Counts things for people who like that a lot", db=db, steps=[count, saying("x")]
    )
    outputs = [play(workflow, f"go {n}", mode, session_id="s", user_id="u", metadata={"m": n}).output for n in (1, 2)]
    session = workflow.get_session("s")
    assert (session.workflow_id, session.workflow_name, session.user_id) == ("w", "w", "u")
    assert session.workflow_data["steps"][0] == {"name": "count", "description": None, "type": "Step"}
    assert [run.run_id for run in session.runs] == [output.run_id for output in outputs]
    assert workflow.get_session_state("s") == {"n": 2} and outputs[1].metadata == {"m": 2}
    assert workflow.get_session_metrics("s").total_tokens == 30 and session.last_run_total_tokens == 15
    assert workflow.get_session_metrics("s").time_to_first_token is None
    assert workflow.get_last_run_output("s").input == "go 2" and session.last_run_model == "scripted"
    assert [m.content for m in workflow.get_chat_history("s")][-2:] == ["2", "x"]
    assert [m.role for m in workflow.get_session_messages("s", limit=1)] == ["assistant"]
    assert workflow.set_session_name("s", autogenerate=True).name.startswith("Counts things for people who like that a")
    assert workflow.get_session_name("s") and workflow.update_session_state({"n": 9}, "s") == {"n": 9}
    assert workflow.read_or_create_session("new").runs == []
    assert workflow.get_run(outputs[0].run_id).content == "x" and workflow.get_run("nobody") is None
    workflow.delete_session("s")
    assert workflow.get_session("s") is None


def test_what_executors_did_need_not_be_stored(tmp_path: Any) -> None:
    db = SqliteDb(db_file=str(tmp_path / "w.db"))
    workflow = Workflow(name="w", db=db, session_id="s", steps=[saying("x"), named("a")], store_executor_outputs=False)
    output = workflow.run("go")
    assert len(output.step_executor_runs) == 1 and workflow.get_run(output.run_id).step_executor_runs is None


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_memories_and_summaries_are_kept_with_the_workflow(colour: str, tmp_path: Any) -> None:
    workflow = Workflow(name="w", db=SqliteDb(db_file=str(tmp_path / "w.db")), steps=[named("a")], user_id="ada")

    def do(method: str, *args: Any, **options: Any) -> Any:
        if colour == "sync":
            return getattr(workflow, method)(*args, **options)
        return asyncio.run(getattr(workflow, f"a{method}")(*args, **options))

    ids = do("add_memories", ["likes rain", "has a cat"])
    (other,) = do("add_memories", "likes sun", user_id="bob")
    assert [memory.memory for memory in do("get_memories")] == ["likes rain", "has a cat"]
    assert [memory.memory for memory in do("get_memories", limit=1)] == ["likes rain"] and do(
        "get_memories", limit=0
    ) == []
    assert do("delete_memories", [ids[0], other]) == 1 and do("delete_memories") == 1
    assert [memory.memory_id for memory in do("get_memories", user_id="bob")] == [other]
    with pytest.raises(ValueError, match="belongs to another user"):
        do("add_memories", UserMemory("likes nothing", memory_id=other))
    workflow.run("go", session_id="s1")
    with pytest.raises(SessionConflictError):
        do("read_or_create_session", "s1", "bob")
    workflow.run("go", session_id="s2")
    do("add_session_summaries", {"s1": "about rain", "s2": SessionSummary("about sun", topics=["sun"])})
    found = do("get_session_summaries")
    assert {name: one.summary for name, one in found.items()} == {"s1": "about rain", "s2": "about sun"}
    assert found["s1"].updated_at is not None and list(do("get_session_summaries", ["s2"])) == ["s2"]
    assert do("get_session_summary", "s1").summary == "about rain"
    assert do("delete_session_summaries", ["s1"]) == 1 and list(do("get_session_summaries")) == ["s2"]
    assert len(workflow.get_session("s1").runs) == 1


def test_what_is_no_memory_and_no_summary_is_refused_before_anything_is_stored() -> None:
    workflow = Workflow(name="w", db=InMemoryDb(), steps=[named("a")])
    for wrong, words in (
        (None, "got None"),
        (5, r"got 5 \(int\)"),
        (["good", 5], r"a text or a UserMemory"),
        ("", "empty"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            workflow.add_memories(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"got 4 \(int\); a summary is a text or a SessionSummary"):
        workflow.add_session_summaries({"a": "good", "b": 4})  # type: ignore[dict-item]
    assert workflow.get_memories() == [] and workflow.get_session_summaries() == {}


def test_memories_need_a_database() -> None:
    workflow = Workflow(name="w", steps=[named("a")])
    with pytest.raises(ValueError, match="needs a db="):
        workflow.add_memories("x")
    assert workflow.get_memories() == [] and workflow.delete_memories() == 0 and workflow.get_session_summaries() == {}
    assert not hasattr(workflow, "add_memory_references")


@in_every_mode
def test_an_agent_in_front_answers_from_history_or_runs_the_workflow(mode: str, tmp_path: Any) -> None:
    model = ScriptedModel(wants("run_workflow", query="about rain"), says("I told you: rain."))
    front = WorkflowAgent(model=model)
    log: list[str] = []
    write = named("write", lambda si: f"text {si.input}", log)
    db = SqliteDb(db_file=str(tmp_path / "w.db"))
    workflow = Workflow(name="w", db=db, session_id="s", steps=[write], agent=front)
    first, second = play(workflow, "Write about rain, please", mode), play(workflow, "What did you write?", mode)
    assert first.output.content == "text about rain" and second.output.content == "I told you: rain."
    assert log == ["write"] and second.output.step_results == []
    assert first.output.workflow_agent_run.content is None, "it said nothing, and it does not wait for anybody"
    assert "text about rain" in model.requests[1].messages[-1].content
    stored = workflow.get_run(second.output.run_id)
    assert stored.workflow_agent_run.content == "I told you: rain." and stored.status is RunStatus.completed
    assert stored.metrics.total().total_tokens == 15
    if first.events:
        kinds = [kind for kind in first.kinds if kind.startswith("Workflow")]
        assert kinds == ["WorkflowAgentStarted", "WorkflowAgentCompleted", "WorkflowStarted", "WorkflowCompleted"]
        assert "WorkflowStarted" not in second.kinds and second.kinds[-1] == "WorkflowCompleted"


# Many ----------------------------------------------------------------------------------------------------------------


def test_a_hundred_runs_at_once_on_one_workflow_stay_apart(tmp_path: Any) -> None:
    async def echo(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["mine"] = step_input.input
        await asyncio.sleep(0)
        return f"{step_input.input}:{step_input.previous_step_content}"

    agent = Agent(name="A", model=ScriptedModel({str(n): says(f"said {n}") for n in range(100)}))
    both = Parallel(echo, Step("again", executor=echo), name="both")
    workflow = Workflow(name="w", db=SqliteDb(db_file=str(tmp_path / "w.db")), steps=[agent, both])

    async def scenario() -> list[Any]:
        return await asyncio.gather(*(workflow.arun(str(n), session_id=f"s{n}") for n in range(100)))

    for n, output in enumerate(asyncio.run(scenario())):
        assert [one.content for one in output.step_results[1].steps] == [f"{n}:said {n}"] * 2
        assert output.session_state == {"mine": str(n)}
    assert len(workflow.db.get_sessions("workflow")) == 100


def test_expressions_decide(monkeypatch: Any) -> None:
    steps = [
        named("first"),
        Condition('previous_step_content == "first" && session_state.go', [named("yes")], name="if"),
        Router('input.contains("b") ? "b" : "a"', [named("a"), named("b")], name="way"),
        Loop([named("again")], name="loop", max_iterations=5, end_condition="iteration >= 2"),
    ]
    output = Workflow(steps=steps, session_state={"go": True}).run("b please")
    assert [len(one.steps or ()) for one in output.step_results] == [0, 1, 1, 2]
    assert output.step_results[2].steps[0].step_name == "b"
    failed = Workflow(steps=[Condition("session_state.gone", [named("x")], name="if")]).run("go")
    assert failed.status is RunStatus.error and "'session_state.gone'" in failed.content


@in_every_mode
def test_a_run_that_nobody_holds_is_gone_without_the_garbage_collector(mode: str) -> None:
    inner = Workflow(name="inner", steps=[saying("b")])
    workflow = Workflow(steps=[saying("a", name="A"), inner, named("p")])
    play(workflow, "go", mode)
    gc.disable()
    try:
        seen = play(workflow, "go", mode)
        assert seen.output is not None and seen.output.status is RunStatus.completed
        runs = [weakref.ref(run) for run in (seen.output, *(seen.output.step_executor_runs or ()))]
        del seen
        assert len(runs) == 3 and not [run for run in runs if run() is not None]
    finally:
        gc.enable()
