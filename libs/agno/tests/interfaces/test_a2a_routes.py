"""The routes of A2A: cards, keys, whom a message is for, and what is said about rubbish."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import httpx
import pytest
from interfaces.a2a_talking import agent_of, os_of

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.config import AgentOSConfig, ChatConfig
from agno.os.interfaces.a2a import A2A
from agno.os.settings import AgnoAPISettings
from agno.team import Team
from agno.testing import ScriptedModel, says
from agno.workflow import Step, Workflow

from os_serving import app_of, ask, request

CARD = "/.well-known/agent-card.json"
HELPER = "/a2a/agents/helper"
NEW = {"A2A-Version": "1.0"}


def look(where: str) -> str:
    """Looks somewhere."""
    return where


def all_kinds(**settings: Any) -> AgentOS:
    helper = Agent(name="Helper", description="Helps.", model=ScriptedModel("Hello", repeat=True), tools=[look])
    crew = Team(name="Crew", members=[helper], model=ScriptedModel("We greet you", repeat=True))
    flow = Workflow(name="Flow", steps=[Step(name="first", executor=lambda step_input: "flown")])
    return AgentOS(agents=[helper], teams=[crew], workflows=[flow], a2a_interface=True, **settings)


@cache
def shared() -> AgentOS:
    """One for all tests that change nothing of it."""
    return all_kinds()


def message(text: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": text}], **more}


def call(method: str = "message/send", **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


# Cards ---------------------------------------------------------------------------------------------------------------


def test_a_card_says_what_a_component_is_and_where_both_versions_reach_it() -> None:
    chat = ChatConfig(quick_prompts={"helper": ["Help me"]})
    service = all_kinds(version="3.1", config=AgentOSConfig(chat=chat))

    card = request(service, "GET", HELPER + CARD).json()

    assert (card["name"], card["description"], card["version"]) == ("Helper", "Helps.", "3.1")
    url = f"http://os.test{HELPER}"
    found = [(one["url"], one["protocolBinding"], one["protocolVersion"]) for one in card["supportedInterfaces"]]
    assert found[:2] == [(url, "JSONRPC", "1.0"), (f"{url}/v1", "HTTP+JSON", "1.0")]
    assert (card["url"], card["preferredTransport"], card["protocolVersion"]) == (url, "JSONRPC", "0.3")
    assert card["capabilities"] == {"streaming": True, "pushNotifications": False, "extendedAgentCard": True}
    assert [(one["id"], one["tags"], one["examples"]) for one in card["skills"]] == [("helper", ["agent"], ["Help me"])]
    assert "image/png" in card["defaultInputModes"] and "securitySchemes" not in card


@pytest.mark.parametrize(
    "path, skills",
    [
        ("agents/helper", {"helper", "tool:look"}),
        ("teams/crew", {"crew", "member:Helper"}),
        ("workflows/flow", {"flow", "step:first"}),
    ],
)
def test_the_extended_card_has_what_is_inside_in_either_version(path: str, skills: set[str]) -> None:
    service = shared()

    new = request(service, "GET", f"/a2a/{path}/v1/extendedAgentCard", headers=NEW).json()
    old = request(service, "GET", f"/a2a/{path}/v1/card").json()
    plain = request(service, "GET", f"/a2a/{path}{CARD}").json()

    assert {one["id"] for one in new["skills"]} == {one["id"] for one in old["skills"]} == skills
    assert len(plain["skills"]) == 1


def test_behind_a_key_the_card_names_it_and_is_not_shown_without() -> None:
    service = all_kinds(settings=AgnoAPISettings(os_security_key="k"))

    assert request(service, "GET", HELPER + CARD).status_code == 401
    card = request(service, "GET", HELPER + CARD, headers={"Authorization": "Bearer k"}).json()
    assert card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["scheme"] == "Bearer"
    assert card["security"] == [{"bearer": []}]


def test_a_service_behind_a_proxy_says_where_it_is() -> None:
    helper = agent_of(says("Hello"))
    service = AgentOS(agents=[helper], interfaces=[A2A([helper], prefix="/peers", base_url="https://example.com/x/")])

    card = request(service, "GET", f"/peers/agents/helper{CARD}").json()

    assert card["url"] == "https://example.com/x/peers/agents/helper"


def test_an_interface_serves_without_an_agent_os() -> None:
    app = app_of(A2A(agents=[agent_of(says("Hello"))]))

    task = request(app, "POST", HELPER, json=call(message=message())).json()["result"]

    assert task["artifacts"][0]["parts"] == [{"kind": "text", "text": "Hello"}]


def test_the_configuration_of_the_service_lists_it() -> None:
    shown = request(shared(), "GET", "/config").json()["interfaces"]

    assert [(one["type"], one["route"]) for one in shown] == [("a2a", "/a2a")]


def test_without_the_sdk_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("a2a.", "agno.os.interfaces.a2a"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "a2a", None)

    with pytest.raises(ImportError, match=r"pip install .*agno\[os,a2a\]"):
        all_kinds()


# Whom a message is for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more, headers, answer",
    [
        ({"metadata": {"agent_id": "helper"}}, {}, "Hello"),
        ({"agentId": "helper"}, {}, "Hello"),
        ({"metadata": {"team_id": "crew"}}, {}, "We greet you"),
        ({"metadata": {"workflowId": "flow"}}, {}, "flown"),
        ({}, {"X-Agent-ID": "helper"}, "Hello"),
    ],
)
def test_a_message_to_all_names_its_component(more: Any, headers: Any, answer: str) -> None:
    body = call(message=message(**more))

    task = request(shared(), "POST", "/a2a/message/send", json=body, headers=headers).json()["result"]

    assert task["status"]["state"] == "completed"
    assert task["artifacts"][0]["parts"][0]["text"] == answer


def test_where_one_component_is_served_it_need_not_be_named() -> None:
    service = os_of(agent_of(says("Hello")))

    answer = request(service, "POST", "/a2a/message/stream", json=call("message/stream", message=message()))

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"state":"completed"' in answer.text and '"final":true' in answer.text


@pytest.mark.parametrize("more, status", [({}, 422), ({"metadata": {"agent_id": "nobody"}}, 404)])
def test_a_message_to_nobody_is_refused(more: Any, status: int) -> None:
    answer = request(shared(), "POST", "/a2a/message/send", json=call(message=message(**more)))

    assert answer.status_code == status and isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("path", ["agents/nobody", "teams/helper", "workflows/crew"])
def test_an_unknown_component_is_not_found(path: str) -> None:
    for method, rest in (("GET", CARD), ("POST", ""), ("POST", "/v1/message:send"), ("GET", "/v1/tasks")):
        assert request(shared(), method, f"/a2a/{path}{rest}").status_code == 404


def test_two_components_with_one_id_are_refused() -> None:
    one, other = Agent(id="a", model=ScriptedModel()), Agent(id="a", model=ScriptedModel())
    with pytest.raises(ValueError, match="Two agents have the id 'a'"):
        A2A(agents=[one, other])
    with pytest.raises(ValueError, match="nothing to serve"):
        A2A()


def test_tasks_are_got_and_cancelled_by_an_id_in_the_body_too() -> None:
    service = shared()

    async def go(client: httpx.AsyncClient) -> Any:
        sent = (await client.post(f"{HELPER}/v1/message:send", json=call(message=message()))).json()["result"]
        by_id = await client.post(f"{HELPER}/v1/tasks:get", json={"id": sent["id"]}, headers=NEW)
        by_call = await client.post(f"{HELPER}/v1/tasks:get", json=call("tasks/get", id=sent["id"]))
        over = await client.post(f"{HELPER}/v1/tasks:cancel", json={"id": sent["id"]}, headers=NEW)
        return sent, by_id.json(), by_call.json(), over, await client.post(f"{HELPER}/v1/tasks:get", json={})

    sent, by_id, by_call, over, nothing = ask(service, go)

    assert by_id["id"] == by_call["result"]["id"] == sent["id"]
    assert over.status_code == 400 and over.json()["error"]["details"][0]["reason"] == "TASK_NOT_CANCELABLE"
    assert nothing.status_code == 422


# Rubbish -------------------------------------------------------------------------------------------------------------

BODIES = ["", "{bad", "[]", "7", '{"message": 3}', '{"message": {"messageId": "1", "role": "ROLE_USER"}}', '[{"jsonrpc": "2.0"}]',
          '{"jsonrpc": "2.0", "id": 1, "method": "nope"}', '{"jsonrpc": "2.0", "id": 1, "method": "message/send"}',
          '{"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": 7}}', '"\\ud800"', "[" * 5000]  # fmt: skip


@pytest.mark.parametrize("version", ["0.3", "1.0", "9.0", "x"])
def test_rubbish_gets_an_error_of_the_protocol_and_never_a_500(version: str) -> None:
    service = shared()

    async def go(client: httpx.AsyncClient) -> list[Any]:
        paths = (HELPER, f"{HELPER}/v1/message:send", f"{HELPER}/v1/message:stream")
        headers = {"A2A-Version": version, "Content-Type": "application/json"}
        return [await client.post(path, content=body, headers=headers) for path in paths for body in BODIES]

    for answer in ask(service, go):
        assert answer.status_code in (200, 400), answer.text
        assert answer.json()["error"]["message"] and "Traceback" not in answer.text
    assert service.runs.active == {}


def test_a_message_of_version_1_that_does_not_say_so_is_told() -> None:
    body = {"message": {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}

    answer = request(shared(), "POST", f"{HELPER}/v1/message:send", json=body)

    assert answer.status_code == 400 and "A2A-Version: 1.0" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "params", [{"pageToken": "x"}, {"pageSize": "0"}, {"pageSize": "101"}, {"historyLength": "-1"}]
)
def test_lists_with_wrong_limits_are_refused(params: Any) -> None:
    service = os_of(agent_of(db=InMemoryDb()))

    answer = request(service, "GET", f"{HELPER}/v1/tasks", params=params, headers=NEW)

    assert answer.status_code == 400


def test_push_notifications_are_refused_on_every_route() -> None:
    service, base = shared(), f"{HELPER}/v1/tasks/t/pushNotificationConfigs"
    body = {"url": "http://127.0.0.1/x", "pushNotificationConfig": {"url": "http://127.0.0.1/x"}}

    async def go(client: httpx.AsyncClient) -> list[Any]:
        tried = [("POST", base), ("GET", base), ("GET", f"{base}/p"), ("DELETE", f"{base}/p")]
        return [await client.request(m, path, headers=NEW, json=body if m == "POST" else None) for m, path in tried]

    answers = ask(service, go)

    assert [answer.status_code for answer in answers] == [400] * 4
    assert {answer.json()["error"]["details"][0]["reason"] for answer in answers} == {"PUSH_NOTIFICATION_NOT_SUPPORTED"}
