"""WhatsApp: true signatures, and a server of the Graph API on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from chat_peer import Peer, careful_agent, until
from starlette.responses import Response

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.media import Image
from agno.os import AgentOS
from agno.os.interfaces.whatsapp import Whatsapp
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools.function import ToolResult

from os_serving import Served, request, served

SECRET = "app-secret"


def _signed(body: str, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


class Phone:
    """A phone with WhatsApp, and our service."""

    def __init__(self, peer: Peer, service: Served) -> None:
        self.peer, self.service, self._sent = peer, service, 0

    def send(self, kind: str, content: dict[str, Any], phone: str = "491", key: str = "", number: str = "42") -> Any:
        self._sent += 1
        message = {"from": phone, "id": key or f"wamid.{self._sent}", "type": kind, kind: content}
        value = {"metadata": {"phone_number_id": number}, "messages": [message]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})
        found = httpx.post(f"{self.service.url}/whatsapp/webhook", content=body, headers=_signed(body), timeout=20)
        return found.json()

    def write(self, text: str, **more: Any) -> Any:
        return self.send("text", {"body": text}, **more)

    def press(self, label: str, phone: str = "491") -> None:
        asked = [sent for sent in self.messages() if sent["type"] == "interactive"][-1]
        reply = next(
            one["reply"] for one in asked["interactive"]["action"]["buttons"] if one["reply"]["title"] == label
        )
        self.send("interactive", {"type": "button_reply", "button_reply": reply}, phone=phone)

    def messages(self) -> list[dict[str, Any]]:
        return [sent for sent in self.peer.of("/42/messages") if "type" in sent]

    def said(self) -> list[str]:
        return [sent["text"]["body"] for sent in self.messages() if sent["type"] == "text"]


@contextmanager
def _phone(agent: Any, **settings: Any) -> Iterator[Phone]:
    def answer(path: str, sent: dict[str, Any], number: int) -> Any:
        if path == "/M1":
            return {"url": settings.get("media_url") or f"{peer.url}/bytes", "mime_type": "image/jpeg"}
        if path == "/bytes":
            return Response(b"JPEG")
        return {"id": "stored"} if path.endswith("/media") else {"messages": [{"id": "wamid.x"}]}

    peer = Peer(answer)
    with peer.serving():
        chat = Whatsapp(
            agent, access_token="EAA", phone_number_id="42", verify_token="v", app_secret=SECRET, base_url=peer.url
        )
        with served(AgentOS(agents=[agent], interfaces=[chat])) as service:
            yield Phone(peer, service)


@pytest.mark.parametrize("make_db", [lambda path: None, lambda path: SqliteDb(db_file=path)], ids=["memory", "sqlite"])
def test_a_conversation_from_a_question_over_an_approval_to_a_file_an_error_and_a_cancel(
    make_db: Any, tmp_path: Any
) -> None:
    agent, deleted, model = careful_agent(
        wants("delete", name="a.txt"), says("It is deleted."),
        says("A cat."), fails(RuntimeError("a secret of the server")), says("slow" * 50, pace=0.2),
        db=make_db(str(tmp_path / "x.db")),
    )  # fmt: skip
    with _phone(agent) as phone:
        assert phone.write("Delete a.txt") == {"status": "processing"}
        until(lambda: len(phone.messages()) == 1)
        [asked] = phone.messages()
        assert "The tool delete wants to run" in asked["interactive"]["body"]["text"] and asked["to"] == "491"
        [seen] = [sent for sent in phone.peer.of("/42/messages") if sent.get("status") == "read"]
        assert seen["message_id"] == "wamid.1" and seen["typing_indicator"] == {"type": "text"}

        phone.press("Approve", phone="666")
        until(lambda: len(phone.said()) == 1)
        assert deleted == [] and phone.messages()[-1]["to"] == "666"

        phone.press("Approve")
        until(lambda: phone.said()[-1] == "It is deleted.")
        assert deleted == ["a.txt"]

        phone.send("image", {"id": "M1", "mime_type": "image/jpeg", "caption": "What is it?"})
        until(lambda: phone.said()[-1] == "A cat.")
        asked_model = model.requests[2].messages[-1]
        assert asked_model.content == "What is it?" and asked_model.images[0].content == b"JPEG"
        assert ("/bytes", "Bearer EAA") in phone.peer.authorizations

        phone.write("And now?")
        until(lambda: "error id" in phone.said()[-1])
        assert "secret" not in phone.said()[-1]

        phone.write("Take your time")
        until(lambda: len(model.requests) == 5)
        phone.write("Cancel")
        until(lambda: phone.said()[-1] == "Cancelled.")


def test_a_confirmation_may_be_given_in_words() -> None:
    agent, deleted, _ = careful_agent(wants("delete", name="a"), says("Left as it is."), db=InMemoryDb())
    with _phone(agent) as phone:
        phone.write("Delete a")
        until(lambda: len(phone.messages()) == 1)
        phone.write("No!")
        until(lambda: phone.said() == ["Left as it is."])
    assert deleted == []


def test_long_answers_are_sent_in_parts_and_each_phone_has_its_session_and_repetitions_are_known() -> None:
    db = InMemoryDb()
    agent = Agent(name="Helper", model=ScriptedModel("x" * 9_000, "short"), db=db)
    with _phone(agent) as phone:
        for _ in range(3):
            phone.write("Much", key="wamid.same")
        until(lambda: len(phone.said()) == 3)
        phone.write("Other number", number="43")
        phone.write("Hi", phone="492")
        until(lambda: len(phone.said()) == 4)
    assert [text[:6] for text in phone.said()[:3]] == ["[1/3] ", "[2/3] ", "[3/3] "]
    assert all(len(text) <= 4096 for text in phone.said()) and phone.said()[3] == "short"
    assert [db.get_session(f"wa:{one}").user_id for one in ("491", "492")] == ["491", "492"]


def test_images_of_a_run_are_uploaded_and_sent() -> None:
    def draw() -> ToolResult:
        """Draw."""
        return ToolResult(content="drawn", images=[Image(content=b"PNG", mime_type="image/png")])

    with _phone(Agent(name="Helper", model=ScriptedModel(wants("draw"), "Here it is"), tools=[draw])) as phone:
        phone.write("Draw")
        until(lambda: phone.messages()[-1:] and phone.messages()[-1]["type"] == "image")
        [upload] = phone.peer.of("/42/media")
        assert upload["file"][1] == b"PNG" and upload["type"] == "image/png"
        assert phone.messages()[-1]["image"] == {"id": "stored"} and phone.said() == ["Here it is"]


def test_the_token_is_sent_to_nobody_but_meta_and_other_kinds_are_named() -> None:
    with _phone(Agent(name="Helper", model=ScriptedModel()), media_url="http://evil.test/x") as phone:
        phone.send("image", {"id": "M1"})
        until(lambda: len(phone.said()) == 1)
        phone.send("location", {"latitude": 1})
        until(lambda: len(phone.said()) == 2)
    assert "not Meta" in phone.said()[0] and "cannot be read" in phone.said()[1]


def test_the_webhook_is_verified_and_wrong_signatures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VERIFY_TOKEN", "APP_SECRET"):
        monkeypatch.delenv(f"WHATSAPP_{name}", raising=False)
    agent = Agent(name="Helper", model=ScriptedModel())
    bare = AgentOS(agents=[agent], interfaces=[Whatsapp(agent)])
    service = AgentOS(agents=[agent], interfaces=[Whatsapp(agent, verify_token="v", app_secret=SECRET)])

    def verify(service: AgentOS = service, **query: str) -> tuple[int, str]:
        found = request(
            service, "GET", "/whatsapp/webhook", params={f"hub.{key}": value for key, value in query.items()}
        )
        return found.status_code, found.text

    assert verify(mode="subscribe", verify_token="v", challenge="77") == (200, "77")
    assert verify(bare)[0] == 500 and "WHATSAPP_VERIFY_TOKEN is not set" in verify(bare)[1]
    assert verify(mode="subscribe", verify_token="v")[0] == 400
    for query in ({"mode": "subscribe", "verify_token": "w"}, {"mode": "x", "verify_token": "v"}, {}):
        assert verify(challenge="77", **query)[0] == 403

    def post(body: str, secret: str, service: AgentOS = service) -> httpx.Response:
        return request(service, "POST", "/whatsapp/webhook", content=body, headers=_signed(body, secret))

    assert post('{"object": "page"}', SECRET).json() == {"status": "ignored"}
    assert post("{}", "other").json() == {"detail": "Invalid signature"}
    assert request(service, "POST", "/whatsapp/webhook", content="{}").status_code == 403
    monkeypatch.setenv("APP_ENV", "development")  # what switched it off in Agno 2.0
    assert post("{}", "other").status_code == 403
    assert post("{}", SECRET, bare).json() == {"detail": "WHATSAPP_APP_SECRET is not set"}
    assert request(service, "GET", "/whatsapp/status").json() == {"status": "available"}
