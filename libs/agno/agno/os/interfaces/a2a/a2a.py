"""The routes of A2A."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._components import KINDS
from agno.os._errors import Json
from agno.os._guard import require
from agno.os.interfaces.base import ServesSeveral

try:
    from a2a.server.request_handlers.response_helpers import agent_card_to_dict

    from agno.os.interfaces.a2a._card import card_of
    from agno.os.interfaces.a2a._handler import CALL, Call, TaskHandler
    from agno.os.interfaces.a2a._wire import REST, Wire, inner, json_object
except ImportError as error:
    raise ImportError('A2A needs the package `a2a-sdk` 1: pip install "agno[os,a2a]"') from error

_CARD = "/.well-known/agent-card.json"


class A2A(ServesSeveral):
    """Serves agents, teams and workflows to other agents: A2A 1.x and 0.3, over JSON-RPC and HTTP+JSON.

    Each has its card at `/a2a/agents/{id}/.well-known/agent-card.json` (or under `/a2a/teams`, `/a2a/workflows`), which says
    where it is reached. The context of a message is the session, a task is a run. A run that waits for a person is a
    task that needs input; a message with its task id answers it. `base_url` is where callers reach the service, if that
    is not what their requests say. `allow_private`: files are also read from URLs that lead to private addresses.
    """

    type = "a2a"
    default_prefix: ClassVar[str] = "/a2a"

    def __init__(
        self,
        agents: Sequence[Any] | None = None,
        teams: Sequence[Any] | None = None,
        workflows: Sequence[Any] | None = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        base_url: str | None = None,
        allow_private: bool = False,
    ) -> None:
        super().__init__(agents, teams, workflows, prefix, tags, allow_private)
        self.base_url = base_url.rstrip("/") if base_url is not None else None
        self._wire = Wire(TaskHandler())

    # Routes ----------------------------------------------------------------------------------------------------------

    def get_router(self, use_async: bool = True) -> APIRouter:
        router = APIRouter(prefix=self.prefix, tags=[*self.tags])
        for path in ("/message/send", "/message/stream"):
            self._add(router, "POST", path, self._any, "A call of JSON-RPC to the component that the message names")
        for kind in KINDS:
            base = f"/{kind}s/{{{kind}_id}}"
            self._add(router, "GET", base + _CARD, partial(self._card, kind), "The agent card")
            self._add(router, "POST", base, partial(self._rpc, kind), "A call of JSON-RPC")
            for name in ("get", "cancel"):
                act = partial(self._task, kind, name)
                self._add(
                    router, "POST", f"{base}/v1/tasks:{name}", act, f"{name.title()} the task that the body names"
                )
            for method, path, name, summary in REST:
                act = partial(self._rest, kind, method, path, name)
                self._add(router, method, f"{base}/v1{path}", act, summary)
        return router

    def _add(
        self, router: APIRouter, method: str, path: str, act: Callable[[Request], Awaitable[Response]], summary: str
    ) -> None:
        async def endpoint(request: Request) -> Response:
            return await act(request)

        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=summary,
            response_class=Json,
            operation_id=f"a2a {method} {path}".lower().translate(_PLAIN),
            openapi_extra=docs.extra(*map(docs.path, names)),
        )

    # Endpoints -------------------------------------------------------------------------------------------------------

    async def _card(self, kind: str, request: Request) -> Response:
        component = self._component(kind, request, "read")
        card = card_of(component, self._url(request, component), self.os)
        return Json(msgspec.json.encode(agent_card_to_dict(card)))

    async def _rpc(self, kind: str, request: Request) -> Response:
        self._called(request, self._component(kind, request))
        return await self._wire.rpc(request)

    async def _rest(self, kind: str, method: str, path: str, name: str, request: Request) -> Response:
        self._called(request, self._component(kind, request))
        if method == "POST" and "jsonrpc" in json_object(await request.body()):
            return await self._wire.rpc(request)
        return await self._wire.rest(request, method, path, name)

    async def _task(self, kind: str, name: str, request: Request) -> Response:
        """`tasks:get` and `tasks:cancel`, which name the task in the body."""
        self._called(request, self._component(kind, request))
        body = json_object(await request.body())
        if "jsonrpc" in body:
            return await self._wire.rpc(request)
        given = body.get("id") or request.query_params.get("id")
        if not isinstance(given, str) or not given:
            raise HTTPException(422, 'The body has no id of a task: send {"id": "..."}.')
        request.path_params["id"] = given
        if name == "get":
            return await self._wire.rest(request, "GET", "/tasks/{id}", "on_get_task")
        return await self._wire.rest(request, "POST", "/tasks/{id}:cancel", "on_cancel_task")

    async def _any(self, request: Request) -> Response:
        caller = caller_of(request)
        if not any(caller.may_some(f"{kind}s", "run") for kind in KINDS):
            require(caller, "agents", "run")
        kind, component_id = self._named(json_object(await request.body()), request)
        self._called(request, self._component(kind, request, component_id=component_id))
        return await self._wire.rpc(request)

    # Who is asked, and by whom ---------------------------------------------------------------------------------------

    def _component(self, kind: str, request: Request, action: str = "run", component_id: str | None = None) -> Any:
        """The component that the path names, or another one, if the caller may do that with it."""
        component_id = request.path_params[f"{kind}_id"] if component_id is None else component_id
        require(caller_of(request), f"{kind}s", action, component_id)
        found = self.by_kind[kind].get(component_id)
        if found is None:
            raise HTTPException(404, f"{kind.title()} not found")
        return found

    def _named(self, body: dict[str, Any], request: Request) -> tuple[str, Any]:
        """Kind and id of the component that a message names in its metadata or a header; where only one is served, that one."""
        params = inner(body, "params")
        message = inner(params, "message")
        said = {**message, **inner(params, "metadata"), **inner(message, "metadata")}
        for kind in KINDS:
            given = said.get(f"{kind}_id") or said.get(f"{kind}Id") or request.headers.get(f"x-{kind}-id")
            if given is not None:
                return kind, str(given)
        if len(self.served) > 1:
            raise HTTPException(
                422,
                "Several components are served here: name one as agent_id, team_id or workflow_id in the metadata of the message.",
            )
        return self.component.session_type, self.component.id

    def _called(self, request: Request, component: Any) -> None:
        """Leave with the request what the handler has to know."""
        request.scope[CALL] = Call(
            component=component,
            caller=caller_of(request),
            runs=self.runs,
            limits=self.limits,
            user_id=request.headers.get("x-user-id"),
            card=partial(card_of, component, self._url(request, component), self.os, extended=True),
            allow_private=self.allow_private,
            cancels=self.os is not None and self.os.cancel_on_disconnect,
        )

    def _url(self, request: Request, component: Any) -> str:
        base = self.base_url or _address(request)
        return f"{base}{self.prefix}/{component.session_type}s/{component.id}"


def _address(request: Request) -> str:
    """Where the app is reached, behind the prefixes of proxies and mounts, too."""
    return str(request.url.replace(path=request.scope.get("root_path", ""), query="", fragment="")).rstrip("/")


_PLAIN = str.maketrans({mark: "_" for mark in " /{}:.-"})


__all__ = ["A2A"]
