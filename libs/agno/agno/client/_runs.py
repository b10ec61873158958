"""One run on a service: begun, followed through broken connections, read, cancelled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from pydantic import BaseModel

from agno._io import IO
from agno.client._connection import Connection, Lost, Request, Tries, quoted
from agno.client.exceptions import ConflictError, NotFoundError
from agno.exceptions import RemoteServerUnavailableError
from agno.media import MEDIA, File
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.output import text_of
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.utils.codec import encode
from agno.utils.ids import new_id
from agno.utils.log import log_warning

OUTPUTS: dict[str, Any] = {"agent": RunOutput, "team": TeamRunOutput, "workflow": WorkflowRunOutput}
_PREFIXES = {"agent": "Run", "team": "TeamRun", "workflow": "Workflow"}
_LAST = ("Completed", "Error", "Cancelled", "Paused")
_GOING_ON = frozenset({RunStatus.running, RunStatus.pending})
_KINDS = {"Image": "image/png", "Audio": "audio/mpeg", "Video": "video/mp4", "File": "text/plain"}


class RunAt:
    """A run of a component on a service, by its ids. What went wrong in it is in its events and its output."""

    def __init__(
        self,
        connection: Connection,
        kind: str,
        component_id: str,
        session_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self.connection, self.kind = connection, kind
        self.path = f"/{kind}s/{quoted(component_id)}/runs"
        self.session_id = session_id
        self.run_id = run_id or new_id()
        self.failure: str | None = None  # what the last event says, where it tells of one

    # Requests --------------------------------------------------------------------------------------------------------

    def begin(self, message: Any, options: Mapping[str, Any], **mode: bool) -> Request:
        """The request that begins it. It has the run's id in it, so that it can be sent again without a second run."""
        fields = fields_of({"message": text_of(message), "run_id": self.run_id, "session_id": self.session_id})
        fields |= fields_of({name: value for name, value in options.items() if name not in MEDIA})
        return Request("POST", self.path, form={**fields, **fields_of(mode)}, files=files_of(options))

    def go_on(self, options: Mapping[str, Any], **mode: bool) -> Request:
        """The request that continues it."""
        given = {name: encode(value) for name, value in options.items() if value is not None}
        fields = {"session_id": self.session_id, **given, **mode}
        if "continue_from" in fields:
            fields["continue_from"] = str(fields["continue_from"])
        return Request("POST", f"{self.path}/{quoted(self.run_id)}/continue", json=fields)

    def _events_again(self) -> Request:
        return Request("GET", f"{self.path}/{quoted(self.run_id)}/stream", {"session_id": self.session_id})

    async def output(self, io: IO) -> Any:
        """The run as it is now."""
        request = Request("GET", f"{self.path}/{quoted(self.run_id)}", {"session_id": self.session_id})
        return OUTPUTS[self.kind].from_dict(await self.connection.send(io, request))

    async def ended(self, io: IO) -> Any:
        """The run as soon as it does not go on any more. Raises RemoteServerUnavailableError if nobody seems to run it."""
        tries = Tries(io, self.connection)
        while True:
            output = await self.output(io)
            if output.status not in _GOING_ON:
                if output.content is None and output.status is RunStatus.error:
                    output.content = self.failure
                return output
            try:
                await tries.again(None)
            except RemoteServerUnavailableError as error:
                raise RemoteServerUnavailableError(
                    f"Run {self.run_id} (session {self.session_id}) at {self.connection.base_url} broke off and is still "
                    f"{output.status.value}. Go on with it by continue_run(run_id=..., session_id=...).",
                    self.connection.base_url,
                ) from error

    async def cancel(self, io: IO) -> None:
        """Ask it to stop."""
        request = Request("POST", f"{self.path}/{quoted(self.run_id)}/cancel", {"session_id": self.session_id})
        await self.connection.send(io, request)

    # Events ----------------------------------------------------------------------------------------------------------

    async def events(self, io: IO, first: Request, after: int | None = None) -> AsyncGenerator[dict[str, Any], None]:
        """Its events as dicts, each once and in order, through broken connections and restarts of the service.

        They end without a last one if the service has forgotten them: then `ended` tells what became of the run.
        """
        request, tries, last, retried = first, Tries(io, self.connection), after, False
        while True:
            error: Exception | None = None
            before = last
            try:
                async with aclosing(self._stream(io, request.after(last))) as stream:
                    async for number, event in stream:
                        tries.reset()
                        last, over = number, self._is_last(event)
                        yield event
                        if over:
                            return
                if retried and last == before:
                    return  # there is no more to come
                request = self._events_again()
            except Lost as lost:
                error = lost.error
                if lost.sent and last == after and first.path.endswith("/continue"):
                    return  # only the run itself can tell whether the answers arrived
                request = self._events_again() if lost.sent or last != after else first
            except RemoteServerUnavailableError as refusal:  # it shuts down, and did nothing
                error = refusal
            except (ConflictError, NotFoundError) as refusal:
                if not retried:
                    raise
                if isinstance(refusal, ConflictError):  # it had arrived, although the answer was lost
                    request = self._events_again()
                elif last != after or first.path != self.path:
                    return
                else:  # it had not arrived
                    request = first
            retried = True
            await tries.again(error)

    async def _stream(self, io: IO, request: Request) -> AsyncGenerator[tuple[int, dict[str, Any]], None]:
        lines = io.stream(self.connection.lines, self.connection.alines, request)
        async with aclosing(lines), aclosing(parsed(lines)) as events:
            async for number, event in events:
                yield number, event

    def _is_last(self, event: Mapping[str, Any]) -> bool:
        """True for the event after which the run does not go on; its own id is noted where it is a new one."""
        kind = str(event.get("event"))
        if event.get("run_id") != self.run_id or not kind.startswith(_PREFIXES[self.kind]):
            return False
        if kind.endswith("Error"):
            self.failure = event.get("content") or event.get("error")
        return kind in {_PREFIXES[self.kind] + one for one in _LAST}


async def parsed(lines: AsyncIterator[str]) -> AsyncGenerator[tuple[int, dict[str, Any]], None]:
    """Server-sent events: id and data."""
    number, data = -1, []
    async for line in lines:
        if line.startswith("id:"):
            number = int(line[3:])
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            event = msgspec.json.decode("\n".join(data))
            data = []
            if event.get("event") == "StreamTruncated":
                log_warning("The service has forgotten some of the run's events; the stream goes on behind them")
            else:
                yield number, event


# What is sent --------------------------------------------------------------------------------------------------------


def fields_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Options as the fields of a form; None is left out."""
    return {name: _field(name, value) for name, value in options.items() if value is not None}


def _field(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, type) and issubclass(value, BaseModel):
        value = value.model_json_schema()
    if isinstance(value, (str, int)):
        return str(value)
    return msgspec.json.encode(encode(value), enc_hook=str).decode()


def files_of(options: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, bytes, str]], ...]:
    """Media as uploads. Raises ValueError for what is only known by an address: the service is given bytes."""
    return tuple(("files", _upload(one)) for name in MEDIA for one in options.get(name) or ())


def _upload(one: Any) -> tuple[str, bytes, str]:
    content = one.content if one.content is not None else None if one.url else one.get_content_bytes()
    if content is None:
        raise ValueError(f"{one!r} has no bytes to send to a remote component. Give content= or filepath=.")
    content = content.encode() if isinstance(content, str) else content
    name = one.display_name() if isinstance(one, File) else one.id or type(one).__name__.lower()
    return name, content, getattr(one, "mime_type", None) or _KINDS[type(one).__name__]


__all__ = ["MEDIA", "OUTPUTS", "RunAt", "fields_of", "files_of", "parsed"]
