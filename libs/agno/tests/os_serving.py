"""An AgentOS that is asked in its own process, or served by uvicorn on a port of this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.os import AgentOS
from agno.team import Team
from agno.testing import ScriptedModel
from agno.vectordb.in_memory import InMemoryVectorDb
from agno.workflow import Step, Workflow


def agent(*turns: Any, **settings: Any) -> Agent:
    """An agent that plays a script; by default it says hello."""
    model = ScriptedModel(*(turns or ("Hello there",)), repeat=not turns or len(turns) == 1)
    return Agent(**{"name": "Helper", "model": model, **settings})


def an_os(**settings: Any) -> AgentOS:
    """An AgentOS with one agent and one workflow of it, on one database."""
    if not any(name in settings for name in ("agents", "teams", "workflows")):
        db = InMemoryDb(id="main")
        helper = agent(db=db)
        flow = Workflow(name="Flow", steps=[Step(name="first", agent=helper)], db=db)
        settings |= {"agents": [helper], "workflows": [flow]}
    return AgentOS(**settings)


def full_os() -> AgentOS:
    """An AgentOS with something of every kind, so that it has every route."""
    db = InMemoryDb(id="main")
    knowledge = Knowledge(
        name="docs", vector_db=InMemoryVectorDb(embedder=HashingEmbedder()), contents_db=InMemoryDb(id="contents")
    )
    helper = agent(db=db, knowledge=knowledge)
    crew = Team([helper], name="Crew", model=ScriptedModel("We greet you", repeat=True), db=db)
    flow = Workflow(name="Flow", steps=[Step(name="first", agent=helper)], db=db)
    return AgentOS(agents=[helper], teams=[crew], workflows=[flow])


def routes_of(service: AgentOS) -> set[str]:
    """Its routes, as "GET /agents"."""
    paths = service.get_app().openapi()["paths"]
    return {f"{method.upper()} {path}" for path, one in paths.items() for method in one}


def ask(
    service: AgentOS | Any, talk: Callable[[httpx.AsyncClient], Awaitable[Any]], headers: dict[str, str] | None = None
) -> Any:
    """What `talk(client)` gives, with a client of the app in this process."""
    app = service.get_app() if isinstance(service, AgentOS) else service

    async def go() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://os.test", headers=headers) as client:
            return await talk(client)

    return asyncio.run(go())


def request(service: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """One request."""
    found: httpx.Response = ask(service, lambda client: client.request(method, path, **options))
    return found


class Served:
    """A server that runs."""

    def __init__(self, server: uvicorn.Server, port: int, thread: threading.Thread) -> None:
        self.server, self.port, self.thread = server, port, thread
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """Tell it to stop, as a signal does."""
        self.server.should_exit = True


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.002)


@contextmanager
def served(service: AgentOS | Any, listen: int = 0, **options: Any) -> Iterator[Served]:
    """The service on a port of this machine: any, or the one that is named. Requests are read as by `AgentOS.serve`."""
    app = service.get_app() if isinstance(service, AgentOS) else service
    with socket.socket() as kept:  # bound beside the server, so that nobody else is given the port before it listens
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", listen))
        port = kept.getsockname()[1]
        if sys.platform != "linux":
            kept.close()
        options = {"http": "h11", "lifespan": "on", **options}
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            _wait_for(server, thread)
            yield Served(server, port, thread)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


def app_of(*interfaces: Any) -> FastAPI:
    """An app with the routes of interfaces, and nothing of AgentOS."""
    app = FastAPI()
    for interface in interfaces:
        app.include_router(interface.get_router())
    return app


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    """Server-sent events: id, kind, data."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return found


def kinds(text: str) -> list[str]:
    """The kinds of the events."""
    return [kind for _, kind, _ in events(text)]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
