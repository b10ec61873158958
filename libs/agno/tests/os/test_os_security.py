"""Who may ask for what: the key, tokens, scopes, users apart from each other, limits."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import APIRouter
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from agno.db.in_memory import InMemoryDb
from agno.os._bodies import Limits
from agno.os._limiting import RateLimit
from agno.os._tokens import JWTSettings
from agno.os.interfaces.base import BaseInterface
from agno.os.middleware import JWTMiddleware
from agno.os.settings import AgnoAPISettings
from agno.workflow import Step, Workflow

from os_serving import agent, an_os, ask, events, request

SECRET = "a secret that is long enough for a hash"


def closed(**settings: Any) -> Any:
    return an_os(settings=AgnoAPISettings(os_security_key="the key"), **settings)


# The key -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "Authorization header required"),
        ("the key", "Invalid authorization header format. Expected 'Bearer <token>'"),
        ("Bearer ", "Invalid authorization header format. Expected 'Bearer <token>'"),
        ("Bearer wrong", "Invalid authentication token"),
        ("Bearer thé key", "Invalid authentication token"),
    ],
)
def test_without_the_key_nothing_is_shown(header: str | None, detail: str) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = request(closed(), "GET", "/agents", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_with_the_key_everything_is_shown_and_health_is_open() -> None:
    assert request(closed(), "GET", "/agents", headers={"Authorization": "Bearer the key"}).status_code == 200
    assert request(closed(), "GET", "/health").status_code == 200


def test_every_route_but_health_is_behind_the_key() -> None:
    class Echo(BaseInterface):
        type = "echo"

        def get_router(self, use_async: bool = True) -> APIRouter:
            router = APIRouter(prefix="/echo")
            router.add_api_route("/it", self.it, methods=["POST"])
            return router

        async def it(self) -> str:
            return "it"

    helper = agent()
    service = closed(agents=[helper], interfaces=[Echo(agent=helper)])
    found = 0
    for route in service.get_app().routes:
        for method in getattr(route, "methods", None) or ():
            path = route.path.replace("{", "").replace("}", "")
            if path in ("/health", "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
                continue
            found += 1
            assert request(service, method, path).status_code == 401, (method, path)
    assert found > 15


def test_the_key_is_read_when_the_service_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_SECURITY_KEY", "from outside")
    service = an_os()
    monkeypatch.delenv("OS_SECURITY_KEY")
    assert request(service, "GET", "/agents").status_code == 401
    assert request(service, "GET", "/agents", headers={"Authorization": "bearer from outside"}).status_code == 200


# Tokens --------------------------------------------------------------------------------------------------------------


def token(key: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    headers = {"kid": claims.pop("kid")} if "kid" in claims else None
    return jwt.encode({"sub": "ann", "exp": time.time() + 60, **claims}, key, algorithm, headers=headers)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def guarded(*, scoped: bool = False, **settings: Any) -> Any:
    """An AgentOS whose callers show tokens; scopes count only if `scoped`."""
    given = {"secret_key": SECRET, "algorithm": "HS256", **settings}
    if scoped:
        return an_os(authorization=True, authorization_config=JWTSettings(**given))
    service = an_os()
    service.get_app().add_middleware(JWTMiddleware, **given)
    return service


def status(service: Any, text: str | None, path: str = "/agents", method: str = "GET", **options: Any) -> int:
    return request(service, method, path, headers=bearer(text) if text else {}, **options).status_code


def test_a_token_lets_in_and_others_do_not() -> None:
    service = guarded()
    assert status(service, token()) == 200
    assert status(service, None) == 401
    assert status(service, token(key="x" * 40)) == 401
    assert status(service, token(exp=time.time() - 60)) == 401
    assert status(service, token(sub=None)) == 401
    assert status(service, "not.a.token") == 401
    assert status(service, jwt.encode({"sub": "ann"}, None, "none")) == 401
    assert status(service, None, "/health") == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_tokens_are_signed_with_public_keys(algorithm: str) -> None:
    private: Any = (
        rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    service = guarded(secret_key=None, verification_keys=[public.decode()], algorithm=algorithm)
    assert status(service, token(private, algorithm)) == 200
    assert status(service, token()) == 401  # a secret where a public key is meant


def test_keys_come_from_a_key_set(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private.public_key()))
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [{**key, "kid": "one", "alg": "ES256", "use": "sig"}]}))
    service = guarded(secret_key=None, jwks_file=path, algorithm="ES256")
    assert status(service, token(private, "ES256", kid="one")) == 200
    assert status(service, token(private, "ES256", kid="two")) == 401


def test_a_token_may_come_in_a_cookie() -> None:
    service = guarded(token_source="cookie", cookie_name="who")
    assert request(service, "GET", "/agents", headers={"Cookie": f"a=b; who={token()}"}).status_code == 200
    assert status(service, token()) == 401


def test_an_audience_is_asked_for_if_it_is_set() -> None:
    service = guarded(audience="shop")
    assert status(service, token(aud="shop")) == 200
    assert status(service, token(aud="other")) == 401 and status(service, token()) == 401
    assert status(guarded(), token(aud="whatever")) == 200


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secret_key": None}, "without a key"),
        ({"algorithm": "none"}, "cannot be used"),
        ({"algorithm": ["HS256", "RS256"]}, "mixes secrets"),
        ({"token_source": "query"}, "token_source"),
    ],
)
def test_settings_that_check_nothing_are_refused(settings: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        guarded(scoped=True, **settings)


def test_what_the_identity_brings_along_reaches_the_run() -> None:
    seen: dict[str, Any] = {}

    def look(session_state: dict[str, Any], dependencies: dict[str, Any]) -> str:
        seen.update(state=session_state.get("plan"), team=dependencies.get("team"))
        return "ok"

    from agno.testing import wants

    helper = agent(wants("look"), "done", tools=[look])
    service = an_os(agents=[helper])
    service.get_app().add_middleware(
        JWTMiddleware, secret_key=SECRET, algorithm="HS256", dependencies_claims=["team"], session_state_claims=["plan"]
    )
    form = {"message": "x", "dependencies": '{"team": "forged"}'}
    run = request(
        service,
        "POST",
        "/agents/helper/runs",
        data=form,
        headers=bearer(token(team="red", plan="gold", session_id="s9")),
    ).json()
    assert seen == {"state": "gold", "team": "red"} and run["session_id"] == "s9"


# Scopes --------------------------------------------------------------------------------------------------------------


def scoped(*scopes: str) -> str:
    return token(scopes=list(scopes))


RUN = {"method": "POST", "path": "/agents/helper/runs", "data": {"message": "hi"}}


@pytest.mark.parametrize(
    ("scopes", "reads", "runs"),
    [
        ([], 403, 403),
        (["agents:read"], 200, 403),
        (["agents:run"], 403, 200),
        (["agents:helper:run"], 403, 200),
        (["agents:other:run"], 403, 403),
        (["agents:*"], 200, 200),
        (["agent_os:admin"], 200, 200),
        (["teams:read", "teams:run"], 403, 403),
    ],
)
def test_scopes_say_what_a_caller_may_do(scopes: list[str], reads: int, runs: int) -> None:
    service = guarded(scoped=True)
    assert status(service, scoped(*scopes), "/agents/helper") == reads
    assert status(service, scoped(*scopes), **RUN) == runs


def test_a_list_shows_what_the_scopes_allow() -> None:
    agents = [agent(name="one"), agent(name="two")]
    service = an_os(
        agents=agents, authorization=True, authorization_config=JWTSettings(secret_key=SECRET, algorithm="HS256")
    )
    found = request(service, "GET", "/agents", headers=bearer(scoped("agents:two:read"))).json()
    assert [one["id"] for one in found] == ["two"]
    assert status(service, scoped("sessions:read")) == 403


def test_the_configuration_needs_a_scope_of_its_own() -> None:
    service = guarded(scoped=True)
    assert (status(service, scoped("agents:read"), "/config"), status(service, scoped("system:read"), "/config")) == (
        403,
        200,
    )


# Users ---------------------------------------------------------------------------------------------------------------


def test_users_do_not_see_or_touch_what_is_not_theirs() -> None:
    service = guarded()

    async def talk(client: httpx.AsyncClient) -> None:
        ann, bob = bearer(token()), bearer(token(sub="bob"))
        for kind, name in (("agents", "helper"), ("workflows", "flow")):
            base, form = (
                f"/{kind}/{name}/runs",
                {"message": "hi", "stream": "false", "user_id": "bob", "session_id": f"{kind}-s"},
            )
            run = (await client.post(base, data=form, headers=ann)).json()
            assert run.get("user_id", "ann") == "ann"
            place = f"{base}/{run['run_id']}"
            assert (await client.get(place, headers=ann)).status_code == 200
            attempts = [
                client.get(place, headers=bob),
                client.get(f"{place}?session_id={kind}-s", headers=bob),
                client.get(f"{place}/stream", headers=bob),
                client.post(f"{place}/resume", headers=bob),
                client.post(f"{place}/cancel", headers=bob),
                client.post(f"{place}/continue", data={"user_id": "ann"}, headers=bob),
                client.post(base, data=form, headers=bob),
                client.post(base, data={**form, "background": "true"}, headers=bob),
            ]
            assert [(await attempt).status_code for attempt in attempts] == [404] * len(attempts)
            assert (await client.get(base, headers=bob)).json() == []
            assert (await client.get(f"{base}?user_id=ann", headers=bob)).json() == []
            assert len((await client.get(base, headers=ann)).json()) == 1

    ask(service, talk)


def test_a_session_that_is_nobodys_is_not_a_users() -> None:
    db = InMemoryDb(id="main")
    helper = agent(db=db)
    helper.run("private", session_id="open")
    service = an_os(agents=[helper])
    service.get_app().add_middleware(JWTMiddleware, secret_key=SECRET, algorithm="HS256")
    form = {"message": "hi", "session_id": "open"}
    assert status(service, token(), "/agents/helper/runs", "POST", data=form) == 404


def test_events_that_another_user_follows_are_not_shown() -> None:
    service = guarded()

    async def talk(client: httpx.AsyncClient) -> Any:
        form = {"message": "hi", "stream": "true"}
        text = (await client.post("/agents/helper/runs", data=form, headers=bearer(token()))).text
        place = f"/agents/helper/runs/{events(text)[0][2]['run_id']}/stream"
        return [(await client.get(place, headers=bearer(token(sub=who)))).status_code for who in ("ann", "bob")]

    assert ask(service, talk) == [200, 404]


# Limits --------------------------------------------------------------------------------------------------------------


def test_bodies_and_files_that_are_too_large_are_refused() -> None:
    service = an_os(limits=Limits(body=2000, file=500))

    async def chunks() -> Any:
        for _ in range(40):
            yield b"message=" + b"x" * 100

    form = {"content-type": "application/x-www-form-urlencoded"}
    run = "/agents/helper/runs"
    assert request(service, "POST", run, data={"message": "x" * 3000}).status_code == 413
    assert request(service, "POST", run, content=chunks(), headers=form).status_code == 413
    large = {"files": ("a.txt", b"x" * 600, "text/plain")}
    assert request(service, "POST", run, data={"message": "x"}, files=large).status_code == 413


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    async def slow() -> Any:
        yield b"message="
        await asyncio.sleep(30)

    service = an_os(limits=Limits(seconds=0.05))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert request(service, "POST", "/agents/helper/runs", content=slow(), headers=headers).status_code == 408


def test_who_asks_too_often_has_to_wait() -> None:
    service = closed(rate_limit=RateLimit(2, seconds=60))

    async def talk(client: httpx.AsyncClient) -> Any:
        return [await client.get("/agents", headers={"Authorization": "Bearer the key"}) for _ in range(3)]

    answers = ask(service, talk)
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_guessing_the_key_is_limited_too() -> None:
    service = closed(rate_limit=RateLimit(2, seconds=60))

    async def talk(client: httpx.AsyncClient) -> Any:
        return [(await client.get("/agents", headers=bearer(str(n)))).status_code for n in range(4)]

    assert ask(service, talk) == [401, 401, 429, 429]


# Browsers ------------------------------------------------------------------------------------------------------------


def test_web_pages_of_others_may_not_send_forms() -> None:
    service = an_os()
    for origin, expected in (("https://evil.example", 403), ("null", 403), ("http://os.test", 200)):
        answer = request(service, "POST", "/agents/helper/runs", data={"message": "x"}, headers={"Origin": origin})
        assert answer.status_code == expected, origin
        assert "access-control-allow-origin" not in answer.headers


def test_web_pages_that_are_named_may_call() -> None:
    service = an_os(cors_allowed_origins=["https://app.example"])
    answer = request(
        service, "POST", "/agents/helper/runs", data={"message": "x"}, headers={"Origin": "https://app.example"}
    )
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "https://app.example"
    preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert request(service, "OPTIONS", "/agents/helper/runs", headers=preflight).status_code == 200


def test_web_pages_of_others_may_not_open_the_socket() -> None:
    client = TestClient(an_os().get_app())
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/workflows/ws", headers={"Origin": "https://evil.example"}),
    ):
        pass


# The socket ----------------------------------------------------------------------------------------------------------


def flow_os(**settings: Any) -> Any:
    db = InMemoryDb(id="main")
    return an_os(workflows=[Workflow(name="Flow", steps=[Step(name="s", agent=agent(db=db))], db=db)], **settings)


def heard(socket: Any, last: str) -> list[dict[str, Any]]:
    found = []
    while not found or found[-1]["event"] != last:
        found.append(socket.receive_json())
    return found


def test_a_workflow_runs_over_the_socket() -> None:
    with TestClient(flow_os().get_app()) as client, client.websocket_connect("/workflows/ws") as socket:
        assert socket.receive_json() == {"event": "connected", "message": "Connected to workflow events"}
        socket.send_json({"action": "ping"})
        assert socket.receive_json() == {"event": "pong"}
        socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "hi", "session_id": "s"})
        found = heard(socket, "WorkflowCompleted")
        assert [one["event_index"] for one in found] == list(range(len(found)))
        assert found[-1]["content"] == "Hello there" and found[-1]["session_id"] == "s"


def test_a_socket_that_comes_back_hears_what_it_missed() -> None:
    with TestClient(flow_os().get_app()) as client:
        with client.websocket_connect("/workflows/ws") as socket:
            socket.receive_json()
            socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "hi"})
            first = [socket.receive_json() for _ in range(3)]
        with client.websocket_connect("/workflows/ws") as socket:
            socket.receive_json()
            run_id = first[0]["run_id"]
            socket.send_json({"action": "reconnect", "run_id": run_id, "last_event_index": first[-1]["event_index"]})
            assert socket.receive_json()["event"] == "subscribed"
            rest = heard(socket, "WorkflowCompleted")
        assert [one["event_index"] for one in first + rest] == list(range(len(first) + len(rest)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no valid JSON"),
        ("[" * 5000, "no valid JSON"),
        ("[1]", "no JSON object"),
        ('{"action": "dance"}', "Unknown action 'dance'"),
        ('{"action": {}}', "Unknown action"),
        ('{"action": "start-workflow"}', "workflow_id is required"),
        ('{"action": "start-workflow", "workflow_id": "x"}', "Workflow x not found"),
        ('{"action": "start-workflow", "workflow_id": 5}', "valid string"),
        ('{"action": "reconnect"}', "run_id is required"),
        ('{"action": "reconnect", "run_id": "x"}', "Run x not found"),
        ('{"action": "cancel-workflow", "workflow_id": "flow", "run_id": "x"}', "Run x not found"),
    ],
)
def test_a_message_that_cannot_be_right_is_answered_and_the_socket_stays(text: str, words: str) -> None:
    with TestClient(flow_os().get_app()) as client, client.websocket_connect("/workflows/ws") as socket:
        socket.receive_json()
        socket.send_text(text)
        said = socket.receive_json()
        assert said["event"] == "error" and words in said["error"]
        socket.send_json({"action": "ping"})
        assert socket.receive_json() == {"event": "pong"}


def test_a_socket_says_who_it_is() -> None:
    service = flow_os(settings=AgnoAPISettings(os_security_key="the key"))
    with TestClient(service.get_app()) as client, client.websocket_connect("/workflows/ws") as socket:
        assert socket.receive_json()["requires_auth"] is True
        socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "hi"})
        assert socket.receive_json()["event"] == "auth_required"
        socket.send_json({"action": "authenticate", "token": "wrong"})
        assert socket.receive_json() == {"event": "auth_error", "error": "Invalid authentication token"}
        socket.send_json({"action": "authenticate", "token": "the key"})
        assert socket.receive_json()["event"] == "authenticated"
        socket.send_json({"action": "start-workflow", "workflow_id": "flow", "message": "hi"})
        assert heard(socket, "WorkflowCompleted")


def test_a_socket_with_a_wrong_header_is_not_opened() -> None:
    service = flow_os(settings=AgnoAPISettings(os_security_key="the key"))
    with TestClient(service.get_app()) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/workflows/ws", headers=bearer("wrong")):
            pass


def test_runs_of_a_socket_are_its_users() -> None:
    config = JWTSettings(secret_key=SECRET, algorithm="HS256")
    service = flow_os(authorization=True, authorization_config=config)

    def socket_of(client: TestClient, who: str, *scopes: str) -> Any:
        return client.websocket_connect("/workflows/ws", headers=bearer(token(sub=who, scopes=list(scopes))))

    start = {"action": "start-workflow", "workflow_id": "flow", "message": "hi", "session_id": "s"}
    with TestClient(service.get_app()) as client:
        with socket_of(client, "ann", "workflows:run") as socket:
            socket.receive_json()
            socket.send_json(start)
            run_id = heard(socket, "WorkflowCompleted")[0]["run_id"]
        with socket_of(client, "bob", "workflows:run") as socket:
            socket.receive_json()
            for message in (
                start,
                {"action": "reconnect", "run_id": run_id},
                {"action": "cancel-workflow", "workflow_id": "flow", "run_id": run_id},
            ):
                socket.send_json(message)
                assert "not found" in socket.receive_json()["error"]
        with socket_of(client, "ann", "agents:run") as socket:
            socket.receive_json()
            socket.send_json(start)
            assert "Insufficient permissions" in socket.receive_json()["error"]
