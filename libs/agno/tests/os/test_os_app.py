"""The app: what it is made of, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from fastapi import APIRouter, FastAPI

import agno.os
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.config import AgentOSConfig, ChatConfig
from agno.os.interfaces.a2a import A2A
from agno.os.interfaces.base import BaseInterface
from agno.os.middleware import JWTSettings
from agno.os.settings import AgnoAPISettings
from agno.team import Team
from agno.workflow import Step, Workflow

from os_serving import agent, an_os, request, served

SECRET = "a secret of at least 32 characters"


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> Any:
        raise ModuleNotFoundError("No module named 'fastapi.routing'", name="fastapi.routing")

    monkeypatch.setattr(agno.os, "import_module", missing)
    with pytest.raises(ImportError, match=r"AgentOS needs the package 'fastapi': pip install 'agno\[os\]'"):
        agno.os.__getattr__("AgentOS")


def test_without_anything_to_serve_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one of agents=, teams= and workflows="):
        AgentOS(name="empty")


def test_the_app_is_made_once() -> None:
    service = an_os()
    app = service.get_app()
    paths = [route.path for route in service.get_routes()]
    assert service.get_app() is app and len(paths) == len(service.get_routes())
    assert paths.count("/health") == 1


def test_both_spellings_of_settings_mean_the_same() -> None:
    base = FastAPI()
    old = an_os(os_id="one", fastapi_app=base)
    new = an_os(id="one", base_app=base)
    assert (old.os_id, old.base_app) == (new.id, new.base_app) == ("one", base)
    with pytest.raises(ValueError, match="os_id= and id= are the same setting"):
        an_os(os_id="one", id="two")


def test_components_get_ids_and_keep_their_events() -> None:
    member = agent(name="The Member")
    team = Team(members=[member], name="My Team", model=agent().model)
    service = an_os(teams=[team])
    assert (team.id, member.id) == ("my-team", "the-member")
    assert team.store_events and member.store_events
    assert an_os(agents=[agent(store_events=False)]).agents[0].store_events is False
    assert service.components.team("my-team") is team


def test_two_components_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="Two agents have the id 'helper'"):
        an_os(agents=[agent(), agent()])


def test_it_says_what_it_serves() -> None:
    service = an_os(name="Shop", os_id="shop", version="3.1")
    config = request(service, "GET", "/config").json()
    assert config["os_id"] == "shop" and config["name"] == "Shop" and config["databases"] == ["main"]
    assert config["agents"] == [{"id": "helper", "name": "Helper", "db_id": "main"}]
    assert config["available_models"] == []
    assert config["session"] == {"dbs": [{"db_id": "main", "domain_config": {"display_name": "Sessions"}}]}
    assert request(service, "GET", "/models").json() == [{"id": "scripted", "provider": "Scripted"}]
    assert request(service, "GET", "/health").json() == {"status": "ok"}
    assert request(service, "GET", "/").json()["name"] == "Shop"
    assert request(service, "GET", "/info").json()["version"] == "3.1"


def test_several_databases_are_named_in_the_configuration() -> None:
    agents = [agent(name=name, db=InMemoryDb(id=name)) for name in ("a", "b")]
    config = request(an_os(agents=agents), "GET", "/config").json()
    shown = {domain: config[domain]["dbs"][1]["domain_config"]["display_name"] for domain in ("memory", "knowledge")}
    assert shown == {"memory": "Memory in database 'b'", "knowledge": "Knowledge in database b"}


def test_a_configuration_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "os.yaml"
    path.write_text(
        "available_models: [m1]\nchat:\n  quick_prompts:\n    helper: [Hi, Bye]\n"
        "memory:\n  display_name: Facts\n  dbs:\n    - db_id: main\n      domain_config: {display_name: Mine}\n"
    )
    config = request(an_os(config=str(path)), "GET", "/config").json()
    assert config["available_models"] == ["m1"] and config["chat"]["quick_prompts"]["helper"] == ["Hi", "Bye"]
    assert config["memory"] == {
        "display_name": "Facts",
        "dbs": [{"db_id": "main", "domain_config": {"display_name": "Mine"}}],
    }


@pytest.mark.parametrize(
    ("name", "text", "words"), [("a.json", "{}", "must end with .yaml"), ("a.yml", "colour: red", "colour")]
)
def test_a_configuration_that_cannot_be_used_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=words):
        an_os(config=tmp_path / name)


def test_more_than_three_quick_prompts_are_refused() -> None:
    with pytest.raises(ValueError, match="has 4 prompts"):
        AgentOSConfig(chat=ChatConfig(quick_prompts={"a": ["1", "2", "3", "4"]}))


def test_an_agent_is_described_without_what_has_its_default() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    shown = agent(tools=[add], instructions="Be brief", num_history_runs=5, retries=2, db=InMemoryDb(id="main"))
    found = request(an_os(agents=[shown]), "GET", "/agents/helper").json()
    assert found["tools"]["tools"][0]["name"] == "add"
    assert found["sessions"] == {"num_history_runs": 5, "session_table": "agno_sessions"}
    assert found["system_message"] == {"instructions": "Be brief"} and found["response_settings"] == {"retries": 2}
    assert found["model"] == {"name": "ScriptedModel", "model": "scripted", "provider": "Scripted"}
    assert "memory" not in found and "reasoning" not in found


def test_a_workflow_is_described_with_who_works_in_it() -> None:
    def count(step_input: Any) -> str:
        return "1"

    flow = Workflow(name="Flow", steps=[Step(name="think", agent=agent()), count])
    found = request(an_os(workflows=[flow]), "GET", "/workflows/flow").json()
    assert [step["name"] for step in found["steps"]] == ["think", "count"]
    assert found["steps"][0]["agent"]["id"] == "helper"


def test_a_team_shows_its_members() -> None:
    inner = Team(members=[agent(name="deep")], name="inner", model=agent().model)
    team = Team(members=[inner, agent()], name="outer", model=agent().model)
    found = request(an_os(teams=[team]), "GET", "/teams/outer").json()
    assert [member["id"] for member in found["members"]] == ["inner", "helper"]
    assert found["members"][0]["members"][0]["id"] == "deep"


def test_what_is_not_there_is_said_so() -> None:
    service = an_os()
    for kind in ("agent", "team", "workflow"):
        answer = request(service, "GET", f"/{kind}s/nobody")
        assert (answer.status_code, answer.json()) == (404, {"detail": f"{kind.title()} not found"})


# A given app ---------------------------------------------------------------------------------------------------------


def base_app() -> FastAPI:
    app = FastAPI(title="Mine")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "mine"}

    @app.get("/own")
    async def own() -> str:
        return "own"

    return app


@pytest.mark.parametrize(("choice", "health"), [("preserve_agentos", "ok"), ("preserve_base_app", "mine")])
def test_routes_are_added_to_a_given_app(choice: Any, health: str) -> None:
    app = base_app()
    service = an_os(base_app=app, on_route_conflict=choice)
    assert service.get_app() is app
    assert request(app, "GET", "/health").json() == {"status": health}
    assert request(app, "GET", "/own").json() == "own"
    assert request(app, "GET", "/agents/helper").status_code == 200


def test_a_conflict_of_routes_may_be_an_error() -> None:
    with pytest.raises(ValueError, match="have the route '/health'"):
        an_os(base_app=base_app(), on_route_conflict="error").get_app()


def test_the_key_guards_routes_of_agentos_and_not_those_of_a_given_app() -> None:
    service = an_os(base_app=base_app(), settings=AgnoAPISettings(os_security_key="k"))
    assert request(service, "GET", "/own").status_code == 200
    assert request(service, "GET", "/agents").status_code == 401


def test_two_agentos_in_one_app_are_refused() -> None:
    app = base_app()
    an_os(base_app=app).get_app()
    with pytest.raises(ValueError, match=r"has an AgentOS already.*app.mount\('/shop', shop_os.get_app\(\)\)"):
        an_os(base_app=app).get_app()


_LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
_MCP = {"accept": "application/json, text/event-stream"}


def test_several_agentos_are_mounted_in_one_app_each_with_its_prefix() -> None:
    helper = agent()
    shop = an_os(name="Shop", agents=[helper], enable_mcp=True, interfaces=[A2A(agents=[helper])])
    desk = an_os(name="Desk")

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with shop.running(), desk.running():
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/shop", shop.get_app())
    app.mount("/desk", desk.get_app())
    with served(app) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        assert [client.get(f"/{one}/config").json()["name"] for one in ("shop", "desk")] == ["Shop", "Desk"]
        run = client.post("/desk/agents/helper/runs", data={"message": "hi"}).json()
        assert run["content"] == "Hello there" and client.get("/openapi.json").json()["paths"] == {}
        assert client.post("/shop/mcp", json=_LIST, headers=_MCP).json()["result"]["tools"]
        card = client.get("/shop/a2a/agents/helper/.well-known/agent-card.json").json()
        assert card["supportedInterfaces"][0]["url"] == f"{server.url}/shop/a2a/agents/helper"


def test_behind_a_prefix_that_a_proxy_takes_off_links_have_it_and_scopes_are_those_of_the_rest() -> None:
    helper = agent()
    config = JWTSettings(secret_key=SECRET, algorithm="HS256")
    service = an_os(agents=[helper], interfaces=[A2A(agents=[helper])], authorization=True, authorization_config=config)

    def as_one_who(*scopes: str) -> dict[str, str]:
        token = jwt.encode({"sub": "ann", "scopes": list(scopes)}, SECRET, algorithm="HS256")
        return {"authorization": f"Bearer {token}"}

    with served(service, root_path="/shop") as server, httpx.Client(base_url=server.url, timeout=20) as client:
        assert client.get("/agents", headers=as_one_who("agents:read")).status_code == 200
        assert client.get("/agents", headers=as_one_who("teams:read")).status_code == 403
        path = "/a2a/agents/helper/.well-known/agent-card.json"
        card = client.get(path, headers=as_one_who("agents:read")).json()
        assert card["supportedInterfaces"][0]["url"] == f"{server.url}/shop/a2a/agents/helper"


def test_mcp_in_an_app_that_is_mounted_and_not_running_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.mount("/shop", an_os(enable_mcp=True).get_app())
    answer = request(app, "POST", "/shop/mcp", json=_LIST, headers=_MCP)
    assert answer.status_code == 500 and "agent_os.running()" in caplog.text


# Lifespan ------------------------------------------------------------------------------------------------------------


def test_lifespans_are_nested() -> None:
    order: list[str] = []

    def span(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
            order.append(f"open {name}")
            yield {name: "there"}
            order.append(f"close {name}")

        return lifespan

    app = FastAPI(lifespan=span("base"))
    service = an_os(base_app=app, lifespan=span("own"))
    with served(service):
        assert order == ["open base", "open own"]
    assert order[2:] == ["close own", "close base"]


def test_mcp_tools_are_connected_while_it_serves() -> None:
    from agno.tools.mcp import MCPTools

    class Fake(MCPTools):
        log: list[str]

        async def connect(self) -> None:
            self.log.append("connect")

        async def close(self) -> None:
            self.log.append("close")

    tools = Fake(command="python3 -V")
    tools.log = []
    team = Team(members=[agent(tools=[tools])], name="t", model=agent().model)
    service = an_os(teams=[team])

    async def live() -> None:
        app = service.get_app()
        async with app.router.lifespan_context(app):
            assert tools.log == ["connect"]

    asyncio.run(live())
    assert tools.log == ["connect", "close"]


def test_an_interface_of_agno_2_0_that_does_not_call_the_constructor_is_served() -> None:
    class Echo(BaseInterface):
        type = "echo"

        def __init__(self, agent: Any) -> None:
            self.agent = agent

        def get_router(self, use_async: bool = True, **options: Any) -> APIRouter:
            self.router = APIRouter(prefix="/echo")
            self.router.add_api_route("/{text}", self.answer)
            return self.router

        async def answer(self, text: str) -> Any:
            return (await self.agent.arun(text)).content

    helper = agent()
    service = an_os(agents=[helper], interfaces=[Echo(helper)])
    assert request(service, "GET", "/echo/hi").json() == "Hello there"
    assert request(service, "GET", "/config").json()["interfaces"] == [{"type": "echo", "version": "1.0", "route": "/"}]


# Serving -------------------------------------------------------------------------------------------------------------


def test_it_is_not_served_to_others_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.append(options))
    service = an_os()
    with pytest.raises(ValueError, match="there is no key"):
        service.serve(service.get_app(), host="0.0.0.0")
    service.serve(service.get_app())
    service.serve(service.get_app(), host="0.0.0.0", insecure=True)
    closed = an_os(settings=AgnoAPISettings(os_security_key="k"))
    closed.serve(closed.get_app(), host="0.0.0.0", port=1)
    assert [one["host"] for one in started] == ["localhost", "0.0.0.0", "0.0.0.0"]


def test_requests_are_read_by_h11_which_limits_headers_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.append(options))
    service = an_os()
    service.serve(service.get_app())
    service.serve(service.get_app(), http="httptools")
    assert [one["http"] for one in started] == ["h11", "httptools"]


def test_several_workers_need_the_app_as_a_text() -> None:
    service = an_os()
    with pytest.raises(ValueError, match="'my_module:app'"):
        service.serve(service.get_app(), workers=2)


def test_a_banner_says_where_and_for_whom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("uvicorn.run", lambda app, **options: None)
    service = an_os(name="Shop")
    service.serve(service.get_app())
    said = capsys.readouterr().out
    assert "Shop: 1 agent, 1 workflow" in said and "http://localhost:7777" in said and "OS_SECURITY_KEY" in said
    assert "https://os.agno.com" in said
