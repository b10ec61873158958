"""Structured output: by the model itself, by a parser model, by an output model; and the formats that are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, RootModel
from typing_extensions import NotRequired, TypedDict

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play


class Person(BaseModel):
    name: str = Field(description="The full name")
    age: int = 0


ADA = '{"name": "Ada", "age": 36}'
SCHEMA = {"type": "json_schema", "json_schema": {"name": "Person", "schema": Person.model_json_schema()}}
JSON = {"type": "json_object"}


@in_every_mode
@pytest.mark.parametrize(
    ("model", "settings", "asked", "prompted"),
    [
        ({"supports_native_structured_outputs": True}, {}, Person, False),
        ({"supports_native_structured_outputs": True}, {"structured_outputs": True}, Person, False),
        ({"supports_native_structured_outputs": True}, {"use_json_mode": True}, JSON, True),
        (
            {"supports_native_structured_outputs": True},
            {"use_json_mode": True, "structured_outputs": True},
            Person,
            False,
        ),
        ({"supports_json_schema_outputs": True}, {}, SCHEMA, False),
        ({"supports_json_schema_outputs": True}, {"use_json_mode": True}, SCHEMA, True),
        ({}, {}, JSON, True),
        ({}, {"use_json_mode": True}, JSON, True),
    ],
)
def test_each_model_is_asked_in_the_best_way_it_knows(
    mode: str, model: dict[str, Any], settings: dict[str, Any], asked: Any, prompted: bool
) -> None:
    scripted = ScriptedModel(says(ADA), **model)
    seen = play(Agent(model=scripted, output_schema=Person, **settings), "who?", mode)
    assert seen.output is not None and seen.output.content == Person(name="Ada", age=36)
    assert seen.output.content_type == "Person"
    request = scripted.requests[0]
    assert request.response_format == asked
    system = [m.content for m in request.messages if m.role == "system"]
    assert ("<json_fields>" in str(system)) is prompted
    if prompted:
        assert '["name","age"]' in system[0] and "The full name" in system[0] and "<json_field_properties>" in system[0]
    if seen.events:
        content = [event for event in seen.events if event.event == "RunContent"]
        assert [(e.content, e.content_type) for e in content] == [(Person(name="Ada", age=36), "Person")]


class Branch(BaseModel):
    leaves: int
    twigs: list[Branch] = []


class Years(RootModel[list[int]]): ...


@pytest.mark.parametrize(
    ("schema", "answer", "told"),
    [(Branch, '{"leaves": 3}', '["leaves","twigs"]'), (Years, "[1979]", '"items": {\n    "type": "integer"')],
)
def test_a_schema_of_an_unusual_shape_is_told_in_words(schema: type[BaseModel], answer: str, told: str) -> None:
    model = ScriptedModel(says(answer))
    run = Agent(model=model, output_schema=schema).run("go")
    assert run.content == schema.model_validate_json(answer)
    assert told in model.requests[0].messages[0].content


@in_every_mode
def test_a_call_may_bring_its_own_schema(mode: str) -> None:
    agent = Agent(model=ScriptedModel(says(ADA), says("text")))
    assert play(agent, "who?", mode, output_schema=Person).output.content == Person(name="Ada", age=36)
    assert play(agent, "who?", mode).output.content == "text" and agent.output_schema is None


@in_every_mode
def test_parse_response_off_leaves_the_text(mode: str) -> None:
    seen = play(Agent(model=ScriptedModel(says(ADA)), output_schema=Person, parse_response=False), "who?", mode)
    assert seen.output.content == ADA and seen.output.content_type == "str"


@in_every_mode
def test_a_parser_model_gets_the_text_and_the_main_model_the_topics(mode: str) -> None:
    main, parser = ScriptedModel(says("Ada is 36")), ScriptedModel(says(ADA))
    agent = Agent(model=main, parser_model=parser, parser_model_prompt="Extract.", output_schema=Person)
    seen = play(agent, "who?", mode)
    assert seen.output.content == Person(name="Ada", age=36)
    told = main.requests[0].messages[0].content
    assert main.requests[0].response_format is None and "- name: The full name" in told and "- age" in told
    system, user = parser.requests[0].messages
    assert system.content.startswith("Extract.") and user.content == "Ada is 36"
    assert seen.output.metrics.total_tokens == 30


@in_every_mode
def test_an_output_model_writes_the_answer_from_the_work(mode: str) -> None:
    def look() -> str:
        return "seen"

    main, writer = ScriptedModel(wants("look"), says("draft")), ScriptedModel(says("polished"))
    agent = Agent(
        model=main, output_model=writer, output_model_prompt="Write well.", tools=[look], instructions="Work."
    )
    seen = play(agent, "go", mode)
    assert seen.output.content == "polished"
    assert [m.role for m in writer.requests[0].messages] == ["system", "user", "assistant", "tool"]
    assert writer.requests[0].messages[0].content == "Write well."
    assert [m.role for m in seen.output.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert seen.output.messages[0].content == "Work." and seen.output.messages[-1].content == "polished"
    assert seen.output.metrics.total_tokens == 45, "what the first answer cost is counted"
    if seen.events:
        assert [kind for kind in dict.fromkeys(seen.kinds)] == [
            "RunStarted", "ToolCallStarted", "ToolCallCompleted", "RunIntermediateContent", "OutputModelResponseStarted",
            "RunContent", "OutputModelResponseCompleted", "RunCompleted",
        ]  # fmt: skip
        drafted = "".join(e.content for e in seen.events if e.event == "RunIntermediateContent")
        written = "".join(e.content for e in seen.events if e.event == "RunContent")
        assert (drafted, written) == ("draft", "polished")


@in_every_mode
def test_an_output_model_after_a_tool_that_stops_leaves_a_valid_history(mode: str) -> None:
    @tool(stop_after_tool_call=True)
    def look() -> str:
        return "seen"

    main, writer = ScriptedModel(wants("look")), ScriptedModel(says("polished"))
    seen = play(Agent(model=main, output_model=writer, tools=[look]), "go", mode)
    assert [m.role for m in seen.output.messages] == ["user", "assistant", "tool", "assistant"]
    assert seen.output.content == "polished"


@in_every_mode
def test_an_output_model_follows_the_schema(mode: str) -> None:
    main, writer = ScriptedModel(says("Ada is 36")), ScriptedModel(says(ADA))
    seen = play(Agent(model=main, output_model=writer, output_schema=Person), "who?", mode)
    assert seen.output.content == Person(name="Ada", age=36)
    assert main.requests[0].response_format is None and writer.requests[0].response_format == JSON
    assert "<json_fields>" in writer.requests[0].messages[0].content
    if seen.events:
        content = [event for event in seen.events if event.event == "RunContent"]
        assert [event.content for event in content] == [Person(name="Ada", age=36)]


@in_every_mode
def test_the_conversation_has_one_answer_also_with_a_parser_model(mode: str) -> None:
    main, parser = ScriptedModel(says("Ada is 36"), says("As I said")), ScriptedModel(says(ADA), says(ADA))
    agent = Agent(
        model=main,
        parser_model=parser,
        output_schema=Person,
        db=InMemoryDb(),
        session_id="s",
        add_history_to_context=True,
    )
    first = play(agent, "who?", mode).output
    assert [(m.role, m.content) for m in first.messages if m.role == "assistant"] == [("assistant", "Ada is 36")]
    assert first.content == Person(name="Ada", age=36)
    assert first.metrics.total_tokens == 30, "both models are counted"
    play(agent, "again?", mode)
    told = [(m.role, m.content) for m in main.requests[1].messages if m.role != "system"]
    assert told == [("user", "who?"), ("assistant", "Ada is 36"), ("user", "again?")]


@in_every_mode
def test_output_and_parser_model_work_one_after_the_other(mode: str) -> None:
    main, writer, parser = ScriptedModel(says("x")), ScriptedModel(says("Ada, 36")), ScriptedModel(says(ADA))
    seen = play(Agent(model=main, output_model=writer, parser_model=parser, output_schema=Person), "who?", mode)
    assert seen.output.content == Person(name="Ada", age=36)
    assert parser.requests[0].messages[-1].content == "Ada, 36"


class Trip(TypedDict):
    to: str
    days: NotRequired[int]


@in_every_mode
def test_an_input_schema_may_be_a_typed_dict(mode: str) -> None:
    for given in ({"to": "Oslo", "days": 2}, '{"to": "Oslo", "days": 2}'):
        model = ScriptedModel(says("ok"))
        seen = play(Agent(model=model, input_schema=Trip), given, mode)
        assert model.requests[0].messages[-1].content == '{\n  "to": "Oslo",\n  "days": 2\n}'
        assert seen.output.input.input_content == given, "the run keeps what was given"


@in_every_mode
@pytest.mark.parametrize(
    ("given", "told"),
    [({"days": 2}, "to"), ({"to": "Oslo", "days": "many"}, "days"), ("no json", "does not fit"), (7, "is a int"),
     (Person(name="Ada"), "is a Person")],
)  # fmt: skip
def test_what_does_not_fit_a_typed_dict_is_refused(mode: str, given: Any, told: str) -> None:
    seen = play(Agent(model=ScriptedModel(), input_schema=Trip), given, mode)
    assert isinstance(seen.error, ValueError) and told in str(seen.error)
