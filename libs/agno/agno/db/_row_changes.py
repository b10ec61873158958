"""What a row must be before any database gets it, and the changes that only happen if a row is as expected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agno.db._port import DbError, RowVerbs
from agno.db.query import Query, Where, equal
from agno.db.tables import Column, Row, Table
from agno.utils.dttm import now_epoch

_BATCH = 500  # rows at a time
_LARGEST = 2**63 - 1  # of the integers that all databases have


def fitting(table: Table, row: Row) -> Row:
    """The row, whose times may have been fractions. Refuses what some databases would keep and others not, or not give
    back: TypeError for an id that is no text, ValueError for what is missing, too large, or half a character."""
    for column in table.checked:
        value = row.get(column.name)
        if value is None:
            if column.required:
                raise ValueError(f"{column.name}= is missing: what is kept in {table.kind!r} needs one.")
        elif column.kind == "int":
            row[column.name] = _whole(column, value)
        elif column.is_id:
            check_id(column.name, value)
    return row


def _whole(column: Column, value: Any) -> int:
    try:
        number = int(value)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{column.name}={value!r} is no number that can be kept.") from error
    if not -_LARGEST <= number <= _LARGEST:
        raise ValueError(f"{column.name}={value!r} is too large to be kept: a number has at most 63 bits.")
    return number


def check_id(name: str, value: Any) -> None:
    """Refuse an id that is no text, or holds half a character."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r} is of type {type(value).__name__}. It takes a text, such as '{value}'.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # it is no text, so two such ids could become one
            raise ValueError(
                f"{name}={value!r} holds half of a surrogate pair, which is no character. Leave it out."
            ) from None


def new_row(table: Table, given: Row) -> Row:
    """A whole row, made now unless it says otherwise."""
    now = now_epoch()
    return fitting(table, {**dict.fromkeys(table.names), "created_at": now, "updated_at": now, **given})


def insert(db: RowVerbs, table: Table, given: Row) -> Row:
    """Store a new row. Raises DbError if there is one with its key."""
    new = new_row(table, given)

    def written(row: Row | None) -> Row:
        if row is not None:
            raise DbError(f"There is one with the id {new[table.key]!r} in {db.table_name(table)} already.", 409)
        return new

    db.update(table, new[table.key], written)
    return new


def change(
    db: RowVerbs, table: Table, key: str, changes: Row, *, user_id: str | None = None, expected: Row | None = None
) -> Row | None:
    """Change a row, if it is this user's and has the values of `expected`; gives it, or None if nothing was changed.

    Raises ValueError for what is no column of the table, or is its key.
    """
    if unknown := sorted(changes.keys() - set(table.names)):
        raise ValueError(f"{db.table_name(table)} has no {unknown[0]!r}; it has {', '.join(table.names)}.")
    if table.key in changes:
        raise ValueError(f"{table.key!r} of what is in {db.table_name(table)} cannot be changed: store a new one.")

    def changed(row: Row | None) -> Row | None:
        row = of_user(row, user_id)
        if row is None or any(row[name] != value for name, value in (expected or {}).items()):
            return None
        return fitting(table, {**row, **changes, "updated_at": now_epoch()})

    return db.update(table, key, changed)


def of_user(row: Row | None, user_id: str | None) -> Row | None:
    """The row, if it is of this user when one is given."""
    return None if row is None or (user_id is not None and row["user_id"] != user_id) else row


def delete_of_user(db: RowVerbs, table: Table, keys: Iterable[str], user_id: str | None) -> int:
    """Delete rows, of this user only when one is given; how many there were."""
    ids, gone = list(dict.fromkeys(keys)), 0
    if user_id is None:
        return db.delete(table, ids)
    for start in range(0, len(ids), _BATCH):
        where = (Where("in", (table.key,), ids[start : start + _BATCH]), *equal(user_id=user_id))
        mine, _ = db.find(table, Query(where, columns=(table.key,), counted=False))
        gone += db.delete(table, [row[table.key] for row in mine])
    return gone


def delete_all(db: RowVerbs, table: Table, where: tuple[Where, ...]) -> int:
    """Delete the rows that fit, however many there are; how many there were."""
    gone = 0
    while rows := db.find(table, Query(where, limit=_BATCH, columns=(table.key,), counted=False))[0]:
        now_gone = db.delete(table, [row[table.key] for row in rows])
        gone += now_gone
        if not now_gone:  # a list may lag behind, where the product's indexes do
            break
    return gone


__all__ = ["change", "check_id", "delete_all", "delete_of_user", "fitting", "insert", "new_row", "of_user"]
