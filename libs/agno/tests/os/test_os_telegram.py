"""Telegram, with a server of the Bot API on this machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from chat_peer import Peer, careful_agent, until
from starlette.responses import JSONResponse, Response

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.media import File
from agno.os import AgentOS
from agno.os.interfaces.telegram import Telegram
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools.function import ToolResult

from os_serving import Served, request, served

SECRET, TOKEN = "webhook-secret", "123:bot-token"


class Person:
    """Somebody who writes to the bot, and our service."""

    def __init__(self, peer: Peer, service: Served) -> None:
        self.peer, self.service, self._sent = peer, service, 0

    def update(self, **update: Any) -> dict[str, Any]:
        self._sent += 1
        body = {"update_id": self._sent, **update}
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        found = httpx.post(f"{self.service.url}/telegram/webhook", json=body, headers=headers, timeout=20)
        answer: dict[str, Any] = found.json()
        return answer

    def write(self, text: str = "", user: int = 7, chat: int = 7, **more: Any) -> dict[str, Any]:
        text_of = {"text": text} if text else {}
        message = {"message_id": 1, "from": {"id": user, "is_bot": False}, "chat": {"id": chat}, **text_of, **more}
        return self.update(message=message)

    def press(self, label: str, user: int = 7) -> None:
        asked = [sent for sent in self.peer.of("sendMessage") if "reply_markup" in sent][-1]
        keys = [key for row in asked["reply_markup"]["inline_keyboard"] for key in row]
        data = next(key["callback_data"] for key in keys if key["text"] == label)
        assert len(data.encode()) <= 64
        message = {"message_id": 55, "chat": {"id": asked["chat_id"]}, "text": asked["text"]}
        self.update(callback_query={"id": "cb1", "from": {"id": user}, "message": message, "data": data})

    def said(self) -> list[str]:
        return [sent["text"] for sent in self.peer.of("sendMessage")]

    def shown(self) -> str:
        """What a reader sees last."""
        texts = [
            sent["text"] for path, sent in list(self.peer.calls) if path.endswith(("sendMessage", "editMessageText"))
        ]
        return texts[-1] if texts else ""


@contextmanager
def _person(agent: Any, limited: list[int] | None = None, **settings: Any) -> Iterator[Person]:
    def answer(path: str, sent: dict[str, Any], number: int) -> Any:
        if path.endswith("sendMessage") and limited:
            return JSONResponse({"ok": False, "parameters": {"retry_after": limited.pop()}}, 429)
        if path.endswith("getFile"):
            return {"ok": True, "result": {"file_path": "photos/p.jpg"}}
        if path == f"/file/bot{TOKEN}/photos/p.jpg":
            return Response(b"JPEG")
        return {"ok": True, "result": {"message_id": number}}

    with Peer(answer).serving() as peer:
        settings = {"token": TOKEN, "webhook_secret": SECRET, "base_url": peer.url, "stream_interval": 0.0, **settings}
        with served(AgentOS(agents=[agent], interfaces=[Telegram(agent, **settings)])) as service:
            yield Person(peer, service)


@pytest.mark.parametrize("make_db", [lambda path: None, lambda path: SqliteDb(db_file=path)], ids=["memory", "sqlite"])
def test_a_conversation_from_a_question_over_an_approval_to_a_file_an_error_and_a_cancel(
    make_db: Any, tmp_path: Any
) -> None:
    agent, deleted, model = careful_agent(
        wants("delete", name="a.txt"), says("It is deleted."),
        says("A cat."), fails(RuntimeError("a secret of the server")), says("slow" * 50, pace=0.2),
        db=make_db(str(tmp_path / "x.db")),
    )  # fmt: skip
    with _person(agent) as person:
        person.write("/start")
        until(lambda: person.said() and person.said()[0].startswith("Hello!"))
        assert person.write("Delete a.txt") == {"status": "ok"}
        until(lambda: "The tool delete wants to run" in person.shown())
        assert {"chat_id": 7, "action": "typing"} in person.peer.of("sendChatAction") and deleted == []

        person.press("Approve", user=8)
        until(lambda: "not yours" in person.shown())
        assert deleted == []

        person.press("Approve")
        until(lambda: person.shown() == "It is deleted.")
        assert deleted == ["a.txt"] and {"callback_query_id": "cb1"} in person.peer.of("answerCallbackQuery")
        assert any(sent["text"].endswith("→ Approve") for sent in person.peer.of("editMessageText"))

        person.write(caption="What is it?", photo=[{"file_id": "small"}, {"file_id": "large"}])
        until(lambda: person.shown() == "A cat.")
        asked = model.requests[2].messages[-1]
        assert asked.content == "What is it?" and asked.images[0].content == b"JPEG"
        assert person.peer.of("getFile") == [{"file_id": "large"}]

        person.write("And now?")
        until(lambda: "error id" in person.shown())
        assert "secret" not in person.shown()

        person.write("Take your time")
        until(lambda: person.shown().startswith("slow"))
        person.write("/cancel@helper_bot")
        until(lambda: person.shown() == "Cancelled.")


def test_an_answer_grows_in_one_message_and_a_long_one_has_parts() -> None:
    with _person(
        Agent(name="H", model=ScriptedModel(says("one two three", pace=0.02), "x" * 5_000, "\U0001f600" * 2_100))
    ) as person:
        person.write("Count")
        until(lambda: person.shown() == "one two three")
        assert len(person.said()) == 1 and len(person.peer.of("editMessageText")) >= 1
    with _person(Agent(name="H", model=ScriptedModel("x" * 5_000, "\U0001f600" * 2_100)), streaming=False) as person:
        person.write("Much")
        until(lambda: len(person.said()) == 2)
        person.write("Smile")
        until(lambda: len(person.said()) == 4)
        assert [text[:6] for text in person.said()] == ["[1/2] ", "[2/2] "] * 2
        assert all(len(text.encode("utf-16-le")) // 2 <= 4096 for text in person.said())


def test_topics_of_groups_are_sessions_files_are_sent_and_repetitions_are_known() -> None:
    def write_report() -> ToolResult:
        """Write."""
        return ToolResult(content="written", files=[File(content=b"a,b", filename="r.csv", mime_type="text/csv")])

    db = InMemoryDb()
    agent = Agent(name="H", model=ScriptedModel(wants("write_report"), "Here"), tools=[write_report], db=db)
    with _person(agent) as person:
        for _ in range(2):
            person._sent = 9
            person.write("Report", chat=-100, is_topic_message=True, message_thread_id=3)
        [sent] = person.peer.wait_for("sendDocument")
    assert sent["document"] == ("r.csv", b"a,b") and sent["message_thread_id"] == "3"
    assert len(db.get_session("tg:-100:3", user_id="7").runs) == 1


def test_it_waits_when_it_is_told_to_and_shows_the_token_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with _person(Agent(name="H", model=ScriptedModel("Hi")), limited=[0], streaming=False) as person:
        person.write("Hi")
        person.peer.wait_for("sendMessage", 2)
    assert "/bot***/sendMessage" in caplog.text and TOKEN not in caplog.text


def test_updates_without_the_secret_are_refused_and_others_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_WEBHOOK_SECRET_TOKEN", raising=False)
    agent = Agent(name="Helper", model=ScriptedModel())

    def post(secret: str | None, body: Any, **settings: Any) -> tuple[int, Any]:
        service = AgentOS(agents=[agent], interfaces=[Telegram(agent, token=TOKEN, **settings)])
        headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        found = request(service, "POST", "/telegram/webhook", content=json.dumps(body), headers=headers)
        return found.status_code, found.json()

    for wrong in (None, "", "other"):
        assert post(wrong, {}, webhook_secret=SECRET) == (403, {"detail": "Invalid secret token"})
    assert post("", {}) == (500, {"detail": "TELEGRAM_WEBHOOK_SECRET_TOKEN is not set"})
    assert post(SECRET, {"update_id": 1, "poll": {}}, webhook_secret=SECRET) == (200, {"status": "ignored"})
    assert post(SECRET, [], webhook_secret=SECRET)[0] == 400
    from_bot = {"message_id": 1, "from": {"id": 1, "is_bot": True}, "chat": {"id": 1}, "text": "x"}
    assert post(None, {"update_id": 1, "message": from_bot}, verify_secret=False) == (200, {"status": "ignored"})
