"""Toolkits that ask the user to choose, and that run a workflow; results in a shape of the model's own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.message import Message
from agno.run.requirement import RunRequirement
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.tools.user_feedback import UserFeedbackTools
from agno.tools.workflow import WorkflowTools
from agno.workflow import Step, StepInput, Workflow

from playing import in_every_mode, play

TEA = {
    "question": "Which tea?",
    "header": "Tea",
    "options": [{"label": "Green", "description": "Light"}, {"label": "Black"}],
}
DAYS = {"question": "Which days?", "options": ["Monday", "Friday"], "multi_select": True}


def asker(*turns: Any) -> Agent:
    return Agent(model=ScriptedModel(*turns), tools=[UserFeedbackTools()], db=InMemoryDb(), session_id="s")


@in_every_mode
def test_a_model_lets_the_user_choose(mode: str) -> None:
    agent = asker(wants("ask_user", questions=[TEA, DAYS]), says("Green on Monday"))
    paused = play(agent, "Plan", mode).output
    assert paused.is_paused and paused.content == "The run is paused; it needs user feedback for ask_user."
    [asked] = agent.get_run_output(paused.run_id, "s").active_requirements
    assert asked.needs_user_feedback and asked.pause_type == "user_feedback" and not asked.is_resolved()
    assert not (asked.needs_user_input or asked.needs_confirmation or asked.needs_external_execution)
    assert [one["question"] for one in asked.user_feedback_schema] == ["Which tea?", "Which days?"]
    assert asked.user_feedback_schema[0]["options"][1] == {"label": "Black", "description": None}
    asked = RunRequirement.from_dict(asked.to_dict())
    asked.provide_user_feedback({"Which tea?": "Green"})
    assert asked.needs_user_feedback, "one question is open"
    asked.provide_user_feedback({"Which days?": ["Monday", "Sunday, if I may"]})
    seen = play(agent, None, mode, "continue_run", run_id=paused.run_id, session_id="s", requirements=[asked])
    assert seen.output.content == "Green on Monday" and not seen.output.is_paused
    assert msgspec.json.decode(seen.output.tools[0].result) == [
        {"question": "Which tea?", "selected": "Green"},
        {"question": "Which days?", "selected": ["Monday", "Sunday, if I may"]},
    ]
    assert agent.model.requests[-1].messages[-1].content == seen.output.tools[0].result


@in_every_mode
def test_a_question_of_a_member_reaches_the_user_of_the_team(mode: str) -> None:
    member = Agent(
        name="m", model=ScriptedModel(wants("ask_user", questions=[TEA]), says("ok")), tools=[UserFeedbackTools()]
    )
    leads = wants("delegate_task_to_member", member_id="m", task_description="ask")
    team = Team([member], model=ScriptedModel(leads, says("Green then")), db=InMemoryDb(), session_id="s")
    paused = play(team, "go", mode).output
    [asked] = paused.active_requirements
    asked.provide_user_feedback({"Which tea?": "Green"})
    assert play(team, paused, mode, "continue_run").output.content == "Green then"


@in_every_mode
def test_a_model_that_asks_nothing_is_told_so(mode: str) -> None:
    agent = asker(wants("ask_user", questions=[]), says("Sorry"))
    output = play(agent, "go", mode).output
    assert output.content == "Sorry" and "asked nothing" in output.messages[-2].content


def test_what_was_not_asked_cannot_be_answered() -> None:
    agent = asker(wants("ask_user", questions=[TEA]))
    [asked] = agent.run("go").active_requirements
    with pytest.raises(ValueError, match="'Which cake.' is not among it"):
        asked.provide_user_feedback({"Which cake?": "none"})


@in_every_mode
def test_a_run_with_an_open_question_stays_paused(mode: str) -> None:
    agent = asker(wants(call("ask_user", questions=[TEA]), call("ask_user", questions=[DAYS])), says("done"))
    paused = play(agent, "go", mode).output
    paused.active_requirements[0].provide_user_feedback({"Which tea?": "Green"})
    seen = play(agent, paused, mode, "continue_run")
    assert seen.output.is_paused
    [open_one] = seen.output.active_requirements
    open_one.provide_user_feedback({"Which days?": []})
    assert play(agent, seen.output, mode, "continue_run").output.content == "done"


# Workflows ---------------------------------------------------------------------------------------------------------------


def writer(db: Any = None, **more: Any) -> tuple[Workflow, list[StepInput]]:
    seen: list[StepInput] = []

    def write(given: StepInput) -> str:
        seen.append(given)
        if given.input == "broken":
            raise RuntimeError("no ink")
        return f"About {given.input}"

    return Workflow(name="writer", steps=[Step("write", executor=write, max_retries=0, **more)], db=db), seen


@in_every_mode
def test_a_model_runs_a_workflow(mode: str) -> None:
    db = InMemoryDb()
    workflow, seen = writer(db)
    turns = (wants("think", thought="tea"), wants("run_workflow", input_data="tea", additional_data={"pages": 1}))
    model = ScriptedModel(*turns, wants("analyze", analysis="fits"), says("Here"))
    agent = Agent(model=model, tools=[WorkflowTools(workflow, all=True)], db=db)
    output = play(agent, "Write", mode, session_id="s", user_id="ann").output
    assert output.tools[1].result == "About tea" and seen[0].additional_data == {"pages": 1}
    assert output.session_state["workflow_thoughts"] == [{"thought": "tea"}, {"analysis": "fits"}]
    stored = workflow.get_session("s-writer")
    assert stored.user_id == "ann" and stored.runs[0].content == "About tea"


@in_every_mode
def test_a_workflow_that_fails_or_waits_is_a_failed_tool_call(mode: str) -> None:
    for workflow, given, told in (
        (writer(on_error="fail")[0], "broken", "The workflow ended as ERROR"),
        (writer(requires_confirmation=True)[0], "tea", "The workflow waits for a person"),
    ):
        model = ScriptedModel(wants("run_workflow", input_data=given), says("Sorry"))
        tool = play(Agent(model=model, tools=[WorkflowTools(workflow)]), "go", mode).output.tools[0]
        assert tool.tool_call_error and told in tool.result


def test_what_is_no_workflow_is_refused() -> None:
    with pytest.raises(ValueError, match="It takes a workflow"):
        WorkflowTools(Workflow)
    assert [*WorkflowTools(writer()[0]).functions] == ["run_workflow"]


# Results -----------------------------------------------------------------------------------------------------------------


class OneMessage(ScriptedModel):
    """Wants all results of a turn in one message of the user."""

    def format_function_call_results(self, messages: Any, function_call_results: Any, **extra: Any) -> None:
        super().format_function_call_results(messages, function_call_results)
        messages.append(Message("user", " and ".join(m.content for m in function_call_results)))


@in_every_mode
def test_a_model_of_one_s_own_may_want_results_in_another_shape(mode: str) -> None:
    model = OneMessage(wants(call("add", a=1), call("add", a=2)), says("ok"))

    def add(a: int) -> str:
        return str(a + 1)

    play(Agent(model=model, tools=[add]), "go", mode)
    assert [m.content for m in model.requests[-1].messages[2:]] == ["2", "3", "2 and 3"]
    messages: list[Message] = []
    ScriptedModel().format_function_call_results(messages, [Message("tool", "x")])
    assert [m.content for m in messages] == ["x"]
