"""The server of a chat, on a port of this machine: it remembers what it is told, and answers as the true one does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agno.agent import Agent
from agno.testing import ScriptedModel
from agno.tools import tool

from os_serving import served


class Peer:
    """`calls` are (path, what was sent). `answer(path, sent, number)` gives the JSON, or a Response."""

    def __init__(self, answer: Callable[[str, dict[str, Any], int], Any]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.authorizations: list[tuple[str, str | None]] = []
        self._answer = answer
        self.url = ""

    async def _take(self, request: Request) -> Response:
        path, sent = request.url.path, dict(request.query_params)
        self.authorizations.append((path, request.headers.get("authorization")))
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            sent |= await request.json() if await request.body() else {}
        elif kind.startswith("multipart/form-data"):
            for name, value in (await request.form()).multi_items():
                sent[name] = value if isinstance(value, str) else (value.filename, await value.read())
        elif kind.startswith("application/x-www-form-urlencoded") and not path.startswith("/upload"):
            sent |= dict(parse_qsl((await request.body()).decode()))
        elif body := await request.body():
            sent["body"] = body
        self.calls.append((path, sent))
        found = self._answer(path, sent, len(self.calls))
        return found if isinstance(found, Response) else JSONResponse(found)

    def of(self, end: str) -> list[dict[str, Any]]:
        """What was sent to paths with this end."""
        return [sent for path, sent in list(self.calls) if path.endswith(end)]

    def wait_for(self, end: str, count: int = 1) -> list[dict[str, Any]]:
        """The same, when there are so many."""
        until(lambda: len(self.of(end)) >= count)
        return self.of(end)

    @contextmanager
    def serving(self, *more: BaseRoute) -> Iterator[Peer]:
        """Serve on a port, with more routes if it has any."""
        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        app = Starlette(routes=[*more, Route("/{path:path}", self._take, methods=methods)])
        with served(app) as server:
            self.url = server.url
            yield self


def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def careful_agent(*turns: Any, **settings: Any) -> tuple[Agent, list[str], ScriptedModel]:
    """An agent with the tool `delete(name)`, which asks first; the names that were deleted; the model."""
    deleted: list[str] = []

    @tool(requires_confirmation=True)
    def delete(name: str) -> str:
        """Delete a file."""
        deleted.append(name)
        return f"{name} is gone"

    model = ScriptedModel(*turns)
    return Agent(name="Helper", model=model, tools=[delete], **settings), deleted, model


def as_json(value: Any) -> Any:
    """What was sent as JSON text."""
    return json.loads(value) if isinstance(value, str) else value
