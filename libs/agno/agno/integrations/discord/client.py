"""The client that listens to Discord."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from agno.integrations.discord._window import BUTTON, Channel
from agno.media import Audio, File, Image, Video
from agno.os._later import Following
from agno.os.interfaces._chat.inbox import Inbox
from agno.os.interfaces._chat.media import LARGEST
from agno.os.interfaces._chat.talk import Said, Talk
from agno.os.interfaces._chat.text import wants_cancel
from agno.utils.later import later

discord = later("discord")
_GRACE = 5.0  # seconds that what goes on has when the client is closed


class DiscordClient:
    """Serves a component in Discord, with `serve()`.

    A message in a text channel begins a thread, which is a session; in threads and direct messages it answers in place.
    The person who asked confirms tools with buttons; "cancel" stops a run. `client`: a `discord.Client`, instead of one
    with all intents; its `on_message` and `on_interaction` are replaced.
    """

    def __init__(self, agent: Any = None, team: Any = None, client: Any = None, *, workflow: Any = None) -> None:
        component = next((given for given in (agent, team, workflow) if given is not None), None)
        if component is None:
            raise ValueError("DiscordClient has nothing to serve: give it agent=, team= or workflow=.")
        try:
            import_module("discord")
        except ImportError as error:
            raise ImportError('DiscordClient needs the package discord.py: pip install "agno[discord]"') from error
        component.set_id()
        self.agent, self.team, self.workflow = agent, team, workflow
        self.client = client if client is not None else discord.Client(intents=discord.Intents.all())
        self._following = Following()
        self._talk = Talk(component, self._following.later)
        self._inbox = Inbox("discord", None, self._handle)
        self._listen()

    def serve(self) -> None:
        """Listen until it is interrupted. Raises ValueError without `DISCORD_BOT_TOKEN` in the environment."""
        token = os.getenv("DISCORD_BOT_TOKEN")
        if not token:
            raise ValueError("DISCORD_BOT_TOKEN is not set: make a bot at discord.com/developers and set its token.")
        self.client.run(token)

    def _listen(self) -> None:
        async def on_message(message: Any) -> None:
            kinds = (discord.MessageType.default, discord.MessageType.reply)
            if message.author.bot or message.type not in kinds or not (message.content or message.attachments):
                return
            conversation = str(message.channel.id if not _begins_thread(message) else message.id)
            if wants_cancel(message.content):
                conversation += ":cancel"  # not behind what it is to cancel
            await self._inbox.receive(str(message.id), conversation, (message, None))

        async def on_interaction(interaction: Any) -> None:
            pressed = str((interaction.data or {}).get("custom_id", ""))
            if interaction.type is discord.InteractionType.component and pressed.startswith(BUTTON):
                await interaction.response.defer()  # has to be within 3 seconds
                await self._inbox.receive(str(interaction.id), str(interaction.channel_id), (None, interaction))

        self.client.event(on_message)
        self.client.event(on_interaction)
        leave = self.client.close

        async def close() -> None:
            await self._inbox.settle(_GRACE)  # while it can still answer
            await self._following.settle(_GRACE)
            await leave()

        self.client.close = close

    # Dealing with it -------------------------------------------------------------------------------------------------

    async def _handle(self, key: str, payload: Any, again: bool) -> None:
        message, interaction = payload
        if interaction is not None:
            said = await self._from(key, interaction.channel, interaction.user)
            token = interaction.data["custom_id"].removeprefix(BUTTON)
            await self._talk.press(said, token, Channel(interaction.channel, interaction))
            return
        if wants_cancel(message.content):
            await self._talk.cancel(await self._from(key, message.channel, message.author), Channel(message.channel))
            return
        channel = message.channel
        if _begins_thread(message):
            channel = await message.create_thread(name=f"{message.author.display_name}'s thread"[:100])
        said = await self._from(key, channel, message.author)
        said.text = message.content
        said.facts = {"discord_user": message.author.display_name, "discord_message_url": message.jump_url}
        try:
            said.media = await _media(message.attachments)
        except (ValueError, discord.HTTPException) as error:
            await Channel(channel).say(f"A file could not be read: {error}")
            return
        await self._talk.say(said, Channel(channel))

    async def _from(self, key: str, channel: Any, author: Any) -> Said:
        user = str(author.id)
        return Said(key, await self._talk.session_for(str(channel.id), user), user)


def _begins_thread(message: Any) -> bool:
    return isinstance(message.channel, discord.TextChannel)


async def _media(attachments: list[Any]) -> dict[str, list[Any]]:
    """Images and sound by their address; films and other files as bytes."""
    found: dict[str, list[Any]] = {}
    for one in attachments:
        mime_type = (one.content_type or "").partition(";")[0]
        kind = mime_type.partition("/")[0]
        if kind == "image":
            found.setdefault("images", []).append(Image(url=one.url, mime_type=mime_type))
        elif kind == "audio":
            found.setdefault("audio", []).append(Audio(url=one.url, mime_type=mime_type))
        elif one.size > LARGEST:
            raise ValueError(f"{one.filename} is larger than the {LARGEST // 1024 // 1024} MB that are taken.")
        elif kind == "video":
            found.setdefault("videos", []).append(Video(content=await one.read(), mime_type=mime_type))
        else:
            known = mime_type if mime_type in File.valid_mime_types() else None
            found.setdefault("files", []).append(File(content=await one.read(), filename=one.filename, mime_type=known))
    return found


__all__ = ["DiscordClient"]
