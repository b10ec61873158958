"""The messages of a run, by their part in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from agno.models.message import Message


@dataclass
class RunMessages:
    """All messages, and which of them are system, user and extra ones."""

    messages: list[Message] = field(default_factory=list)
    system_message: Message | None = None
    user_message: Message | None = None
    extra_messages: list[Message] | None = None

    def get_input_messages(self) -> list[Message]:
        """System, user and extra messages, in this order."""
        found = [message for message in (self.system_message, self.user_message) if message is not None]
        return found + list(self.extra_messages or ())


__all__ = ["RunMessages"]
