"""Who asks and what comes back: tokens, browsers, words of errors, secrets, calls outwards. A test for each line of the list."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import socket as sockets
import time
from typing import Any
from uuid import uuid4

import pytest
from security.whole_os import SECRET, bearer, jwt_os, request, token, whole
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.exceptions import InputCheckError
from agno.models.openai import OpenAIChat
from agno.os import AgentOS, _guard
from agno.os.middleware import JWTMiddleware
from agno.os.settings import AgnoAPISettings
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, wants
from agno.tracing import stop_tracing
from agno.workflow import Loop, Parallel, Step, StepInput, StepOutput, Workflow

from os_serving import served

KEY = "sk-this-must-never-be-seen"


# Tokens --------------------------------------------------------------------------------------------------------------


def _unsigned(algorithm: str) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part({'sub': 'ann', 'exp': time.time() + 60})}."


FORGED = {
    "none": _unsigned("none"),
    "NoNe": _unsigned("NoNe"),
    "no signature": _unsigned("HS256"),
    "another key": token("ann", key="x" * 40),
    "another algorithm": token("ann", key=SECRET * 2, algorithm="HS512"),
    "the same key, another algorithm": token("ann", algorithm="HS512"),
    "expired": token("ann", exp=time.time() - 60),
    "not yet": token("ann", nbf=time.time() + 600),
    "nobody": token(""),
    "kid of a file": token("ann", key="k" * 40, headers={"kid": "/dev/null"}),
    "kid of an injection": token("ann", key="k" * 40, headers={"kid": "x' UNION SELECT 'k"}),
    "a key that it brings along": token("ann", key="k" * 40, headers={"jwk": {"kty": "oct", "k": "a2s"}}),
    "a place of keys": token("ann", key="k" * 40, headers={"jku": "http://127.0.0.1:9/keys"}),
}  # fmt: skip


@pytest.fixture(scope="module", params=[False, True], ids=["middleware", "authorization"])
def guarded(request: pytest.FixtureRequest) -> AgentOS:
    """An AgentOS that asks for tokens."""
    return jwt_os(scoped=request.param)


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_refused(how: str, guarded: AgentOS) -> None:
    assert request(guarded, "GET", "/agents", headers=bearer(FORGED[how])).status_code == 401


def test_a_token_for_another_audience_or_of_another_issuer_is_refused() -> None:
    service = whole()
    service.get_app().add_middleware(JWTMiddleware, secret_key=SECRET, algorithm="HS256", audience="us", issuer="we")
    for claims, status in (({"aud": "us", "iss": "we"}, 200), ({"aud": "them", "iss": "we"}, 401),
                           ({"aud": "us", "iss": "they"}, 401), ({}, 401)):  # fmt: skip
        assert request(service, "GET", "/agents", headers=bearer(token("ann", **claims))).status_code == status


def test_a_public_key_is_no_secret() -> None:
    with pytest.raises(ValueError, match="mixes secrets"):
        JWTMiddleware(whole().get_app(), secret_key=SECRET, algorithm=["HS256", "RS256"])


def test_the_key_is_compared_in_constant_time() -> None:
    tree = ast.parse(inspect.getsource(_guard))
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "compare_digest"]
    equal = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and "key" in ast.unparse(node)
             and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In))]  # fmt: skip
    headers = [node for node in equal if ast.unparse(node) not in ("SCOPE_KEY not in scope",)]
    assert compared and not headers


# Browsers ------------------------------------------------------------------------------------------------------------


def test_only_web_pages_that_are_named_may_read_and_send() -> None:
    service = whole(cors_allowed_origins=["https://app.example"])
    for origin, allowed in (("https://app.example", True), ("https://evil.example", False), ("null", False)):
        ask = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
        assert (
            "access-control-allow-origin" in request(service, "OPTIONS", "/sessions", headers=ask).headers
        ) is allowed
        read = request(service, "GET", "/sessions", headers={"Origin": origin})
        assert ("access-control-allow-origin" in read.headers) is allowed
        sent = request(service, "POST", "/agents/helper/runs", data={"message": "x"}, headers={"Origin": origin})
        assert (sent.status_code == 200) is allowed


def test_without_named_pages_none_may() -> None:
    answer = request(whole(), "GET", "/sessions", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://os.test.evil.example"])
def test_a_foreign_page_cannot_open_the_socket(origin: str) -> None:
    client = TestClient(whole().get_app())
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/workflows/ws", headers={"Origin": origin}):
        pass


def test_html_in_a_prompt_comes_back_as_json_only() -> None:
    html = "<script>alert(1)</script>"
    service = whole()
    answers = [
        request(service, "POST", "/agents/helper/runs", data={"message": html, "stream": "false", "session_id": html}),
        request(service, "GET", "/sessions"),
        request(service, "GET", f"/sessions/{html.replace('/', '')}"),
        request(service, "GET", "/agents/<b>x"),
        request(service, "POST", "/agents/helper/runs", data={"stream": html, "message": "x"}),
        request(service, "POST", "/workflows/flow/runs", data={"message": html}),
    ]
    for answer in answers:
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in ("application/json", "text/event-stream"), answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


# What is said --------------------------------------------------------------------------------------------------------


def secretive() -> AgentOS:
    """A service whose model, key, tokens and failures hold a secret."""
    db = InMemoryDb(id="main")
    shy = Agent(id="shy", model=OpenAIChat(id="gpt", api_key=KEY, base_url="http://127.0.0.1:9"), db=db)
    broken = Agent(id="broken", model=ScriptedModel(fails(RuntimeError(f"at 10.0.0.5 with {KEY}")), repeat=True), db=db)
    settings = AgnoAPISettings(os_security_key=KEY)
    return AgentOS(agents=[shy, broken], settings=settings, tracing=True)


def test_no_answer_and_no_log_has_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    service = secretive()
    try:
        for path in (
            "/",
            "/info",
            "/config",
            "/models",
            "/agents",
            "/agents/shy",
            "/openapi.json",
            "/sessions",
            "/traces",
        ):
            answer = request(service, "GET", path, headers=bearer(KEY))
            assert answer.status_code == 200 and KEY not in answer.text, path
        for header in ("Bearer wrong", "Basic x"):
            assert KEY not in request(service, "GET", "/agents", headers={"Authorization": header}).text
        assert KEY not in "\n".join(record.getMessage() for record in caplog.records)
        assert KEY not in repr(service.guard) and KEY not in repr(service.agents)
    finally:
        stop_tracing()


def test_an_error_says_nothing_of_what_is_inside() -> None:
    try:
        service = secretive()
        for stream in ("false", "true"):
            form = {"message": "hi", "stream": stream}
            answer = request(service, "POST", "/agents/broken/runs", data=form, headers=bearer(KEY))
            assert KEY not in answer.text and "10.0.0.5" not in answer.text and "Traceback" not in answer.text, (
                answer.text
            )
    finally:
        stop_tracing()


INSIDE = "db7.internal refused"


def broken_os() -> AgentOS:
    """An agent, teams and workflows that fail, each in its own way."""

    def boom(step_input: StepInput) -> str:
        raise OSError(INSIDE)

    def model(*turns: Any) -> ScriptedModel:
        return ScriptedModel(*turns, repeat=True)

    db, down = InMemoryDb(), model(fails(ConnectionError(INSIDE)))
    asks = wants("delegate_task_to_member", member_id="member", task_description="look")
    member = Agent(name="member", model=down)
    silent = {"stream_member_events": False, "store_member_responses": False}
    function = Step(name="works", executor=boom, max_retries=0)
    return AgentOS(
        agents=[Agent(name="alone", model=down, db=db)],
        teams=[
            Team(name="led", members=[member], model=model(asks, says("It is out of order.")), db=db),
            Team(name="quiet", members=[member], model=model(asks, says("It is out of order.")), db=db, **silent),
            Team(name="leading", members=[Agent(name="idle")], model=down, db=db),
        ],
        workflows=[
            Workflow(name="function", steps=[function], db=db),
            Workflow(name="skipping", steps=[Step(name="s", executor=boom, max_retries=0, on_error="skip")], db=db),
            Workflow(name="asking", steps=[Step(name="s", executor=boom, max_retries=0, on_error="pause")], db=db),
            Workflow(name="agent", steps=[Step(name="s", agent=member, max_retries=0)], db=db),
            Workflow(name="nested", steps=[Parallel(Loop([function], max_iterations=1), name="p")], db=db),
            Workflow(name="whole", steps=lambda workflow, execution_input: boom(execution_input), db=db),
        ],
    )


@pytest.mark.parametrize("stream", ["true", "false"])
def test_what_an_exception_says_is_in_no_answer_and_in_the_log(stream: str, caplog: pytest.LogCaptureFixture) -> None:
    service = broken_os()
    for kind in ("agents", "teams", "workflows"):
        for component in getattr(service, kind):
            caplog.clear()
            run, session = str(uuid4()), f"{component.id}-{stream}"
            form = {"message": "hi", "stream": stream, "run_id": run, "session_id": session}
            answers = [request(service, "POST", f"/{kind}/{component.id}/runs", data=form)]
            assert INSIDE in caplog.text, component.id
            of = {"type": kind[:-1]}
            for path in (
                f"/{kind}/{component.id}/runs/{run}",
                f"/{kind}/{component.id}/runs",
                f"/sessions/{session}/runs",
                f"/sessions/{session}",
                f"/sessions/{session}/runs/{run}",
            ):
                answers.append(request(service, "GET", path, params=of))
                assert answers[-1].status_code == 200, (path, answers[-1].text)
            for answer in answers:
                assert INSIDE not in answer.text, (component.id, str(answer.url), answer.text)
            assert "The run failed." in answers[1].text or component.id == "quiet"


def test_an_exception_without_words_is_a_sentence_and_empty_texts_stay_empty() -> None:
    model = ScriptedModel(fails(OSError()), repeat=True)
    service = AgentOS(agents=[Agent(name="a", model=model, session_state={"note": ""}, db=InMemoryDb())])
    run = str(uuid4())
    streamed = request(service, "POST", "/agents/a/runs", data={"message": "hi", "stream": "true", "run_id": run})
    assert streamed.text.count("The run failed.") == 1
    stored = request(service, "GET", f"/agents/a/runs/{run}").json()
    assert stored["content"].startswith("The run failed.") and stored["session_state"] == {"note": ""}


def test_what_is_meant_for_the_caller_is_said_in_steps_and_by_members_too() -> None:
    def refuse(run_input: Any) -> None:
        raise InputCheckError("Not about money, please.")

    def own_words(step_input: StepInput) -> StepOutput:
        return StepOutput(content="-", success=False, error="The stock is empty.")

    careful, db = Agent(name="careful", model=ScriptedModel(), pre_hooks=[refuse]), InMemoryDb()
    service = AgentOS(
        workflows=[
            Workflow(name="agent", steps=[Step(name="s", agent=careful, max_retries=0)], db=db),
            Workflow(name="own", steps=[Step(name="s", executor=own_words, on_error="fail")], db=db),
        ]
    )
    for name, words in (("agent", "Not about money, please."), ("own", "The stock is empty.")):
        for stream in ("true", "false"):
            answer = request(service, "POST", f"/workflows/{name}/runs", data={"message": "hi", "stream": stream})
            assert words in answer.text and "error id" not in answer.text, answer.text


# Outwards ------------------------------------------------------------------------------------------------------------


def test_nothing_is_called_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    real, looked = sockets.socket.connect, sockets.getaddrinfo

    def watched(self: Any, address: Any) -> Any:
        called.append(address)
        return real(self, address)

    def asked(host: Any, *args: Any, **more: Any) -> Any:
        called.append(("name", host))
        return looked(host, *args, **more)

    monkeypatch.setattr(sockets.socket, "connect", watched)
    monkeypatch.setattr(sockets, "getaddrinfo", asked)
    service = whole(telemetry=True, scheduler=True)
    with served(service) as server:
        import http.client

        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        for path in ("/", "/config", "/agents", "/sessions"):
            connection.request("GET", path)
            assert connection.getresponse().read()
        body = "message=hi&stream=false"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/agents/helper/runs", body, kind)
        assert b"Hello there" in connection.getresponse().read()
        connection.close()
    port = server.port
    foreign = [one for one in called if one not in (("127.0.0.1", port), ("name", "127.0.0.1"))]
    assert foreign == []
