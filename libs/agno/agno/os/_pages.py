"""Lists in pages: `?limit=20&page=1&sort_by=created_at&sort_order=desc`, answered with `data` and `meta`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query

from agno.os._errors import Json

SortOrder = Literal["asc", "desc"]
Limit = Annotated[int, Query(ge=1, le=1_000, description="How many on a page")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Which page, from 1")]


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    page: int
    sort_by: str
    sort_order: str

    def options(self) -> dict[str, Any]:
        """As the databases take it."""
        return {"limit": self.limit, "page": self.page, "sort_by": self.sort_by, "sort_order": self.sort_order}


def sorted_by(column: str, allowed: Sequence[str]) -> Callable[..., Page]:
    """The dependency of a route whose list can be sorted by these columns; `column` is the default."""

    def page_of(limit: Limit = 20, page: PageNumber = 1, sort_by: str = column, sort_order: SortOrder = "desc") -> Page:
        return Page(limit, page, sort_by, sort_order)

    # the columns of this list; an annotation in the source could not name them
    page_of.__annotations__["sort_by"] = Literal[tuple(allowed)]
    return page_of


def paginated(data: list[Any], total: int, page: Page) -> Json:
    """A page as a response."""
    meta = {
        "page": page.page,
        "limit": page.limit,
        "total_pages": math.ceil(total / page.limit),
        "total_count": total,
    }
    return as_json({"data": data, "meta": meta})


def as_json(data: Any, status: int = 200) -> Json:
    """Plain data as a response."""
    return Json(msgspec.json.encode(data, enc_hook=str), status_code=status)


def iso(moment: float | int | datetime | None) -> str | None:
    """A time in ISO 8601, UTC."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, timezone.utc)
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


__all__ = ["Page", "as_json", "iso", "paginated", "sorted_by"]
