"""Spans of runs: their tree, what they say, and what they keep to themselves; in all four modes."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import ProxyTracerProvider, StatusCode, get_current_span
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import ModelProviderError
from agno.models.message import Message
from agno.run import watching
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, call, fails, says, wants
from agno.tools import tool
from agno.tracing import count_costs, current_span, setup_tracing, stop_tracing
from agno.tracing.span import Span
from agno.workflow import Parallel, Step, Workflow
from tracing.spans import Spans

from playing import in_every_mode, play


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@in_every_mode
def test_a_run_with_a_tool_is_a_tree_with_the_attributes_of_the_conventions(mode: str) -> None:
    spans = Spans()
    agent = Agent(id="calc", name="Calc", model=ScriptedModel(wants("add", a=1, b=2), says("3")), tools=[add])
    seen = play(agent, "1 + 2?", mode, session_id="s", user_id="ann")
    assert spans.tree == ["invoke_agent Calc", "  chat scripted", "  execute_tool add", "  chat scripted"]
    run, chat, tool_span = spans.named("invoke_agent Calc"), spans.all[1], spans.named("execute_tool add")
    said = run.attributes
    assert said["gen_ai.operation.name"] == "invoke_agent" and said["gen_ai.agent.id"] == "calc"
    assert said["gen_ai.agent.name"] == "Calc" and said["gen_ai.conversation.id"] == "s" and said["user.id"] == "ann"
    assert said["agno.run.id"] == seen.output.run_id and said["agno.run.status"] == "completed"
    assert said["gen_ai.usage.input_tokens"] == seen.output.metrics.input_tokens
    assert said["gen_ai.usage.output_tokens"] == seen.output.metrics.output_tokens
    assert chat.attributes["gen_ai.request.model"] == "scripted" and chat.attributes["gen_ai.provider.name"]
    assert (
        chat.attributes["gen_ai.request.stream"] is mode.endswith("stream") and chat.attributes["agno.tool_calls"] == 1
    )
    assert tool_span.attributes["gen_ai.tool.name"] == "add" and tool_span.attributes["gen_ai.tool.call.id"]
    assert {span.status.status_code for span in spans.all} == {StatusCode.UNSET}
    assert {span.context.trace_id for span in spans.all} == {run.context.trace_id}
    assert all(run.start_time <= one.start_time <= one.end_time <= run.end_time for one in spans.all)
    assert current_span() is None and not get_current_span().get_span_context().is_valid


@in_every_mode
def test_what_people_models_and_tools_say_is_recorded_only_if_it_is_asked_for(mode: str) -> None:
    def play_it(**settings: Any) -> str:
        spans = Spans(**settings)
        model = ScriptedModel(wants("add", a=11_114_111, b=22_228_222), says("the sum"))
        play(Agent(model=model, tools=[add]), "a question", mode)
        return str([dict(span.attributes) for span in spans.all])

    silent = play_it()
    assert not any(word in silent for word in ("11114111", "33342333", "the sum", "a question"))
    told = play_it(capture_content=True)
    assert all(word in told for word in ("11114111", "33342333", "the sum", "a question", "tool_call_response"))


@in_every_mode
def test_content_that_is_no_text_and_no_json_costs_no_run(mode: str) -> None:
    def look(thing: str) -> Any:
        """Look."""
        return {("a", 1): object(), "b": "\ud800"}

    spans = Spans(capture_content=True)
    model = ScriptedModel(wants("look", thing="é"), says("half \ud800"), repeat=True)
    assert play(Agent(name="A", model=model, tools=[look]), "broken \ud800", mode).output.content == "half \ufffd"
    run = spans.named("invoke_agent A").attributes
    assert "broken \ufffd" in run["gen_ai.input.messages"] and "half \ufffd" in run["gen_ai.output.messages"]
    assert spans.named("execute_tool look").attributes["gen_ai.tool.call.arguments"] == '{"thing":"é"}'


def test_what_cannot_be_told_with_content_is_told_without(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(BaseModel):
        def model_dump(self, **options: Any) -> dict[str, Any]:
            raise RuntimeError("no")

    spans = Spans(capture_content=True)
    agent = Agent(name="A", model=ScriptedModel(says("{}")), output_schema=Stubborn)
    with caplog.at_level(logging.ERROR, logger="agno"):
        assert isinstance(agent.run("go").content, Stubborn)
    facts = spans.named("invoke_agent A").attributes
    assert facts["agno.run.status"] == "completed" and "gen_ai.output.messages" not in facts
    assert [record.message for record in caplog.records] == ["run_ended could not tell content"]


@in_every_mode
def test_failures_are_the_status_of_their_spans(mode: str) -> None:
    def broken() -> str:
        """Break."""
        raise KeyError("the secret of ann")

    spans = Spans()
    model = ScriptedModel(wants("broken"), fails(ModelProviderError("down, key sk-abcdefghijklmnopqrst", 503)))
    seen = play(Agent(name="A", model=model, tools=[broken]), "go", mode)
    assert seen.error is not None or seen.output.status is RunStatus.error
    tool_span = spans.named("execute_tool broken")
    assert tool_span.status.status_code is StatusCode.ERROR and tool_span.attributes["error.type"] == "KeyError"
    assert "ann" not in str(tool_span.status.description)
    for failed in (spans.all[-1], spans.named("invoke_agent A")):
        assert failed.status.status_code is StatusCode.ERROR and failed.attributes["error.type"] == "ModelProviderError"
        assert failed.attributes["agno.error.status_code"] == 503
        assert "down" in failed.status.description and "sk-abc" not in failed.status.description
    assert spans.named("invoke_agent A").attributes["agno.run.status"] == "error"


@in_every_mode
def test_each_attempt_of_a_request_is_a_span(mode: str) -> None:
    spans = Spans()
    model = ScriptedModel(fails(ModelProviderError("busy", 503)), says("yes"), retries=1, delay_between_retries=0)
    play(Agent(name="A", model=model), "go", mode)
    assert spans.tree == ["invoke_agent A", "  chat scripted", "  chat scripted"]
    assert [span.status.is_ok for span in spans.all] == [True, False, True]


@in_every_mode
def test_members_lie_inside_the_leaders_tool_call(mode: str) -> None:
    spans = Spans()
    member = Agent(id="m", name="Member", model=ScriptedModel(says("done"), id="small"))
    inner = Team(
        id="inner", name="Inner", members=[member],
        model=ScriptedModel(wants("delegate_task_to_member", member_id="m", task_description="do"), says("inner says")),
    )  # fmt: skip
    leader = ScriptedModel(wants("delegate_task_to_member", member_id="inner", task_description="go"), says("all done"))
    play(Team(name="Outer", members=[inner], model=leader), "work", mode)
    assert spans.tree == [
        "invoke_agent Outer",
        "  chat scripted",
        "  execute_tool delegate_task_to_member",
        "    invoke_agent Inner",
        "      chat scripted",
        "      execute_tool delegate_task_to_member",
        "        invoke_agent Member",
        "          chat small",
        "      chat scripted",
        "  chat scripted",
    ]
    assert spans.named("invoke_agent Inner").attributes["agno.component.type"] == "team"


@in_every_mode
def test_steps_side_by_side_and_workflows_in_workflows_have_their_parents(mode: str) -> None:
    spans = Spans()
    left, right = (Agent(name=name, model=ScriptedModel(says(name))) for name in ("Left", "Right"))
    inside = Workflow(name="Inside", steps=[Step(name="count", executor=lambda step_input: "4")])
    workflow = Workflow(
        name="Flow",
        steps=[Parallel(Step(name="l", agent=left), Step(name="r", agent=right), name="both"), Step(name="in", workflow=inside)],
    )  # fmt: skip
    play(workflow, "go", mode)
    both = spans.named("step both")
    assert {one.name for one in spans.all if one.parent and one.parent.span_id == both.context.span_id} == {
        "step l",
        "step r",
    }
    for step, who in (
        ("step l", "invoke_agent Left"),
        ("step r", "invoke_agent Right"),
        ("step in", "invoke_workflow Inside"),
    ):
        assert spans.named(who).parent.span_id == spans.named(step).context.span_id
    assert spans.named("step count").parent.span_id == spans.named("invoke_workflow Inside").context.span_id
    assert len({one.context.trace_id for one in spans.all}) == 1
    assert spans.named("invoke_workflow Flow").attributes["gen_ai.workflow.name"] == "Flow"


@in_every_mode
def test_a_failed_step_says_what_it_failed_with(mode: str) -> None:
    def explode(step_input: Any) -> str:
        raise LookupError("nothing there")

    spans = Spans()
    play(Workflow(name="Flow", steps=[Step(name="boom", executor=explode)]), "go", mode)
    for name in ("step boom", "invoke_workflow Flow"):
        assert spans.named(name).attributes["error.type"] == "LookupError", name
        assert "nothing" not in str(spans.named(name).status.description)


@in_every_mode
def test_runs_that_tools_begin_are_inside_of_the_tools_also_side_by_side(mode: str) -> None:
    spans = Spans()

    def ask(who: str) -> str:
        """Ask somebody."""
        return str(Agent(name=who, model=ScriptedModel(says(who))).run("?").content)

    model = ScriptedModel(wants(call("ask", who="Ann"), call("ask", who="Ben")), says("both"))
    play(Agent(name="Top", model=model, tools=[ask]), "go", mode)
    calls = {one.context.span_id for one in spans.all if one.name == "execute_tool ask"}
    assert {spans.named(f"invoke_agent {who}").parent.span_id for who in ("Ann", "Ben")} == calls and len(calls) == 2


def test_a_stream_that_is_left_ends_its_spans_and_leaves_no_trace_of_itself() -> None:
    spans = Spans()
    agent = Agent(name="A", model=ScriptedModel(says("one two three four"), repeat=True))
    for _ in agent.run("go", stream=True):
        assert current_span() is None and not get_current_span().get_span_context().is_valid
        break

    async def leave() -> None:
        async for _ in agent.arun("go", stream=True):
            assert current_span() is None
            break
        assert current_span() is None
        await agent.arun("again")

    asyncio.run(leave())
    runs = [one for one in spans.all if one.name == "invoke_agent A"]
    assert [run.attributes["agno.run.status"] for run in runs] == ["cancelled", "cancelled", "completed"]
    assert all(run.parent is None and run.status.status_code is StatusCode.UNSET for run in runs)


@in_every_mode
def test_a_cancelled_run_is_no_error(mode: str) -> None:
    spans = Spans()

    def stop(run_context: Any) -> str:
        """Stop."""
        Agent.cancel_run(run_context.run_id)
        return "stopped"

    play(Agent(name="A", model=ScriptedModel(wants("stop"), says("never")), tools=[stop]), "go", mode)
    run = spans.named("invoke_agent A")
    assert run.attributes["agno.run.status"] == "cancelled" and run.status.status_code is StatusCode.UNSET


@in_every_mode
def test_a_run_that_goes_on_links_to_what_it_was_before(mode: str) -> None:
    spans = Spans()

    @tool(requires_confirmation=True)
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    agent = Agent(name="A", db=InMemoryDb(), model=ScriptedModel(wants("pay", amount=3), says("done")), tools=[pay])
    paused = play(agent, "pay", mode, session_id="s").output
    assert spans.named("invoke_agent A").attributes["agno.run.status"] == "paused"
    for requirement in paused.active_requirements:
        requirement.confirm()
    play(agent, paused, mode, method="continue_run")
    first, second = [one for one in spans.all if one.name == "invoke_agent A"]
    assert (
        second.attributes["agno.run.continued"] and second.attributes["agno.run.id"] == first.attributes["agno.run.id"]
    )
    assert [link.context.span_id for link in second.links] == [first.context.span_id]
    assert spans.named("execute_tool pay").parent.span_id == second.context.span_id


def test_a_run_lies_inside_of_the_callers_own_span_and_the_callers_tools_inside_of_ours() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    setup_tracing(tracer_provider=provider)
    tracer = provider.get_tracer("mine")

    def work() -> str:
        """Work."""
        with tracer.start_as_current_span("query"):
            return "ok"

    with tracer.start_as_current_span("request"):
        Agent(name="A", model=ScriptedModel(wants("work"), says("ok")), tools=[work]).run("go")
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans["invoke_agent A"].parent.span_id == spans["request"].context.span_id
    assert spans["query"].parent.span_id == spans["execute_tool work"].context.span_id
    stop_tracing()
    with tracer.start_as_current_span("later"):
        pass
    assert len(exporter.get_finished_spans()) == len(spans) + 2, "the provider of the user stays open"


def test_a_thread_that_knows_nothing_finds_its_parent_by_the_run_it_names() -> None:
    spans = Spans()

    def aside(run_context: Any) -> str:
        """Work aside."""
        inner = Agent(name="Inner", model=ScriptedModel(says("x")))
        thread = threading.Thread(target=lambda: inner.run("?", parent_run_id=run_context.run_id))
        thread.start()
        thread.join()
        return "ok"

    Agent(name="Outer", model=ScriptedModel(wants("aside"), says("ok")), tools=[aside]).run("go")
    assert spans.named("invoke_agent Inner").parent.span_id == spans.named("invoke_agent Outer").context.span_id


def test_retrieval_is_a_span_and_its_query_is_content() -> None:
    def look(query: str, num_documents: int | None = None) -> list[dict[str, str]]:
        return [{"content": "tea"}, {"content": "milk"}]

    for content in (False, True):
        spans = Spans(capture_content=content)
        model = ScriptedModel(wants("search_knowledge_base", query="drinks"), says("tea"))
        Agent(name="A", model=model, knowledge_retriever=look, search_knowledge=True).run("what?")
        found = spans.named("retrieval").attributes
        assert found["agno.retrieval.count"] == 2 and ("gen_ai.retrieval.query.text" in found) is content
        assert spans.tree[3] == "    retrieval", spans.tree


def test_a_model_used_by_itself_is_a_span_of_its_own() -> None:
    spans = Spans()
    list(ScriptedModel(says("hi there")).response_stream([Message("user", "hello")]))
    assert spans.tree == ["chat scripted"] and current_span() is None


def test_runs_at_once_do_not_mix() -> None:
    spans = Spans()
    agents = [
        Agent(name=f"A{n}", model=ScriptedModel(wants("add", a=1, b=2), says("x")), tools=[add]) for n in range(10)
    ]

    async def together() -> None:
        await asyncio.gather(*(agent.arun("go") for agent in agents))

    asyncio.run(together())
    roots = {one.context.trace_id for one in spans.all if one.parent is None}
    assert len(roots) == 10 and all(sum(one.context.trace_id == root for one in spans.all) == 4 for root in roots)


def test_a_run_in_the_background_has_a_trace_of_its_own() -> None:
    spans = Spans()
    agent = Agent(name="Back", db=InMemoryDb(), model=ScriptedModel(says("x")))

    async def begin() -> str:
        """Begin."""
        await agent.arun("go", background=True)
        return "begun"

    async def both() -> None:
        await Agent(name="Front", model=ScriptedModel(wants("begin"), says("ok")), tools=[begin]).arun("go")
        while len([one for one in spans.all if one.name.startswith("invoke")]) < 2:
            await asyncio.sleep(0.005)

    asyncio.run(both())
    back, begin_span = spans.named("invoke_agent Back"), spans.named("execute_tool begin")
    assert back.parent is None and back.context.trace_id != begin_span.context.trace_id
    assert [link.context.span_id for link in back.links] == [begin_span.context.span_id]


def test_nothing_watches_until_it_is_asked_for_and_after_it_ended() -> None:
    assert watching.watcher is None
    tracing = Spans().tracing
    assert watching.watcher is not None
    tracing.shutdown()
    assert watching.watcher is None


def test_tracing_that_begins_within_a_run_knows_what_begins_after_it(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[Spans] = []

    def begin() -> str:
        """Begin."""
        begun.append(Spans())
        return "ok"

    count_costs()  # somebody watches from the start
    with caplog.at_level(logging.ERROR, logger="agno"):
        Agent(name="A", model=ScriptedModel(wants("begin"), says("x")), tools=[begin]).run("go")
    count_costs(False)
    assert begun[0].tree == ["chat scripted"] and not caplog.records


def test_a_provider_that_is_not_set_up_has_nothing_to_send() -> None:
    made = setup_tracing(tracer_provider=ProxyTracerProvider())
    assert Agent(model=ScriptedModel(says("x"))).run("go").content == "x" and made.flush()


def test_a_second_setup_takes_the_place_of_the_first() -> None:
    first, second = Spans(), Spans()
    Agent(name="A", model=ScriptedModel(says("x"))).run("go")
    assert not first.all and second.tree == ["invoke_agent A", "  chat scripted"]


@pytest.mark.parametrize(
    ("settings", "says_so"),
    [
        ({}, "nowhere to put spans"),
        ({"exporter": "jaeger"}, '"otlp"'),
        ({"exporter": "otlp", "tracer_provider": 1}, "both"),
        ({"exporter": object()}, "a SpanExporter of OpenTelemetry"),
        ({"tracer_provider": 1}, "give a TracerProvider"),
        ({"db": "traces.db"}, r"setup_tracing\(db='traces.db'\) needs a database"),
        ({"db": InMemoryDb(), "keep_days": "7"}, "keep_days='7'"),
        ({"db": InMemoryDb(), "keep_traces": -1}, "keep_traces=-1"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValueError, match=says_so if says_so != "both" else "exporter= and tracer_provider="):
        setup_tracing(**settings)
    assert watching.watcher is None


def test_nothing_of_opentelemetry_is_imported_for_agents_and_stored_traces() -> None:
    program = (
        "import sys; from agno.agent import Agent; from agno.db.in_memory import InMemoryDb; from agno.testing import "
        "ScriptedModel, says; assert not any(m.startswith('agno.tracing') for m in sys.modules); from agno.tracing import "
        "setup_tracing, setup_logging; db = InMemoryDb(); setup_tracing(db=db); setup_logging(); "
        "Agent(model=ScriptedModel(says('x'))).run('?'); assert db.get_traces()[1] == 1; "
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'prometheus'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_clock_that_is_put_back_moves_no_span_out_of_the_one_it_is_in() -> None:
    root = Span("invoke_agent", "a", "t", "1")
    inner = Span("chat", "c", "t", "2", root, started=root.started - 1_000_000_000)
    inner.end()
    root.end()
    assert root.started <= inner.started
    assert inner.started + (inner.duration or 0) <= root.started + (root.duration or 0)
