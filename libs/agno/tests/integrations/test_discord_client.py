"""Discord, with the true discord.py against a gateway and a REST API on this machine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import discord
import pytest
import yarl
from chat_peer import Peer, careful_agent, until
from discord.gateway import DiscordWebSocket
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.integrations.discord import DiscordClient
from agno.media import Image
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools.function import ToolResult

BOT, GUILD, TEXT, DIRECT = 1, 10, 11, 12
NOW = "2026-01-01T00:00:00+00:00"


def _user(key: int, bot: bool = False) -> dict[str, Any]:
    return {
        "id": str(key),
        "username": f"user{key}",
        "discriminator": "0",
        "avatar": None,
        "global_name": None,
        "bot": bot,
    }


def _thread(key: str, name: str) -> dict[str, Any]:
    meta = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": NOW, "locked": False}
    return {
        "id": key, "type": 11, "guild_id": str(GUILD), "parent_id": str(TEXT), "owner_id": str(BOT), "name": name,
        "last_message_id": None, "message_count": 0, "member_count": 1, "rate_limit_per_user": 0, "thread_metadata": meta,
    }  # fmt: skip


_GUILD = {
    "id": str(GUILD), "name": "Guild", "owner_id": "7", "member_count": 1, "large": False, "features": [], "emojis": [],
    "stickers": [], "threads": [], "voice_states": [], "presences": [], "members": [], "stage_instances": [],
    "guild_scheduled_events": [], "soundboard_sounds": [], "verification_level": 0, "mfa_level": 0, "nsfw_level": 0,
    "default_message_notifications": 0, "explicit_content_filter": 0, "premium_tier": 0, "preferred_locale": "en-US",
    "roles": [{"id": str(GUILD), "name": "@everyone", "permissions": "8", "position": 0, "color": 0, "hoist": False,
               "managed": False, "mentionable": False, "colors": {"primary_color": 0}}],
    "channels": [{"id": str(TEXT), "type": 0, "name": "general", "position": 0, "permission_overwrites": [], "nsfw": False}],
}  # fmt: skip
_DIRECT = {"id": str(DIRECT), "type": 1, "recipients": [_user(7)], "last_message_id": None}


class Server:
    """Discord: the gateway tells the bot what happens, the REST API is where it speaks."""

    def __init__(self) -> None:
        self.peer = Peer(self._answer)
        self._next, self._sequence = 1000, 0
        self._socket: WebSocket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # What the bot asks -----------------------------------------------------------------------------------------------

    def _answer(self, path: str, sent: dict[str, Any], number: int) -> Any:
        end = path.rsplit("/", 1)[-1]
        if path.endswith("/oauth2/applications/@me"):
            facts = {"id": "99", "name": "app", "description": "", "icon": None, "bot_public": True, "flags": 0}
            return {**facts, "bot_require_code_grant": False, "verify_key": "", "owner": _user(7)}
        if path.endswith("/users/@me"):
            return _user(BOT, bot=True)
        if path.startswith("/cdn/"):
            return Response(b"a,b", media_type="text/csv")
        if end == "threads":
            return _thread(path.split("/")[-2], sent["name"])
        if end == "callback":
            return {"interaction": {"id": path.split("/")[-3], "type": 3}}
        if end == "typing":
            return Response(status_code=204)
        if "payload_json" in sent:
            sent.update(json.loads(sent["payload_json"]))
        channel = path.split("/channels/")[-1].split("/")[0]
        return self._message(BOT, channel, sent.get("content") or "", bot=True)

    # What happens ----------------------------------------------------------------------------------------------------

    def _message(self, user: int, channel: Any, text: str, bot: bool = False, **more: Any) -> dict[str, Any]:
        self._next += 1
        return {
            "id": str(self._next), "channel_id": str(channel), "author": _user(user, bot), "content": text, "timestamp": NOW,
            "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [],
            "attachments": [], "embeds": [], "pinned": False, "type": 0, "components": [], **more,
        }  # fmt: skip

    async def gateway(self, socket: WebSocket) -> None:
        await socket.accept()
        self._socket, self._loop = socket, asyncio.get_running_loop()
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}})
        try:
            while True:
                given = await socket.receive_json()
                if given["op"] == 2:
                    await self._begin()
                elif given["op"] == 1:
                    await socket.send_json({"op": 11})
        except (WebSocketDisconnect, RuntimeError):
            return

    async def _begin(self) -> None:
        ready = {
            "v": 10, "user": _user(BOT, bot=True), "guilds": [], "session_id": "s",
            "resume_gateway_url": self.peer.url.replace("http", "ws") + "/gateway", "application": {"id": "99", "flags": 0},
        }  # fmt: skip
        await self._tell("READY", ready)
        await self._tell("GUILD_CREATE", _GUILD)
        await self._tell("CHANNEL_CREATE", _DIRECT)

    async def _tell(self, kind: str, data: dict[str, Any]) -> None:
        assert self._socket is not None
        self._sequence += 1
        await self._socket.send_json({"op": 0, "s": self._sequence, "t": kind, "d": data})

    def happens(self, kind: str, data: dict[str, Any]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._tell(kind, data), self._loop).result(5)

    def write(self, text: str, channel: Any = DIRECT, user: int = 7, bot: bool = False, **more: Any) -> str:
        message = self._message(user, channel, text, bot, **more)
        if channel != DIRECT:
            member = {"roles": [], "joined_at": NOW, "deaf": False, "mute": False, "flags": 0}
            message |= {"guild_id": str(GUILD), "member": member}
        self.happens("MESSAGE_CREATE", message)
        return str(message["id"])

    def press(self, label: str, user: int = 7) -> None:
        path, asked = [call for call in self.peer.calls if call[1].get("components") and call[0].endswith("messages")][
            -1
        ]
        button = next(one for one in asked["components"][0]["components"] if one["label"] == label)
        channel = path.split("/channels/")[-1].split("/")[0]
        self._next += 1
        self.happens("INTERACTION_CREATE", {
            "id": str(self._next), "application_id": "99", "type": 3, "token": "t", "version": 1, "channel": _DIRECT,
            "channel_id": channel, "user": _user(user), "message": self._message(BOT, channel, asked["content"], bot=True),
            "data": {"component_type": 2, "custom_id": button["custom_id"]}, "entitlements": [], "context": 1,
            "authorizing_integration_owners": {}, "app_permissions": "0", "locale": "en-US", "attachment_size_limit": 0,
        })  # fmt: skip

    def said(self, channel: Any = DIRECT) -> list[str]:
        return [sent.get("content") or "" for sent in self.peer.of(f"/channels/{channel}/messages")]


@contextmanager
def _server(monkeypatch: pytest.MonkeyPatch, agent: Any) -> Iterator[Server]:
    server = Server()
    with server.peer.serving(WebSocketRoute("/gateway/", server.gateway), WebSocketRoute("/gateway", server.gateway)):
        url = server.peer.url
        monkeypatch.setattr(discord.http.Route, "BASE", f"{url}/api/v10")
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(url.replace("http", "ws") + "/gateway"))
        bot = DiscordClient(agent)
        monkeypatch.setenv("DISCORD_BOT_TOKEN", "token")
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(bot.client.start("token"), loop)
        try:
            until(bot.client.is_ready)
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(bot.client.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@pytest.mark.parametrize("make_db", [lambda path: None, lambda path: SqliteDb(db_file=path)], ids=["memory", "sqlite"])
def test_a_conversation_from_a_question_over_an_approval_to_a_file_an_error_and_a_cancel(
    make_db: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, deleted, model = careful_agent(
        wants("delete", name="a.txt"), says("It is deleted."),
        says("I read it."), fails(RuntimeError("a secret of the server")), says("slow" * 50, pace=0.2),
        db=make_db(str(tmp_path / "x.db")),
    )  # fmt: skip
    with _server(monkeypatch, agent) as server:
        server.write("Delete a.txt")
        until(lambda: server.said() and "The tool delete wants to run" in server.said()[-1])
        assert deleted == [] and server.peer.of(f"/channels/{DIRECT}/typing")

        server.press("Confirm", user=8)
        until(lambda: "not yours" in server.said()[-1])
        assert deleted == []

        server.press("Confirm")
        until(lambda: server.said()[-1] == "It is deleted.")
        assert deleted == ["a.txt"] and server.peer.wait_for("/callback", 2)
        [edited] = [sent for path, sent in server.peer.calls if path.rsplit("/", 2)[-2] == "messages"]
        assert edited["content"].endswith("**Confirm**") and edited["components"] == []

        url = f"{server.peer.url}/cdn/a.csv"
        files = [
            {
                "id": "1",
                "filename": "a.csv",
                "size": 3,
                "url": url,
                "proxy_url": url,
                "content_type": "text/csv; charset=utf-8",
            },
            {
                "id": "2",
                "filename": "p.png",
                "size": 3,
                "url": "http://cdn.test/p.png",
                "proxy_url": url,
                "content_type": "image/png",
            },
        ]
        server.write("Read them", attachments=files)
        until(lambda: server.said()[-1] == "I read it.")
        message = model.requests[2].messages[-1]
        assert message.files[0].content == b"a,b" and message.images[0].url == "http://cdn.test/p.png"

        server.write("And now?")
        until(lambda: "error id" in server.said()[-1])
        assert "secret" not in server.said()[-1]

        server.write("Take your time")
        until(lambda: len(model.requests) == 5)
        server.write("cancel")
        until(lambda: server.said()[-1] == "Cancelled.")


def test_a_message_in_a_text_channel_begins_a_thread_that_is_a_session_and_bots_are_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    db = InMemoryDb()
    agent = Agent(name="H", model=ScriptedModel("First", "Second"), db=db)
    with _server(monkeypatch, agent) as server:
        server.write("I am a bot", TEXT, user=5, bot=True)
        key = server.write("Hello", TEXT)
        until(lambda: server.said(key) == ["First"])
        [made] = server.peer.of(f"/messages/{key}/threads")
        assert made["name"] == "user7's thread"
        server.happens("THREAD_CREATE", _thread(key, made["name"]))
        server.write("Again", key)
        until(lambda: server.said(key) == ["First", "Second"])
    session = db.get_session(key, user_id="7")
    assert len(session.runs) == 2 and "user7" in str(agent.model.requests[0].messages[-1].content)
    assert agent.dependencies is None


def test_long_answers_have_parts_thoughts_come_first_and_images_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw() -> ToolResult:
        """Draw."""
        return ToolResult(content="drawn", images=[Image(content=b"PNG", mime_type="image/png")])

    model = ScriptedModel("x" * 3_000, thinks("Hm", "Fine"), wants("draw"), "Here")
    with _server(monkeypatch, Agent(name="H", model=model, tools=[draw])) as server:
        server.write("Much")
        until(lambda: len(server.said()) == 3)
        assert [text[:6] for text in server.said()] == ["[1/3] ", "[2/3] ", "[3/3] "]
        server.write("Think")
        until(lambda: server.said()[-1] == "*Reasoning: Hm*\n\nFine")
        server.write("Draw")
        until(lambda: len(server.said()) == 6)
        [file] = [sent["files[0]"] for sent in server.peer.of("/messages") if "files[0]" in sent]
    assert file[1] == b"PNG" and server.said()[4] == "Here"


def test_it_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_BOT_TOKEN", raising=False)
    with pytest.raises(ValueError, match="nothing to serve"):
        DiscordClient()
    with pytest.raises(ValueError, match="DISCORD_BOT_TOKEN is not set"):
        DiscordClient(Agent(model=ScriptedModel())).serve()


def test_it_needs_no_web_framework() -> None:
    code = "import sys, agno.integrations.discord; assert not {'fastapi', 'starlette'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
