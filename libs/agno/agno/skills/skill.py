"""One skill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Skill:
    """Instructions with a name and a description. `scripts` and `references` are file names in its two folders."""

    name: str
    description: str
    instructions: str
    source_path: str
    scripts: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Skill:
        """The inverse of `to_dict`; keys that are no fields are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


__all__ = ["Skill"]
