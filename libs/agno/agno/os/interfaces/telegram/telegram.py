"""The routes of Telegram."""

from __future__ import annotations

import hmac
import re
from typing import Any

from fastapi import APIRouter, HTTPException, Request

from agno.os import _docs as docs
from agno.os.interfaces._chat.api import Api, ChatError
from agno.os.interfaces._chat.base import WEBHOOK, ChatInterface, json_object, required, setting
from agno.os.interfaces._chat.media import add_media
from agno.os.interfaces._chat.talk import Said
from agno.os.interfaces._chat.text import wants_cancel
from agno.os.interfaces.telegram._window import Chat

BOT_API = "https://api.telegram.org"
_COMMAND = re.compile(r"^(/\w+)@\w+")
_LARGEST = 20 * 1024 * 1024  # bytes: the Bot API gives no larger files
_USUAL = {
    "photo": "image/jpeg",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
}


class Telegram(ChatInterface):
    """Serves a component in Telegram: `POST /telegram/webhook`, `GET /telegram/status`.

    Each chat (and each topic of a group) is a session. Tools are confirmed with inline buttons; /cancel stops a run.

    - `token`: of the bot, else `TELEGRAM_TOKEN`. `webhook_secret`: the secret token given to `setWebhook`, else
      `TELEGRAM_WEBHOOK_SECRET_TOKEN`.
    - `start_message`: the answer to /start.
    - `streaming`: show answers while they grow, by editing the message each `stream_interval` seconds.
    - `base_url`: of the Bot API.
    - `verify_secret=False` takes messages from anybody; for trying out only.
    """

    type = "telegram"
    default_prefix = "/telegram"

    def __init__(
        self,
        agent: Any = None,
        team: Any = None,
        workflow: Any = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        *,
        token: str | None = None,
        webhook_secret: str | None = None,
        start_message: str = "Hello! Write to me, or send a photo or a file. /cancel stops what I am doing.",
        streaming: bool = True,
        stream_interval: float = 1.0,
        base_url: str = BOT_API,
        verify_secret: bool = True,
    ) -> None:
        super().__init__(agent, team, workflow, prefix, tags)
        self.token, self.webhook_secret = token, webhook_secret
        self.start_message = start_message
        self.stream_interval = stream_interval if streaming else None
        self.base_url = base_url.rstrip("/")
        self.verify_secret = verify_secret

    def get_router(self, use_async: bool = True) -> APIRouter:
        router = APIRouter(prefix=self.prefix, tags=[*self.tags])

        @router.get("/status", summary="Is it there", responses=docs.errors())
        async def telegram_status() -> dict[str, str]:
            """Says that the interface is there."""
            return {"status": "available"}

        @router.post("/webhook", summary="Updates of Telegram", **WEBHOOK)
        async def telegram_webhook(request: Request) -> dict[str, str]:
            """Takes an update in, and answers at once. What is sent again is known by its id."""
            self._verify(request)
            given = json_object(await request.body())
            pressed = given.get("callback_query")
            message = given.get("message") or (pressed or {}).get("message")
            if message is None or "chat" not in message or "update_id" not in given:
                return {"status": "ignored"}
            if pressed is None and (message.get("from") or {}).get("is_bot", True):
                return {"status": "ignored"}
            conversation = _session(message)
            if pressed is None and wants_cancel(_text(message)):
                conversation += ":cancel"  # not behind what it is to cancel
            await self.inbox.receive(str(given["update_id"]), conversation, given)
            return {"status": "ok"}

        return router

    def _verify(self, request: Request) -> None:
        if not self.verify_secret:
            return
        name = "TELEGRAM_WEBHOOK_SECRET_TOKEN"
        secret = required(setting(self.webhook_secret, name), name)
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token") or ""
        if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            raise HTTPException(403, "Invalid secret token")

    # Dealing with it -------------------------------------------------------------------------------------------------

    async def _handle(self, key: str, payload: Any, again: bool) -> None:
        token = setting(self.token, "TELEGRAM_TOKEN")
        if token is None:
            raise ValueError("TELEGRAM_TOKEN is not set, so Telegram cannot be answered.")
        async with Api(f"{self.base_url}/bot{token}", secret=token) as api:
            if "callback_query" in payload:
                await self._pressed(key, payload["callback_query"], again, api)
            else:
                await self._said(key, payload["message"], again, api)

    async def _pressed(self, key: str, press: dict[str, Any], again: bool, api: Api) -> None:
        message = press["message"]
        window = self._window(api, message)
        window.pressed = {"id": press["id"], "message_id": message["message_id"], "text": message.get("text", "")}
        said = await self._from(key, message, press["from"], again)
        await self.talk.press(said, press.get("data", ""), window)

    async def _said(self, key: str, message: dict[str, Any], again: bool, api: Api) -> None:
        window = self._window(api, message)
        said = await self._from(key, message, message["from"], again)
        said.text = _text(message)
        if said.text.split(" ")[0] == "/start":
            await window.say(self.start_message)
        elif wants_cancel(said.text):
            await self.talk.cancel(said, window)
        else:
            try:
                said.media = await self._media(api, message)
            except (ChatError, ValueError) as error:
                await window.say(f"The file could not be read: {error}")
                return
            await self.talk.say(said, window)

    async def _from(self, key: str, message: dict[str, Any], person: dict[str, Any], again: bool) -> Said:
        user = str(person["id"])
        return Said(key, await self.talk.session_for(_session(message), user), user, again=again)

    def _window(self, api: Api, message: dict[str, Any]) -> Chat:
        return Chat(api, message["chat"]["id"], _topic(message), self.stream_interval)

    async def _media(self, api: Api, message: dict[str, Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for kind in ("photo", "document", "voice", "audio", "video", "video_note"):
            given = message.get(kind)
            if not given:
                continue
            medium = given[-1] if kind == "photo" else given  # the last size of a photo is the largest
            path = (await api.call("getFile", {"file_id": medium["file_id"]}))["result"]["file_path"]
            url = api.base_url.replace(f"{self.base_url}/bot", f"{self.base_url}/file/bot", 1)
            content = await api.read(f"{url}/{path}", largest=_LARGEST)
            name = medium.get("file_name") or path.rsplit("/", 1)[-1]
            add_media(found, content, medium.get("mime_type") or _USUAL.get(kind), name)
        return found


def _text(message: dict[str, Any]) -> str:
    return _COMMAND.sub(r"\1", message.get("text") or message.get("caption") or "")


def _topic(message: dict[str, Any]) -> int | None:
    return message.get("message_thread_id") if message.get("is_topic_message") else None


def _session(message: dict[str, Any]) -> str:
    topic = _topic(message)
    return f"tg:{message['chat']['id']}" + (f":{topic}" if topic is not None else "")


__all__ = ["Telegram"]
