"""The routes that `useChat` and `DefaultChatTransport` of the AI SDK ask."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from agno.os import _docs as docs
from agno.os._caller import Caller, caller_of
from agno.os._components import own_session
from agno.os._finding import stored_run
from agno.os._runs import HostedRun, again_with
from agno.os._sse import Frame
from agno.os.interfaces._frontend import Waiting, brought, with_tools
from agno.os.interfaces._hosted import GOES_ON, Batches, Translated, event_of, events_of, host
from agno.os.interfaces._permitted import runs_some
from agno.os.interfaces._questions import go_on
from agno.os.interfaces._refusals import Told, told
from agno.os.interfaces.base import ServesSeveral
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
_STREAM = {"description": "Parts of a UI message", "content": {"text/event-stream": {"schema": docs.EVENTS}}}


class Vercel(ServesSeveral):
    """Serves components to pages with Vercel's AI SDK: `POST /api/chat/{id}`, and `POST /api/chat` for the first one.

    The chat is the session. A component that adds the history of its session to the context is given the newest message,
    another one the whole conversation. Tools of the page come as `tools` in the body of the transport; those that wait
    for a person are approvals. A run stops when its page leaves, unless `resumable`: then it goes on, the page reads it
    again at `GET …/{chat}/stream`, and `DELETE` there stops it.
    """

    type = "vercel"
    default_prefix = "/api"

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
        super().__init__(agents, teams, workflows, prefix, tags, allow_private, single=(agent, team, workflow))
        self.resumable = resumable
        self._by_id = self.by_id()  # parts of their addresses
        self._waiting = Waiting()

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
            turn = await self._turn(component, given, caller)
            return await self._streamed(component, turn)
        except Exception as error:
            return _refused(told(error))

    async def _streamed(self, component: Any, turn: Turn) -> Response:
        runs, ids = self.runs, turn.ids
        first = 0
        if turn.seen_before:
            if turn.anew:
                runs.forget(ids["run_id"])  # what was answered before is no part of this answer
            first = 0 if runs.knows(ids["run_id"]) else int(time() * 1000)
        begin = self._waiting.noting(component, turn.begin, ids["user_id"])
        run, follower = await host(
            runs, turn.component, begin, ids, background=self.resumable, first=first, again=turn.again,
            made_for_it=turn.component is not component,
        )  # fmt: skip
        frames = _frames(component, turn, follower.batches(), _Run(run))
        return Translated(frames, runs, run=run, follower=follower, cancels=not self.resumable, headers=_HEADERS)

    async def _resume(self, request: Request, component_id: str | None, chat_id: str) -> Response:
        caller = caller_of(request)
        component = self._component(caller, component_id)
        run = await self._going_on(component, chat_id, caller)
        batches = events_of(self.runs, run, component) if run is not None else None
        if batches is None:
            return Response(status_code=204)
        ids = {"run_id": run.run_id, "session_id": chat_id}
        turn = Turn(component, None, ids, Translator(), f"msg-{run.run_id}")
        frames = _frames(component, turn, batches, _Run(run, component, caller), again=True)
        return Translated(frames, self.runs, headers=_HEADERS)

    async def _stop(self, request: Request, component_id: str | None, chat_id: str) -> Response:
        caller = caller_of(request)
        component = self._component(caller, component_id)
        run = await self._going_on(component, chat_id, caller)
        if run is not None:
            await component.acancel_run(run.run_id, run.session_id)
        return Response(status_code=204)

    async def _going_on(self, component: Any, chat_id: str, caller: Caller) -> Any:
        """The newest run of the chat that goes on, hosted here or stored by another worker; None if there is none."""
        runs = self.runs
        for run_id in reversed(runs.active):
            run = runs.find(component.session_type, component.id, run_id, caller.user_id)
            if run is not None and run.session_id == chat_id:
                return run
        if runs.keeper_of(component) is None:
            return None
        session = await component.aget_session(chat_id, caller.user_id)
        own = [run for run in (session.runs if session else None) or () if run.parent_run_id is None]
        return own[-1] if own and own[-1].status in GOES_ON else None

    def _component(self, caller: Caller, component_id: str | None) -> Any:
        component = self.served[0] if component_id is None else self._by_id.get(component_id)
        if component is None or not caller.may(f"{component.session_type}s", "run", component.id):
            raise HTTPException(404, f"There is nothing with the id {component_id!r} here that you may run.")
        return component

    # One turn --------------------------------------------------------------------------------------------------------

    async def _turn(self, component: Any, given: ChatBody, caller: Caller) -> Turn:
        equipped, user_id = with_tools(component, functions(given)), caller.user_id
        options: dict[str, Any] = {"user_id": user_id}
        last = given.messages[-1]
        if has_answers(last):
            paused = await self._waiting.find(component, given.id, user_id)
            if paused is not None:
                translator = Translator()
                found, denied = answer(paused, last)
                if found:
                    translator.goes_on(paused, denied)
                    ids = {"run_id": paused.run_id, "session_id": given.id, "user_id": user_id}
                    begin = partial(go_on, equipped, paused, user_id=user_id)
                    return Turn(equipped, begin, ids, translator, last.id or new_id(), denied, seen_before=True)
        options |= brought(given, caller)
        if given.trigger == "regenerate-message" and (again := await self._again(equipped, given, options)) is not None:
            return again
        return await self._new(equipped, given, options)

    async def _new(self, component: Any, given: ChatBody, options: dict[str, Any]) -> Turn:
        last, run_id = given.messages[-1], new_id()
        asked: Any
        options |= {"session_id": given.id, "run_id": run_id}
        remembers = component.db is not None and getattr(component, "add_history_to_context", False)
        if component.session_type == "workflow" or remembers:
            if last.role != "user":
                raise ValueError("The chat does not end with a message of the user, and no run waits for an answer.")
            media = media_of(last)
            await self.fetching.hold([medium for several in media.values() for medium in several])
            asked, options = text_of(last), {**options, **media}
        else:
            messages = as_messages(given.messages)
            await self.fetching.hold_all(messages)
            asked = messages
        again = again_with(asked if isinstance(asked, str) else [one.to_dict() for one in asked], options)
        begin = partial(component.arun, asked, **options)
        return Turn(component, begin, options, Translator(), f"msg-{run_id}", again=again)

    async def _again(self, component: Any, given: ChatBody, options: dict[str, Any]) -> Turn | None:
        """The newest run of the chat once more; None where there is none to be found."""
        if component.db is None or component.session_type == "workflow":
            return None
        session = await component.aget_session(given.id, options["user_id"])
        own = [run for run in (session.runs if session else None) or () if run.parent_run_id is None]
        if not own:
            return None
        ids = {"run_id": own[-1].run_id, "session_id": given.id, "user_id": options["user_id"]}
        begin = partial(component.acontinue_run, regenerate=True, **ids)
        return Turn(component, begin, ids, Translator(), new_id(), seen_before=True, anew=True)


@dataclass
class Turn:
    """A run that begins or goes on, and how it is shown. `begin` begins it; `ids` has those of run, session and user."""

    component: Any  # with the tools of the page
    begin: Any
    ids: dict[str, Any]
    translator: Translator
    message_id: str
    denied: list[str] = field(default_factory=list)
    seen_before: bool = False  # there are events of it already
    anew: bool = False  # these are of another answer
    again: dict[str, Any] | None = None  # with what another worker can begin it once more


@dataclass
class _Run:
    """A run that is read to its end; one of another worker is looked up then."""

    run: Any
    component: Any = None
    caller: Caller | None = None

    async def end(self) -> tuple[bool, Any]:
        """Whether it is over, and its output."""
        if isinstance(self.run, HostedRun):
            return self.run.ended_at is not None, self.run.output
        now = await stored_run(self.component, self.run.run_id, self.run.session_id, self.caller or Caller())
        return now is not None and now.status not in GOES_ON, now


async def _frames(component: Any, turn: Turn, batches: Batches, run: _Run, again: bool = False) -> Batches:
    """The chunks of an answer. With `again`, of the part of the run that goes on, from its beginning."""
    translator, begun = turn.translator, not again
    chunks = _beginning(component, turn)
    async with aclosing(batches):
        async for frames in batches:
            for frame in frames:
                event, data = event_of(frame)
                made = list(translator.translate(event, data))
                if not begun and event.run_id == translator.top and event.event.endswith(_BOUNDARIES):
                    chunks = _beginning(component, turn)  # what was before is another part of the message
                else:
                    chunks += made
            if begun or not frames:
                begun = True
                yield [_frame(chunk) for chunk in chunks]
                chunks = []
    is_over, output = await run.end()
    if is_over:
        chunks += _ending(component, turn, output)
        yield [*(_frame(chunk) for chunk in chunks), (b"done", b"[DONE]")]


_BOUNDARIES = ("RunStarted", "RunPaused", "WorkflowStarted", "WorkflowPaused")


def _frame(chunk: Chunk) -> Frame:
    return chunk["type"].encode(), msgspec.json.encode(chunk, enc_hook=str)


def _metadata(component: Any, turn: Turn) -> dict[str, Any]:
    return {"runId": turn.translator.top or turn.ids["run_id"], "componentId": component.id}


def _beginning(component: Any, turn: Turn) -> list[Chunk]:
    metadata = _metadata(component, turn)
    denied = [{"type": "tool-output-denied", "toolCallId": key} for key in turn.denied]
    return [
        {"type": "start", "messageId": turn.message_id, "messageMetadata": metadata},
        {"type": "start-step"},
        *denied,
    ]


def _ending(component: Any, turn: Turn, output: Any) -> list[Chunk]:
    translator = turn.translator
    chunks = list(translator.close())
    if output is None and not translator.failed:
        translator.failed = True
        chunks.append({"type": "error", "errorText": "The run failed."})
    reason = "error" if translator.failed else translator.reason
    metadata = {**_metadata(component, turn), "usage": _usage(output)}
    return [*chunks, {"type": "finish-step"}, {"type": "finish", "finishReason": reason, "messageMetadata": metadata}]


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


def _usage(output: Any) -> dict[str, int]:
    metrics = getattr(output, "metrics", None)
    given, made = getattr(metrics, "input_tokens", 0) or 0, getattr(metrics, "output_tokens", 0) or 0
    return {"inputTokens": given, "outputTokens": made, "totalTokens": given + made}


def _refused(why: Told) -> Response:
    """The AI SDK shows the body of a refusal as the text of its error."""
    return Response(why.sentence, status_code=why.status, headers=dict(why.headers), media_type="text/plain")


__all__ = ["Vercel"]
