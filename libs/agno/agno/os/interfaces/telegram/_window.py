"""A chat of Telegram as the window of a conversation."""

from __future__ import annotations

from typing import Any

from agno.os.interfaces._chat.api import Api
from agno.os.interfaces._chat.media import Attachment
from agno.os.interfaces._chat.talk import Button, Window
from agno.os.interfaces._chat.text import parts

LIMIT, PIECE = 4096, 4000  # UTF-16 units of a message
_SEND = {"image": ("sendPhoto", "photo"), "video": ("sendVideo", "video"), "audio": ("sendAudio", "audio")}


class Chat(Window):
    """Shows answers in a chat, or in one topic of it."""

    def __init__(self, api: Api, chat_id: int, topic: int | None, pace: float | None) -> None:
        self._api, self.pace = api, pace
        self._place = {"chat_id": chat_id, **({"message_thread_id": topic} if topic is not None else {})}
        self._growing: int | None = None  # the message that grows
        self._shown = ""  # what it says
        self.pressed: dict[str, Any] | None = None  # the id of the press, and the message with the button

    async def begin(self) -> None:
        if self.pressed is not None:
            await self._api.call("answerCallbackQuery", {"callback_query_id": self.pressed["id"]})
        await self._api.call("sendChatAction", {**self._place, "action": "typing"})

    async def grow(self, text: str) -> None:
        await self._place_text(text[: _limits(text)[1]])

    async def say(self, text: str) -> None:
        first, *others = parts(text, *_limits(text))
        await self._place_text(first)
        self._growing, self._shown = None, ""
        for part in others:
            await self._post(part)

    async def _place_text(self, text: str) -> None:
        if self._growing is None:
            self._growing = (await self._post(text))["message_id"]
        elif text != self._shown:  # an edit that changes nothing is an error there
            place = {"chat_id": self._place["chat_id"], "message_id": self._growing}
            await self._api.call("editMessageText", {**place, "text": text})
        self._shown = text

    async def ask(self, text: str, buttons: list[Button]) -> None:
        self._growing, self._shown = None, ""
        *before, last = parts(text, *_limits(text))
        for part in before:
            await self._post(part)
        keyboard = [[{"text": button.label, "callback_data": button.token}] for button in buttons]
        await self._post(last, **({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {}))

    async def chosen(self, label: str) -> None:
        if self.pressed is not None:  # an edit without reply_markup takes the buttons away
            text = f"{self.pressed['text']}\n→ {label}"
            place = {"chat_id": self._place["chat_id"], "message_id": self.pressed["message_id"]}
            await self._api.call("editMessageText", {**place, "text": text[-LIMIT // 2 :]})

    async def attach(self, attachment: Attachment) -> None:
        method, name = _SEND.get(attachment.kind, ("sendDocument", "document"))
        file = (attachment.name, attachment.content, attachment.mime_type)
        await self._api.call(method, data={key: str(value) for key, value in self._place.items()}, files={name: file})

    async def _post(self, text: str, **more: Any) -> dict[str, Any]:
        sent = await self._api.call("sendMessage", {**self._place, "text": text, **more})
        message: dict[str, Any] = sent["result"]
        return message

    def italic(self, text: str) -> str:
        return text  # messages are sent as they are, without marks for styles


def _limits(text: str) -> tuple[int, int]:
    """How many characters a message and a part have; those beyond the first plane of Unicode count twice."""
    return (LIMIT, PIECE) if not text or max(text) <= "\uffff" else (LIMIT // 2, PIECE // 2)


__all__ = ["LIMIT", "Chat"]
