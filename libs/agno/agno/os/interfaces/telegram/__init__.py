"""A component in Telegram."""

from agno.os.interfaces.telegram.telegram import Telegram

__all__ = ["Telegram"]
