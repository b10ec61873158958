"""What the methods of A2A do, for every binding and version: runs of a component as tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any
from uuid import UUID, uuid5

from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.request_handler import RequestHandler, validate_request_params
from a2a.types import AgentCard, ListTasksRequest, ListTasksResponse, Message, SendMessageRequest, Task
from a2a.utils.errors import (
    A2AError,
    InternalError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.task import apply_history_length, validate_history_length
from fastapi import HTTPException

from agno.exceptions import RunNotContinuableError
from agno.os._bodies import Limits
from agno.os._caller import Caller
from agno.os._components import own_session
from agno.os._failures import failure
from agno.os._finding import current_run
from agno.os._runs import HostedRun, Runs, again_with
from agno.os._sse import Follower, Frame
from agno.os.interfaces._hosted import GOES_ON, events_of, host, over
from agno.os.interfaces._questions import go_on
from agno.os.interfaces.a2a._input import Said, answer, said
from agno.os.interfaces.a2a._listing import page_of
from agno.os.interfaces.a2a._tasks import Story, task_of
from agno.run.base import RunStatus
from agno.run.cancel import cleanup_run

CALL = "agno.a2a"
_MESSAGES = UUID("5b1c2a52-94f4-4e9b-9a35-0f6c1d2e7a10")  # the ids of runs follow from their messages in here
_HOW = {
    RunStatus.completed: "was completed",
    RunStatus.regenerated: "was completed",
    RunStatus.cancelled: "was cancelled",
    RunStatus.error: "failed",
}
_PATIENCE = 10.0  # seconds that a cancelled run has to stop before the answer says that it works still


@dataclass(frozen=True)
class Call:
    """A request, as far as the routes have looked at it: who asks which component for what."""

    component: Any
    caller: Caller
    runs: Runs
    limits: Limits
    user_id: str | None
    card: Callable[[], AgentCard]
    cancels: bool = False
    """A stream that its client leaves cancels the run."""

    allow_private: bool = False
    """Files are also read from URLs that are not public."""

    @property
    def kind(self) -> str:
        """`agent`, `team` or `workflow`."""
        kind: str = self.component.session_type
        return kind

    async def find(self, task_id: str, context_id: str = "") -> Any:
        """The run of a task; TaskNotFoundError if it is not there, or is not the caller's or the component's."""
        found = await current_run(self.runs, self.kind, self.component, task_id, context_id or None, self.caller)
        if found is None or (not isinstance(found, HostedRun) and _component_id(found, self.kind) != self.component.id):
            raise TaskNotFoundError(message=f"Task {task_id} not found")
        return found


class TaskHandler(RequestHandler):
    """The methods of the protocol. The id of a task is that of its run, the context is the session.

    Whatever goes wrong is raised as an error of the protocol, for anything else would be shown to the client.
    """

    def __init__(self) -> None:
        self._cancelling: set[asyncio.Future[Any]] = set()

    # Messages --------------------------------------------------------------------------------------------------------

    @validate_request_params
    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        with _told():
            call, wanted = _call(context), params.configuration
            at_once = wanted.return_immediately
            if (known := await _sent_before(call, params.message)) is not None:
                async for task in _told_again(call, known):
                    if at_once:
                        return apply_history_length(task, wanted)
                return apply_history_length(await task_of(await call.find(known.run_id, known.session_id)), wanted)
            run, follower, story = await self._begun(call, params, background=at_once)
            if at_once:
                follower.leave()
                return apply_history_length(story.task, wanted)
            await over(follower)
            return apply_history_length(await task_of(run), wanted)

    @validate_request_params
    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Any, None]:
        with _told():
            call = _call(context)
            if (known := await _sent_before(call, params.message)) is not None:
                async with aclosing(_told_again(call, known)) as updates:
                    async for update in updates:
                        yield update
                return
            run, follower, story = await self._begun(call, params)
            try:
                yield apply_history_length(story.task, params.configuration)
                async with aclosing(_updates(story, follower.batches(), call)) as updates:
                    async for update in updates:
                        yield update
            finally:
                follower.leave()
                self._left(call, run)

    def _left(self, call: Call, run: HostedRun) -> None:
        """The client went, and the service is set to let no run go on that nobody reads."""
        if call.cancels and run.ended_at is None and not run.log.followers:
            cancelling = asyncio.ensure_future(call.component.acancel_run(run.run_id))
            self._cancelling.add(cancelling)
            cancelling.add_done_callback(self._cancelling.discard)

    async def _begun(
        self, call: Call, params: SendMessageRequest, background: bool = False
    ) -> tuple[HostedRun, Follower, Story]:
        """The run that a message begins or continues: hosted, with who reads its events from now on."""
        validate_history_length(params.configuration)
        if params.configuration.HasField("task_push_notification_config"):
            raise PushNotificationNotSupportedError
        message = params.message
        call.runs.refuse_when_stopping()
        given = await said(message, call.limits, call.allow_private)
        if message.task_id:
            run, follower = await _continued(call, message.task_id, message.context_id, given, background)
        else:
            run, follower = await _new(call, message, given, background)
        return run, follower, Story(run.run_id, run.session_id, message)

    # Tasks -----------------------------------------------------------------------------------------------------------

    @validate_request_params
    async def on_get_task(self, params: Any, context: ServerCallContext) -> Task:
        with _told():
            validate_history_length(params)
            return apply_history_length(await task_of(await _call(context).find(params.id)), params)

    @validate_request_params
    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        with _told():
            call = _call(context)
            return await page_of(params, call.runs, call.kind, call.component, call.caller.acts_as(call.user_id))

    @validate_request_params
    async def on_cancel_task(self, params: Any, context: ServerCallContext) -> Task:
        with _told():
            call = _call(context)
            run = await call.find(params.id)
            if run.status not in GOES_ON and run.status is not RunStatus.paused:
                raise TaskNotCancelableError(message=f"Task {params.id} is over: it {_HOW[run.status]}.")
            hosted = isinstance(run, HostedRun)
            follower = run.follow() if hosted else None
            await call.component.acancel_run(run.run_id, run.session_id)
            if hosted and run.output is not None and run.status is RunStatus.paused:
                run.output.status = RunStatus.cancelled  # no database has it
                cleanup_run(run.run_id)
            if follower is not None:
                await over(follower, _PATIENCE)
            return await task_of(await call.find(params.id))

    @validate_request_params
    async def on_subscribe_to_task(self, params: Any, context: ServerCallContext) -> AsyncGenerator[Any, None]:
        with _told():
            call = _call(context)
            run = await call.find(params.id)
            if run.status not in GOES_ON and run.status is not RunStatus.paused:
                raise UnsupportedOperationError(
                    message=f"Task {params.id} is over: it {_HOW[run.status]}. Get the task to see its result."
                )
            async with aclosing(_told_again(call, run)) as updates:
                async for update in updates:
                    yield update

    # What there is no more of ----------------------------------------------------------------------------------------

    async def on_create_task_push_notification_config(self, params: Any, context: ServerCallContext) -> Any:
        raise PushNotificationNotSupportedError

    async def on_get_task_push_notification_config(self, params: Any, context: ServerCallContext) -> Any:
        raise PushNotificationNotSupportedError

    async def on_list_task_push_notification_configs(self, params: Any, context: ServerCallContext) -> Any:
        raise PushNotificationNotSupportedError

    async def on_delete_task_push_notification_config(self, params: Any, context: ServerCallContext) -> None:
        raise PushNotificationNotSupportedError

    async def on_get_extended_agent_card(self, params: Any, context: ServerCallContext) -> AgentCard:
        with _told():
            return _call(context).card()


# Beginning -----------------------------------------------------------------------------------------------------------


async def _new(call: Call, message: Message, given: Said, background: bool) -> tuple[HostedRun, Follower]:
    caller, component = call.caller, call.component
    run_id, session_id = _ids(call, message)
    await own_session(component, session_id, caller)
    options: dict[str, Any] = {"run_id": run_id, "session_id": session_id, **given.media}
    options["user_id"] = caller.acts_as(given.user_id or call.user_id)
    if metadata := given.own_metadata:
        options["metadata"] = metadata
    for name in ("dependencies", "session_state"):  # what the identity says
        if brought := getattr(caller, name):
            options[name] = dict(brought)
    asked = given.input_for(component)
    begin = partial(component.arun, asked, **options)
    return await _hosted(call, begin, options, background, again=again_with(asked, options))


def _ids(call: Call, message: Message) -> tuple[str, str]:
    """The ids of a new run and its session. They follow from what was sent: a message that comes again is known by them."""
    caller, context_id = call.caller, message.context_id or call.caller.session_id
    facts = (call.kind, call.component.id, caller.acts_as(call.user_id), context_id)
    run_id = uuid5(_MESSAGES, repr(facts) + message.SerializeToString(deterministic=True).hex())
    return str(run_id), context_id or str(uuid5(run_id, "context"))


async def _sent_before(call: Call, message: Message) -> Any:
    """The run that this very message began before; None if it is new, or answers a task."""
    if message.task_id:
        return None
    return await current_run(call.runs, call.kind, call.component, *_ids(call, message), call.caller)


async def _continued(
    call: Call, task_id: str, context_id: str, given: Said, background: bool
) -> tuple[HostedRun, Follower]:
    run = await call.find(task_id, context_id)
    if context_id and context_id != run.session_id:
        raise InvalidParamsError(message=f"Task {task_id} is not of the context {context_id}.")
    if run.status is not RunStatus.paused:
        state = "goes on" if run.status in GOES_ON else f"is over: it {_HOW[run.status]}"
        raise UnsupportedOperationError(message=f"Task {task_id} {state}; it asks nothing that a message could answer.")
    output = run.output if isinstance(run, HostedRun) else run
    answer(output, given)
    options = {"run_id": run.run_id, "session_id": run.session_id, "user_id": run.user_id}
    first = 0 if call.runs.knows(run.run_id) else int(time() * 1000)  # behind whatever was seen of it
    begin = partial(go_on, call.component, output, user_id=run.user_id)
    return await _hosted(call, begin, options, background, first=first)


async def _hosted(
    call: Call, begin: Callable[..., Any], ids: dict[str, Any], background: bool, **more: Any
) -> tuple[HostedRun, Follower]:
    if ids["run_id"] in call.runs.active:  # another message was quicker
        raise UnsupportedOperationError(message=f"Task {ids['run_id']} goes on already.")
    try:
        return await host(call.runs, call.component, begin, ids, background=background, **more)
    except (ValueError, TypeError) as error:  # options and input that cannot be right
        raise InvalidParamsError(message=str(error)) from None


# Following -----------------------------------------------------------------------------------------------------------


async def _told_again(call: Call, run: Any) -> AsyncGenerator[Any, None]:
    """A run as a task as it is now, and what happens from there on."""
    batches = events_of(call.runs, run, call.component) if run.status in GOES_ON else None
    if batches is None:
        yield await task_of(run)
        return
    async with aclosing(_updates(Story(run.run_id, run.session_id), batches, call, again=True)) as updates:
        async for update in updates:
            yield update


async def _updates(
    story: Story, batches: AsyncGenerator[list[Frame], None], call: Call, again: bool = False
) -> AsyncGenerator[Any, None]:
    """What happens, to the last status. With `again`, what has happened so far comes as one task before it."""
    silent = again
    async with aclosing(batches):
        async for frames in batches:
            if silent and not frames:
                silent = False
                yield story.task
            for kind, data in frames:
                for update in story.take(kind, data):
                    if not silent:
                        yield update
    run = await call.find(story.task.id)
    if run.status in GOES_ON:  # the service stops, and the run is not done
        return
    if silent:
        yield await task_of(run)
        return
    for update in await story.end(run):
        yield update


# Errors --------------------------------------------------------------------------------------------------------------


@contextmanager
def _told() -> Iterator[None]:
    """Errors as the protocol has them, saying no more than a route would."""
    try:
        yield
    except A2AError:
        raise
    except RunNotContinuableError as error:
        raise UnsupportedOperationError(message=str(error)) from None
    except HTTPException as error:
        made = InvalidParamsError if error.status_code < 500 else InternalError
        raise made(message=str(error.detail)) from None
    except Exception as error:  # the border: a client reads a sentence, the log has the rest
        raise InternalError(message=failure(error)[0]) from None


def _call(context: ServerCallContext) -> Call:
    call: Call = context.state[CALL]
    return call


def _component_id(output: Any, kind: str) -> str | None:
    found: str | None = getattr(output, f"{kind}_id", None)
    return found


__all__ = ["CALL", "Call", "TaskHandler"]
