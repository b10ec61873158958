"""A run that does not happen: what it would send and offer, with everything read and nothing written."""

from __future__ import annotations

from typing import Any

from agno._engine import sessions
from agno._engine.context import Run
from agno._engine.prompt import build_messages, system_message
from agno._engine.structured import answer_tool, response_format
from agno._engine.toolbox import take_tools
from agno.models.base import Model
from agno.models.message import Message


async def rehearse(run: Run, session: Any = None) -> None:
    """Bring a run to where it would ask the model: session, state, dependencies and tools, without storing anything."""
    component = run.component
    run.loaded_session = session
    if session is None and component.db is not None:
        run.loaded_session = await sessions.read_stored(run, component.db)
    await sessions.settle(run)
    if run.plan.prepares:
        await component.prepare(run)
    if (taking := take_tools(run, connect=False)) is not None:
        await taking


async def request_of(run: Run) -> dict[str, Any]:
    """The first request of a run."""
    await rehearse(run)
    if (building := build_messages(run)) is not None:
        await building
    asked, messages, model = response_format(run), run.messages, run.model
    assert model is not None
    tools, choice = run.tool_specs, run.component.tool_choice if run.tool_specs else None
    if (answer := answer_tool(run)) is not None:
        choice = choice if tools else model.answer_choice(answer["function"]["name"])
        tools = [*(tools or ()), answer]
    if type(model).request is Model.request:  # a model with an invoke of its own has no request to show
        return {"messages": messages, "tools": tools, "tool_choice": choice, "response_format": asked}
    return model.request(messages, tools=tools, tool_choice=choice, response_format=asked, stream=run.streaming)


async def system_message_of(run: Run, session: Any) -> Message | None:
    """The system message of a run."""
    await rehearse(run, session)
    return await system_message(run)


async def tools_for(run: Run, session: Any) -> list[Any]:
    """The tools of a run: functions, then those of the provider."""
    await rehearse(run, session)
    return [*run.functions.values(), *(spec for spec in run.tool_specs or () if spec.get("type") != "function")]


__all__ = ["request_of", "system_message_of", "tools_for"]
