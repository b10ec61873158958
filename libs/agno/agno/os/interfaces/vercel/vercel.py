"""The routes that `useChat` and `DefaultChatTransport` of the AI SDK ask."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from pydantic import ValidationError

from agno.exceptions import InputCheckError, OutputCheckError
from agno.os import _docs as docs
from agno.os._caller import Caller, caller_of
from agno.os._components import own_session
from agno.os._failures import failure
from agno.os._sse import Frame
from agno.os.interfaces._fetching import Fetching, fetching_for
from agno.os.interfaces._frontend import Waiting, with_tools
from agno.os.interfaces._hosting import Answer, Answers, stream
from agno.os.interfaces._permitted import runs_some
from agno.os.interfaces._questions import go_on
from agno.os.interfaces.base import BaseInterface
from agno.os.interfaces.vercel._chunks import Chunk, Translator
from agno.os.interfaces.vercel._input import (
    ChatBody,
    answer,
    as_messages,
    functions,
    has_answers,
    media_of,
    text_of,
)
from agno.utils.ids import new_id

_HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}
_EVERYTHING = {"stream": True, "stream_events": True, "yield_run_output": True}


_STREAM = {"description": "Parts of a UI message", "content": {"text/event-stream": {"schema": docs.EVENTS}}}


class Vercel(BaseInterface):
    """Serves components to pages with Vercel's AI SDK: `POST /api/chat/{id}`, and `POST /api/chat` for the first one.

    The chat is the session. A component that adds the history of its session to the context is given the newest message,
    another one the whole conversation. Tools of the page come as `tools` in the body of the transport; those that wait
    for a person are approvals. A run stops when its page leaves, unless `resumable`: then it goes on, the page reads it
    again at `GET …/{chat}/stream`, and `DELETE` there stops it.
    """

    type = "vercel"
    default_prefix = "/api"
    checks_scopes: ClassVar[bool] = True

    def __init__(
        self,
        agent: Any = None,
        team: Any = None,
        workflow: Any = None,
        agents: Sequence[Any] | None = None,
        teams: Sequence[Any] | None = None,
        workflows: Sequence[Any] | None = None,
        resumable: bool = False,
        prefix: str | None = None,
        tags: list[str] | None = None,
        allow_private: bool = False,
    ) -> None:
        single = [one for one in (agent, team, workflow) if one is not None]
        self.served = [*single, *(agents or ()), *(teams or ()), *(workflows or ())]
        first = self.served[0] if self.served else None
        super().__init__(first, prefix=prefix, tags=tags, allow_private=allow_private)
        self.resumable = resumable
        self._by_id: dict[str, Any] = {}
        for component in self.served:
            component.set_id()
            if self._by_id.setdefault(component.id, component) is not component:
                raise ValueError(f"Two components have the id {component.id!r}, which is part of their addresses.")
        self._waiting, self._answers = Waiting(), Answers()

    @property
    def components(self) -> list[Any]:
        return self.served

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        async with self._answers.working(grace):
            yield

    def get_router(self, use_async: bool = True) -> APIRouter:
        only = [Depends(runs_some(self.served))]
        router = APIRouter(prefix=self.prefix, tags=[*self.tags], dependencies=only)
        begun: dict[int | str, Any] = {200: _STREAM, **docs.errors(400, 404, 409, 413)}
        there: dict[int | str, Any] = {
            200: _STREAM,
            204: {"description": "No answer is being made"},
            **docs.errors(404),
        }
        for base, of in (("/chat", "the first component"), ("/chat/{component_id}", "a component")):
            for method, path, endpoint, summary, responses in (
                ("POST", "", self._chat, "Run, as a UI message stream", begun),
                ("GET", "/{chat_id}/stream", self._resume, "Read the answer that is being made", there),
                ("DELETE", "/{chat_id}/stream", self._stop, "Stop the answer that is being made", there),
            ):
                router.add_api_route(
                    base + path, _with_id(endpoint, base), methods=[method], summary=f"{summary}: {of}",
                    response_class=Response, responses=responses,
                    openapi_extra=docs.json_body(ChatBody) if method == "POST" else None, operation_id=f"vercel_{endpoint.__name__[1:]}_{'one' if '{' in base else 'first'}",
                )  # fmt: skip
        return router

    async def _chat(self, request: Request, component_id: str | None) -> Response:
        caller = caller_of(request)
        try:
            component = self._component(caller, component_id)
            given = ChatBody.model_validate_json(await request.body())
            await own_session(component, given.id, caller)
            turn = await self._turn(component, given, caller, fetching_for(request, self.allow_private))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "The body"
            return _refused(400, f"{where}: {first['msg']}")
        except (ValueError, TypeError, InputCheckError, OutputCheckError) as error:
            return _refused(400, str(error))
        made = Answer(_key(component, given.id), caller.user_id, component, turn.run_id, given.id)
        self._answers.host(made, self._frames(component, turn, caller.user_id))
        return stream(made, cancels=not self.resumable, headers=_HEADERS)

    async def _resume(self, request: Request, component_id: str | None, chat_id: str) -> Response:
        made = self._going_on(request, component_id, chat_id)
        return Response(status_code=204) if made is None else stream(made, headers=_HEADERS)

    async def _stop(self, request: Request, component_id: str | None, chat_id: str) -> Response:
        made = self._going_on(request, component_id, chat_id)
        if made is not None:
            await made.cancel()
        return Response(status_code=204)

    def _going_on(self, request: Request, component_id: str | None, chat_id: str) -> Answer | None:
        caller = caller_of(request)
        made = self._answers.find(_key(self._component(caller, component_id), chat_id), caller.user_id)
        return made if made is not None and made.goes_on else None

    def _component(self, caller: Caller, component_id: str | None) -> Any:
        component = self.served[0] if component_id is None else self._by_id.get(component_id)
        if component is None or not caller.may(f"{component.session_type}s", "run", component.id):
            raise HTTPException(404, f"There is nothing with the id {component_id!r} here that you may run.")
        return component

    # One turn --------------------------------------------------------------------------------------------------------

    async def _turn(self, component: Any, given: ChatBody, caller: Caller, fetching: Fetching) -> Turn:
        equipped, user_id = with_tools(component, functions(given)), caller.user_id
        options: dict[str, Any] = {**_EVERYTHING, "user_id": user_id}
        last = given.messages[-1]
        if has_answers(last):
            paused = await self._waiting.find(component, given.id, user_id)
            if paused is not None:
                translator = Translator()
                found, denied = answer(paused, last)
                if found:
                    translator.goes_on(paused, denied)
                    events = go_on(equipped, paused, **options)
                    return Turn(events, translator, paused.run_id, last.id or new_id(), denied)
        options |= _brought(given, caller)
        if given.trigger == "regenerate-message" and (again := await self._again(equipped, given, options)) is not None:
            return again
        return await self._new(equipped, given, options, fetching)

    async def _new(self, component: Any, given: ChatBody, options: dict[str, Any], fetching: Fetching) -> Turn:
        last, run_id = given.messages[-1], new_id()
        options |= {"session_id": given.id, "run_id": run_id}
        remembers = component.db is not None and getattr(component, "add_history_to_context", False)
        if component.session_type == "workflow" or remembers:
            if last.role != "user":
                raise ValueError("The chat does not end with a message of the user, and no run waits for an answer.")
            media = media_of(last)
            await fetching.hold([medium for several in media.values() for medium in several])
            events = component.arun(text_of(last), **media, **options)
        else:
            messages = as_messages(given.messages)
            await fetching.hold_all(messages)
            events = component.arun(messages, **options)
        return Turn(events, Translator(), run_id, new_id(), [])

    async def _again(self, component: Any, given: ChatBody, options: dict[str, Any]) -> Turn | None:
        """The newest run of the chat once more; None where there is none to be found."""
        if component.db is None or component.session_type == "workflow":
            return None
        session = await component.aget_session(given.id, options["user_id"])
        own = [run for run in (session.runs if session else None) or () if run.parent_run_id is None]
        if not own:
            return None
        options = {**_EVERYTHING, "user_id": options["user_id"]}
        events = component.acontinue_run(run_id=own[-1].run_id, session_id=given.id, regenerate=True, **options)
        return Turn(events, Translator(), own[-1].run_id, new_id(), [])

    async def _frames(self, component: Any, turn: Turn, user_id: str | None) -> AsyncGenerator[Frame, None]:
        async with aclosing(self._chunks(component, turn, user_id)) as chunks:
            async for chunk in chunks:
                yield chunk["type"].encode(), msgspec.json.encode(chunk, enc_hook=str)
        yield b"done", b"[DONE]"

    async def _chunks(self, component: Any, turn: Turn, user_id: str | None) -> AsyncGenerator[Chunk, None]:
        translator, output = turn.translator, None
        metadata = {"runId": turn.run_id, "componentId": component.id}
        yield {"type": "start", "messageId": turn.message_id, "messageMetadata": metadata}
        yield {"type": "start-step"}
        for key in turn.denied:
            yield {"type": "tool-output-denied", "toolCallId": key}
        try:
            async with aclosing(turn.events) as events:
                async for item in events:
                    if not hasattr(item, "event"):
                        output = item
                        continue
                    for chunk in translator.translate(item):
                        yield chunk
        except (ValueError, InputCheckError, OutputCheckError) as error:  # the sentence is for whoever asked
            translator.failed = True
            yield {"type": "error", "errorText": str(error)}
        except Exception as error:
            translator.failed = True
            yield {"type": "error", "errorText": failure(error)[0]}
        for chunk in translator.close():
            yield chunk
        if output is not None:
            self._waiting.note(component, output, user_id)
        yield {"type": "finish-step"}
        reason = "error" if translator.failed else translator.reason
        yield {"type": "finish", "finishReason": reason, "messageMetadata": {**metadata, "usage": _usage(output)}}


@dataclass
class Turn:
    """A run that begins or goes on, and how it is shown."""

    events: Any
    translator: Translator
    run_id: str
    message_id: str
    denied: list[str]


def _with_id(endpoint: Any, base: str) -> Any:
    """The endpoint for one of the two addresses that a component may have."""
    chat = endpoint.__name__ != "_chat"
    if "{" not in base:

        async def first(request: Request, chat_id: str) -> Any:
            return await endpoint(request, None, chat_id)

        async def first_new(request: Request) -> Any:
            return await endpoint(request, None)

        return first if chat else first_new

    async def named(request: Request, component_id: str, chat_id: str) -> Any:
        return await endpoint(request, component_id, chat_id)

    async def named_new(request: Request, component_id: str) -> Any:
        return await endpoint(request, component_id)

    return named if chat else named_new


def _brought(given: ChatBody, caller: Caller) -> dict[str, Any]:
    """Dependencies and state: what the identity says wins over what the body says."""
    found: dict[str, Any] = {}
    for name in ("dependencies", "session_state"):
        values = {**(getattr(given, name) or {}), **getattr(caller, name)}
        if values:
            found[name] = values
    return found


def _usage(output: Any) -> dict[str, int]:
    metrics = getattr(output, "metrics", None)
    given, made = getattr(metrics, "input_tokens", 0) or 0, getattr(metrics, "output_tokens", 0) or 0
    return {"inputTokens": given, "outputTokens": made, "totalTokens": given + made}


def _key(component: Any, chat_id: str) -> str:
    return f"{component.id}/{chat_id}"


def _refused(status: int, message: str) -> Response:
    """The AI SDK shows the body of a refusal as the text of its error."""
    return Response(message, status_code=status, media_type="text/plain")


__all__ = ["Vercel"]
