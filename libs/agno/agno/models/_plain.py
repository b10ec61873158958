"""Messages that are nothing but a role and a content: each run makes several."""

from __future__ import annotations

from typing import Any

from agno.models.message import Message
from agno.utils.blank import bare


def plain_message(role: str, content: Any, created_at: int) -> Message:
    """`Message(role, content)` in a third of the time; `created_at` in unix seconds."""
    message = bare(Message)
    message.role, message.content, message.created_at = role, content, created_at
    return message


__all__ = ["plain_message"]
