"""An AgentOS with everything on, and callers with true tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.os import AgentOS
from agno.os.interfaces.a2a import A2A
from agno.os.interfaces.agui import AGUI
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.os.middleware import JWTMiddleware, JWTSettings
from agno.team import Team
from agno.testing import ScriptedModel, wants
from agno.tools import tool
from agno.vectordb.in_memory import InMemoryVectorDb
from agno.workflow import Step, Workflow

SECRET = "a secret that is long enough for a hash"
EVERYTHING = (
    "agents",
    "teams",
    "workflows",
    "sessions",
    "memories",
    "schedules",
    "approvals",
    "learnings",
    "traces",
    "system",
)


@tool(requires_confirmation=True)
def launch() -> str:
    """Launch it."""
    return "launched"


def _interfaces(*agents: Agent) -> list[Any]:
    served = list(agents)
    return [AGUI(agent=agents[0]), OpenAIApi(agents=served), Vercel(agents=served, resumable=True)]


def whole(db: Any = None, **settings: Any) -> AgentOS:
    """Agents, a team, workflows, of which some ask before they act, knowledge, schedules, traces, numbers, interfaces."""
    db = db if db is not None else InMemoryDb(id="main")
    store = InMemoryVectorDb(embedder=HashingEmbedder())
    knowledge = Knowledge(name="docs", vector_db=store, contents_db=db)
    model = ScriptedModel("Hello there", repeat=True)
    helper = Agent(id="helper", name="Helper", model=model, db=db, knowledge=knowledge)
    asker = Agent(id="asker", name="Asker", model=ScriptedModel(wants("launch"), repeat=True), tools=[launch], db=db)
    crew = Team(id="crew", name="Crew", members=[helper], model=model, db=db)
    flow = Workflow(id="flow", name="Flow", steps=[Step(name="first", agent=helper)], db=db)
    gate = Workflow(id="gate", name="Gate", steps=[Step(name="first", agent=helper, requires_confirmation=True)], db=db)
    a2a = A2A(agents=[helper, asker], teams=[crew], workflows=[flow])
    given = {"interfaces": [*_interfaces(helper, asker), a2a], "db": db, "prometheus": True, **settings}
    return AgentOS(agents=[helper, asker], teams=[crew], workflows=[flow, gate], **given)


def jwt_os(db: Any = None, scoped: bool = False, **settings: Any) -> AgentOS:
    """The same for callers with tokens: as `authorization=True` with scopes, or behind `JWTMiddleware` without."""
    keys = {"secret_key": SECRET, "algorithm": "HS256"}
    if scoped:
        return whole(db, authorization=True, authorization_config=JWTSettings(**keys), **settings)
    service = whole(db, **settings)
    service.get_app().add_middleware(JWTMiddleware, **keys)
    return service


def token(user: str, key: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token with the scopes that a user of a product has; none for what operators do."""
    headers = claims.pop("headers", None)
    scopes = [f"{name}:*" for name in EVERYTHING]
    return jwt.encode({"sub": user, "exp": time.time() + 600, "scopes": scopes, **claims}, key, algorithm, headers)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def talk(service: Any, go: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """What `go(client)` gives, with a client of the app in this process. An error of the app is an answer."""
    app = service.get_app() if isinstance(service, AgentOS) else service

    async def run() -> Any:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://os.test") as client:
            return await go(client)

    return asyncio.run(run())


def request(service: Any, method: str, path: str, **options: Any) -> httpx.Response:
    found: httpx.Response = talk(service, lambda client: client.request(method, path, **options))
    return found


async def socket(app: Any, path: str, user: str, *messages: str) -> str:
    """All that a WebSocket of this user hears, after these messages and a ping that marks their end."""
    to_app: asyncio.Queue[Any] = asyncio.Queue()
    heard: list[str] = []
    for text in (*messages, '{"action": "ping"}'):
        to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive() -> Any:
        return {"type": "websocket.connect"} if not heard and not connected else await to_app.get()

    connected: list[bool] = []

    async def send(message: Any) -> None:
        connected.append(True)
        text = message.get("text", "")
        heard.append(text)
        if '"pong"' in text:
            for _ in range(100):  # what follows a run has its turn
                await asyncio.sleep(0)
            to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})

    headers = [(b"host", b"os.test"), (b"authorization", f"Bearer {user}".encode())]
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
             "scheme": "ws", "subprotocols": [], "client": ("127.0.0.1", 1), "server": ("os.test", 80)}  # fmt: skip
    await asyncio.wait_for(app({**scope, "asgi": {"version": "3.0"}}, receive, send), 20)
    return "\n".join(heard)
