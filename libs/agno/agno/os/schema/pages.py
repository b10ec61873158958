"""A page of a list."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class PageMeta(BaseModel):
    """Which page it is, of how many."""

    page: int
    limit: int
    total_pages: int
    total_count: int


class Paginated(BaseModel, Generic[T]):
    """A page of a list, and where it stands in it."""

    data: list[T]
    meta: PageMeta


__all__ = ["PageMeta", "Paginated"]
