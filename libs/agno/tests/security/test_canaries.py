"""Secrets of a service, each a canary: in no response, no document, no log line and no stored row."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from security.tenants import routes_of
from security.whole_os import bearer, talk

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.postgres import PostgresDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.models.openai import OpenAIChat
from agno.os import AgentOS
from agno.os.interfaces.slack import Slack
from agno.os.interfaces.telegram import Telegram
from agno.os.interfaces.whatsapp import Whatsapp
from agno.os.middleware import JWTSettings
from agno.os.settings import AgnoAPISettings
from agno.team import Team
from agno.testing import ScriptedServer, fails, says
from agno.tracing import stop_tracing
from agno.vectordb.in_memory import InMemoryVectorDb
from agno.workflow import Step, Workflow

NAMES = ("model", "environment", "password", "token", "service", "slack", "telegram", "whatsapp", "embedder", "header")
CANARIES = {name: f"canary-of-the-{name}-0123456789abcdef" for name in NAMES}
ADMIN = bearer(jwt.encode({"sub": "root", "scopes": ["agent_os:admin"]}, CANARIES["token"], "HS256"))


def found_in(text: str) -> list[str]:
    return [name for name, canary in CANARIES.items() if canary in text]


@pytest.fixture
def urls() -> Iterator[list[str]]:
    """A provider that answers, and one that repeats the key which was wrong, as some do."""
    wrong = fails(401, f"Incorrect API key provided: {CANARIES['model']}")
    with ScriptedServer(says("Hello"), repeat=True) as right, ScriptedServer(wrong, repeat=True) as other:
        yield [right.openai_url, other.openai_url]


def service_of(url: str, wrong_url: str, db: Any) -> AgentOS:
    """Every place in which a secret is given."""
    lost = PostgresDb(f"postgresql+psycopg://agno:{CANARIES['password']}@127.0.0.1:9/agno", id="lost")
    headers = {"default_headers": {"X-Key": CANARIES["header"]}, "max_retries": 0}
    model = OpenAIChat(id="gpt", api_key=CANARIES["model"], base_url=url, **headers)
    from_environment = OpenAIChat(id="gpt", base_url=url, max_retries=0)
    embedder = OpenAIEmbedder(api_key=CANARIES["embedder"], base_url=url, delay_between_retries=0)
    knowledge = Knowledge(name="docs", vector_db=InMemoryVectorDb(embedder=embedder), contents_db=db)
    helper = Agent(id="helper", model=model, db=db, knowledge=knowledge)
    wrong = Agent(id="wrong", model=OpenAIChat(id="gpt", api_key=CANARIES["model"], base_url=wrong_url), db=db)
    far = Agent(id="far", model=from_environment, db=lost)
    crew = Team(id="crew", members=[helper], model=from_environment, db=db)
    flow = Workflow(id="flow", steps=[Step(name="s", agent=helper)], db=db)
    return AgentOS(
        agents=[helper, wrong, far], teams=[crew], workflows=[flow], tracing=True, db=db, prometheus=True,
        interfaces=[Slack(agent=helper, token=CANARIES["slack"], signing_secret=CANARIES["slack"]),
                    Telegram(agent=helper, token=CANARIES["telegram"], webhook_secret=CANARIES["telegram"]),
                    Whatsapp(agent=helper, access_token=CANARIES["whatsapp"], app_secret=CANARIES["whatsapp"],
                             verify_token=CANARIES["whatsapp"])],
        settings=AgnoAPISettings(os_security_key=CANARIES["service"]), authorization=True,
        authorization_config=JWTSettings(secret_key=CANARIES["token"], algorithm="HS256"),
    )  # fmt: skip


RUNS = ["/agents/helper/runs", "/agents/wrong/runs", "/agents/far/runs", "/teams/crew/runs", "/workflows/flow/runs"]


async def everything_asked(client: httpx.AsyncClient, service: AgentOS) -> list[tuple[str, str]]:
    """Each thing that can be asked, with its answer: runs that succeed and that fail, every route, and bad tokens."""
    heard: list[tuple[str, str]] = []

    async def ask(method: str, path: str, **options: Any) -> httpx.Response:
        answer = await client.request(method, path, headers=options.pop("headers", ADMIN), **options)
        heard.append((f"{method} {path} {options}", f"{answer.headers}{answer.text}"))
        return answer

    for path in RUNS:
        for mode in ("false", "true"):
            await ask("POST", path, data={"message": "hi", "stream": mode, "session_id": f"s-{path.split('/')[2]}"})
        for run in (await ask("GET", path)).json() or ():
            if isinstance(run, dict):
                await ask("GET", f"{path}/{run['run_id']}")
    await ask("POST", "/knowledge/content", data={"text_content": "tea"})
    for trace in (await ask("GET", "/traces")).json()["data"]:
        await ask("GET", f"/traces/{trace['trace_id']}")
    for name in ("s-helper", "s-wrong", "s-crew", "s-flow"):
        await ask("GET", f"/sessions/{name}", params={"db_id": "main"})
        await ask("GET", f"/sessions/{name}/runs", params={"db_id": "main"})
    for method, path in (one.split() for one in sorted(routes_of(service))):
        if method != "WS":
            known = path.replace("{agent_id}", "helper").replace("{team_id}", "crew").replace("{workflow_id}", "flow")
            for more in ({}, {"params": {"db_id": "main"}}, {"params": {"db_id": "lost"}}):
                if not (method == "GET" and known.endswith("/stream")):
                    await ask(method, known.replace("{", "").replace("}", ""), **more)
    for header in ("Bearer wrong", "Basic x", f"Bearer {'a' * 40}"):
        await ask("GET", "/agents", headers={"Authorization": header})
    return heard


def test_no_answer_no_log_and_no_stored_row_has_a_secret(
    urls: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARIES["environment"])
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="agno")
    db = InMemoryDb(id="main")
    try:
        service = service_of(*urls, db)
        heard = talk(service, lambda client: everything_asked(client, service))
        leaks = [(what, found) for what, text in heard if (found := found_in(text))]
        assert leaks == []
        assert found_in("\n".join(caplog.handler.format(record) for record in caplog.records)) == []
        assert found_in(json.dumps(db.__dict__, default=lambda value: getattr(value, "__dict__", str(value)))) == []
        shown = [service, service.guard, service.settings, service.tokens, *service.agents, *service.interfaces]
        assert found_in("".join(map(repr, [*shown, *(agent.model for agent in service.agents)]))) == []
    finally:
        stop_tracing()
