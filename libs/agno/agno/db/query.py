"""What to find, as data. Backends push it down; those that cannot use `chosen`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from agno.db.tables import Row, Table

_MOST = 2**53  # larger numbers are none to some databases, and no table has so many rows


class Where(NamedTuple):
    """One condition.

    `is`: one of the columns equals the value. `in`: the value is among the values. `from`, `to`: bounds, inclusive.
    `set`: not null. `contains`: text (at `key` of a JSON object, if given) has the value in it, whatever the case.
    `all`: a JSON list has all the values. `behind`: larger than the value, in the order in which the database sorts.
    """

    op: Literal["is", "in", "from", "to", "set", "contains", "all", "behind"]
    columns: tuple[str, ...]
    value: Any = None
    key: str | None = None


class Place(NamedTuple):
    """Where a page ended: what its last row has in the column that is sorted by, and its key; without a key, the beginning."""

    value: Any = None
    key: str | None = None


@dataclass(frozen=True)
class Query:
    """Conditions combine with AND. Without `sort_by` rows come as they were inserted; ties follow that order too.

    With `after` only those come that are behind a place, and ties follow their keys: so whatever is added or deleted
    meanwhile, no other row is missed or comes twice.
    """

    where: tuple[Where, ...] = ()
    sort_by: str | None = None
    sort_order: str | None = None
    limit: int | None = None
    page: int | None = None
    columns: tuple[str, ...] | None = None  # only these are needed
    counted: bool = True  # the number before paging is wanted; counting reads all that fit
    after: Place | None = None

    @property
    def descending(self) -> bool:
        """True unless the order is `asc`."""
        return self.sort_order != "asc"

    @property
    def window(self) -> tuple[int, int] | None:
        """(limit, offset), or None for all rows. Pages count from 1, and only with a limit."""
        if self.limit is None:
            return None
        limit = min(max(0, int(self.limit)), _MOST)
        return limit, min((max(1, int(self.page or 1)) - 1) * limit, _MOST)

    def sort_column(self, table: Table) -> str | None:
        """The column to sort by; names that are no column are ignored."""
        return self.sort_by if self.sort_by in table.sortable else None


def chosen(rows: Iterable[Row], query: Query, table: Table) -> tuple[list[Row], int]:
    """The rows a query asks for, and how many there are before paging. `rows` come in the order of insertion."""
    found = [row for row in rows if all(fits(row, condition) for condition in query.where)]
    column = query.sort_column(table)
    if query.after is not None:
        found = _behind(found, query.after, column, table.key, query.descending)
    elif column is not None:
        found.sort(key=lambda row: (row.get(column) is not None, row.get(column)))
        if query.descending:
            found.reverse()
    total = len(found)
    if query.window is not None:
        limit, offset = query.window
        found = found[offset : offset + limit]
    return found, total


def _behind(rows: list[Row], after: Place, column: str | None, key: str, descending: bool) -> list[Row]:
    """The rows behind a place, in the order of their places; null is smaller than anything."""

    def order(value: Any, own: str) -> tuple[Any, ...]:
        return (False, 0, own) if column is None or value is None else (True, value, own)

    placed = [(order(row.get(column or key), row[key]), row) for row in rows]
    if after.key is not None:
        last = order(after.value, after.key)
        placed = [one for one in placed if (one[0] < last if descending else one[0] > last)]
    return [row for _, row in sorted(placed, key=lambda one: one[0], reverse=descending)]


def fits(row: Row, where: Where) -> bool:
    """Whether a row meets a condition."""
    op, columns, wanted, key = where
    value = row.get(columns[0])
    if op == "is":
        return any(row.get(column) == wanted for column in columns)
    if op == "in":
        return value in wanted
    if op == "set":
        return value is not None
    if op == "contains":
        return str(wanted).casefold() in searchable(value, key)
    if op == "all":
        return has_all(value, wanted)
    if value is None:
        return False
    return bool(value > wanted if op == "behind" else value >= wanted if op == "from" else value <= wanted)


def searchable(value: Any, key: str | None) -> str:
    """Folded text of a JSON value, or of what it has at `key`."""
    if key is not None:
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else str(value).casefold()


def has_all(value: Any, wanted: Iterable[Any]) -> bool:
    """Whether a JSON list has all the values."""
    return isinstance(value, list) and all(item in value for item in wanted)


def equal(**values: Any) -> tuple[Where, ...]:
    """A condition for each value that is not None."""
    return tuple(Where("is", (name,), value) for name, value in values.items() if value is not None)


__all__ = ["Place", "Query", "Where", "chosen", "equal", "fits", "has_all", "searchable"]
