"""A thread or a direct conversation of Discord as the window of a conversation."""

from __future__ import annotations

import io
from typing import Any

from agno.os.interfaces._chat.media import Attachment
from agno.os.interfaces._chat.talk import Button, Window
from agno.os.interfaces._chat.text import parts
from agno.utils.later import later

discord = later("discord")

LIMIT = 1500  # characters of a message; Discord itself takes 2000
BUTTON = "agno:"  # what ids of our buttons begin with
_LABEL, _BUTTONS = 80, 25
_LABELS = {"Approve": "Confirm", "Decline": "Cancel"}


class Channel(Window):
    """Shows answers in a channel. `interaction`: that somebody pressed a button of ours there."""

    def __init__(self, channel: Any, interaction: Any = None) -> None:
        self._channel, self._interaction = channel, interaction
        self._typing: Any = None

    async def begin(self) -> None:
        self._typing = self._channel.typing()
        await self._typing.__aenter__()

    async def end(self) -> None:
        await self._typing.__aexit__(None, None, None)

    async def say(self, text: str) -> None:
        for part in parts(text, LIMIT):
            await self._send(part)

    async def ask(self, text: str, buttons: list[Button]) -> None:
        *before, last = parts(text, LIMIT)
        for part in before:
            await self._send(part)
        await self._send(last, **({"view": _view(buttons)} if buttons else {}))

    async def chosen(self, label: str) -> None:
        label = _LABELS.get(label, label)
        message = self._interaction.message
        await message.edit(content=f"{message.content}\n**{label}**"[-2000:], view=None)

    async def attach(self, attachment: Attachment) -> None:
        await self._send(None, file=discord.File(io.BytesIO(attachment.content or b""), filename=attachment.name))

    async def _send(self, text: str | None, **more: Any) -> None:
        # a model must not call everybody
        await self._channel.send(text, allowed_mentions=discord.AllowedMentions.none(), **more)

    def italic(self, text: str) -> str:
        return "\n".join(f"*{line}*" if line.strip() else line for line in text.splitlines())


def _view(buttons: list[Button]) -> Any:
    """Buttons whose presses `on_interaction` sees, also after a restart."""
    view = discord.ui.View(timeout=None)
    styles = {"Approve": discord.ButtonStyle.success, "Decline": discord.ButtonStyle.danger}
    for button in buttons[:_BUTTONS]:
        style = styles.get(button.label, discord.ButtonStyle.secondary)
        label = _LABELS.get(button.label, button.label)[:_LABEL]
        view.add_item(discord.ui.Button(label=label, style=style, custom_id=f"{BUTTON}{button.token}"))
    view.stop()  # the library need not wait for them
    return view


__all__ = ["BUTTON", "LIMIT", "Channel"]
