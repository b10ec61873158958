"""The routes of OpenAI's Responses API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from agno._io import ASYNC
from agno.exceptions import InputCheckError, OutputCheckError
from agno.models.message import Message
from agno.os import _docs as docs
from agno.os._caller import Caller, caller_of
from agno.os._components import own_session
from agno.os._failures import failure
from agno.os._sse import Frame
from agno.os.interfaces._fetching import Fetching, fetching_for
from agno.os.interfaces._frontend import Waiting, with_tools
from agno.os.interfaces._hosting import Answer, Answers, stream
from agno.os.interfaces._questions import go_on
from agno.os.interfaces.openai import _replies as replies
from agno.os.interfaces.openai._input import brought
from agno.os.interfaces.openai._items import Given, ResponseRequest, answer, functions, output_schema, read
from agno.os.interfaces.openai._responding import Body, Responding, begun, stored
from agno.run.base import RunStatus
from agno.utils.ids import new_id

_EVERYTHING = {"stream": True, "stream_events": True, "yield_run_output": True}
_ID = re.compile(r"resp_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_([0-9]{1,6}))?")
_CANCELLING = 5.0  # seconds that a cancelled run has to end before the client hears that it is in progress


@dataclass(eq=False, kw_only=True)
class Made(Answer):
    """A response that is being made, or was a short while ago."""

    responding: Responding
    output: Any = None


@dataclass
class Found:
    """A response, as it is here or in a database."""

    id: str
    component: Any
    made: Made | None
    output: Any
    session_id: str
    session: Any = None

    @property
    def body(self) -> Body:
        """The object."""
        return self.made.responding.body if self.made is not None else stored(self.id, self.component.id, self.output)


@dataclass
class Begun:
    """A run that begins or goes on."""

    events: Any
    run_id: str
    session_id: str
    count: int = 0  # how often it went on
    options: dict[str, Any] = field(default_factory=dict)


_ANSWER = {
    "description": "A response, or its events",
    "content": {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {"schema": docs.EVENTS}},
}


class ResponseRoutes:
    """`/v1/responses`: the run is the response, and its session the conversation."""

    def __init__(self, components: dict[str, Any], waiting: Waiting, allow_private: bool) -> None:
        self.answers = Answers()
        self._by_id, self._waiting, self.allow_private = components, waiting, allow_private

    def add_to(self, router: APIRouter) -> None:
        """Put the routes on a router."""
        one = "/v1/responses/{response_id}"
        body = docs.json_body(ResponseRequest)
        for method, path, endpoint, summary, extra in (
            ("POST", "/v1/responses", self._create, "Run, as a response", body),
            ("GET", one, self._retrieve, "A response, or the rest of its events", None),
            ("POST", f"{one}/cancel", self._cancel, "Stop a response", None),
            ("DELETE", one, self._delete, "Delete a response", None),
        ):
            router.add_api_route(
                path, endpoint, methods=[method], summary=summary, response_model=None, openapi_extra=extra,
                responses={**docs.errors(413), 200: _ANSWER, **replies.errors(400, 404, 409, 500)},
            )  # fmt: skip

    async def _create(self, request: Request) -> Response:
        caller = caller_of(request)
        try:
            given = ResponseRequest.model_validate_json(await request.body())
            component = self._by_id.get(given.model)
            if component is None or not replies.may_run(caller, component):
                return replies.no_model(given.model)
            made = await self._hosted(component, given, caller, fetching_for(request, self.allow_private))
            if given.stream:
                return stream(made, cancels=not given.background)
            if not given.background and made.task is not None:
                await asyncio.shield(made.task)
        except Exception as error:
            return replies.error_of(error)
        body, failed = made.responding.body, made.responding.body["error"]
        if failed is not None and not given.background:
            bad = made.responding.bad_request
            kind = "invalid_request_error" if bad else "server_error"
            return replies.error(400 if bad else 500, failed["message"], kind)
        return replies.json(body)

    async def _hosted(self, component: Any, given: ResponseRequest, caller: Caller, fetching: Fetching) -> Made:
        run = await self._begin(component, given, caller, fetching)
        key = f"resp_{run.run_id}" + (f"_{run.count}" if run.count else "")
        responding = Responding(begun(key, given, run.session_id, run.options["user_id"]))
        made = Made(key, caller.user_id, component, run.run_id, run.session_id, responding=responding)
        self.answers.host(made, self._frames(made, run, run.options["user_id"]))
        if given.store is False:
            self.answers.forget(key, caller.user_id)
        return made

    async def _frames(self, made: Made, run: Begun, user_id: str | None) -> AsyncGenerator[Frame, None]:
        responding, output = made.responding, None
        for frame in responding.begin():
            yield frame
        try:
            async with aclosing(run.events) as events:
                async for item in events:
                    if not hasattr(item, "event"):
                        output = item
                        continue
                    for frame in responding.translate(item):
                        yield frame
        except (ValueError, InputCheckError, OutputCheckError) as error:  # the sentence is for whoever asked
            responding.fails(str(error), bad_request=True)
        except Exception as error:
            responding.fails(failure(error)[0])
        if output is not None:
            made.output = output
            self._waiting.note(made.component, output, user_id)
        for frame in responding.end(output):
            yield frame

    # Beginning -------------------------------------------------------------------------------------------------------

    async def _begin(self, component: Any, given: ResponseRequest, caller: Caller, fetching: Fetching) -> Begun:
        items, session_id, before = read(given.input), given.session_id, None
        if given.previous_response_id is not None:
            if session_id is not None:
                raise ValueError("previous_response_id and conversation exclude each other; send one of them.")
            before = await self._find(given.previous_response_id, caller)
            if before is None or before.component is not component:
                raise _NoResponse(f"Previous response with id {given.previous_response_id!r} not found.")
            session_id = before.session_id
        elif session_id is not None:
            if component.db is None:
                raise ValueError(f"{component.id!r} has no database, so it keeps no conversations.")
            await own_session(component, session_id, caller)
        earlier = getattr(before.output, "user_id", None) if before is not None else None
        user_id = caller.acts_as(given.user or earlier)
        equipped = _equipped(component, given)
        if items.answers and session_id is not None:
            return await self._goes_on(equipped, component, items, before, session_id, user_id)
        if items.approvals:
            raise ValueError("An mcp_approval_response needs previous_response_id or conversation.")
        await fetching.hold_all(items.messages)
        options = {**_EVERYTHING, "user_id": user_id, **brought(given.agno, caller)}
        return self._new(equipped, given, items, before, {**options, "session_id": session_id or new_id()})

    async def _goes_on(
        self, equipped: Any, component: Any, items: Given, before: Found | None, session_id: str, user_id: str | None
    ) -> Begun:
        if items.spoke:
            raise ValueError("The run waits for what was asked; send the answers without messages of the user.")
        paused = before.output if before is not None else await self._waiting.find(component, session_id, user_id)
        if paused is None:
            raise ValueError("No run of this conversation waits for an answer.")
        answer(paused, items)
        options = {**_EVERYTHING, "user_id": user_id}
        count = _count(before.id) + 1 if before is not None else self._next_count(paused.run_id, user_id)
        return Begun(go_on(equipped, paused, **options), paused.run_id, session_id, count, options)

    def _next_count(self, run_id: str, user_id: str | None) -> int:
        count = 1
        while self.answers.find(f"resp_{run_id}_{count}", user_id) is not None:
            count += 1
        return count

    def _new(
        self, component: Any, given: ResponseRequest, items: Given, before: Found | None, options: dict[str, Any]
    ) -> Begun:
        run_id = options["run_id"] = new_id()
        if given.metadata:
            options["metadata"] = dict(given.metadata)
        messages: Any = items.messages
        if component.session_type == "workflow":
            last = next((m for m in reversed(messages) if m.role == "user"), None)
            if last is None:
                raise ValueError("The input has no message of the role 'user'.")
            media = {name: value for name in ("images", "files") if (value := getattr(last, name, None))}
            return Begun(component.arun(last.content, **options, **media), run_id, options["session_id"], 0, options)
        if (schema := output_schema(given)) is not None:
            options["output_schema"] = schema
        if before is not None or given.conversation is not None:
            if component.db is not None:
                options["add_history_to_context"] = True
            else:
                messages = [*_said_before(before), *messages]
        return Begun(component.arun(messages, **options), run_id, options["session_id"], 0, options)

    # One response ----------------------------------------------------------------------------------------------------

    async def _retrieve(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            streams, after = _flag(request, "stream"), _number(request, "starting_after")
            if not streams:
                return replies.json(found.body)
            if found.made is None:
                raise ValueError("The events of this response are no longer there; read it without stream.")
            return stream(found.made, after)
        except Exception as error:
            return replies.error_of(error)

    async def _cancel(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            if found.made is not None and found.made.goes_on and found.made.task is not None:
                await found.made.cancel()
                await asyncio.wait([found.made.task], timeout=_CANCELLING)
            elif found.made is None and found.output.status in (RunStatus.running, RunStatus.pending):
                await found.component.acancel_run(found.output.run_id, found.session_id)
            return replies.json(found.body)
        except Exception as error:
            return replies.error_of(error)

    async def _delete(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            if found.made is not None and found.made.goes_on:
                raise ValueError("The response is being made; cancel it first.")
            session, _ = await _stored(found.component, found.id, caller_of(request))
            if session is not None and len(session.runs or ()) > 1:
                raise HTTPException(409, "The response is one of several in its conversation; delete the session.")
            if session is not None:
                await found.component.adelete_session(session.session_id)
            self.answers.forget(response_id, caller_of(request).user_id)
            return replies.json({"id": response_id, "object": "response", "deleted": True})
        except Exception as error:
            return replies.error_of(error)

    async def _one(self, request: Request, response_id: str) -> Found:
        found = await self._find(response_id, caller_of(request))
        if found is None:
            raise _NoResponse(f"Response with id {response_id!r} not found.")
        return found

    async def _find(self, response_id: str, caller: Caller) -> Found | None:
        made = self.answers.find(response_id, caller.user_id)
        if isinstance(made, Made):
            if not replies.may_run(caller, made.component):
                return None
            return Found(response_id, made.component, made, made.output, made.session_id)
        if _ID.fullmatch(response_id) is None:
            return None
        for component in self._by_id.values():
            if replies.may_run(caller, component):
                session, run = await _stored(component, response_id, caller)
                if run is not None:
                    return Found(response_id, component, None, run, session.session_id)
        return None


class _NoResponse(HTTPException):
    """There is no such response for this caller."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


async def _stored(component: Any, response_id: str, caller: Caller) -> tuple[Any, Any]:
    """The session and the run in the database; None for what is not there, or another user's."""
    match = _ID.fullmatch(response_id)
    if component.db is None or match is None:
        return None, None
    session, run = await component._stored(ASYNC, match[1], None)
    foreign = session is not None and caller.user_id is not None and session.user_id != caller.user_id
    return (None, None) if run is None or foreign else (session, run)


def _equipped(component: Any, given: ResponseRequest) -> Any:
    """The component with the client's tools and instructions, and without its database where nothing is to be stored."""
    equipped = with_tools(component, functions(given))
    changes: dict[str, Any] = {}
    if given.instructions:
        if component.session_type == "workflow":
            raise ValueError(f"{component.id!r} is a workflow, which takes no instructions.")
        changes["additional_context"] = "\n".join(filter(None, [component.additional_context, given.instructions]))
    if given.store is False and component.db is not None and component.session_type != "workflow":
        changes["db"] = None
    return type(component)(**{**equipped.settings(), "id": component.id, **changes}) if changes else equipped


def _said_before(before: Found | None) -> list[Message]:
    messages = getattr(before.output, "messages", None) if before is not None else None
    return [message for message in messages or () if message.role != "system"]


def _count(response_id: str) -> int:
    match = _ID.fullmatch(response_id)
    return int(match[2] or 0) if match is not None else 0


def _flag(request: Request, name: str) -> bool:
    given = request.query_params.get(name, "false")
    if given not in ("true", "false"):
        raise ValueError(f"{name} is true or false, not {given!r}.")
    return given == "true"


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name)
    if given is None:
        return -1
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise ValueError(f"{name} is a whole number, not {given!r}.")
    return int(given)


__all__ = ["ResponseRoutes"]
