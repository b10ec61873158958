"""Clients of /mcp that get their tokens by OAuth: the true client, and an authorization server of the same SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import httpx2
import jwt
import pytest
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.provider import AuthorizationCode, construct_redirect_uri
from mcp.server.auth.routes import create_auth_routes
from mcp.server.auth.settings import ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientMetadata, OAuthToken
from ports import free_port
from pydantic import AnyHttpUrl, AnyUrl, ConfigDict, TypeAdapter
from starlette.applications import Starlette

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS, MCPAuth, MCPConfig
from agno.os.middleware import JWTSettings
from agno.testing import ScriptedModel, says

from os_serving import served

SECRET = "a secret of at least 32 characters"
_EXACT = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))
SCOPES = ["mcp:write", "agents:run"]


class Issuer:
    """An authorization server: whoever asks is ann."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.codes: dict[str, AuthorizationCode] = {}

    async def get_client(self, client_id: str) -> Any:
        return self.clients.get(client_id)

    async def register_client(self, client_info: Any) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: Any, params: Any) -> str:
        code = AuthorizationCode(
            code=uuid4().hex, expires_at=time.time() + 60, client_id=client.client_id, scopes=params.scopes or [],
            **{name: getattr(params, name) for name in
               ("code_challenge", "redirect_uri", "redirect_uri_provided_explicitly", "resource")},
        )  # fmt: skip
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, client: Any, authorization_code: str) -> Any:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client: Any, authorization_code: AuthorizationCode) -> OAuthToken:
        claims = {"sub": "ann", "scopes": authorization_code.scopes, "aud": authorization_code.resource}
        token = jwt.encode(claims, SECRET, algorithm="HS256")
        return OAuthToken(access_token=token, scope=" ".join(authorization_code.scopes))


class Storage:
    """What a client keeps."""

    tokens = client_info = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client_info

    async def set_client_info(self, client_info: Any) -> None:
        self.client_info = client_info


@contextmanager
def issuing() -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES, default_scopes=SCOPES)
    issuer: Any = Issuer()
    routes = create_auth_routes(issuer, _EXACT.validate_python(url), client_registration_options=options)
    with served(Starlette(routes=routes), listen=port):
        yield url


def an_os(db: InMemoryDb, resource_url: str, *issuers: str, **settings: Any) -> AgentOS:
    clerk = Agent(id="clerk", model=ScriptedModel(says("At nine."), repeat=True), db=db)
    config = JWTSettings(secret_key=SECRET, algorithm="HS256", audience=resource_url)
    auth = MCPAuth(resource_url, issuers, SCOPES)
    return AgentOS(
        agents=[clerk], enable_mcp=True, mcp_auth=auth, authorization=True, authorization_config=config, **settings
    )


async def talk(url: str, storage: Storage) -> Any:
    seen: dict[str, Any] = {}

    async def browse(address: str) -> None:
        async with httpx2.AsyncClient(timeout=30) as browser:
            seen["back"] = (await browser.get(address)).headers["location"]

    async def back() -> AuthorizationCodeResult:
        found = {name: values[0] for name, values in parse_qs(urlsplit(seen["back"]).query).items()}
        return AuthorizationCodeResult(
            **{name: found[name] for name in AuthorizationCodeResult.__annotations__ if name in found}
        )

    metadata = OAuthClientMetadata(redirect_uris=[AnyUrl("http://localhost:1/back")], client_name="A client")
    auth = OAuthClientProvider(url, metadata, storage, browse, back)  # type: ignore[arg-type]
    async with (
        httpx2.AsyncClient(auth=auth, timeout=30) as http,
        streamable_http_client(url, http_client=http) as streams,
        ClientSession(*streams[:2]) as session,
    ):
        await session.initialize()
        return await session.call_tool("run_agent", {"agent_id": "clerk", "message": "When?"})


def test_a_client_finds_where_to_get_its_token_and_is_that_user() -> None:
    db, port, storage = InMemoryDb(), free_port(), Storage()
    url = f"http://127.0.0.1:{port}/mcp"
    with issuing() as issuer, served(an_os(db, url, issuer), listen=port):
        found = asyncio.run(talk(url, storage))
        refused = httpx.post(url, json={}, timeout=20)
        [address] = [part.split('"')[1] for part in [refused.headers["www-authenticate"]]]
        metadata = httpx.get(address, timeout=20)
        other = httpx.get(f"http://127.0.0.1:{port}/agents", timeout=20)

    assert found.structured_content["content"] == "At nine."
    assert db.get_session(found.structured_content["session_id"], "agent").user_id == "ann"
    assert refused.status_code == 401 and metadata.status_code == 200
    assert (metadata.json()["resource"], metadata.json()["authorization_servers"]) == (url, [issuer])
    assert metadata.json()["scopes_supported"] == SCOPES
    assert other.headers["www-authenticate"] == "Bearer", "only clients of /mcp are sent there"


def test_a_token_for_another_service_is_refused() -> None:
    resource = "http://os.test/mcp"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with served(an_os(InMemoryDb(), resource, "https://issuer.test")) as server:
        for audience, status in (("http://other.test/mcp", 401), (resource, 200)):
            claims = {"sub": "ann", "scopes": SCOPES, "aud": audience}
            headers = {"authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
            headers["accept"] = "application/json, text/event-stream"
            assert httpx.post(f"{server.url}/mcp", json=body, headers=headers, timeout=20).status_code == status


def listed(service: AgentOS) -> list[str]:
    async def go(url: str) -> list[str]:
        async with streamable_http_client(url) as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            return [tool.name for tool in (await session.list_tools()).tools]

    with served(service) as server:
        return asyncio.run(go(f"{server.url}/mcp"))


def test_a_server_of_ones_own_gets_the_tools_that_are_chosen_and_keeps_its_own() -> None:
    own = MCPServer(name="Mine")

    @own.tool()
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    clerk = Agent(id="clerk", model=ScriptedModel(says("At nine.")))
    service = AgentOS(agents=[clerk], mcp_server=own, mcp_config=MCPConfig(tools=["run_agent"]))
    assert listed(service) == ["add", "run_agent"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mcp_config": MCPConfig()}, "mcp_config= is only looked at with enable_mcp=True"),
        ({"mcp_server": False, "mcp_auth": MCPAuth("https://a", [])}, "mcp_auth= is only looked at with"),
        ({"mcp_server": True, "mcp_auth": MCPAuth("https://a/mcp", [])}, "needs authorization=True and JWTSettings"),
        ({"mcp_server": True, "mcp_config": MCPConfig(tools=["fly"])}, "names 'fly'; the tools of AgentOS are get_"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(settings: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AgentOS(agents=[Agent(id="clerk", model=ScriptedModel("x"))], **settings).get_app()


def test_what_is_no_server_and_what_is_no_address_is_refused() -> None:
    with pytest.raises(TypeError, match="mcp_server= is True, False or an MCPServer"):
        AgentOS(agents=[Agent(id="clerk", model=ScriptedModel("x"))], mcp_server="yes")
    with pytest.raises(ValueError, match="MCPAuth names 'issuer', which is no URL"):
        an_os(InMemoryDb(), "https://os.test/mcp", "issuer").get_app()
