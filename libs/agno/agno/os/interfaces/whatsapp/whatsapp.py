"""The routes of WhatsApp."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response

from agno.os import _docs as docs
from agno.os.interfaces._chat.api import Api, ChatError
from agno.os.interfaces._chat.base import WEBHOOK, ChatInterface, has_signature, json_object, required, setting
from agno.os.interfaces._chat.media import add_media
from agno.os.interfaces._chat.talk import Said
from agno.os.interfaces._chat.text import wants_cancel
from agno.os.interfaces.whatsapp._window import Chat

GRAPH = "https://graph.facebook.com/v22.0"
_ASKED = docs.extra(*(docs.query(f"hub.{name}", docs.TEXT) for name in ("mode", "verify_token", "challenge")))
_MEDIA = ("image", "video", "audio", "document")
_MEDIA_HOSTS = (".fbsbx.com", ".facebook.com", ".whatsapp.net")


class Whatsapp(ChatInterface):
    """Serves a component in WhatsApp: `GET /whatsapp/webhook`, `POST /whatsapp/webhook`, `GET /whatsapp/status`.

    Each phone is a user with a session. Tools are confirmed with reply buttons; "cancel" stops a run.

    - `access_token`, `phone_number_id`, `verify_token`, `app_secret`: of the app at Meta; else `WHATSAPP_ACCESS_TOKEN`,
      `WHATSAPP_PHONE_NUMBER_ID`, `WHATSAPP_VERIFY_TOKEN`, `WHATSAPP_APP_SECRET`.
    - `base_url`: of the Graph API, with its version.
    - `verify_signature=False` takes messages from anybody; for trying out only.
    """

    type = "whatsapp"
    default_prefix = "/whatsapp"

    def __init__(
        self,
        agent: Any = None,
        team: Any = None,
        workflow: Any = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        *,
        access_token: str | None = None,
        phone_number_id: str | None = None,
        verify_token: str | None = None,
        app_secret: str | None = None,
        base_url: str = GRAPH,
        verify_signature: bool = True,
    ) -> None:
        super().__init__(agent, team, workflow, prefix, tags)
        self.access_token, self.phone_number_id = access_token, phone_number_id
        self.verify_token, self.app_secret = verify_token, app_secret
        self.base_url = base_url
        self.verify_signature = verify_signature

    def get_router(self, use_async: bool = True) -> APIRouter:
        router = APIRouter(prefix=self.prefix, tags=[*self.tags])

        @router.get("/status", summary="Is it there", responses=docs.errors())
        async def whatsapp_status() -> dict[str, str]:
            """Says that the interface is there."""
            return {"status": "available"}

        @router.get(
            "/webhook", summary="Meta asks whether the webhook is ours", response_class=Response, openapi_extra=_ASKED,
            responses={200: {"content": {"text/plain": {"schema": docs.TEXT}}}, **docs.errors(400)},
        )  # fmt: skip
        async def whatsapp_verify(request: Request) -> Response:
            """Gives the challenge back to whoever knows the verify token."""
            return PlainTextResponse(self._challenge(request.query_params))

        @router.post("/webhook", summary="Messages of WhatsApp", **WEBHOOK)
        async def whatsapp_webhook(request: Request) -> dict[str, str]:
            """Takes messages in, and answers at once. What is sent again is known by its id."""
            given = json_object(await self._verified(request))
            if given.get("object") != "whatsapp_business_account":
                return {"status": "ignored"}
            for message in self._messages(given):
                conversation = str(message["from"])
                if wants_cancel((message.get("text") or {}).get("body") or ""):
                    conversation += ":cancel"  # not behind what it is to cancel
                await self.inbox.receive(message["id"], conversation, message)
            return {"status": "processing"}

        return router

    def _challenge(self, query: Any) -> str:
        token = required(setting(self.verify_token, "WHATSAPP_VERIFY_TOKEN"), "WHATSAPP_VERIFY_TOKEN")
        given = query.get("hub.verify_token") or ""
        is_right = hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
        if query.get("hub.mode") != "subscribe" or not is_right:
            raise HTTPException(403, "Invalid verify token or mode")
        challenge = query.get("hub.challenge")
        if not challenge:
            raise HTTPException(400, "No challenge received")
        return str(challenge)

    async def _verified(self, request: Request) -> bytes:
        body = await request.body()
        if self.verify_signature:
            secret = required(setting(self.app_secret, "WHATSAPP_APP_SECRET"), "WHATSAPP_APP_SECRET")
            if not has_signature(secret, body, request.headers.get("X-Hub-Signature-256") or "", "sha256="):
                raise HTTPException(403, "Invalid signature")
        return body

    def _messages(self, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        own = setting(self.phone_number_id, "WHATSAPP_PHONE_NUMBER_ID")
        for entry in given.get("entry") or ():
            for change in entry.get("changes") or ():
                value = change.get("value") or {}
                number = (value.get("metadata") or {}).get("phone_number_id")
                if number in (None, own):  # one app may have several numbers
                    yield from value.get("messages") or ()

    # Dealing with it -------------------------------------------------------------------------------------------------

    async def _handle(self, key: str, payload: Any, again: bool) -> None:
        number = _given(self.phone_number_id, "WHATSAPP_PHONE_NUMBER_ID")
        token = _given(self.access_token, "WHATSAPP_ACCESS_TOKEN")
        phone, kind = str(payload["from"]), payload.get("type")
        said = Said(key, f"wa:{phone}", phone, again=again)
        async with Api(self.base_url, {"Authorization": f"Bearer {token}"}) as api:
            window = Chat(api, number, phone, payload["id"])
            if kind == "interactive":
                interactive = payload["interactive"]
                reply = interactive.get("button_reply") or interactive.get("list_reply") or {}
                await self.talk.press(said, reply.get("id", ""), window)
                return
            said.text = (payload.get("text") or {}).get("body") or (payload.get(str(kind)) or {}).get("caption") or ""
            if wants_cancel(said.text):
                await self.talk.cancel(said, window)
                return
            if kind in _MEDIA:
                try:
                    said.media = await self._medium(api, payload[kind])
                except (ChatError, ValueError) as error:
                    await window.say(f"The file could not be read: {error}")
                    return
            elif kind != "text":
                await window.say(
                    "This kind of message cannot be read. Please send text, images, audio, video or documents."
                )
                return
            await self.talk.say(said, window)

    async def _medium(self, api: Api, medium: dict[str, Any]) -> dict[str, list[Any]]:
        stored = await api.call(medium["id"], method="GET")
        host = urlsplit(stored["url"]).hostname or ""
        if host != urlsplit(self.base_url).hostname and not host.endswith(_MEDIA_HOSTS):
            raise ValueError(f"it lies at {host!r}, which is not Meta")  # the token goes nowhere else
        content = await api.read(stored["url"], api.headers)
        found: dict[str, list[Any]] = {}
        add_media(found, content, medium.get("mime_type") or stored.get("mime_type"), medium.get("filename"))
        return found


def _given(value: str | None, variable: str) -> str:
    found = setting(value, variable)
    if found is None:
        raise ValueError(f"{variable} is not set, so WhatsApp cannot be answered.")
    return found


__all__ = ["Whatsapp"]
