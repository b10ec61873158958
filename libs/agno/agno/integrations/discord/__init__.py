"""A component in Discord."""

from agno.integrations.discord.client import DiscordClient

__all__ = ["DiscordClient"]
