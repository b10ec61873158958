"""What all agents of an organisation share, whoever the user is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.utils.codec import Coded, decode


@dataclass
class CulturalKnowledge(Coded):
    """A practice, a standard or an insight. Times are unix seconds."""

    id: str | None = None
    name: str | None = None
    summary: str | None = None
    content: str | None = None
    categories: list[str] | None = None
    notes: list[str] | None = None
    metadata: dict[str, Any] | None = None
    input: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    created_at: int | None = None
    updated_at: int | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CulturalKnowledge:
        """The inverse of `to_dict`."""
        return decode(cls, data)

    def preview(self) -> str:
        """One line of it: id, name and summary."""
        return " | ".join(str(part) for part in (self.id, self.name, self.summary) if part)


__all__ = ["CulturalKnowledge"]
