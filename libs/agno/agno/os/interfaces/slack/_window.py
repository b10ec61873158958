"""A thread of Slack as the window of a conversation."""

from __future__ import annotations

import html
from typing import Any

from agno._io import ASYNC
from agno.os.interfaces._chat.media import Attachment
from agno.os.interfaces._chat.talk import Button, Window
from agno.os.interfaces._chat.text import parts
from agno.utils.log import log_warning

LIMIT = 40_000  # characters of a message
_PIECE = 39_900
_QUESTION = 3_000  # characters of a section block
_LABEL = 75  # characters of a button


class Thread(Window):
    """Shows answers in a thread. `assistant` if it is one of Slack's assistant, which show what is being done."""

    def __init__(
        self, client: Any, channel: str, thread: str, *, pace: float | None, assistant: bool, loading: list[str] | None
    ) -> None:
        self._client, self._place = client, {"channel": channel, "thread_ts": thread}
        self.pace = pace
        self._assistant, self._loading = assistant, loading
        self._growing: str | None = None  # the message that grows
        self.pressed: dict[str, Any] | None = None  # the message with the button that was pressed

    async def begin(self) -> None:
        await self._status("is thinking...")

    async def end(self) -> None:
        await self._status("")

    async def _status(self, text: str) -> None:
        if not self._assistant:
            return
        more = {"loading_messages": self._loading} if self._loading and text else {}
        place = {"channel_id": self._place["channel"], "thread_ts": self._place["thread_ts"]}
        try:
            await ASYNC.call(self._client.assistant_threads_setStatus, **place, status=text, **more)
        except Exception as error:  # the border: an app without the scope assistant:write answers all the same
            log_warning(f"Slack does not show the status: {error}")

    async def grow(self, text: str) -> None:
        await self._place_text(_safe(text[:_PIECE]))

    async def say(self, text: str) -> None:
        first, *others = parts(_safe(text), LIMIT, _PIECE)
        await self._place_text(first)
        self._growing = None
        for part in others:
            await self._post(part)

    async def _place_text(self, text: str) -> None:
        if self._growing is None:
            self._growing = (await self._post(text))["ts"]
        else:
            await ASYNC.call(self._client.chat_update, channel=self._place["channel"], ts=self._growing, text=text)

    async def ask(self, text: str, buttons: list[Button]) -> None:
        self._growing = None
        text = _safe(text)
        blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": text[:_QUESTION]}}]
        if buttons:
            blocks.append({"type": "actions", "elements": [_button(button) for button in buttons[:25]]})
        await self._post(text, blocks=blocks)

    async def chosen(self, label: str) -> None:
        if self.pressed is None:
            return
        text = f"{self.pressed['text']}\n*{label}* (<@{self.pressed['user']}>)"
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text[-_QUESTION:]}}
        place = {"channel": self._place["channel"], "ts": self.pressed["ts"]}
        await ASYNC.call(self._client.chat_update, **place, text=text, blocks=[block])

    async def attach(self, attachment: Attachment) -> None:
        await ASYNC.call(
            self._client.files_upload_v2, **self._place, content=attachment.content, filename=attachment.name
        )

    async def _post(self, text: str, **more: Any) -> Any:
        return await ASYNC.call(self._client.chat_postMessage, **self._place, text=text, **more)


def _button(button: Button) -> dict[str, Any]:
    style = {"Approve": {"style": "primary"}, "Decline": {"style": "danger"}}.get(button.label, {})
    label = {"type": "plain_text", "text": button.label[:_LABEL]}
    return {"type": "button", "text": label, "action_id": f"agno:{button.token}", "value": button.token, **style}


def _safe(text: str) -> str:
    """Without calls to everybody (`<!channel>`), which a model must not make."""
    return text.replace("<!", "&lt;!")


def read(text: str) -> str:
    """What somebody wrote, without Slack's escapes."""
    return html.unescape(text).strip()


__all__ = ["LIMIT", "Thread", "read"]
