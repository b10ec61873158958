"""The routes of AG-UI."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ag_ui.core import (
    RunAgentInput,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StateSnapshotEvent,
)
from ag_ui.encoder import EventEncoder
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._later import EVERYTHING, Later
from agno.os.interfaces._fetching import Fetching
from agno.os.interfaces._frontend import Waiting, client_function, with_tools
from agno.os.interfaces._questions import go_on
from agno.os.interfaces._refusals import told
from agno.os.interfaces.agui._events import Translator
from agno.os.interfaces.agui._input import Asked, answer, asked
from agno.os.interfaces.base import BaseInterface


class AGUI(BaseInterface):
    """Serves a component to web pages that speak AG-UI (`@ag-ui/client`, CopilotKit): `POST /agui`, `GET /status`.

    The thread of the client is the session, and the last user message is the input: earlier ones are in the session.
    Tools of the client are offered to the model; a call of one ends the run, and its result comes with the next. A
    tool that waits for a person ends the run with an interrupt, which `resume` answers. The session's state is
    taken from the client and sent back at the end.
    """

    type = "agui"

    def get_router(self, use_async: bool = True) -> APIRouter:
        router = APIRouter(prefix=self.prefix, tags=[*self.tags])
        waiting = Waiting()

        @router.post(
            "/agui", summary="Run, as AG-UI events", response_class=StreamingResponse, openapi_extra=docs.json_body(RunAgentInput),
            responses={200: {"content": {"text/event-stream": {"schema": docs.EVENTS}}}, **docs.errors(413, 422)},
        )  # fmt: skip
        async def run_agui(request: Request) -> StreamingResponse:
            """Runs the component with the last message of the thread; answers with server-sent AG-UI events."""
            try:
                given = RunAgentInput.model_validate_json(await request.body())
            except ValidationError as error:
                raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None
            asking = Asking(given, caller_of(request).user_id, waiting, self.fetching, self.runs.later())
            frames = asking.later.behind(_frames(self.component, asking))
            return StreamingResponse(frames, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

        @router.get("/status", summary="Is it there", responses=docs.errors())
        async def agui_status() -> dict[str, str]:
            """Says that the interface is there."""
            return {"status": "available"}

        return router


@dataclass(frozen=True)
class Asking:
    """One request, and what is needed to answer it."""

    given: RunAgentInput
    user_id: str | None
    waiting: Waiting
    fetching: Fetching
    later: Later


async def _frames(component: Any, asking: Asking) -> AsyncGenerator[str, None]:
    encode = EventEncoder().encode
    async with aclosing(_events(component, asking)) as events:
        async for event in events:
            yield encode(event)


async def _events(component: Any, asking: Asking) -> AsyncGenerator[Any, None]:
    """The whole answer, from RUN_STARTED to RUN_FINISHED or RUN_ERROR."""
    given = asking.given
    yield RunStartedEvent(thread_id=given.thread_id, run_id=given.run_id)
    translator = Translator({tool.name for tool in given.tools or ()})
    output = None
    try:
        stream = await _begun(component, asking, translator)
        async with aclosing(stream):
            async for item in stream:
                if hasattr(item, "event"):
                    for event in translator.translate(item):
                        yield event
                else:
                    output = item
    except Exception as error:
        why = told(error)
        yield RunErrorEvent(message=why.sentence, code="bad_request" if why.status < 500 else "internal_error")
        return
    if translator.failed:
        return
    for event in translator.close():
        yield event
    if output is not None:
        asking.waiting.note(component, output, asking.user_id)
        if given.state or output.session_state:
            yield StateSnapshotEvent(snapshot=output.session_state or {})
    yield RunFinishedEvent(thread_id=given.thread_id, run_id=given.run_id, outcome=_outcome(translator))


def _outcome(translator: Translator) -> Any:
    if translator.cancelled:
        return RunFinishedCancelledOutcome()
    if translator.interrupts:
        return RunFinishedInterruptOutcome(interrupts=translator.interrupts)
    return RunFinishedSuccessOutcome()


async def _begun(component: Any, asking: Asking, translator: Translator) -> Any:
    """The stream of the run that the request asks for: a new one, or a waiting one that goes on."""
    given = asking.given
    functions = [client_function(tool.name, tool.description, tool.parameters) for tool in given.tools or ()]
    component = with_tools(component, functions)
    what = asked(given.messages)
    options: dict[str, Any] = {**EVERYTHING, "user_id": asking.user_id, "background_tasks": asking.later}
    if given.resume or what.tool_results:
        paused = await asking.waiting.find(component, given.thread_id, asking.user_id)
        if paused is None and given.resume:
            raise ValueError(f"No run of thread {given.thread_id!r} waits for an answer.")
        if paused is not None:
            translator.goes_on(paused)
            if answer(paused, given.resume or [], what.tool_results):
                return go_on(component, paused, **options)
    await asking.fetching.hold([medium for several in what.media.values() for medium in several])
    return _new(component, given, what, options)


def _new(component: Any, given: RunAgentInput, what: Asked, options: dict[str, Any]) -> Any:
    if not what.text and not what.media:
        raise ValueError("The thread has no message of the user that is to be answered.")
    state = given.state if isinstance(given.state, dict) else None
    options = {**options, **_context(given, component), **what.media}
    return component.arun(what.text, session_id=given.thread_id, session_state=state, **options)


def _context(given: RunAgentInput, component: Any) -> dict[str, Any]:
    """What the page tells about itself: dependencies of the run, which the model reads."""
    if not given.context or component.session_type == "workflow":
        return {}
    facts = {item.description: item.value for item in given.context}
    return {"dependencies": {**(component.dependencies or {}), **facts}, "add_dependencies_to_context": True}


__all__ = ["AGUI"]
