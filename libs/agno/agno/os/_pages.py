"""Lists in pages, answered with `data` and `meta`.

`?limit=20&page=1&sort_by=created_at&sort_order=desc` is a page by its number. `?cursor=` begins, and `meta.next_cursor` goes on
behind the last row of a page: each page costs the same, and what is added or deleted meanwhile moves no other row.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

import msgspec
from fastapi import HTTPException, Query

from agno.db.query import Place
from agno.db.tables import Table
from agno.os._errors import Json

SortOrder = Literal["asc", "desc"]
Limit = Annotated[int, Query(ge=1, le=1_000, description="How many on a page")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Which page, from 1")]
_CURSOR = r"^([A-Za-z0-9_-]{8,})?$"
Cursor = Annotated[
    str | None,
    Query(
        max_length=4_000,
        description="Empty for the first page, then `next_cursor` of the one before; `page` does not count with it",
        json_schema_extra={"pattern": _CURSOR},
    ),
]
_BIGGEST = 2**53


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    page: int
    sort_by: str
    sort_order: str
    key: str = "id"
    after: Place | None = None  # where the page before ended, if it is asked for with a cursor

    def options(self) -> dict[str, Any]:
        """As the databases take it."""
        return {**self.window(), "sort_by": self.sort_by, "sort_order": self.sort_order}

    def window(self) -> dict[str, Any]:
        """The same for what has one order only. With a cursor one row more: it says whether there is another page."""
        if self.after is None:
            return {"limit": self.limit, "page": self.page}
        return {"limit": self.limit + 1, "after": self.after}

    def cursor_of(self, row: Any) -> str:
        """The cursor of what is behind a row."""
        place = [self.sort_by, _of(row, self.sort_by), _of(row, self.key)]
        return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def sorted_by(column: str, allowed: Sequence[str], table: Table) -> Callable[..., Page]:
    """The dependency of a route whose list can be sorted by these columns of a table; `column` is the default."""

    def page_of(
        limit: Limit = 20,
        page: PageNumber = 1,
        sort_by: str = column,
        sort_order: SortOrder = "desc",
        cursor: Cursor = None,
    ) -> Page:
        return Page(limit, page, sort_by, sort_order, table.key, _place(cursor, sort_by, table))

    # the columns of this list; an annotation in the source could not name them
    page_of.__annotations__["sort_by"] = Literal[tuple(allowed)]
    return page_of


def newest_first(column: str, table: Table) -> Callable[..., Page]:
    """The dependency of a route whose list has one order only: by this column, the newest first."""

    def page_of(limit: Limit = 20, page: PageNumber = 1, cursor: Cursor = None) -> Page:
        return Page(limit, page, column, "desc", table.key, _place(cursor, column, table))

    return page_of


def numbered(column: str) -> Callable[..., Page]:
    """The dependency of a route whose list is counted together, so that it has pages by number only."""

    def page_of(limit: Limit = 20, page: PageNumber = 1, sort_by: str = column, sort_order: SortOrder = "desc") -> Page:
        return Page(limit, page, sort_by, sort_order)

    page_of.__annotations__["sort_by"] = Literal[(column,)]
    return page_of


def paginated(
    rows: Sequence[Any], total: int | None, page: Page, shown: Callable[[Any], Any] = lambda row: row
) -> Json:
    """A page as a response. `rows` are as the database gave them, `shown` makes of each what clients see."""
    data = [shown(row) for row in rows[: page.limit]]
    meta: dict[str, Any] = {"page": None, "limit": page.limit, "total_pages": None, "total_count": None}
    if page.after is not None:
        more = len(rows) > page.limit
        meta["next_cursor"] = page.cursor_of(rows[page.limit - 1]) if more else None
    else:
        count = total or 0
        meta |= {"page": page.page, "total_pages": math.ceil(count / page.limit), "total_count": count}
    return as_json({"data": data, "meta": meta})


def _place(cursor: str | None, column: str, table: Table) -> Place | None:
    if cursor is None or cursor == "":
        return None if cursor is None else Place()
    try:
        place = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=tuple[str, Any, str]
        )
    except (ValueError, msgspec.MsgspecError):
        raise _no_cursor("is none that this service gave", cursor) from None
    sort_by, value, key = place
    if sort_by != column:
        raise _no_cursor(f"is of a list that is sorted by {sort_by!r}, not by {column!r}", cursor)
    kind = next(one.kind for one in table.columns if one.name == column)
    fits = isinstance(value, int) and abs(value) <= _BIGGEST if kind == "int" else isinstance(value, str)
    if value is not None and not fits:
        raise _no_cursor("is none that this service gave", cursor)
    return Place(value, key)


def _no_cursor(why: str, cursor: str) -> HTTPException:
    detail = {"type": "value_error", "loc": ["query", "cursor"], "msg": f"The cursor {why}", "input": cursor}
    return HTTPException(422, [detail])


def _of(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


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


__all__ = ["Page", "as_json", "iso", "newest_first", "numbered", "paginated", "sorted_by"]
