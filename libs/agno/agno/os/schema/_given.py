"""What callers send as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Given(BaseModel):
    """A JSON object of a request. Its values have the types that its schema names: `true` is no number, `"5"` neither."""

    model_config = ConfigDict(strict=True)


__all__ = ["Given"]
