"""ReliabilityEval: the tool calls of runs, beside those that are expected."""

from __future__ import annotations

from typing import Any

import pytest
from judging import ask, in_both_colours, printed

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.eval import ReliabilityEval
from agno.models.message import Message
from agno.run.agent import RunOutput
from agno.run.team import TeamRunOutput
from agno.team import Team
from agno.testing import ScriptedModel, says, wants, wants_many
from agno.testing.script import call
from agno.workflow import Workflow


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def weigh(thing: str) -> str:
    """Weigh."""
    return f"{thing}: 3 kg"


def worker(*turns: Any, **settings: Any) -> Agent:
    return Agent(name="Worker", model=ScriptedModel(*turns), tools=[add, weigh], **settings)


def calling(*names: str, **facts: Any) -> RunOutput:
    calls = [{"function": {"name": name, "arguments": "{}"}} for name in names]
    return RunOutput(run_id="r", messages=[Message("assistant", tool_calls=calls)], **facts)


def check(output: RunOutput, expected: Any, **settings: Any) -> Any:
    return ReliabilityEval(agent_response=output, expected_tool_calls=expected, **settings).run()


@in_both_colours
def test_expected_calls_in_all_messages_pass(colour: str) -> None:
    agent = worker(wants_many(call("add", a=1, b=2), call("weigh", thing="cat")), wants("add", a=3, b=4), says("10"))
    output = agent.run("go")
    before = output.to_dict()
    db = InMemoryDb()
    evaluation = ReliabilityEval(agent_response=output, expected_tool_calls=["add", "weigh"], db=db, name="tools")
    result = ask(evaluation, colour)
    assert result.eval_status == "PASSED" and result.passed_tool_calls == ["add", "weigh", "add"]
    result.assert_passed()
    assert output.to_dict() == before, "the run that is looked at stays as it is"
    [row] = db.get_eval_runs()
    assert (row.agent_id, row.model_id, row.evaluated_component_name) == ("worker", "scripted", "Worker")
    assert row.eval_input == {"expected_tool_calls": ["add", "weigh"]} and row.eval_data["eval_status"] == "PASSED"


@in_both_colours
def test_an_expected_tool_that_was_never_called_fails(colour: str) -> None:
    result = ask(ReliabilityEval(agent_response=calling("add"), expected_tool_calls=["add", "weigh"]), colour)
    assert result.eval_status == "FAILED" and result.missing_tool_calls == ["weigh"]
    with pytest.raises(AssertionError, match="never called: weigh"):
        result.assert_passed()


def test_a_call_that_is_not_expected_fails_unless_it_is_allowed() -> None:
    result = check(calling("add", "weigh"), ["add"])
    assert (result.eval_status, result.failed_tool_calls, result.passed_tool_calls) == ("FAILED", ["weigh"], ["add"])
    result = check(calling("add", "weigh"), ["add"], allow_additional_tool_calls=True)
    assert (result.eval_status, result.failed_tool_calls, result.additional_tool_calls) == ("PASSED", [], ["weigh"])


def test_a_tool_that_is_expected_twice_is_called_twice() -> None:
    assert check(calling("add"), ["add", "add"]).missing_tool_calls == ["add"]
    assert check(calling("add", "add"), ["add", "add"]).eval_status == "PASSED"
    assert check(calling("add", "add"), ["add"]).eval_status == "PASSED"


def test_no_call_is_expected_with_an_empty_list() -> None:
    assert check(calling(), []).eval_status == "PASSED"
    assert check(RunOutput(run_id="r"), []).eval_status == "PASSED"
    assert check(calling("add"), []).failed_tool_calls == ["add"]


def test_arguments_are_compared_where_they_are_given() -> None:
    output = worker(wants_many(call("add", a=1, b=2), call("add", a=1, b=3)), says("done")).run("go")

    def with_arguments(wanted: Any, expected: Any = None) -> Any:
        return check(output, expected, expected_tool_call_arguments=wanted)

    assert with_arguments({"add": {"a": 1}}).eval_status == "PASSED"
    assert with_arguments({"add": [{"a": 1}, {"b": 3}]}).eval_status == "PASSED"
    assert with_arguments({"add": [{"a": 1}, {"a": 1}, {"a": 1}]}).missing_tool_calls == ["add"]
    wrong = with_arguments({"add": {"a": 2}}, ["add"])
    assert (wrong.eval_status, wrong.failed_tool_calls, wrong.passed_tool_calls) == ("FAILED", ["add"], [])
    assert with_arguments({"weigh": {}}, ["add"]).missing_tool_calls == ["weigh"]


@pytest.mark.parametrize("wanted", [[{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}], [{"a": 1}, {"a": 1, "b": 2}]])
def test_each_of_the_wanted_arguments_finds_a_call_whatever_the_order(wanted: Any) -> None:
    output = worker(wants_many(call("add", a=1, b=2), call("add", a=1, b=9)), says("done")).run("go")
    assert check(output, None, expected_tool_call_arguments={"add": wanted}).eval_status == "PASSED"
    two = check(output, None, expected_tool_call_arguments={"add": [{"b": 2}, {"a": 1, "b": 2}]})
    assert two.failed_tool_calls == ["add"], "one call does not stand for two"


def test_calls_of_the_history_and_broken_arguments_do_not_count() -> None:
    output = calling("add")
    output.messages.append(
        Message("assistant", tool_calls=[{"function": {"name": "weigh", "arguments": "{"}}], from_history=True)
    )
    output.messages.append(Message("assistant", tool_calls=[{"function": {"name": "add", "arguments": '{"a'}}]))
    assert check(output, ["add"]).passed_tool_calls == ["add", "add"]
    assert check(output, None, expected_tool_call_arguments={"add": {"a": 1}}).eval_status == "FAILED"


def test_members_of_a_team_and_steps_of_a_workflow_count_once() -> None:
    def team() -> Team:
        member = worker(wants("weigh", thing="cat"), says("3 kg"))
        leader = ScriptedModel(
            wants("delegate_task_to_member", member_id="worker", task_description="weigh"), says("3")
        )
        return Team([member], model=leader, name="Desk")

    response: TeamRunOutput = team().run("go")
    expected = ["delegate_task_to_member", "weigh"]
    db = InMemoryDb()
    result = ReliabilityEval(team_response=response, expected_tool_calls=expected, db=db).run()
    assert result.passed_tool_calls == expected and result.eval_status == "PASSED"
    assert db.get_eval_runs()[0].team_id == "desk"

    flow = Workflow(name="Flow", steps=[team(), worker(wants("add", a=1, b=1), says("2"))])
    result = ReliabilityEval(workflow_response=flow.run("go"), expected_tool_calls=[*expected, "add"], db=db).run()
    assert sorted(result.passed_tool_calls) == sorted([*expected, "add"]) and result.eval_status == "PASSED"
    assert {row.workflow_id for row in db.get_eval_runs()} == {None, "flow"}


@in_both_colours
def test_there_must_be_exactly_one_response_and_something_expected(colour: str) -> None:
    with pytest.raises(ValueError, match="exactly one of agent_response=, team_response="):
        ask(ReliabilityEval(expected_tool_calls=[]), colour)
    both = ReliabilityEval(agent_response=calling(), team_response=TeamRunOutput(run_id="t"), expected_tool_calls=[])
    with pytest.raises(ValueError, match="it got agent_response= and team_response="):
        ask(both, colour)
    with pytest.raises(ValueError, match="needs expected_tool_calls="):
        ask(ReliabilityEval(agent_response=calling()), colour)
    with pytest.raises(ValueError, match="expected_tool_calls='add'; give a list of names of tools"):
        ask(ReliabilityEval(agent_response=calling(), expected_tool_calls="add"), colour)
    with pytest.raises(ValueError, match="give a list of names of tools"):
        ask(ReliabilityEval(agent_response=calling(), expected_tool_calls=[add]), colour)


@pytest.mark.parametrize("given", ["add", {"add": 5}, {"add": "a=1"}, {"add": ["a"]}])
def test_arguments_that_are_none_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="give a dict from a tool's name to a dict of arguments"):
        check(calling("add"), ["add"], expected_tool_call_arguments=given)


def test_the_table_shows_what_passed_and_what_did_not(capsys: Any) -> None:
    result = check(calling("add", "weigh"), ["add", "cook"], print_results=True)
    shown = capsys.readouterr().out
    assert "Reliability Summary" in shown and "FAILED" in shown
    text = printed(result.print_eval)
    for name in ("Evaluation Status", "Failed Tool Calls", "Passed Tool Calls", "Missing Tool Calls", "cook"):
        assert name in text
