"""The routes of OpenAI's Responses API."""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import aclosing
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from agno._io import ASYNC
from agno.models.message import Message
from agno.os import _docs as docs
from agno.os._caller import Caller, caller_of
from agno.os._components import own_session
from agno.os._finding import stored_run
from agno.os._kept import KeptEvents
from agno.os._later import Begin
from agno.os._runs import HostedRun, Runs, again_with
from agno.os._sse import Follower, Frame
from agno.os.interfaces._frontend import Waiting, brought, with_tools
from agno.os.interfaces._hosted import GOES_ON, Batches, Translated, events_of, host, over
from agno.os.interfaces._questions import go_on
from agno.os.interfaces.base import BaseInterface
from agno.os.interfaces.openai import _replies as replies
from agno.os.interfaces.openai._items import Given, ResponseRequest, answer, functions, output_schema, read
from agno.os.interfaces.openai._responding import Body, Responding, begun, empty, stored
from agno.utils.ids import new_id

_ID = re.compile(r"resp_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_([0-9]{1,15}))?")
_CANCELLING = 5.0  # seconds that a cancelled run has to end before the client hears that it is in progress
_REMEMBERED = 1_000


@dataclass
class Found:
    """A response: the part of a run that begins with the event of this number."""

    id: str
    component: Any
    run: Any  # hosted here, or as it is stored
    first: int

    @property
    def output(self) -> Any:
        """What the run has come to; None while it goes on here."""
        return self.run.output if isinstance(self.run, HostedRun) else self.run

    @property
    def goes_on(self) -> bool:
        """Whether its run does."""
        return self.run.status in GOES_ON


@dataclass
class Begun:
    """A run that begins or goes on. `ids` has those of the run, its session and its user."""

    component: Any  # with the tools and instructions of the request
    begin: Begin
    ids: dict[str, Any]
    goes_on: bool = False
    again: dict[str, Any] | None = None  # with what another worker can begin it once more


_ANSWER = {
    "description": "A response, or its events",
    "content": {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {"schema": docs.EVENTS}},
}


class ResponseRoutes:
    """`/v1/responses`: the run is the response, and its session the conversation."""

    def __init__(self, interface: BaseInterface, components: dict[str, Any], waiting: Waiting) -> None:
        self._interface, self._by_id, self._waiting = interface, components, waiting
        self._begun: OrderedDict[str, Body] = OrderedDict()  # the newest responses, as they were asked for

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
            return await self._answer(component, given, caller)
        except Exception as error:
            return replies.error_of(error)

    @property
    def _runs(self) -> Runs:
        return self._interface.runs

    async def _answer(self, component: Any, given: ResponseRequest, caller: Caller) -> Response:
        begins = await self._begin(component, given, caller)
        run, follower, responding = await self._hosted(component, given, begins)
        if given.background and not given.stream:
            follower.leave()
            return replies.json(responding.body)
        frames = self._frames(responding, follower.batches(), component, run, caller)
        if given.stream:
            return Translated(frames, self._runs, run=run, follower=follower, cancels=not given.background)
        async with aclosing(frames):
            async for _ in frames:
                pass
        return _whole(responding)

    async def _hosted(
        self, component: Any, given: ResponseRequest, begins: Begun
    ) -> tuple[HostedRun, Follower, Responding]:
        runs, ids, first = self._runs, begins.ids, 0
        if begins.goes_on and not runs.knows(ids["run_id"]):
            first = int(time() * 1000)  # behind whatever was seen of it
        begin = self._waiting.noting(component, begins.begin, ids["user_id"])
        run, follower = await host(
            runs, begins.component, begin, ids, background=bool(given.background), first=first, again=begins.again,
            made_for_it=begins.component is not component,
        )  # fmt: skip
        key = f"resp_{run.run_id}" + (f"_{follower.next}" if begins.goes_on else "")
        body = begun(key, given, run.session_id, run.user_id)
        self._begun[key] = deepcopy(body)
        while len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
        return run, follower, Responding(body)

    async def _frames(
        self, responding: Responding, batches: Batches, component: Any, run: Any, caller: Caller
    ) -> Batches:
        """The events of a response. It has no last one when the service stops before the run is over."""
        yield list(responding.begin())
        async with aclosing(batches):
            async for frames in batches:
                yield [made for frame in frames if responding.waits is None for made in responding.translate(frame)]
                if responding.waits is not None:
                    break
        yield await _last(responding, component, run, caller)

    # Beginning -------------------------------------------------------------------------------------------------------

    async def _begin(self, component: Any, given: ResponseRequest, caller: Caller) -> Begun:
        items, session_id, before = read(given.input), given.session_id, None
        if given.previous_response_id is not None:
            if session_id is not None:
                raise ValueError("previous_response_id and conversation exclude each other; send one of them.")
            before = await self._find(given.previous_response_id, caller)
            if before is None or before.component is not component:
                raise _NoResponse(f"Previous response with id {given.previous_response_id!r} not found.")
            session_id = before.run.session_id
        elif session_id is not None:
            if component.db is None:
                raise ValueError(f"{component.id!r} has no database, so it keeps no conversations.")
            await own_session(component, session_id, caller)
        earlier = getattr(before.output, "user_id", None) if before is not None else None
        user_id = caller.acts_as(given.user or earlier)
        equipped = _equipped(component, given)
        if items.answers and session_id is not None:
            return await self._goes_on(equipped, items, before, session_id, user_id)
        if items.approvals:
            raise ValueError("An mcp_approval_response needs previous_response_id or conversation.")
        await self._interface.fetching.hold_all(items.messages)
        options = {"user_id": user_id, **brought(given.agno, caller), "session_id": session_id or new_id()}
        return self._new(equipped, given, items, before, options)

    async def _goes_on(
        self, equipped: Any, items: Given, before: Found | None, session_id: str, user_id: str | None
    ) -> Begun:
        if items.spoke:
            raise ValueError("The run waits for what was asked; send the answers without messages of the user.")
        paused = before.output if before is not None else await self._waiting.find(equipped, session_id, user_id)
        if paused is None:
            raise ValueError("No run of this conversation waits for an answer.")
        answer(paused, items)
        ids = {"run_id": paused.run_id, "session_id": session_id, "user_id": user_id}
        return Begun(equipped, partial(go_on, equipped, paused, user_id=user_id), ids, goes_on=True)

    def _new(
        self, component: Any, given: ResponseRequest, items: Given, before: Found | None, options: dict[str, Any]
    ) -> Begun:
        options["run_id"] = new_id()
        if given.metadata:
            options["metadata"] = dict(given.metadata)
        messages: Any = items.messages
        if component.session_type == "workflow":
            last = next((m for m in reversed(messages) if m.role == "user"), None)
            if last is None:
                raise ValueError("The input has no message of the role 'user'.")
            media = {name: value for name in ("images", "files") if (value := getattr(last, name, None))}
            return _new_run(component, last.content, {**options, **media})
        if (schema := output_schema(given)) is not None:
            options["output_schema"] = schema
        if before is not None or given.conversation is not None:
            if component.db is not None:
                options["add_history_to_context"] = True
            else:
                messages = [*_said_before(before), *messages]
        return _new_run(component, messages, options)

    # One response ----------------------------------------------------------------------------------------------------

    async def _retrieve(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            streams, after = _flag(request, "stream"), _number(request, "starting_after")
            if not streams:
                return replies.json(self._body(found))
            runs = self._runs
            batches = events_of(runs, found.run, found.component, found.first - 1)
            if batches is None or not (isinstance(found.run, HostedRun) or await _kept(runs, found)):
                raise ValueError("The events of this response are no longer there; read it without stream.")
            frames = self._frames(self._responding(found), batches, found.component, found.run, caller_of(request))
            return Translated(_behind(frames, after), runs, first=after + 1)
        except Exception as error:
            return replies.error_of(error)

    async def _cancel(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            if found.goes_on:
                follower = found.run.follow() if isinstance(found.run, HostedRun) else None
                await found.component.acancel_run(found.run.run_id, found.run.session_id)
                if follower is not None:
                    await over(follower, _CANCELLING)
                found = await self._one(request, response_id)
            return replies.json(self._body(found))
        except Exception as error:
            return replies.error_of(error)

    def _responding(self, found: Found) -> Responding:
        asked = self._begun.get(found.id)
        return Responding(deepcopy(asked) if asked is not None else empty(found.id, found.component.id))

    def _body(self, found: Found) -> Body:
        """The response as it is now: made of its events, where this process has them all, else of what is stored."""
        run = found.run
        if isinstance(run, HostedRun):
            start = max(found.first, run.log.base) - run.log.first
            if start >= 0 and (not run.takeovers or run.output is None):
                responding = self._responding(found)
                made = [*responding.begin()]
                for frame in list(run.log.frames)[start:]:
                    if responding.waits is None:
                        made += responding.translate(frame)
                if responding.waits is not None or run.ended_at is not None:
                    made += responding.end(run.output)
                return responding.body
        if found.output is None:  # it goes on, and its first events are gone
            return self._responding(found).body
        return stored(found.id, found.component.id, found.output)

    async def _delete(self, request: Request, response_id: str) -> Response:
        try:
            found = await self._one(request, response_id)
            if found.goes_on:
                raise ValueError("The response is being made; cancel it first.")
            session = await _session_of(found)
            if session is not None and len(session.runs or ()) > 1:
                raise HTTPException(409, "The response is one of several in its conversation; delete the session.")
            if session is not None:
                await found.component.adelete_session(session.session_id)
            self._runs.forget(found.run.run_id)
            return replies.json({"id": response_id, "object": "response", "deleted": True})
        except Exception as error:
            return replies.error_of(error)

    async def _one(self, request: Request, response_id: str) -> Found:
        found = await self._find(response_id, caller_of(request))
        if found is None:
            raise _NoResponse(f"Response with id {response_id!r} not found.")
        return found

    async def _find(self, response_id: str, caller: Caller) -> Found | None:
        match = _ID.fullmatch(response_id)
        if match is None or self._begun.get(response_id, {}).get("store") is False:
            return None
        may = [one for one in self._by_id.values() if replies.may_run(caller, one)]
        first = int(match[2] or 0)
        for component in may:
            if (run := self._runs.find(component.session_type, component.id, match[1], caller.user_id)) is not None:
                return Found(response_id, component, run, first)
        for component in may:
            if (run := await stored_run(component, match[1], None, caller)) is not None:
                return Found(response_id, component, run, first)
        return None


class _NoResponse(HTTPException):
    """There is no such response for this caller."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


async def _session_of(found: Found) -> Any:
    """The session that a response is stored in; None if it is not stored."""
    if found.component.db is None:
        return None
    session, _ = await found.component._stored(ASYNC, found.run.run_id, None)
    return session


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


def _new_run(component: Any, message: Any, options: dict[str, Any]) -> Begun:
    asked = [one.to_dict() for one in message] if isinstance(message, list) else message
    again = again_with(asked, options)
    return Begun(component, partial(component.arun, message, **options), options, again=again)


async def _last(responding: Responding, component: Any, run: Any, caller: Caller) -> list[Frame]:
    """The events at the end of a response; none where its run goes on, because the service stops."""
    if isinstance(run, HostedRun):
        is_over = run.ended_at is not None or responding.waits is not None
        return list(responding.end(run.output)) if is_over else []
    now = await stored_run(component, run.run_id, run.session_id, caller)
    is_over = now is not None and now.status not in GOES_ON
    return list(responding.end(now)) if is_over or responding.waits is not None else []


def _whole(responding: Responding) -> Response:
    """The answer to a request without a stream."""
    if responding.body["status"] == "in_progress":
        raise HTTPException(503, "The service is shutting down; try again.", headers={"Retry-After": "5"})
    failed = responding.body["error"]
    if failed is None:
        return replies.json(responding.body)
    if responding.bad_request:
        return replies.error(400, failed["message"], "invalid_request_error")
    return replies.error(500, failed["message"], "server_error")


async def _kept(runs: Runs, found: Found) -> bool:
    """Whether a database has events of the response, or will have."""
    keeper = runs.keeper_of(found.component)
    return keeper is not None and await KeptEvents(keeper.db, runs, found.run.run_id, -1).are_there()


async def _behind(frames: Batches, after: int) -> Batches:
    """The frames behind the one with this number."""
    left = after + 1
    async with aclosing(frames) as batches:
        async for some in batches:
            yield some[left:] if left else some
            left = max(0, left - len(some))


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
