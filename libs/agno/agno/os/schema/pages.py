"""A page of a list."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class PageMeta(BaseModel):
    """Which page it is, of how many. With `cursor` nothing is counted, and `next_cursor` is null on the last page."""

    page: int | None = None
    limit: int
    total_pages: int | None = None
    total_count: int | None = None
    next_cursor: str | None = None


class Paginated(BaseModel, Generic[T]):
    """A page of a list, and where it stands in it."""

    data: list[T]
    meta: PageMeta


__all__ = ["PageMeta", "Paginated"]
