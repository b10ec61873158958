"""The routes of Slack."""

from __future__ import annotations

import re
import time
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import APIRouter, HTTPException, Request

from agno.os import _docs as docs
from agno.os.interfaces._chat.base import ChatInterface, has_signature, json_object, required, setting
from agno.os.interfaces._chat.media import add_media, download
from agno.os.interfaces._chat.talk import Said
from agno.os.interfaces._chat.text import wants_cancel
from agno.os.interfaces.slack._window import Thread, read

_SIGNED = [
    {**docs.header(name, {"type": "string", "minLength": 1}), "required": True}
    for name in ("X-Slack-Request-Timestamp", "X-Slack-Signature")
]
_EVENT = docs.extra(*_SIGNED, body=docs.body({"application/json": {"type": "object"}}))
_FORM = {"type": "object", "properties": {"payload": docs.TEXT}}
_PRESSED = docs.extra(*_SIGNED, body=docs.body({"application/x-www-form-urlencoded": _FORM}))
_OLDEST = 300  # seconds
_MENTION = re.compile(r"^\s*<@[A-Z0-9]+(\|[^>]*)?>\s*")
_SUBTYPES = (None, "file_share", "thread_broadcast")


class Slack(ChatInterface):
    """Serves a component in Slack: `POST /slack/events` and `POST /slack/interactions`.

    A thread is a session, and the user is Slack's. The person who asked confirms tools with buttons; "cancel" stops a run.

    - `token`, `signing_secret`: of the Slack app; else `SLACK_TOKEN` and `SLACK_SIGNING_SECRET`. `client`: a
      `slack_sdk.WebClient`, instead of the token.
    - `reply_to_mentions_only`: in channels, answer who mentions the app. Direct messages are always answered.
    - `streaming`: show answers while they grow, by editing the message each `stream_interval` seconds.
    - `loading_messages`: what assistant threads show meanwhile.
    - `verify_signature=False` takes requests from anybody; for trying out only.
    """

    type = "slack"
    default_prefix = "/slack"

    def __init__(
        self,
        agent: Any = None,
        team: Any = None,
        workflow: Any = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        *,
        token: str | None = None,
        signing_secret: str | None = None,
        client: Any = None,
        reply_to_mentions_only: bool = True,
        streaming: bool = True,
        stream_interval: float = 1.0,
        loading_messages: list[str] | None = None,
        verify_signature: bool = True,
    ) -> None:
        super().__init__(agent, team, workflow, prefix, tags)
        self.token, self.signing_secret = token, signing_secret
        self.reply_to_mentions_only = reply_to_mentions_only
        self.stream_interval = stream_interval if streaming else None
        self.loading_messages = loading_messages
        self.verify_signature = verify_signature
        self._client = client

    @property
    def client(self) -> Any:
        """The `slack_sdk.WebClient`; made at the first use."""
        if self._client is None:
            token = setting(self.token, "SLACK_TOKEN")
            if token is None:
                raise ValueError("Slack has no token: set SLACK_TOKEN, or give token= or client=.")
            try:
                sdk, retries = import_module("slack_sdk"), import_module("slack_sdk.http_retry.builtin_handlers")
            except ImportError as error:
                raise ImportError('Slack needs the package slack-sdk: pip install "agno[slack]"') from error
            self._client = sdk.WebClient(token)
            self._client.retry_handlers.append(retries.RateLimitErrorRetryHandler(max_retry_count=3))
        return self._client

    def get_router(self, use_async: bool = True) -> APIRouter:
        router = APIRouter(prefix=self.prefix, tags=[*self.tags])

        @router.post("/events", summary="Events of Slack", responses=docs.errors(400, 413), openapi_extra=_EVENT)
        async def slack_events(request: Request) -> dict[str, Any]:
            """Takes an event in, and answers at once. What Slack sends again is known by its id."""
            body = await self._verified(request)
            given = json_object(body)
            if given.get("type") == "url_verification":
                return {"challenge": given.get("challenge")}
            event = given.get("event")
            if isinstance(event, dict) and self._concerns_us(event):
                await self._receive(given, event)
            return {"status": "ok"}

        @router.post(
            "/interactions", summary="Buttons in Slack", responses=docs.errors(400, 413), openapi_extra=_PRESSED
        )
        async def slack_interactions(request: Request) -> dict[str, Any]:
            """Takes in that somebody pressed a button."""
            body = await self._verified(request)
            form = parse_qs(body.decode("utf-8", "replace"))
            given = json_object(form.get("payload", [""])[0])
            if given.get("type") == "block_actions":
                await self._receive_press(given)
            return {"status": "ok"}

        return router

    async def _verified(self, request: Request) -> bytes:
        body = await request.body()
        if not self.verify_signature:
            return body
        sent_at = request.headers.get("X-Slack-Request-Timestamp")
        signature = request.headers.get("X-Slack-Signature")
        if not sent_at or not signature:
            raise HTTPException(400, "Missing Slack headers")
        secret = required(setting(self.signing_secret, "SLACK_SIGNING_SECRET"), "SLACK_SIGNING_SECRET")
        is_recent = sent_at.isascii() and sent_at.isdigit() and abs(time.time() - int(sent_at[:12])) <= _OLDEST
        if not is_recent or not has_signature(secret, b"v0:%b:%b" % (sent_at.encode(), body), signature, "v0="):
            raise HTTPException(403, "Invalid signature")
        return body

    # Taking in -------------------------------------------------------------------------------------------------------

    def _concerns_us(self, event: dict[str, Any]) -> bool:
        if event.get("bot_id") or event.get("subtype") not in _SUBTYPES or not event.get("user"):
            return False
        if event.get("type") == "app_mention":
            return True
        is_direct = event.get("channel_type") == "im"
        return event.get("type") == "message" and (is_direct or not self.reply_to_mentions_only)

    async def _receive(self, given: dict[str, Any], event: dict[str, Any]) -> None:
        channel, sent = event["channel"], event["ts"]
        thread = event.get("thread_ts") or sent
        conversation = f"{channel}:{thread}"
        if wants_cancel(_MENTION.sub("", event.get("text") or "")):
            conversation += ":cancel"  # not behind what it is to cancel
        # a mention comes as two events with ids of their own, so the message itself is what counts
        await self.inbox.receive(f"{given.get('team_id')}:{channel}:{sent}", conversation, {"event": event})

    async def _receive_press(self, given: dict[str, Any]) -> None:
        message, action = given.get("message") or {}, (given.get("actions") or [{}])[0]
        channel, user = (given.get("channel") or {}).get("id"), (given.get("user") or {}).get("id")
        if not channel or not user or not str(action.get("action_id", "")).startswith("agno:"):
            return
        press = {
            "channel": channel, "thread": message.get("thread_ts") or message["ts"], "user": user,
            "token": action["value"], "message": {"ts": message["ts"], "text": message.get("text", "")},
        }  # fmt: skip
        key = f"{channel}:{message['ts']}:{action.get('action_ts')}"
        await self.inbox.receive(key, f"{channel}:{press['thread']}", {"press": press})

    # Dealing with it -------------------------------------------------------------------------------------------------

    async def _handle(self, key: str, payload: Any, again: bool) -> None:
        if "press" in payload:
            await self._pressed(key, payload["press"], again)
            return
        event = payload["event"]
        thread = event.get("thread_ts") or event["ts"]
        said = await self._from(key, thread, event["user"], again)
        said.text = read(_MENTION.sub("", event.get("text") or ""))
        is_assistant = event.get("channel_type") == "im" and "thread_ts" in event
        window = self._window(event["channel"], thread, is_assistant)
        if wants_cancel(said.text):
            await self.talk.cancel(said, window)
            return
        try:
            said.media = await self._files(event.get("files") or [])
        except (ValueError, httpx.HTTPError) as error:
            await window.say(f"A file could not be read: {error}")
            return
        await self.talk.say(said, window)

    async def _pressed(self, key: str, press: dict[str, Any], again: bool) -> None:
        said = await self._from(key, press["thread"], press["user"], again)
        window = self._window(press["channel"], press["thread"], False)
        window.pressed = {**press["message"], "user": press["user"]}
        await self.talk.press(said, press["token"], window)

    async def _from(self, key: str, thread: str, user: str, again: bool) -> Said:
        return Said(key, await self.talk.session_for(thread, user), user, again=again)

    def _window(self, channel: str, thread: str, is_assistant: bool) -> Thread:
        return Thread(
            self.client, channel, thread,
            pace=self.stream_interval, assistant=is_assistant, loading=self.loading_messages,
        )  # fmt: skip

    async def _files(self, files: list[dict[str, Any]]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        async with httpx.AsyncClient(timeout=60) as client:
            for file in files:
                url = file.get("url_private_download") or file.get("url_private")
                if not url:
                    continue
                self._check_address(url)
                content = await download(client, url, headers={"Authorization": f"Bearer {self.client.token}"})
                add_media(found, content, file.get("mimetype"), file.get("name"))
        return found

    def _check_address(self, url: str) -> None:
        """The token goes to Slack only."""
        host = urlsplit(url).hostname or ""
        if host != urlsplit(self.client.base_url).hostname and not host.endswith(".slack.com"):
            raise ValueError(f"it lies at {host!r}, which is not Slack")


__all__ = ["Slack"]
