"""The system message, part by part in its order, and the placeholders in it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.models.message import Message
from agno.run.context import RunContext
from agno.testing import ScriptedModel, says
from agno.tools import tool
from agno.tools.toolkit import Toolkit

from playing import in_every_mode, play


class Person(BaseModel):
    name: str


def prompt_of(mode: str, given: Any = "hi", model: dict[str, Any] | None = None, **settings: Any) -> list[Message]:
    options = settings.pop("options", {})
    scripted = ScriptedModel(says("ok"), **(model or {}))
    play(Agent(model=scripted, **settings), given, mode, **options)
    return scripted.requests[0].messages


def system_of(mode: str, **settings: Any) -> str:
    messages = prompt_of(mode, **settings)
    return str(messages[0].content) if messages[0].role == "system" else ""


@in_every_mode
def test_all_parts_stand_in_their_order(mode: str) -> None:
    @tool(instructions="TOOL HINT")
    def look() -> str:
        return "seen"

    kit = Toolkit(name="kit", instructions="KIT HINT", add_instructions=True)
    text = system_of(
        mode,
        model={"system_prompt": "MODEL PROMPT", "instructions": ["MODEL INSTRUCTION"]},
        name="Ada", description="DESCRIPTION", role="ROLE", instructions=["FIRST", "SECOND"],
        markdown=True, add_datetime_to_context=True, add_name_to_context=True, timezone_identifier="Europe/Paris",
        tools=[look, kit], expected_output="  OUTPUT  ", additional_context="CONTEXT", output_schema=Person,
        session_state={"a": 1}, add_session_state_to_context=True,
    )  # fmt: skip
    parts = [
        "DESCRIPTION\n", "<your_role>\nROLE\n</your_role>", "- FIRST\n- SECOND\n- MODEL INSTRUCTION",
        "<additional_information>\n- The current time is", "- Your name is: Ada.\n</additional_information>",
        "TOOL HINT", "KIT HINT", "<expected_output>\nOUTPUT\n</expected_output>", "CONTEXT", "MODEL PROMPT",
        "<json_fields>", "<session_state>\n{'a': 1}\n</session_state>",
    ]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places) and text == text.strip()
    assert "markdown" not in text, "structured answers are no markdown"
    assert "<instructions>" not in text


@in_every_mode
@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, ""),
        ({"build_context": False, "description": "D", "instructions": "I"}, ""),
        ({"instructions": "only one"}, "only one"),
        ({"instructions": ["only one"]}, "only one"),
        ({"instructions": "I", "use_instruction_tags": True}, "<instructions>\nI\n</instructions>"),
        ({"system_message": "mine", "description": "D"}, "mine"),
        ({"system_message": lambda agent: f"I am {agent.name}", "name": "Ada"}, "I am Ada"),
        ({"system_message": Message("system", "as {it} is"), "session_state": {"it": "x"}}, "as {it} is"),
        ({"instructions": lambda session_state: [f"count {session_state['n']}"], "session_state": {"n": 2}}, "count 2"),
        ({"instructions": lambda run_context: f"for {run_context.user_id}", "user_id": "ann"}, "for ann"),
        ({"markdown": True}, "<additional_information>\n- Use markdown to format your answers.\n</additional_information>"),
    ],
)  # fmt: skip
def test_single_parts(mode: str, settings: dict[str, Any], text: str) -> None:
    assert system_of(mode, **settings) == text


@in_every_mode
def test_a_system_message_function_must_give_text(mode: str) -> None:
    seen = play(Agent(model=ScriptedModel(), system_message=lambda agent: 7), "hi", mode)
    told = str(seen.error) if seen.error is not None else seen.events[-1].content
    assert "gave int; it must give a str" in told


@in_every_mode
def test_the_call_may_put_the_state_into_the_prompt(mode: str) -> None:
    options = {"add_session_state_to_context": True, "session_state": {"x": 1}}
    assert "<session_state>\n{'x': 1}\n</session_state>" in system_of(mode, options=options)


@in_every_mode
def test_few_shot_messages_stand_behind_the_system_message(mode: str) -> None:
    examples = [Message("user", "2+2?"), {"role": "assistant", "content": "4"}, "3+3?", Person(name="Ada")]
    scripted = ScriptedModel(says("ok"))
    seen = play(Agent(model=scripted, description="D", additional_input=examples), "hi", mode)
    messages = scripted.requests[0].messages
    assert [(m.role, m.content) for m in messages] == [
        ("system", "D"), ("user", "2+2?"), ("assistant", "4"), ("user", "3+3?"), ("user", '{\n  "name": "Ada"\n}'),
        ("user", "hi"),
    ]  # fmt: skip
    assert [m.content for m in seen.output.additional_input] == [m.content for m in messages[1:5]]


# Placeholders ---------------------------------------------------------------------------------------------------------

SOURCES: dict[str, Any] = {
    "session_state": {"who": "state", "n": 1},
    "dependencies": {"who": "dependency", "dep": "D"},
    "metadata": {"who": "metadata", "dep": "M", "meta": "T"},
    "user_id": "ann",
}


@in_every_mode
@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{who} {dep} {meta} {user_id}", "state D T ann"),
        ("{n}{n}", "11"),
        ('{"who": {who}}', '{"who": state}'),
        ("{unknown} { who } {who.name} {0} {} {who!r}", "{unknown} { who } {who.name} {0} {} {who!r}"),
        ("$who $$ ${dep} 5$", "$who $$ $D 5$"),
        ("```c\nint main() { return 0; }\n```", "```c\nint main() { return 0; }\n```"),
        ("{{who}}", "{state}"),
        ("100% {n}", "100% 1"),
    ],
)
def test_placeholders_in_instructions_and_in_the_input(mode: str, text: str, filled: str) -> None:
    messages = prompt_of(mode, given=text, instructions=text, **SOURCES)
    assert [m.content for m in messages] == [filled, filled]
    messages = prompt_of(mode, given=text, instructions=text, resolve_in_context=False, **SOURCES)
    assert [m.content for m in messages] == [text, text]


@in_every_mode
def test_values_are_not_filled_again(mode: str) -> None:
    assert system_of(mode, instructions="{a}", session_state={"a": "{b}", "b": "deep"}) == "{b}"


@in_every_mode
def test_only_the_first_five_parts_are_filled(mode: str) -> None:
    text = system_of(
        mode, description="{n}", role="{n}", instructions="{n}", expected_output="{n}", additional_context="{n}",
        model={"system_prompt": "{n}"}, session_state={"n": 1},
    )  # fmt: skip
    assert text.count("{n}") == 3
    assert system_of(mode, system_message="{n}", session_state={"n": 1}) == "1"


@in_every_mode
def test_keys_of_the_run_can_be_named(mode: str) -> None:
    options = {"session_id": "s", "user_id": "u", "run_id": "r"}
    text = "{current_session_id} {current_user_id} {current_run_id}"
    assert system_of(mode, instructions=text, options=options) == "s u r"


@in_every_mode
@pytest.mark.parametrize("given", [["{n}"], Message("user", "{n}"), Person(name="{n}"), [Message("user", "{n}")]])
def test_only_text_input_is_filled(mode: str, given: Any) -> None:
    assert "{n}" in str(prompt_of(mode, given=given, session_state={"n": 1})[-1].content)


@in_every_mode
def test_the_input_is_sent_unchanged_without_user_context(mode: str) -> None:
    messages = prompt_of(
        mode, given="{n}", session_state={"n": 1}, dependencies={"d": 2}, add_dependencies_to_context=True,
        build_user_context=False,
    )  # fmt: skip
    assert messages[-1].content == "{n}"


@in_every_mode
def test_dependencies_are_resolved_and_added(mode: str) -> None:
    def place(run_context: RunContext) -> str:
        return f"Oslo for {run_context.user_id}"

    messages = prompt_of(
        mode, given="in {place}", dependencies={"place": place, "n": 1}, add_dependencies_to_context=True, user_id="ann"
    )
    assert messages[-1].content == (
        'in Oslo for ann\n\n<additional context>\n{\n  "place": "Oslo for ann",\n  "n": 1\n}\n</additional context>'
    )
