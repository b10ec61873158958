"""Slack, with its true SDK against a server of its Web API on this machine, and true signatures."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from chat_peer import Peer, as_json, careful_agent, until
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.responses import PlainTextResponse, Response

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.exceptions import CheckTrigger, InputCheckError
from agno.hooks import hook
from agno.media import Image
from agno.os import AgentOS
from agno.os.interfaces.slack import Slack
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools.function import ToolResult

from os_serving import Served, request, served

SECRET = "signing-secret"


class Workspace:
    """Slack and our service, each on its port."""

    def __init__(self, peer: Peer, service: Served) -> None:
        self.peer, self.service, self._sent = peer, service, 0
        self.requests: list[tuple[str, dict[str, str]]] = []  # as Slack sent them to us

    def post(self, path: str, body: str, **headers: str) -> httpx.Response:
        now = str(int(time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body)
        signed = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": str(signature), **headers}
        self.requests.append((body, signed))
        return httpx.post(f"{self.service.url}/slack/{path}", content=body, headers=signed, timeout=20)

    def event(self, event_id: str = "", **event: Any) -> httpx.Response:
        self._sent += 1
        event = {
            "type": "message",
            "channel": "D1",
            "channel_type": "im",
            "user": "U1",
            "ts": f"1.{self._sent}",
            **event,
        }
        body = {"type": "event_callback", "team_id": "T1", "event_id": event_id or f"Ev{self._sent}", "event": event}
        return self.post("events", json.dumps(body))

    def press(self, label: str, user: str = "U1", number: int = -1) -> httpx.Response:
        asked = [sent for sent in self.peer.of("chat.postMessage") if "blocks" in sent][number]
        buttons = as_json(asked["blocks"])[1]["elements"]
        button = next(one for one in buttons if one["text"]["text"] == label)
        self._sent += 1
        payload = {
            "type": "block_actions", "user": {"id": user}, "channel": {"id": asked["channel"]},
            "message": {"ts": "9.9", "thread_ts": asked["thread_ts"], "text": asked["text"]},
            "actions": [{**button, "action_ts": f"5.{self._sent}"}],
        }  # fmt: skip
        return self.post("interactions", urlencode({"payload": json.dumps(payload)}))

    def said(self) -> list[str]:
        """The texts of all new messages."""
        return [sent["text"] for sent in self.peer.of("chat.postMessage")]


def _slack() -> Peer:
    def answer(path: str, sent: dict[str, Any], number: int) -> Any:
        if path.startswith("/files/"):
            return PlainTextResponse("the figures")
        if path.endswith("getUploadURLExternal"):
            return {"ok": True, "upload_url": f"{peer.url}/upload/F9", "file_id": "F9"}
        if path.endswith("completeUploadExternal"):
            return {"ok": True, "files": [{"id": "F9"}]}
        return {"ok": True, "ts": f"100.{number}", "channel": sent.get("channel")}

    peer = Peer(answer)
    return peer


@contextmanager
def _workspace(agent: Any, **settings: Any) -> Iterator[Workspace]:
    with _slack().serving() as peer, _beside(peer, agent, **settings) as workspace:
        yield workspace


@contextmanager
def _beside(peer: Peer, agent: Any, lease: float = 60, **settings: Any) -> Iterator[Workspace]:
    client = WebClient("xoxb-token", base_url=f"{peer.url}/api/")
    slack = Slack(agent, client=client, signing_secret=SECRET, **{"stream_interval": 0.0, **settings})
    slack.inbox._lease = lease
    with served(AgentOS(agents=[agent], interfaces=[slack])) as service:
        yield Workspace(peer, service)


def _helper(*turns: Any, **settings: Any) -> Agent:
    return Agent(name="Helper", model=ScriptedModel(*turns), **settings)


@pytest.mark.parametrize("make_db", [lambda path: None, lambda path: SqliteDb(db_file=path)], ids=["memory", "sqlite"])
def test_a_conversation_from_a_question_over_an_approval_to_a_file_an_error_and_a_cancel(
    make_db: Any, tmp_path: Any
) -> None:
    agent, deleted, model = careful_agent(
        wants("delete", name="a.txt"), says("It is deleted."),
        says("I read it."), fails(RuntimeError("a secret of the server")), says("slow" * 50, pace=0.2),
        db=make_db(str(tmp_path / "x.db")),
    )  # fmt: skip
    with _workspace(agent) as slack:
        assert slack.event(text="Delete a.txt", ts="7.0").json() == {"status": "ok"}
        [asked] = slack.peer.wait_for("chat.postMessage")
        assert "The tool delete wants to run. Allow it?" in asked["text"] and "name: a.txt" in asked["text"]
        assert asked["thread_ts"] == "7.0" and deleted == []

        slack.press("Approve", user="U2")  # somebody else
        until(lambda: len(slack.said()) == 2)
        assert "not yours to answer" in slack.said()[1] and deleted == []

        assert slack.press("Approve").status_code == 200
        until(lambda: _shown(slack) == "It is deleted.")
        assert deleted == ["a.txt"]
        assert any("*Approve* (<@U1>)" in sent["text"] for sent in slack.peer.of("chat.update"))

        file = {"name": "a.csv", "mimetype": "text/csv", "url_private_download": f"{slack.peer.url}/files/F1"}
        slack.event(text="Read it", thread_ts="7.0", subtype="file_share", files=[file])
        until(lambda: _shown(slack) == "I read it.")
        assert ("/files/F1", "Bearer xoxb-token") in slack.peer.authorizations
        [read] = model.requests[2].messages[-1].files
        assert read.content == b"the figures" and read.filename == "a.csv"

        slack.event(text="And now?", thread_ts="7.0")
        until(lambda: "error id" in slack.said()[-1])
        assert "The run failed" in slack.said()[-1] and "secret" not in slack.said()[-1]

        slack.event(text="Take your time", thread_ts="7.0")
        until(lambda: slack.said()[-1].startswith("s"))
        slack.event(text="cancel", thread_ts="7.0")
        until(lambda: _shown(slack) == "Cancelled.")


def _shown(slack: Workspace) -> str:
    """What a reader sees last: new messages and edits in their order."""
    texts = [
        sent["text"] for path, sent in list(slack.peer.calls) if path.endswith(("chat.postMessage", "chat.update"))
    ]
    return texts[-1] if texts else ""


def test_an_answer_is_shown_while_it_grows_by_editing_one_message() -> None:
    with _workspace(_helper(says("one two three", pace=0.02))) as slack:
        slack.event(text="Count")
        until(lambda: _shown(slack) == "one two three")
        assert len(slack.said()) == 1 and len(slack.peer.of("chat.update")) >= 2
        assert all("one two three".startswith(sent["text"]) for sent in slack.peer.of("chat.update"))


def test_what_slack_sends_again_is_answered_once_also_by_another_worker(tmp_path: Any) -> None:
    db = SqliteDb(db_file=str(tmp_path / "x.db"))
    with _workspace(_helper("first", db=db), streaming=False) as slack:
        for _ in range(3):
            assert slack.event(event_id="Ev1", text="Hi", ts="3.0").status_code == 200
        until(lambda: slack.said() == ["first"])
        with _beside(
            slack.peer, _helper("second", db=SqliteDb(db_file=str(tmp_path / "x.db"))), streaming=False
        ) as other:
            other.event(event_id="Ev1", text="Hi", ts="3.0")
            other.event(text="New", ts="4.0")
            until(lambda: len(slack.said()) == 2)
    assert slack.said() == ["first", "second"]


def test_a_message_whose_worker_died_is_taken_up_after_the_restart(tmp_path: Any) -> None:
    path = str(tmp_path / "x.db")
    agent = _helper("Back again", db=SqliteDb(db_file=path))
    event = {"type": "message", "channel": "D1", "user": "U1", "ts": "8.0", "text": "Are you there?"}
    agent.set_id()
    agent.db.put_message(
        "slack:helper:T1:D1:8.0", "slack:helper", "D1:8.0", {"event": event}, worker="dead", lease_until=0
    )
    with _workspace(agent, streaming=False) as slack:
        until(lambda: slack.said() == ["Back again"])
        until(lambda: _open_rows(path) == 0)


def _open_rows(path: str) -> int:
    with sqlite3.connect(path) as connection:
        count: int = connection.execute("select count(*) from agno_inbox where phase = 'waiting'").fetchone()[0]
    connection.close()
    return count


def test_an_answer_that_could_not_be_delivered_is_delivered_later_without_a_second_run(tmp_path: Any) -> None:
    failures = iter([True])
    peer = Peer(
        lambda path, sent, number: Response(status_code=500) if next(failures, False) else {"ok": True, "ts": "1"}
    )
    agent = _helper("Only once", db=AsyncSqliteDb(db_file=str(tmp_path / "x.db")))
    with peer.serving(), _beside(peer, agent, lease=0.3, streaming=False) as slack:
        slack.event(text="Hi")
        peer.wait_for("chat.postMessage", 2)
        assert slack.said() == ["Only once"] * 2  # the first was refused
    assert len(agent.model.requests) == 1


def test_messages_of_one_thread_are_answered_in_their_order() -> None:
    with _workspace(_helper(says("first", latency=0.3), "second"), streaming=False) as slack:
        slack.event(text="1", ts="1.0")
        slack.event(text="2", ts="1.1", thread_ts="1.0")
        until(lambda: len(slack.said()) == 2)
        assert slack.said() == ["first", "second"]


def test_a_thread_is_a_session_of_the_person_who_began_it() -> None:
    db = InMemoryDb()
    with _workspace(_helper("one", "two", "three", db=db), streaming=False) as slack:
        for number, user in enumerate(["U1", "U1", "U2"]):
            slack.event(text="Hi", ts=f"5.{number}", thread_ts="5.0", user=user)
            until(lambda: len(slack.said()) == number + 1)  # noqa: B023
    assert len(db.get_session("5.0", user_id="U1").runs) == 2
    assert len(db.get_session("5.0:U2", user_id="U2").runs) == 1


def test_in_channels_it_answers_who_mentions_it_and_each_message_once() -> None:
    agent = Agent(name="Helper", model=ScriptedModel("Hello", repeat=True))
    with _workspace(agent, streaming=False) as slack:
        place = {"channel": "C1", "channel_type": "channel"}
        slack.event(text="among us", ts="1.0", **place)
        slack.event(text="<@B1> hi", ts="2.0", **place)
        slack.event(text="<@B1> hi", ts="2.0", type="app_mention", **place)
        slack.event(text="a bot", ts="3.0", bot_id="B2", **place)
        slack.event(text="edited", ts="4.0", subtype="message_changed", **place)
        slack.event(text="direct", ts="6.0")
        until(lambda: len(slack.said()) == 2)
    assert [message.messages[-1].content for message in agent.model.requests] == ["hi", "direct"]
    with _workspace(Agent(name="H", model=ScriptedModel("Hello", repeat=True)), reply_to_mentions_only=False) as slack:
        slack.event(text="among us", ts="1.0", **place)
        until(lambda: _shown(slack) == "Hello")


def test_a_long_answer_comes_in_numbered_parts_thoughts_first_and_nobody_is_called_to() -> None:
    with _workspace(_helper("x" * 90_000, thinks("Hm, yes", "<!channel> Fine")), streaming=False) as slack:
        slack.event(text="Much")
        until(lambda: len(slack.said()) == 3)
        assert [text[:6] for text in slack.said()] == ["[1/3] ", "[2/3] ", "[3/3] "]
        assert all(len(text) <= 40_000 for text in slack.said())
        assert "".join(text[6:] for text in slack.said()) == "x" * 90_000
        slack.event(text="Think")
        until(lambda: len(slack.said()) == 4)
        assert slack.said()[3] == "_Reasoning: Hm, yes_\n\n&lt;!channel> Fine"


def test_files_that_a_tool_made_are_uploaded_into_the_thread() -> None:
    def draw() -> ToolResult:
        """Draw."""
        return ToolResult(content="drawn", images=[Image(content=b"PNG", mime_type="image/png")])

    with _workspace(_helper(wants("draw"), "Here it is", tools=[draw]), streaming=False) as slack:
        slack.event(text="Draw", ts="1.5")
        [done] = slack.peer.wait_for("completeUploadExternal")
        assert done["thread_ts"] == "1.5" and slack.said() == ["Here it is"]
        [(_, sent)] = [call for call in slack.peer.calls if call[0].startswith("/upload")]
        assert sent["body"] == b"PNG"


def test_an_assistant_thread_shows_that_something_is_being_done() -> None:
    with _workspace(_helper("Hi"), loading_messages=["Looking..."]) as slack:
        slack.event(text="Hi", thread_ts="1.0")
        first, last = slack.peer.wait_for("assistant.threads.setStatus", 2)
        assert first["status"] == "is thinking..." and as_json(first["loading_messages"]) == ["Looking..."]
        assert last["status"] == "" and first["thread_ts"] == "1.0"


def test_what_a_guardrail_refuses_is_said_and_hooks_in_the_background_follow_the_answer() -> None:
    go, seen = threading.Event(), list[str]()

    def no_coffee(run_input: Any) -> None:
        if "coffee" in run_input.input_content:
            raise InputCheckError("We serve tea.", check_trigger=CheckTrigger.OFF_TOPIC)

    @hook(run_in_background=True)
    def note(run_output: Any) -> None:
        assert go.wait(60)
        seen.append(run_output.content)

    with _workspace(_helper(says("Here it is."), pre_hooks=[no_coffee], post_hooks=[note])) as slack:
        slack.event(text="A coffee, please")
        until(lambda: slack.said() == ["We serve tea."])
        slack.event(text="A tea, please")
        until(lambda: _shown(slack) == "Here it is.")
        assert seen == []
        go.set()
        until(lambda: seen == ["Here it is."])


def test_the_token_is_sent_to_nobody_but_slack() -> None:
    with _workspace(_helper(), streaming=False) as slack:
        file = {"name": "a", "url_private": "http://evil.test/x"}
        slack.event(text="Read", subtype="file_share", files=[file])
        until(lambda: len(slack.said()) == 1)
        assert "which is not Slack" in slack.said()[0]


def test_requests_without_a_good_signature_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    agent = _helper()
    service = AgentOS(agents=[agent], interfaces=[Slack(agent, signing_secret=SECRET)])
    now = int(time.time())

    def post(sent_at: Any, secret: str, service: AgentOS = service, body: str = "{}") -> tuple[int, str]:
        signature = SignatureVerifier(secret).generate_signature(timestamp=str(sent_at), body=body)
        headers = {"X-Slack-Request-Timestamp": str(sent_at), "X-Slack-Signature": str(signature)}
        found = request(service, "POST", "/slack/events", content=body, headers=headers)
        return found.status_code, found.json()

    assert request(service, "POST", "/slack/events", json={}).json()["detail"] == "Missing Slack headers"
    for sent_at, secret in ((now - 301, SECRET), (now, "other"), ("soon", SECRET), ("-1", SECRET)):
        assert post(sent_at, secret) == (403, {"detail": "Invalid signature"})
    assert post(now, SECRET, body='{"type":"url_verification","challenge":"abc"}') == (200, {"challenge": "abc"})
    assert post(now, SECRET, body="[]")[0] == post(now, SECRET, body="{")[0] == 400
    assert post(now, SECRET) == (200, {"status": "ok"})
    without = AgentOS(agents=[agent], interfaces=[Slack(agent)])
    assert post(now, SECRET, without) == (500, {"detail": "SLACK_SIGNING_SECRET is not set"})


# Beside an app of Slack's own framework ------------------------------------------------------------------------------


def _bolt(peer: Peer) -> App:
    client = WebClient("xoxb-token", base_url=f"{peer.url}/api/")
    known = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="B1", bot_id="B1", bot_token="xoxb-token")
    return App(client=client, signing_secret=SECRET, authorize=lambda **_: known, process_before_response=True)


def _forms(headers: dict[str, str], body: str) -> dict[str, str]:
    kind = "application/x-www-form-urlencoded" if body.startswith("payload=") else "application/json"
    return {**headers, "Content-Type": kind}


def test_bolt_and_this_service_take_and_refuse_the_same_requests() -> None:
    body, now = json.dumps({"type": "url_verification", "challenge": "c"}), int(time.time())
    app = AgentOS(agents=[_helper()], interfaces=[Slack(_helper(), signing_secret=SECRET)]).get_app()

    def signed(secret: str = SECRET, at: Any = now, what: str = body) -> dict[str, str]:
        signature = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=what)
        return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": str(signature)}

    with _slack().serving() as peer:
        bolt = _bolt(peer)
        for right, headers in [
            (True, signed()), (True, signed(at=now - 200)), (True, signed(at=now + 200)),
            (False, signed(at=now - 400)), (False, signed(at=now + 400)), (False, signed("another secret")),
            (False, signed(what=body + " ")), (False, {**signed(), "X-Slack-Signature": "v0="}), (False, {}),
            (False, {**signed(), "X-Slack-Signature": signed()["X-Slack-Signature"].replace("v0=", "v1=")}),
        ]:  # fmt: skip
            ours = request(app, "POST", "/slack/events", content=body, headers=headers)
            theirs = bolt.dispatch(BoltRequest(body=body, headers=_forms(headers, body)))
            assert (ours.status_code == 200, theirs.status == 200) == (right, right), headers
            if right:
                assert ours.json() == json.loads(theirs.body) == {"challenge": "c"}


def test_bolt_hears_the_same_message_and_the_same_button_and_answers_in_the_same_thread() -> None:
    agent, deleted, _ = careful_agent(wants("delete", name="a.txt"), says("It is deleted."))
    heard: list[Any] = []
    with _workspace(agent) as slack:
        bolt = _bolt(slack.peer)

        @bolt.event("message")
        def on_message(event: dict[str, Any], say: Any) -> None:
            heard.append((event["text"], event["user"]))
            say(text="From Bolt", thread_ts=event.get("thread_ts") or event["ts"])

        @bolt.action(re.compile("agno:.*"))
        def on_press(ack: Any, action: dict[str, Any], body: dict[str, Any]) -> None:
            ack()
            heard.append((action["text"]["text"], body["user"]["id"]))

        slack.event(text="Delete a.txt", ts="7.0")
        slack.peer.wait_for("chat.postMessage")
        slack.press("Approve")
        until(lambda: deleted == ["a.txt"])
        for body, headers in slack.requests:
            assert bolt.dispatch(BoltRequest(body=body, headers=_forms(headers, body))).status == 200
        sent = slack.peer.of("chat.postMessage")

    assert heard == [("Delete a.txt", "U1"), ("Approve", "U1")]
    places = {one["text"]: (one["channel"], one["thread_ts"]) for one in sent}
    assert set(places.values()) == {("D1", "7.0")} and "From Bolt" in places and len(places) > 1


def test_slack_needs_something_to_serve() -> None:
    with pytest.raises(ValueError, match="nothing to serve"):
        Slack()
