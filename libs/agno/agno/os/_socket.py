"""One client of the WebSocket for workflows.

The client sends JSON objects with an `action`; it gets JSON objects with an `event`. Events of runs carry their index in
the run (`event_index`) and the run they belong to; whoever comes back says which index was the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import HTTPException, WebSocket
from starlette.websockets import WebSocketDisconnect

from agno.os._bodies import Body
from agno.os._caller import ANYBODY, SCOPE_KEY, Caller
from agno.os._components import own_session
from agno.os._failures import failure
from agno.os._finding import find_run
from agno.os._guard import require
from agno.os._refusing import Refusal
from agno.os._sse import Follower
from agno.os.routers._answers import CONTINUATIONS
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_PATIENCE = 30.0  # seconds in which a client says who it is
_MOST = 100  # runs that one socket follows at the same time


class _Said(Exception):
    """What the client hears instead of what it wanted."""


class Conversation:
    """Reads messages and answers them, until the client goes. Its runs go on without it."""

    def __init__(self, os: AgentOS, websocket: WebSocket) -> None:
        self._os, self._socket = os, websocket
        self._caller: Caller | None = websocket.scope.get(SCOPE_KEY)
        if self._caller is None and not os.guard.is_closed:
            self._caller = ANYBODY
        self._sending = asyncio.Lock()
        self._following: dict[asyncio.Task[None], Follower] = {}
        self._actions: dict[str, Callable[[Body], Awaitable[None]]] = {
            "ping": self._ping,
            "authenticate": self._authenticate,
            "start-workflow": self._start,
            "continue-workflow": self._go_on,
            "cancel-workflow": self._cancel,
            "reconnect": self._reconnect,
        }

    async def hold(self) -> None:
        """Accept, and talk."""
        await self._socket.accept()
        hello: dict[str, Any] = {"event": "connected", "message": "Connected to workflow events"}
        if self._caller is None:
            hello["requires_auth"] = True
        try:
            await self._say(hello)
            while True:
                await self._answer(await self._hear())
        except (WebSocketDisconnect, asyncio.TimeoutError):
            pass  # it went, or did not say who it is
        finally:
            for task, follower in list(self._following.items()):
                follower.leave()
                task.cancel()
            await self._hang_up()

    async def _hear(self) -> str:
        if self._caller is not None:
            return await _text(self._socket)
        return await asyncio.wait_for(_text(self._socket), _PATIENCE)

    async def _hang_up(self) -> None:
        try:
            await self._socket.close()
        except RuntimeError:  # it is closed already
            pass

    async def _answer(self, text: str) -> None:
        try:
            said = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):  # the last for what is nested too deep
            return await self._say_error("The message is no valid JSON")
        if not isinstance(said, dict):
            return await self._say_error("The message is no JSON object")
        action = said.get("action")
        act = self._actions.get(action) if isinstance(action, str) else None
        if act is None:
            return await self._say_error(f"Unknown action {action!r}; known: {', '.join(self._actions)}")
        if self._caller is None and action not in ("ping", "authenticate"):
            return await self._say({"event": "auth_required", "error": "Authenticate first"})
        try:
            await act(Body(said, typed=True))
        except _Said as words:
            await self._say_error(str(words))
        except HTTPException as error:
            await self._say_error(_words(error))
        except (ValueError, TypeError) as error:
            await self._say_error(str(error))
        except WebSocketDisconnect:
            raise
        except Exception as error:  # the border: one message must not cost the others
            await self._say_error(failure(error)[0])

    # Actions ---------------------------------------------------------------------------------------------------------

    async def _ping(self, said: Body) -> None:
        await self._say({"event": "pong"})

    async def _authenticate(self, said: Body) -> None:
        try:
            self._caller = await self._os.guard.caller_by_token(said.text("token") or "")
        except Refusal as refusal:
            await self._say({"event": "auth_error", "error": refusal.detail})
            return
        await self._say({"event": "authenticated", "message": "Authenticated", "user_id": self._caller.user_id})

    async def _start(self, said: Body) -> None:
        workflow = self._workflow(said)
        options = {"run_id": new_id(), "user_id": self.caller.acts_as(said.text("user_id"))}
        session_id = said.text("session_id") or self.caller.session_id
        if session_id is not None:
            await own_session(workflow, session_id, self.caller)
        options["session_id"] = session_id or new_id()
        begin = partial(workflow.arun, said.fields.get("message"), **options)
        await self._host(workflow, begin, options)

    async def _go_on(self, said: Body) -> None:
        workflow = self._workflow(said)
        run = await self._find(workflow, said)
        options = {**CONTINUATIONS["workflow"].options(said), "run_id": run.run_id, "session_id": run.session_id}
        options["user_id"] = self.caller.acts_as(said.text("user_id") or run.user_id)
        await self._host(workflow, partial(workflow.acontinue_run, **options), options)

    async def _host(self, workflow: Any, begin: Callable[..., Any], options: dict[str, Any]) -> None:
        self._check_room()
        self._os.runs.refuse_when_stopping()
        ids = {name: options[name] for name in ("run_id", "session_id", "user_id")}
        _, follower = await self._os.runs.host("workflow", workflow, begin, **ids, background=True)
        self._follow(follower, options["run_id"])

    async def _reconnect(self, said: Body) -> None:
        run_id = said.text("run_id")
        if run_id is None:
            raise _Said("run_id is required")
        self._check_room()
        run = self._os.runs.any_of("workflow", run_id, self.caller.user_id)
        if run is None:
            raise _Said(f"Run {run_id} not found, or its events are no longer there")
        require(self.caller, "workflows", "run", run.component.id)
        last = said.number("last_event_index", -1)
        after = max(-1 if last is None else last, -1)
        await self._say(
            {"event": "subscribed", "run_id": run_id, "status": run.status.value, "last_event_index": after}
        )
        self._follow(run.follow(after), run_id)

    async def _cancel(self, said: Body) -> None:
        workflow = self._workflow(said)
        run = await self._find(workflow, said)
        await workflow.acancel_run(run.run_id, run.session_id)
        await self._say({"event": "cancel_requested", "run_id": run.run_id})

    # Finding ---------------------------------------------------------------------------------------------------------

    @property
    def caller(self) -> Caller:
        """Who it is."""
        return self._caller or ANYBODY

    def _workflow(self, said: Body) -> Any:
        workflow_id = said.text("workflow_id")
        if workflow_id is None:
            raise _Said("workflow_id is required")
        found = self._os.components.workflows.get(workflow_id)
        if found is None:
            raise _Said(f"Workflow {workflow_id} not found")
        require(self.caller, "workflows", "run", workflow_id)
        return found

    async def _find(self, workflow: Any, said: Body) -> Any:
        run_id = said.text("run_id")
        if run_id is None:
            raise _Said("run_id is required")
        session_id = said.text("session_id")
        found = await find_run(self._os.runs, "workflow", workflow, run_id, session_id, self.caller)
        if found is None:
            raise _Said(f"Run {run_id} not found")
        return found

    # Sending ---------------------------------------------------------------------------------------------------------

    def _check_room(self) -> None:
        if len(self._following) >= _MOST:
            raise _Said(f"This socket follows {_MOST} runs already; open another one")

    def _follow(self, follower: Follower, run_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._pass_on(follower, run_id))
        self._following[task] = follower
        task.add_done_callback(lambda done: self._following.pop(done, None))

    async def _pass_on(self, follower: Follower, run_id: str) -> None:
        try:
            while not follower.left:
                if follower.has_lost:
                    await self._say({"event": "StreamTruncated", "run_id": run_id})
                frames = follower.ready()
                for index, (_, data) in enumerate(frames, follower.next - len(frames)):
                    await self._send(f'{data[:-1].decode()},"event_index":{index},"stream_run_id":"{run_id}"}}')
                if not frames and follower.log.closed:
                    return
                if not frames:
                    await follower.wait()
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client went; the reader of its messages ends the conversation
        finally:
            follower.leave()

    async def _say_error(self, words: str) -> None:
        await self._say({"event": "error", "error": words})

    async def _say(self, data: dict[str, Any]) -> None:
        await self._send(msgspec.json.encode(data, enc_hook=str).decode())

    async def _send(self, text: str) -> None:
        async with self._sending:
            await self._socket.send_text(text)


async def _text(websocket: WebSocket) -> str:
    """The next message; bytes are read as text."""
    message = await websocket.receive()
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    return text if text is not None else (message.get("bytes") or b"").decode("utf-8", "replace")


def _words(error: HTTPException) -> str:
    detail: Any = error.detail
    if isinstance(detail, list) and detail:
        place = ".".join(map(str, detail[0].get("loc", ())))
        return f"{place}: {detail[0].get('msg')}"
    return str(detail)


__all__ = ["Conversation"]
