"""What callers send as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Given(BaseModel):
    """A JSON object of a request. Its values have the types that its schema names: `true` is no number, `"5"` neither.
    In JSON, 5.0 is a whole number."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        whole = {name for name, field in cls.model_fields.items() if field.annotation in (int, int | None)}
        floats = {name: value for name, value in data.items() if name in whole and isinstance(value, float)}
        return {**data, **{name: int(value) for name, value in floats.items() if value.is_integer()}}


__all__ = ["Given"]
