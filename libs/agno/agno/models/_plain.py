"""Messages that are nothing but a role and a content: each run makes several."""

from __future__ import annotations

from time import time
from typing import Any

from agno.models.message import Message
from agno.utils.blank import bare


def plain_message(role: str, content: Any) -> Message:
    """`Message(role, content)` in two thirds of the time."""
    message = bare(Message)
    message.role, message.content, message.created_at = role, content, int(time())
    return message


__all__ = ["plain_message"]
