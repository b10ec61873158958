"""Messages, metrics, tool executions, what the input and output of runs look like as data."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import BaseModel

from agno.media import Audio, File, Image
from agno.models.message import Citations, Message, UrlCitation
from agno.models.metrics import Metrics, ModelMetrics
from agno.models.response import ModelResponse, ToolExecution, UserInputField
from agno.run.agent import RunInput, RunOutput
from agno.run.requirement import RunRequirement
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.run.workflow_data import StepMetrics, StepOutput, WorkflowMetrics


class City(BaseModel):
    name: str
    mayor: str | None = None


# Messages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "first"}, {"type": "text", "text": "second"}], "first"),
        ([{"type": "image"}], '[{"type":"image"}]'),
        (["ü"], '["ü"]'),
    ],
)
def test_content_as_text(content: Any, text: str) -> None:
    assert Message("user", content).get_content_string() == text


def test_a_message_as_data_leaves_out_what_is_empty_but_says_role_tags_and_time() -> None:
    data = Message("user", tool_calls=[], provider_data={}, created_at=5).to_dict()
    del data["id"]
    assert data == {"role": "user", "created_at": 5, "from_history": False, "stop_after_tool_call": False}


def test_everything_on_a_message_is_stored() -> None:
    message = Message(
        "assistant",
        "text",
        citations=Citations(urls=[UrlCitation(url="u")]),
        files=[File(content=b"f")],
        image_output=Image(content=b"\x89PNG"),
        add_to_agent_memory=False,
        tool_call_error=False,
        of_the_user={"a": 1},
    )
    again = Message.from_dict(message.to_dict())
    assert again == message
    assert again.of_the_user == {"a": 1}  # type: ignore[attr-defined]
    assert again.image_output == message.image_output
    assert again.id == message.id


def test_the_id_is_made_when_it_is_read_and_then_stays() -> None:
    message = Message("user")
    assert "id" not in vars(message)
    assert message.id == message.id
    assert Message("user").id != message.id


def test_messages_are_equal_by_what_they_say_unless_their_ids_differ() -> None:
    one, two = Message("user", "a", created_at=1), Message("user", "a", created_at=1)
    assert one == two
    assert one.id != two.id
    assert one != two
    assert one != "a"


def test_a_message_can_be_made_from_a_stored_one_by_keywords() -> None:
    stored = Message("user", "a", images=[Image(content=b"\xff")], metrics=Metrics(input_tokens=1)).to_dict()
    again = Message(**stored)
    assert again.metrics == Metrics(input_tokens=1)
    assert again.images is not None and again.images[0].content == b"\xff"


def test_a_message_has_the_pydantic_methods_programs_use() -> None:
    class Talk(BaseModel):
        messages: list[Message]

    message = Message("user", "a", tool_call_id="1")
    assert Talk.model_validate({"messages": [message.to_dict()]}).messages == [message]
    assert Talk(messages=[message]).model_dump()["messages"] == [message.to_dict()]
    assert message.model_dump(include={"role", "name"}) == {"role": "user", "name": None}
    assert "name" not in message.model_dump(exclude_none=True)
    assert "tool_call_id" not in message.model_dump(exclude={"tool_call_id"})
    assert message.model_dump()["add_to_agent_memory"] is True
    assert '"role":"user"' in message.model_dump_json()
    assert message.model_copy(update={"content": "b"}).content == "b"
    assert message.content == "a"


def test_a_deep_copy_shares_nothing() -> None:
    message = Message("assistant", tool_calls=[{"id": "1"}])
    twin = message.model_copy(deep=True)
    assert twin == message and twin.tool_calls is not message.tool_calls


# Metrics -------------------------------------------------------------------------------------------------------------


def test_adding_metrics_sums_what_both_know_and_keeps_what_one_knows() -> None:
    one = Metrics(input_tokens=1, duration=1.0, provider_metrics={"a": 1, "b": 1}, cost=0.5)
    two = Metrics(input_tokens=2, time_to_first_token=0.1, provider_metrics={"b": 2})
    total = one + two
    assert total == Metrics(
        input_tokens=3, duration=1.0, time_to_first_token=0.1, provider_metrics={"a": 1, "b": 2}, cost=0.5
    )
    assert sum([one, two]) == total
    assert one.input_tokens == 1


def test_details_are_summed_per_role_and_model() -> None:
    one = Metrics(details={"model": [ModelMetrics("m", "p", input_tokens=1)]})
    two = Metrics(details={"model": [ModelMetrics("m", "p", input_tokens=2), ModelMetrics("n", "p", input_tokens=4)]})
    details = (one + two).details
    assert details == {"model": [ModelMetrics("m", "p", input_tokens=3), ModelMetrics("n", "p", input_tokens=4)]}
    assert Metrics.from_dict((one + two).to_dict()).details == details


def test_metrics_as_data_have_no_zeros_and_no_timer() -> None:
    metrics = Metrics(input_tokens=1, output_tokens=0, provider_metrics={}, duration=None)
    metrics.start_timer()
    assert metrics.to_dict() == {"input_tokens": 1}


def test_the_names_before_2_0_are_read_but_not_accepted() -> None:
    old = {
        "audio_tokens": 1, "input_audio_tokens": 2, "output_audio_tokens": 3, "cached_tokens": 4, "time": 5.0,
        "prompt_tokens": 6, "completion_tokens": 7, "prompt_tokens_details": {}, "input_tokens": [8, 9],
    }  # fmt: skip
    assert Metrics.from_dict(old) == Metrics(
        audio_total_tokens=1, audio_input_tokens=2, audio_output_tokens=3, cache_read_tokens=4, duration=5.0,
        input_tokens=17,
    )  # fmt: skip
    for name in ("prompt_tokens", "cached_tokens", "time"):
        with pytest.raises(TypeError, match=f"no field '{name}'"):
            Metrics(**{name: 1})


def test_the_first_token_is_noted_once() -> None:
    metrics = Metrics()
    metrics.set_time_to_first_token()
    assert metrics.time_to_first_token is None
    metrics.start_timer()
    metrics.set_time_to_first_token()
    first = metrics.time_to_first_token
    metrics.set_time_to_first_token()
    metrics.stop_timer()
    assert metrics.time_to_first_token == first
    assert metrics.duration is not None and first is not None and metrics.duration >= first


def test_workflow_metrics_total_is_the_sum_of_steps_and_the_wall_clock() -> None:
    steps = {name: StepMetrics(name, "agent", name, Metrics(input_tokens=1, duration=1.0)) for name in "ab"}
    assert WorkflowMetrics(steps).total() == Metrics(input_tokens=2, duration=2.0)
    assert WorkflowMetrics(steps, duration=1.2).total().duration == 1.2
    assert WorkflowMetrics().total() == Metrics()


# Responses and tool executions ---------------------------------------------------------------------------------------


def test_a_response_holds_only_what_it_was_given() -> None:
    response = ModelResponse(content="x")
    assert response.is_text_only
    assert not ModelResponse(content="x", reasoning_content="y").is_text_only
    assert (response.tool_calls, response.tool_executions) == ([], [])
    assert ModelResponse().tool_calls is not response.tool_calls
    assert abs(response.created_at - time.time()) < 60
    with pytest.raises(TypeError, match="no field 'contents'"):
        ModelResponse(contents="x")


def test_a_tool_execution_as_data_has_all_keys_of_2_0() -> None:
    data = ToolExecution(tool_name="f", created_at=1).to_dict()
    assert len(data) == 15
    assert data["result"] is None and data["stop_after_tool_call"] is False


def test_a_type_named_in_a_record_is_looked_up_never_evaluated() -> None:
    assert UserInputField.from_dict({"name": "a", "field_type": "int"}).field_type is int
    assert UserInputField.from_dict({"name": "a", "field_type": "__import__('os')"}).field_type is str


# Runs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ("a", "a"),
        (City(name="Rome"), {"name": "Rome"}),
        ({"a": 1}, {"a": 1}),
        (None, None),
    ],
)
def test_the_input_of_a_run_as_data(content: Any, data: Any) -> None:
    stored = RunInput(content, images=[], files=[File(content=b"x", id="1")]).to_dict()
    assert stored.get("input_content") == data
    assert "images" not in stored
    assert stored["files"] == [{"content": "eA==", "id": "1"}]


def test_messages_given_as_input_are_stored_as_dicts() -> None:
    message = Message("user", "a")
    assert RunInput(message).to_dict()["input_content"] == message.to_dict()
    assert RunInput([message]).to_dict()["input_content"] == [message.to_dict()]
    assert RunInput(City(name="Rome")).input_content_string() == '{"name":"Rome"}'


@pytest.mark.parametrize("cls", [RunOutput, TeamRunOutput, WorkflowRunOutput])
def test_structured_content_is_stored_as_a_dict(cls: Any) -> None:
    run = cls(content=City(name="Zürich"), content_type="City")
    assert run.to_dict()["content"] == {"name": "Zürich"}
    assert run.get_content_as_string() == '{"name":"Zürich"}'
    assert "Zürich" in run.to_json()
    assert cls.from_dict(run.to_dict()).content == {"name": "Zürich"}


def test_the_time_of_a_run_is_its_own() -> None:
    assert abs(RunOutput().created_at - time.time()) < 60


def test_a_member_s_run_brings_its_media_to_the_team() -> None:
    team, image = TeamRunOutput(), Image(url="u")
    member = RunOutput(agent_id="a", images=[image], audio=[Audio(url="u")])
    team.add_member_run(member)
    team.add_member_run(RunOutput(agent_id="b", images=[image]))
    assert (team.images, len(team.audio or [])) == ([image, image], 1)
    assert member.images == [image]


def test_a_step_output_as_data_has_every_key() -> None:
    data = StepOutput(content="x").to_dict()
    assert len(data) == 15 and "steps" not in data
    nested = StepOutput(steps=[StepOutput(content="x", files=[File(content=b"f")])])
    assert StepOutput.from_dict(nested.to_dict()) == nested
    assert nested.deepest_last.content == "x"


def test_a_workflow_run_collects_what_its_executors_brought_in_step_order() -> None:
    runs: list[Any] = [
        RunOutput(additional_input=[Message("user", "1")]),
        TeamRunOutput(additional_input=[Message("user", "2")]),
    ]
    run = WorkflowRunOutput(step_executor_runs=runs)
    run.collect_from_executors()
    assert [m.content for m in run.additional_input or ()] == ["1", "2"]
    assert run.references is None


def test_runs_of_steps_come_back_as_agents_teams_and_workflows() -> None:
    runs: list[Any] = [RunOutput(agent_id="a"), RunOutput(), TeamRunOutput(team_id="t"), WorkflowRunOutput(run_id="w")]
    again = WorkflowRunOutput.from_dict(WorkflowRunOutput(step_executor_runs=runs).to_dict())
    assert again.step_executor_runs == runs


# Requirements --------------------------------------------------------------------------------------------------------


def test_a_confirmation_is_given_or_refused_on_the_tool() -> None:
    requirement = RunRequirement(ToolExecution("1", "f", requires_confirmation=True))
    assert requirement.needs_confirmation and not requirement.is_resolved()
    assert requirement.pause_type == "confirmation"
    requirement.reject("no")
    assert requirement.is_resolved()
    tool = requirement.tool_execution
    assert tool is not None and (tool.confirmed, tool.confirmation_note) == (False, "no")
    requirement.confirm()
    assert tool.confirmed is True


def test_user_input_is_complete_when_every_field_has_a_value() -> None:
    fields = [UserInputField("a"), UserInputField("b")]
    requirement = RunRequirement(ToolExecution("1", "f", requires_user_input=True, user_input_schema=fields))
    requirement.provide_user_input({"a": 1})
    assert requirement.needs_user_input
    requirement.provide_user_input({"b": 2})
    assert requirement.is_resolved() and requirement.pause_type == "user_input"
    with pytest.raises(ValueError, match="'c' is not among it"):
        requirement.provide_user_input({"c": 3})


def test_values_may_be_set_on_the_fields_themselves_also_after_storing() -> None:
    tool = ToolExecution("1", "f", requires_user_input=True, user_input_schema=[UserInputField("a")])
    for requirement in (RunRequirement(tool), RunRequirement.from_dict(RunRequirement(tool).to_dict())):
        assert requirement.needs_user_input
        [asked] = requirement.user_input_schema or []
        asked.value = "x"
        assert requirement.is_resolved()
        assert requirement.tool_execution is not None
        assert (requirement.tool_execution.user_input_schema or [])[0].value == "x"
        asked.value = None


def test_an_external_result_resolves_and_open_requirements_are_listed() -> None:
    tools = [ToolExecution(str(i), "f", external_execution_required=True) for i in range(2)]
    run = RunOutput(tools=tools)
    run.requirements = run.build_requirements(tools)
    run.requirements[0].set_external_execution_result("done")
    assert tools[0].result == "done"
    assert run.active_requirements == run.requirements[1:]
    assert [r.id for r in run.build_requirements(tools)] == [r.id for r in run.requirements]
