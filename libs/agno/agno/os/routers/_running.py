"""Routes that run a component: written once for agents, teams and workflows."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from agno._io import ASYNC
from agno.exceptions import RunNotContinuableError
from agno.os import _docs as docs
from agno.os._bodies import WHOLE, Body, invalid, media_of, read
from agno.os._caller import caller_of
from agno.os._components import own_session
from agno.os._errors import Json
from agno.os._failures import Shown
from agno.os._finding import current_run, find_run, newest_runs
from agno.os._kept import KeptEvents, KeptStream
from agno.os._output_schemas import class_of
from agno.os._runs import HostedRun, again_with
from agno.os._sse import EventStream, Follower, last_event_id
from agno.os.routers._answers import CONTINUATIONS
from agno.run.base import RunStatus, to_json
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.os.app import AgentOS

STREAMED_BY_DEFAULT = {"agent": False, "team": True, "workflow": True}
_JSON_OPTIONS = ("session_state", "dependencies", "metadata")
_OVER = frozenset({RunStatus.completed, RunStatus.cancelled, RunStatus.regenerated})
_LONGEST_ID = 255
_ANEW = frozenset(
    {"input", "continue_from", "fork", "fork_session", "regenerate"}
)  # with one of these, any run goes on
_FLAGS = ("add_history_to_context", "add_dependencies_to_context", "add_session_state_to_context")

_NEW_ID = {
    "type": "string",
    "pattern": "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$",
    "description": "A UUID that the client chose; the service chooses one where this is missing or empty.",
}


class _PlainRoute(APIRoute):
    """A route that hands the request over as it is: there is nothing to read and to check for FastAPI, which costs as much as
    a run."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


class RunRoutes:
    """The routes under `/agents/{agent_id}/runs`, or those of teams or workflows."""

    def __init__(self, os: AgentOS, kind: str) -> None:
        self.os, self.kind = os, kind
        self.id_name = f"{kind}_id"

    def add_to(self, router: APIRouter) -> None:
        """Put the routes on a router."""
        kind, base = self.kind, f"/{self.kind}s/{{{self.id_name}}}/runs"
        for method, path, endpoint, options in self._table():
            router.add_api_route(
                base + path,
                endpoint,
                methods=[method],
                operation_id=f"{options.pop('name')}_{kind}",
                response_class=Json,
                route_class_override=_PlainRoute,
                tags=[f"{kind.title()}s"],
                **options,
            )

    def _table(self) -> list[tuple[str, str, Callable[..., Any], dict[str, Any]]]:
        of, run = docs.path(self.id_name), docs.path("run_id")
        session = docs.query("session_id", docs.TEXT, "The session of the run; it is looked for without.")
        found = {**docs.run_response(200), **docs.run_response(202, streamed=False)}
        body_errors = docs.errors(400, 404, 409, 413, 415, 422, 503)
        last = docs.header("Last-Event-ID", docs.TEXT, "The id of the last event that was received.")
        return [
            ("POST", "", self.create, {
                "name": "run", "summary": f"Run the {self.kind}", "responses": {**found, **body_errors},
                "openapi_extra": docs.extra(of, body=docs.form(self._fields(), ("message",))),
            }),
            ("GET", "", self.list, {
                "name": "list_runs_of", "summary": f"The runs of the {self.kind}, the newest first",
                "responses": {200: {"description": "Runs", "content": {"application/json": {"schema": {"type": "array", "items": docs.RUN}}}}, **docs.errors(404, 422)},
                "openapi_extra": docs.extra(of, docs.query("session_id", docs.TEXT), docs.query("user_id", docs.TEXT), docs.query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})),
            }),
            ("GET", "/{run_id}", self.get, {
                "name": "get_run_of", "summary": "One run, as it is now", "responses": {**docs.run_response(200, streamed=False), **docs.errors(404)},
                "openapi_extra": docs.extra(of, run, session),
            }),
            ("GET", "/{run_id}/stream", self.stream, {
                "name": "stream_run_of", "summary": "The events of a run, from behind the last one that was received",
                "responses": {**docs.run_response(200, plain=False), **docs.errors(404, 422)},
                "openapi_extra": docs.extra(of, run, session, last, docs.query("last_event_index", docs.NUMBER)),
            }),
            ("POST", "/{run_id}/resume", self.resume, {
                "name": "resume_run_of", "summary": "The same, for clients that post",
                "responses": {**docs.run_response(200, plain=False), **docs.errors(400, 404, 413, 415, 422)},
                "openapi_extra": docs.extra(of, run, last, body=docs.form({"last_event_index": docs.NUMBER, "session_id": docs.TEXT})),
            }),
            ("POST", "/{run_id}/cancel", self.cancel, {
                "name": "cancel_run_of", "summary": "Cancel a run", "responses": {200: {"description": "It was asked to stop", "content": {"application/json": {"schema": {"type": "object"}}}}, **docs.errors(404)},
                "openapi_extra": docs.extra(of, run, session),
            }),
            ("POST", "/{run_id}/continue", self.go_on, {
                "name": "continue_run_of", "summary": "Answer what a paused run waits for, or resume one that broke off",
                "responses": {**found, **body_errors},
                "openapi_extra": docs.extra(of, run, body=docs.form(CONTINUATIONS[self.kind].fields)),
            }),
        ]  # fmt: skip

    def _fields(self) -> dict[str, Any]:
        default = STREAMED_BY_DEFAULT[self.kind]
        fields: dict[str, Any] = {
            "message": docs.TEXT,
            "stream": {"type": "boolean", "default": default},
            "background": {"type": "boolean", "default": False},
            "session_id": docs.TEXT,
            "run_id": _NEW_ID,
            "user_id": docs.TEXT,
            "files": docs.UPLOADS,
            **dict.fromkeys(_JSON_OPTIONS, docs.JSON_OBJECT),
        }
        if self.kind == "workflow":
            return {**fields, "additional_data": docs.JSON_OBJECT}
        return {
            **fields,
            "knowledge_filters": docs.JSON_OBJECT,
            "output_schema": docs.JSON_OBJECT,
            **dict.fromkeys(_FLAGS, docs.FLAG),
        }

    # Beginning -------------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        component, caller = self._component(request), caller_of(request)
        body = await read(request, self.os.limits)
        message = body.required("message")
        options = await self._options(body)
        for name in ("dependencies", "session_state"):  # what the identity says wins over what the body says
            if brought := getattr(caller, name):
                options[name] = {**options.get(name, {}), **brought}
        options["user_id"] = caller.acts_as(body.text("user_id"))
        given = body.text("session_id") or caller.session_id
        if given is not None:
            if len(given) > _LONGEST_ID:
                raise invalid("session_id", f"Input should have at most {_LONGEST_ID} characters", given[:_LONGEST_ID])
            await own_session(component, given, caller)
        options["session_id"] = given or new_id()
        options["run_id"] = await self._new_id(component, body.text("run_id"), options["session_id"])
        streamed = body.flag("stream", STREAMED_BY_DEFAULT[self.kind])
        background = body.flag("background", False)
        begin = partial(component.arun, message, **options)
        again = again_with(message, options) if streamed or background else None
        return await self._respond(component, begin, options, streamed, background, again=again)

    async def _new_id(self, component: Any, given: str | None, session_id: str) -> str:
        """The id of a new run. A client may choose it, so that a request that got lost can be sent again: status 409 then
        says that there is a run already."""
        if given is None:
            return new_id()
        if not _is_uuid(given):
            raise invalid("run_id", "Input should be a UUID in lower case, with hyphens", given)
        if await self._is_taken(component, given, session_id):
            raise HTTPException(409, f"There is a run with ID {given} already")
        return given

    async def _is_taken(self, component: Any, run_id: str, session_id: str) -> bool:
        """Whether there is such a run here, in the session, or at another worker, whose events would mix with the new ones."""
        if self.os.runs.knows(run_id):
            return True
        if component.db is None:
            return False
        session = await component._load(ASYNC, session_id)
        if session is not None and session.get_run(run_id) is not None:
            return True
        keeper = self.os.runs.keeper_of(component)
        return keeper is not None and await KeptEvents(keeper.db, self.os.runs, run_id, -1).are_there()

    async def _respond(
        self,
        component: Any,
        begin: Callable[..., Any],
        identity: dict[str, Any],
        streamed: bool,
        background: bool,
        first: int = 0,
        again: dict[str, Any] | None = None,
    ) -> Response:
        runs, begin = self.os.runs, partial(_begun, begin)
        ids = {name: identity[name] for name in ("run_id", "session_id", "user_id")}
        runs.refuse_when_stopping()
        if not streamed and not background:
            output = await runs.awaited(self.kind, component, begin, **ids)
            if component.db is None and output.status is RunStatus.paused:
                runs.keep(self.kind, component, output)
            return Json(Shown().bytes_of(output.to_dict()))
        run, follower = await runs.host(
            self.kind, component, begin, **ids, background=background, first=first, again=again
        )
        if streamed:
            return self._events(run, follower)
        follower.leave()
        return Json(_pending(run), status_code=202)

    def _events(self, run: HostedRun, follower: Follower) -> EventStream:
        cancels = self.os.cancel_on_disconnect and not run.background

        async def left() -> None:
            if not run.log.followers:
                await run.component.acancel_run(run.run_id)

        return EventStream(follower, heartbeat=self.os.runs.limits.heartbeat, left=left if cancels else None)

    async def _options(self, body: Body) -> dict[str, Any]:
        options: dict[str, Any] = {}
        for name in _JSON_OPTIONS:
            if name in body.fields and (value := body.json_object(name)) is not None:
                options[name] = value
        if self.kind == "workflow":
            if (data := body.json_object("additional_data")) is not None:
                options["additional_data"] = data
        else:
            if (filters := body.json_object("knowledge_filters")) is not None:
                options["knowledge_filters"] = filters
            if schema := body.json_object("output_schema"):
                options["output_schema"] = _class_of(schema)
            for name in _FLAGS:
                if body.has(name):
                    options[name] = body.flag(name, False)
        if body.files:
            options.update((await media_of(body.files, self.os.limits)).options())
        return options

    # One run ---------------------------------------------------------------------------------------------------------

    async def get(self, request: Request) -> Response:
        run = await self._current(request, request.query_params.get("session_id"))
        return Json(_pending(run) if isinstance(run, HostedRun) and run.output is None else _bytes(_output(run)))

    async def list(self, request: Request) -> Response:
        component, caller, asked = self._component(request), caller_of(request), request.query_params
        limit = _limit(asked.get("limit"))
        if component.db is None:
            return Json(b"[]")
        runs = await newest_runs(component, caller.acts_as(asked.get("user_id")), asked.get("session_id"), limit)
        return Json(b"[" + b",".join(_bytes(run) for run in runs) + b"]")

    async def stream(self, request: Request) -> Response:
        asked = request.query_params
        return await self._again(request, asked.get("session_id"), _index(asked.get("last_event_index")))

    async def resume(self, request: Request) -> Response:
        self._component(request)
        body = await read(request, self.os.limits)
        return await self._again(request, body.text("session_id"), body.number("last_event_index"))

    async def _again(self, request: Request, session_id: str | None, given: Any) -> Response:
        run = await self._find(request, session_id)
        after = last_event_id(request.headers, given)
        runs = self.os.runs
        if isinstance(run, HostedRun) and (run.keeper is None or after + 1 >= run.log.first):
            return self._events(run, run.follow(after))
        keeper = runs.keeper_of(run.component if isinstance(run, HostedRun) else self._component(request))
        if keeper is not None:
            kept = KeptEvents(keeper.db, runs, run.run_id, after)
            if isinstance(run, HostedRun) or await kept.are_there():
                return KeptStream(kept, heartbeat=runs.limits.heartbeat)
        raise HTTPException(404, "The events of this run are no longer there; the run itself can be read.")

    async def cancel(self, request: Request) -> Response:
        run = await self._find(request, request.query_params.get("session_id"))
        await self._component(request).acancel_run(run.run_id, run.session_id)
        return Json(b"{}")

    async def go_on(self, request: Request) -> Response:
        component, caller = self._component(request), caller_of(request)
        body = await read(request, self.os.limits)
        continuation = CONTINUATIONS[self.kind]
        options = continuation.options(body)
        run = await self._current(request, body.text("session_id"))
        new = {"run_id": run.run_id, "session_id": run.session_id}
        new["user_id"] = caller.acts_as(body.text("user_id") or run.user_id)
        if isinstance(run, HostedRun) and component.db is None and run.output is not None:
            options |= {"run_response": run.output, "user_id": new["user_id"]}
        else:
            options |= new
        if run.status in _OVER and not _ANEW & options.keys():
            raise HTTPException(409, f"Run {run.run_id} is {run.status.value}, so there is nothing to continue.")
        begin = partial(component.acontinue_run, **options)
        first = 0 if self.os.runs.knows(run.run_id) else int(time() * 1000)  # behind whatever ids a client may have
        streamed, background = body.flag("stream", True), body.flag("background", False)
        try:
            return await self._respond(component, begin, new, streamed, background, first)
        except RunNotContinuableError:
            raise
        except ValueError as error:  # the answers do not fit what the run waits for
            raise HTTPException(400, str(error)) from None

    # Finding ---------------------------------------------------------------------------------------------------------

    def _component(self, request: Request) -> Any:
        return self.os.components.component(self.kind, request.path_params[self.id_name])

    async def _find(self, request: Request, session_id: str | None) -> Any:
        """The run that the path names: hosted here, or as it is stored. Status 404 if it is not there, or another user's."""
        return await self._found(find_run, request, session_id)

    async def _current(self, request: Request, session_id: str | None) -> Any:
        """The same; a run that ended, as it is stored now: another process may have gone on with it."""
        return await self._found(current_run, request, session_id)

    async def _found(self, find: Callable[..., Any], request: Request, session_id: str | None) -> Any:
        component, run_id = self._component(request), request.path_params["run_id"]
        found = await find(self.os.runs, self.kind, component, run_id, session_id, caller_of(request))
        if found is None:
            where = (
                "the sessions that were used last; name its session_id"
                if session_id is None
                else f"session {session_id}"
            )
            raise HTTPException(404, f"Run with ID {run_id} not found in {where}")
        return found


def _class_of(schema: dict[str, Any]) -> Any:
    try:
        return class_of(schema)
    except (ValueError, TypeError, NameError) as error:  # of pydantic, about names of fields
        raise invalid("output_schema", f"Input should be a JSON schema of an object: {error}", "") from None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _begun(begin: Callable[..., Any], **mode: Any) -> Any:
    """What a call of `arun` gives. It raises at once for options and input that cannot be right: status 400."""
    try:
        return begin(**mode)
    except RunNotContinuableError:
        raise
    except (ValueError, TypeError) as error:
        raise HTTPException(400, str(error)) from None


def _limit(given: str | None) -> int:
    limit = 20 if given is None else int(given) if WHOLE.fullmatch(given) else 0
    if not 1 <= limit <= 100:
        raise _not_a_number("limit", "Input should be a whole number from 1 to 100", given)
    return limit


def _index(given: str | None) -> int | None:
    """What the query says of the last event that was received."""
    if given is None:
        return None
    if not WHOLE.fullmatch(given):
        raise _not_a_number("last_event_index", "Input should be a whole number", given)
    return int(given)


def _not_a_number(name: str, message: str, given: str | None) -> HTTPException:
    return HTTPException(422, [{"type": "int_parsing", "loc": ["query", name], "msg": message, "input": given}])


def _output(run: Any) -> Any:
    return run.output if isinstance(run, HostedRun) else run


def _bytes(output: Any) -> bytes:
    return Shown(output.run_id).bytes_of(output.to_dict())


def _pending(run: HostedRun) -> bytes:
    status = RunStatus.pending if run.background and run.log.end == run.log.first else run.status
    facts = {"run_id": run.run_id, "session_id": run.session_id, "user_id": run.user_id, "status": status.value,
             f"{run.kind}_id": run.component.id, "created_at": int(run.started_at)}  # fmt: skip
    return to_json({name: value for name, value in facts.items() if value is not None}, None).encode()


__all__ = ["RunRoutes"]
