"""What the model is told: the system message, section by section, and the messages of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from types import NoneType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agno._engine import memories
from agno._engine.context import Run
from agno._engine.history import history_messages
from agno._engine.inputs import as_json, run_messages
from agno._engine.retrieval import references_block
from agno._engine.templates import fill
from agno.models._plain import plain_message
from agno.models._structured import json_prompt
from agno.models.message import Message
from agno.utils.later import later
from agno.utils.location import get_location
from agno.utils.log import log_warning
from agno.utils.parameters import accepted

_culture, _learning = later("agno._engine.culture"), later("agno._engine.learning")

# gives its text, None, or an awaitable of one of them
Section = Callable[[Run], str | Awaitable[str | None] | None]


def build_messages(run: Run) -> Awaitable[None] | None:
    """System message, few-shot messages, history and the user's input, in that order; a run has all of them or none.

    None: there was nothing to wait for.
    """
    text = _settled(run) if run.plan.opens_plainly and not run.plan.looks_around else None
    if text is None:
        return _look_around_and_build(run)
    _build(run, _spoken(run, text))
    return None


async def _look_around_and_build(run: Run) -> None:
    if run.plan.looks_around:
        await _look_around(run)
    _build(run, await system_message(run))


def _build(run: Run, system: Message | None) -> None:
    messages = [] if system is None else [system]
    if not run.plan.opens_plainly and (extra := run.component.additional_input):
        few_shot = [few_shot_message(item) for item in extra]
        run.output.additional_input = few_shot
        messages.extend(few_shot)
    if run.loaded_session is not None and run.get("add_history_to_context"):
        messages.extend(history_messages(run))
    messages.extend(run_messages(run))
    run.messages = messages


async def _look_around(run: Run) -> None:
    """What knowledge and memory have to say, where it belongs into the prompt."""
    component = run.component
    if component.add_knowledge_to_context and component.build_user_context and isinstance(run.input, str):
        run.references_block = await references_block(run)
    if memories.manager_of(run) is not None:
        await memories.recall(run)


def few_shot_message(item: Any) -> Message:
    """A few-shot example as a message; text and models speak as the user."""
    if isinstance(item, Message):
        return item.model_copy()
    if isinstance(item, dict) and "role" in item:
        return Message(**item)
    return Message(role="user", content=item if isinstance(item, str) else as_json(item))


async def system_message(run: Run) -> Message | None:
    """The system message of a run, or None if it would be empty."""
    given = run.component.system_message
    role = run.component.system_message_role
    if given is not None:
        if isinstance(given, Message):
            return given.model_copy()
        text = await _called(run, given) if callable(given) else given
        if not isinstance(text, str):
            raise TypeError(f"system_message of {run.component!r} gave {type(text).__name__}; it must give a str.")
        return Message(role=role, content=_resolved(run, text))
    text = _settled(run)
    return _spoken(run, await _said(run) if text is None else text)


def _spoken(run: Run, text: str) -> Message | None:
    return plain_message(run.component.system_message_role, text, run.began) if text else None


def _settled(run: Run) -> str | None:
    """What all sections say, where texts among the settings alone decide it: put together once for these settings."""
    model, specs, plans, plan = run.model, run.tool_specs, run.component._plans, run.plan
    assert model is not None
    if run.tool_instructions or model.get_instructions_for_model(specs) or model.get_system_message_for_model(specs):
        return None
    if plans is None:  # a setting was set this moment
        return None
    if plan not in plans:
        plans[plan] = _text_of_settings(run)
    return plans[plan]  # type: ignore[no-any-return]  # text or None


def _text_of_settings(run: Run) -> str | None:
    """The sections put together, if each says a text from the settings as it is; else None."""
    if not run.component.build_context:
        return ""
    texts: list[str] = []
    for section, _ in run.plan.sections:
        if section in ADDED:
            continue
        if section not in TEXTS or not isinstance(getattr(run.component, TEXTS[section]), (str, NoneType)):
            return None
        said: Any = section(run)
        texts.append(said or "")
    text = "\n".join(filter(None, texts)).strip()
    return None if "{" in text else text


async def _said(run: Run) -> str:
    if not run.component.build_context:
        return ""
    texts: list[str] = []
    for section, is_template in run.plan.sections:
        said: Any = section(run)
        if said is not None and said.__class__ is not str:
            said = await said
        if said:
            texts.append(_resolved(run, said) if is_template else said)
    return "\n".join(texts).strip()


def _resolved(run: Run, text: str) -> str:
    if "{" not in text or not run.component.resolve_in_context:
        return text
    user = {"user_id": run.context.user_id} if run.context.user_id else None
    return fill(text, run.context.session_state, run.context.dependencies, run.context.metadata, user)


async def _called(run: Run, fn: Callable[..., Any]) -> Any:
    """Call a setting that is a function with what it asks for."""
    offered = {
        run.identity_name: run.component,
        "session_state": run.state,
        "run_context": run.context,
        "dependencies": run.context.dependencies,
        "user_id": run.context.user_id,
    }
    return await run.io.call(fn, **accepted(fn, offered))


# Sections whose placeholders are resolved ----------------------------------------------------------------------------


def description(run: Run) -> str | None:
    text = run.component.description
    return f"{text}\n" if text else None


def role(run: Run) -> str | None:
    text = run.component.role
    return f"<your_role>\n{text}\n</your_role>\n" if text else None


def instructions(run: Run) -> Any:
    given = run.component.instructions
    if given.__class__ is not str and callable(given):
        return _called_instructions(run, given)
    return _instructed(run, given)


async def _called_instructions(run: Run, fn: Callable[..., Any]) -> str | None:
    given = await _called(run, fn)
    if given is not None and not isinstance(given, (str, list, tuple)):
        kind = type(given).__name__
        raise TypeError(f"instructions of {run.component!r} gave {kind}; it must give a str or a list of them.")
    return _instructed(run, given)


def _instructed(run: Run, given: Any) -> str | None:
    assert run.model is not None
    own = run.model.get_instructions_for_model(run.tool_specs)
    if given.__class__ is str and not own:
        text = given
    else:
        lines = [*([given] if isinstance(given, str) else given or ()), *(own or ())]
        if not lines:
            return None
        text = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    return f"<instructions>\n{text}\n</instructions>\n" if run.component.use_instruction_tags else f"{text}\n"


async def additional_information(run: Run) -> str | None:
    component = run.component
    facts: list[str] = []
    if component.markdown and run.context.output_schema is None:
        facts.append("Use markdown to format your answers.")
    if component.add_datetime_to_context:
        facts.append(f"The current time is {_now(run)}.")
    if component.add_location_to_context and (place := await run.io.call(get_location)):
        facts.append("Your approximate location is: " + ", ".join(str(v) for v in place.values() if v) + ".")
    if component.add_name_to_context and component.name:
        facts.append(f"Your name is: {component.name}.")
    if run.get("enable_agentic_knowledge_filters") and (keys := await _filter_keys(run)):
        facts.append(f"search_knowledge_base takes filters; the keys that documents have are: {keys}.")
    if not facts:
        return None
    return "<additional_information>\n" + "\n".join(f"- {fact}" for fact in facts) + "\n</additional_information>\n"


async def _filter_keys(run: Run) -> str:
    knowledge = run.context.knowledge
    known = getattr(knowledge, "valid_metadata_filters", None)
    if not known and hasattr(knowledge, "get_filters"):  # nothing was added in this process
        known = await run.io.call(getattr(knowledge, "aget_filters" if run.io.is_async else "get_filters"))
    return ", ".join(sorted(map(str, known or ())))


def _now(run: Run) -> str:
    zone = None
    if name := run.component.timezone_identifier:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            log_warning(f"timezone_identifier={name!r} is no IANA time zone such as 'Europe/Paris'; using local time")
    now = datetime.now(zone)
    return now.strftime(run.component.datetime_format) if run.component.datetime_format else str(now)


def tool_instructions(run: Run) -> str | None:
    return "\n".join(run.tool_instructions) or None


# Sections that are sent as they are ----------------------------------------------------------------------------------


def expected_output(run: Run) -> str | None:
    text = run.component.expected_output
    return f"<expected_output>\n{text.strip()}\n</expected_output>\n" if text else None


def additional_context(run: Run) -> str | None:
    text = run.component.additional_context
    return f"{text}\n" if text else None


def skills(run: Run) -> str | None:
    known = run.component.skills
    return f"{text}\n" if known is not None and (text := known.get_system_prompt_snippet()) else None


def shared(run: Run) -> Any:
    return _culture.section(run)


def learned(run: Run) -> Any:
    return _learning.section(run)


def summary(run: Run) -> str | None:
    component = run.component
    wanted = component.add_session_summary_to_context
    if wanted is None:
        wanted = component.enable_session_summaries or component.session_summary_manager is not None
    if not wanted or run.session is None or run.session.summary is None:
        return None
    return (
        "A summary of earlier conversations with this user:\n"
        f"<summary_of_previous_interactions>\n{run.session.summary.summary}\n</summary_of_previous_interactions>\n"
        "It may be outdated; what is said in this conversation comes first.\n"
    )


def knowledge_guidance(run: Run) -> str | None:
    component = run.component
    if component.knowledge is None and component.knowledge_retriever is None:
        return None
    if not component.search_knowledge or not component.add_search_knowledge_instructions:
        return None
    return "Search the knowledge base with search_knowledge_base when a question may be answered there.\n"


def model_system_prompt(run: Run) -> str | None:
    assert run.model is not None
    return run.model.get_system_message_for_model(run.tool_specs)


def json_fields(run: Run) -> str | None:
    """The schema in words, for models that get it in no other way."""
    schema = run.context.output_schema
    if schema is None or not run.component.build_context:
        return None
    if run.asked_schema is None:
        return _topics(schema)
    if answers_by_tool(run):
        return f"Give your final answer by calling {ANSWER_TOOL}, once and alone, when you are done with other tools."
    return json_prompt(schema) if wants_json_prompt(run) else None


ANSWER_TOOL = "final_answer"


def answers_by_tool(run: Run) -> bool:
    """True if the schema is offered as a tool: where the model has no better way, unless JSON mode is asked for."""
    component, model = run.component, run.model
    assert model is not None
    if run.asked_schema is None or model.answers_by != "tool" or ANSWER_TOOL in run.functions:
        return False
    return wants_json_prompt(run) and (not component.use_json_mode or bool(component.structured_outputs))


def wants_json_prompt(run: Run) -> bool:
    """True if the answer's schema must be described in the prompt."""
    model = run.model
    assert model is not None
    if run.component.use_json_mode and not run.component.structured_outputs:
        return True
    if model.supports_native_structured_outputs and (model.native_output_with_tools or not run.tool_specs):
        return False
    return not model.supports_json_schema_outputs


def _topics(schema: Any) -> str:
    lines = []
    for name, field in schema.model_fields.items():
        lines.append(f"- {name}: {field.description}" if field.description else f"- {name}")
    return "Make sure that your answer covers these topics:\n" + "\n".join(lines)


def session_state(run: Run) -> str | None:
    if not run.get("add_session_state_to_context"):
        return None
    return f"<session_state>\n{run.stored_state()}\n</session_state>\n"


# Each section with the settings that make it speak: the component or the call has a value for at least one of them.
# () where it depends on more.
SECTIONS: dict[Section, tuple[str, ...]] = {
    description: ("description",),
    role: ("role",),
    instructions: (),
    additional_information: (
        "markdown",
        "add_datetime_to_context",
        "add_location_to_context",
        "add_name_to_context",
        "enable_agentic_knowledge_filters",
    ),
    tool_instructions: ("tools", "knowledge", "skills", "learning"),
    expected_output: ("expected_output",),
    additional_context: ("additional_context",),
    skills: ("skills",),
    shared: (
        "culture_manager",
        "enable_agentic_culture",
        "update_cultural_knowledge",
        "add_culture_to_context",
    ),
    memories.section: (
        "memory_manager",
        "enable_user_memories",
        "enable_agentic_memory",
        "add_memories_to_context",
    ),
    summary: ("add_session_summary_to_context", "enable_session_summaries", "session_summary_manager"),
    learned: ("learning",),
    knowledge_guidance: ("knowledge", "knowledge_retriever"),
    model_system_prompt: (),
    json_fields: ("output_schema",),
    session_state: ("add_session_state_to_context",),
}
ADDED = frozenset({tool_instructions, model_system_prompt})  # what tools and the model have to say
# those that say one setting, and no more where tools and the model have nothing to say
TEXTS: dict[Section, str] = {
    description: "description",
    role: "role",
    instructions: "instructions",
    expected_output: "expected_output",
    additional_context: "additional_context",
}
# those in which placeholders are filled in; what users, models and databases said is sent as it is
TEMPLATED: set[Section] = {description, role, instructions, additional_information, tool_instructions}

__all__ = [
    "SECTIONS",
    "TEMPLATED",
    "Section",
    "build_messages",
    "few_shot_message",
    "json_prompt",
    "system_message",
    "wants_json_prompt",
]
