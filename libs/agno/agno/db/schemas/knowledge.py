"""Records of what a knowledge base holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agno.utils.ids import new_id


class KnowledgeRow(BaseModel):
    """One content of a knowledge base; status is processing, completed or failed, times are unix seconds."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(default_factory=new_id)
    name: str
    description: str
    metadata: dict[str, Any] | None = None
    type: str | None = None
    size: int | None = None
    linked_to: str | None = None
    access_count: int | None = None
    status: str | None = None
    status_message: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    external_id: str | None = None

    @field_validator("id", mode="before")
    @classmethod
    def _made_if_missing(cls, value: Any) -> Any:
        return new_id() if value is None else value

    @field_validator("updated_at", mode="before")
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else value

    def to_dict(self) -> dict[str, Any]:
        """What is set; `updated_at` as ISO text."""
        data = self.model_dump(exclude_none=True)
        if self.updated_at is not None:
            data["updated_at"] = datetime.fromtimestamp(self.updated_at, tz=timezone.utc).isoformat()
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> KnowledgeRow:
        """The inverse of `to_dict`."""
        return cls.model_validate(dict(data))


__all__ = ["KnowledgeRow"]
