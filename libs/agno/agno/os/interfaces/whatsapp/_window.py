"""A chat of WhatsApp as the window of a conversation."""

from __future__ import annotations

from typing import Any

from agno.os.interfaces._chat.api import Api
from agno.os.interfaces._chat.media import Attachment
from agno.os.interfaces._chat.talk import Button, Window
from agno.os.interfaces._chat.text import parts

LIMIT, PIECE = 4096, 4000  # characters of a message
_QUESTION = 1024  # characters of a message with buttons
_BUTTONS, _ROWS = 3, 10  # as many as there may be; more options than buttons make a list
_LABEL, _ROW = 20, 24  # characters


class Chat(Window):
    """Shows answers to one phone. `message_id` is the message that is answered: it is marked as read."""

    def __init__(self, api: Api, phone_number_id: str, to: str, message_id: str) -> None:
        self._api, self._from, self._to, self._message = api, phone_number_id, to, message_id

    async def begin(self) -> None:
        await self._send(status="read", message_id=self._message, typing_indicator={"type": "text"})

    async def say(self, text: str) -> None:
        for part in parts(text, LIMIT, PIECE):
            await self._write("text", {"body": part, "preview_url": False})

    async def ask(self, text: str, buttons: list[Button]) -> None:
        *before, last = parts(text, _QUESTION, _QUESTION - 24)
        for part in before:
            await self._write("text", {"body": part})
        if not buttons:
            await self._write("text", {"body": last})
        elif len(buttons) <= _BUTTONS:
            made = [{"type": "reply", "reply": {"id": one.token, "title": one.label[:_LABEL]}} for one in buttons]
            await self._interactive("button", last, {"buttons": made})
        else:
            rows = [{"id": one.token, "title": one.label[:_ROW]} for one in buttons[:_ROWS]]
            await self._interactive(
                "list", last, {"button": "Choose", "sections": [{"title": "Choices", "rows": rows}]}
            )

    async def attach(self, attachment: Attachment) -> None:
        kind = "document" if attachment.kind == "file" else attachment.kind
        file = (attachment.name, attachment.content, attachment.mime_type)
        facts = {"messaging_product": "whatsapp", "type": attachment.mime_type}
        stored = await self._api.call(f"{self._from}/media", data=facts, files={"file": file})
        more = {"filename": attachment.name} if kind == "document" else {}
        await self._write(kind, {"id": stored["id"], **more})

    async def _interactive(self, kind: str, text: str, action: dict[str, Any]) -> None:
        await self._write("interactive", {"type": kind, "body": {"text": text}, "action": action})

    async def _write(self, kind: str, content: dict[str, Any]) -> None:
        await self._send(recipient_type="individual", to=self._to, type=kind, **{kind: content})

    async def _send(self, **content: Any) -> None:
        await self._api.call(f"{self._from}/messages", {"messaging_product": "whatsapp", **content})


__all__ = ["LIMIT", "PIECE", "Chat"]
