"""The routes of OpenAI's API."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from agno.os import _docs as docs
from agno.os._caller import Caller, caller_of
from agno.os._components import own_session
from agno.os._errors import Json
from agno.os._failures import Shown
from agno.os._later import EVERYTHING
from agno.os.interfaces._frontend import Waiting, brought, with_tools
from agno.os.interfaces._permitted import runs_some
from agno.os.interfaces._questions import go_on
from agno.os.interfaces.base import ServesSeveral
from agno.os.interfaces.openai import _replies as replies
from agno.os.interfaces.openai._input import (
    ChatRequest,
    answer,
    as_messages,
    as_text,
    functions,
    newest,
    output_schema,
    tool_results,
)
from agno.os.interfaces.openai._output import Completion, tool_calls
from agno.os.interfaces.openai._responses import ResponseRoutes
from agno.run.base import RunStatus
from agno.utils.ids import new_id

_KEPT = 10_000  # calls whose sessions are remembered


class OpenAIApi(ServesSeveral):
    """Serves components to clients of OpenAI's API: `/v1/chat/completions`, `/v1/responses`, `/v1/models`.

    The name of the model is the id of the component. Tools of the client are offered to the model; their results
    continue the run that waits for them where it is found, else all messages are the input of a new one. The session is
    `metadata.session_id` or the header `X-Session-Id`; a component that adds the history of a named session is only given
    what came after the last answer. Errors have OpenAI's form.
    """

    type = "openai"

    def __init__(
        self,
        agents: Sequence[Any] | None = None,
        teams: Sequence[Any] | None = None,
        workflows: Sequence[Any] | None = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        allow_private: bool = False,
    ) -> None:
        super().__init__(agents, teams, workflows, prefix, tags if tags is not None else ["OpenAI"], allow_private)
        self._by_id = self.by_id()  # the names of the models
        self._waiting = Waiting()
        self._responses = ResponseRoutes(self, self._by_id, self._waiting)
        self._sessions: OrderedDict[tuple[str, str | None], str] = OrderedDict()  # by a call that waits, and its user

    def get_router(self, use_async: bool = True) -> APIRouter:
        only = [Depends(runs_some(self.served))]
        router = APIRouter(prefix=self.prefix, tags=[*self.tags], dependencies=only)
        chat: dict[int | str, Any] = {200: _ANSWER, **replies.errors(400, 404, 409, 500), **docs.errors(413)}
        found: dict[int | str, Any] = {200: {"content": {"application/json": {"schema": _OBJECT}}}}
        one, body = {**found, **replies.errors(404)}, docs.json_body(ChatRequest)
        for method, path, endpoint, summary, responses, extra in (
            ("POST", "/v1/chat/completions", self._chat, "Run, as a chat completion", chat, body),
            ("GET", "/v1/models", self._models, "What can be run", found, None),
            ("GET", "/v1/models/{model}", self._model, "One of what can be run", one, None),
        ):
            router.add_api_route(
                path, endpoint, methods=[method], summary=summary, response_model=None, openapi_extra=extra,
                responses={**docs.errors(), **responses},
            )  # fmt: skip
        self._responses.add_to(router)
        return router

    async def _models(self, request: Request) -> Json:
        caller = caller_of(request)
        return replies.json(
            {"object": "list", "data": [_shown(one) for one in self.served if replies.may_run(caller, one)]}
        )

    async def _model(self, model: str, request: Request) -> Json:
        component = self._by_id.get(model)
        if component is None or not replies.may_run(caller_of(request), component):
            return replies.no_model(model)
        return replies.json(_shown(component))

    async def _chat(self, request: Request) -> Json | StreamingResponse:
        caller = caller_of(request)
        try:
            given = ChatRequest.model_validate_json(await request.body())
            component = self._by_id.get(given.model)
            if component is None or not replies.may_run(caller, component):
                return replies.no_model(given.model)
            user_id, session_id = caller.acts_as(given.user), _session_of(given, request, caller)
            if session_id is not None:
                await own_session(component, session_id, caller)
            later = self.runs.later()
            mode = {"background_tasks": later, **(EVERYTHING if given.stream else {}), **brought(given.agno, caller)}
            begun = await self._begun(component, given, session_id, user_id, mode)
            if given.stream:
                frames = later.behind(self._frames(component, given, user_id, begun))
                return StreamingResponse(frames, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
            with later:
                output = await begun
            if output.status is RunStatus.error:
                return replies.error(500, Shown().why(output), "server_error")
            self._note(component, output, user_id)
            return replies.json(Completion(given.model).whole(output))
        except Exception as error:
            return replies.error_of(error)

    async def _begun(
        self,
        component: Any,
        given: ChatRequest,
        session_id: str | None,
        user_id: str | None,
        mode: dict[str, Any],
    ) -> Any:
        """The run that the request asks for: a new one, or a waiting one that goes on."""
        options = {"user_id": user_id, **mode}
        equipped = with_tools(component, functions(given))
        if results := tool_results(given.messages):
            where = session_id or self._sessions.get((next(iter(results)), user_id))
            paused = await self._waiting.find(component, where, user_id) if where is not None else None
            if paused is not None and answer(paused, results):
                options = {
                    name: value for name, value in options.items() if name not in ("dependencies", "session_state")
                }
                return go_on(equipped, paused, **options)
        if (schema := output_schema(given)) is not None and component.session_type != "workflow":
            options["output_schema"] = schema
        options["session_id"] = session_id or new_id()
        if component.session_type == "workflow":
            text, images = as_text(given.messages)
            await self.fetching.hold(images)
            return equipped.arun(text, **options, **({"images": images} if images else {}))
        remembers = session_id is not None and component.db is not None and component.add_history_to_context
        messages = as_messages(newest(given.messages) if remembers else given.messages)
        await self.fetching.hold_all(messages)
        return equipped.arun(messages, **options)

    async def _frames(
        self, component: Any, given: ChatRequest, user_id: str | None, run: Any
    ) -> AsyncGenerator[bytes, None]:
        completion, top, spoke, output = Completion(given.model), None, False, None
        yield _frame(completion.chunk({"role": "assistant", "content": ""}))
        try:
            async with aclosing(run) as events:
                async for item in events:
                    kind = getattr(item, "event", None)
                    if kind is None:
                        output = item
                        continue
                    top = top or item.run_id
                    if item.run_id != top:
                        continue
                    if kind in ("RunError", "TeamRunError", "WorkflowError"):
                        yield _frame(replies.error_body(Shown().why(item), "server_error"))
                        return
                    if kind in ("RunContent", "TeamRunContent") and isinstance(item.content, str) and item.content:
                        spoke = True
                        yield _frame(completion.chunk({"content": item.content}))
        except Exception as error:
            yield _frame(msgspec.json.decode(bytes(replies.error_of(error).body)))
            return
        if output is not None:
            self._note(component, output, user_id)
            with_usage = bool((given.stream_options or {}).get("include_usage"))
            for chunk in completion.ends(output, spoke, with_usage):
                yield _frame(chunk)
        yield b"data: [DONE]\n\n"

    def _note(self, component: Any, output: Any, user_id: str | None) -> None:
        self._waiting.note(component, output, user_id)
        for call in tool_calls(output):
            self._sessions[(str(call["id"]), user_id)] = output.session_id
        while len(self._sessions) > _KEPT:
            self._sessions.popitem(last=False)


_OBJECT = {"type": "object"}
_ANSWER = {
    "description": "A chat completion, or its chunks",
    "content": {"application/json": {"schema": _OBJECT}, "text/event-stream": {"schema": docs.EVENTS}},
}


def _session_of(given: ChatRequest, request: Request, caller: Caller) -> str | None:
    named = (given.metadata or {}).get("session_id") or request.headers.get("x-session-id")
    return caller.session_id or named or None


def _shown(component: Any) -> dict[str, Any]:
    return {"id": component.id, "object": "model", "created": 0, "owned_by": "agno"}


def _frame(body: Any) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


__all__ = ["OpenAIApi"]
