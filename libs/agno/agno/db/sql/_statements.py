"""The statements for a table, built once. Values are always bound parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from agno.db.query import Query, Where
from agno.db.sql._dialect import Dialect
from agno.db.sql._layout import ORDER, keys_of
from agno.db.sql._rows import RUN, bound
from agno.db.sql._text import escaped
from agno.db.tables import RUNS, SESSIONS, Table

_EVERYTHING = 2**62  # LIMIT takes a number, everywhere
_STORED = ("session_type", "user_id", "created_at", "session_data")


class Statements:
    """The statements of a table."""

    def __init__(self, table: Table, sql: sa.Table, dialect: Dialect) -> None:
        self.table, self.sql, self.dialect = table, sql, dialect
        self._kinds = {column.name: column for column in table.columns}
        # a table that Agno 2.0 made has no column for the order
        age = next(name for name in ("created_at", "updated_at") if name in sql.c)
        self._order = [sql.c[ORDER]] if ORDER in sql.c else [sql.c[age], sql.c[table.key]]

    def read(self, names: Sequence[str] | None = None) -> list[sa.ColumnElement[Any]]:
        """Columns to select; JSON as text."""
        return [self._text(name) for name in names or self.table.names]

    def _text(self, name: str) -> sa.ColumnElement[Any]:
        column = self.sql.c[name]
        is_json = name not in self._kinds or self._kinds[name].kind == "json"
        return sa.cast(column, sa.Text).label(name) if is_json else column

    @cached_property
    def _mine(self) -> sa.ColumnElement[bool]:
        return self.sql.c[self.table.key] == sa.bindparam("key", type_=sa.Text)

    @cached_property
    def select(self) -> sa.Select[Any]:
        """The row with a key."""
        return sa.select(*self.read()).where(self._mine)

    @cached_property
    def select_locked(self) -> sa.Select[Any]:
        """The row with a key, which nobody else may write until the transaction ends."""
        return self.select.with_for_update()

    @cached_property
    def insert(self) -> sa.Insert:
        """A new row."""
        return sa.insert(self.sql).values({name: sa.bindparam(name) for name in self.table.names})

    @cached_property
    def change(self) -> sa.Update:
        """All other columns of the row with a key."""
        others = [name for name in self.table.names if name != self.table.key]
        return sa.update(self.sql).where(self._mine).values({name: sa.bindparam(name) for name in others})

    @cached_property
    def upsert(self) -> sa.Insert:
        """A row, new or not."""
        others = [name for name in self.table.names if name not in keys_of(self.table)]
        prefix = RUN if self.table is RUNS else ""
        named: dict[str, Any] = {name: sa.bindparam(f"{prefix}{name}") for name in self.table.names}
        return self.dialect.upsert(self.sql, keys_of(self.table), others).values(named)

    def delete(self, column: str, keys: Sequence[str] | None) -> sa.Delete:
        """The rows with one of some values in a column, or all."""
        statement = sa.delete(self.sql)
        return statement if keys is None else statement.where(self.sql.c[column].in_(keys))

    def of_sessions(self, session_ids: Sequence[str], first: bool = False) -> sa.Select[Any]:
        """The runs of some sessions, in their order, or the first of each."""
        column = self.sql.c
        wanted = sa.select(column.session_id, column.run_id, column.payload).where(column.session_id.in_(session_ids))
        if first:
            places = sa.select(sa.func.min(column[ORDER])).where(column.session_id.in_(session_ids))
            wanted = wanted.where(column[ORDER].in_(places.group_by(column.session_id)))
        return wanted.order_by(column.session_id, column[ORDER])

    def old_runs(self, session_ids: Sequence[str]) -> sa.Select[Any]:
        """The runs that an older version kept in the headers."""
        column = self.sql.c
        old = sa.select(column.session_id, sa.cast(column.runs, sa.Text))
        return old.where(column.session_id.in_(session_ids), column.runs.is_not(None))

    # Queries ---------------------------------------------------------------------------------------------------------

    def find(self, query: Query) -> tuple[sa.Select[Any], sa.Select[Any]]:
        """The query, and the count before paging."""
        conditions = [self._condition(where) for where in query.where]
        if query.after is not None and query.after.key is not None:
            conditions.append(self._behind(query, query.after.value, query.after.key))
        rows = sa.select(*self.read(query.columns)).where(*conditions).order_by(*self._sorting(query))
        if query.window is not None:
            limit, offset = query.window
            rows = rows.limit(limit).offset(offset)
        return rows, sa.select(sa.func.count()).select_from(self.sql).where(*conditions)

    def _sorting(self, query: Query) -> list[sa.ColumnElement[Any]]:
        name = query.sort_column(self.table)
        ties = self._order if query.after is None else [self.sql.c[self.table.key]]
        if name is None:
            return [column.desc() for column in ties] if query.after is not None and query.descending else list(ties)
        first: sa.ColumnElement[Any] = self.sql.c[name].desc() if query.descending else self.sql.c[name].asc()
        if self.dialect.nulls_last and name not in self.table.filled:
            first = first.nulls_last() if query.descending else first.nulls_first()
        return [first, *(column.desc() if query.descending else column for column in ties)]

    def _behind(self, query: Query, value: Any, key: str) -> sa.ColumnElement[bool]:
        """What comes after a place. Null is smaller than anything. A bound by itself is what an index can begin at."""
        name, own = query.sort_column(self.table), self.sql.c[self.table.key]
        last = self._value(self.table.key, key)
        tie: sa.ColumnElement[bool] = own < last if query.descending else own > last
        if name is None:
            return tie
        column = self.sql.c[name]
        if value is None:
            tie = sa.and_(column.is_(None), tie)
            return tie if query.descending else sa.or_(tie, column.is_not(None))
        one = self._value(name, value)
        if not query.descending:
            return sa.and_(column >= one, sa.or_(column > one, tie))
        if name in self.table.filled:
            return sa.and_(column <= one, sa.or_(column < one, tie))
        return sa.or_(column < one, column.is_(None), sa.and_(column == one, tie))

    def _condition(self, where: Where) -> sa.ColumnElement[bool]:
        op, names, value, key = where
        column: sa.ColumnElement[Any] = self.sql.c[names[0]]
        if op == "is":
            return sa.or_(*(self.sql.c[name] == self._value(name, value) for name in names))
        if op == "in":
            return column.in_([self._value(names[0], item) for item in value])
        if op == "set":
            return column.is_not(None)
        if op == "contains":
            return self.dialect.contains(column, key, escaped(str(value)))
        if op == "all":
            return self.dialect.has_all(column, [escaped(str(item)) for item in value])
        one = self._value(names[0], value)
        if op == "behind":
            behind: sa.ColumnElement[bool] = column > one
            return behind
        bound_at: sa.ColumnElement[bool] = column >= one if op == "from" else column <= one
        return bound_at

    def _value(self, name: str, value: Any) -> Any:
        return bound(self._kinds[name], value, self.dialect)


class RunStatements:
    """The statements for headers with their runs."""

    def __init__(self, headers: Statements, runs: Statements) -> None:
        self.headers, self.runs, self.dialect = headers, runs, headers.dialect
        self._session = headers.sql.c.session_id == sa.bindparam("key", type_=sa.Text)

    @cached_property
    def stored(self) -> sa.Select[Any]:
        """What a writer must know, which nobody else may write until the transaction ends."""
        return sa.select(*self.headers.read(_STORED)).where(self._session).with_for_update()

    @cached_property
    def seen(self) -> sa.Select[Any]:
        """What a writer must know, and the version of the row."""
        assert self.dialect.version is not None
        return sa.select(*self.headers.read(_STORED), self.dialect.version.label("version")).where(self._session)

    @cached_property
    def load_header(self) -> sa.Select[Any]:
        """The header, with the runs that an older version kept in it."""
        return sa.select(*self._header()).where(self._session)

    def _header(self) -> list[sa.ColumnElement[Any]]:
        return self.headers.read((*SESSIONS.names, "runs"))

    @cached_property
    def load(self) -> sa.CompoundSelect[Any]:
        """The header, in the first row, and then the runs, newest first: one statement, and the header only once."""
        runs = self.runs.sql
        none: Any = (sa.BigInteger, sa.Text, sa.Text)
        header = sa.select(
            *(
                sa.cast(sa.null(), kind).label(name)
                for kind, name in zip(none, ("seq", "run_id", "payload"), strict=True)
            ),
            *self._header(),
        ).where(self._session)
        newest = (
            sa.select(runs.c[ORDER], runs.c.run_id, runs.c.payload)
            .where(runs.c.session_id == sa.bindparam("key", type_=sa.Text))
            .order_by(runs.c[ORDER].desc())
            .limit(sa.bindparam("window", type_=sa.BigInteger))
            .subquery()
        )
        empty = [sa.cast(sa.null(), _type(column)) for column in self._header()]
        return sa.union_all(header, sa.select(*newest.c, *empty))

    @staticmethod
    def window(runs: int | None) -> int:
        """How many runs, for the parameter of `load`."""
        return _EVERYTHING if runs is None else runs

    @cached_property
    def drop(self) -> sa.Delete:
        """Some runs of a session."""
        run_ids: Any = sa.bindparam("run_ids", expanding=True)
        table = self.runs.sql
        return sa.delete(table).where(table.c.session_id == sa.bindparam("key"), table.c.run_id.in_(run_ids))

    @cached_property
    def set_old_runs(self) -> sa.Update:
        """The runs that an older version kept in the header."""
        return sa.update(self.headers.sql).where(self._session).values(runs=sa.bindparam("old"))


def _type(column: sa.ColumnElement[Any]) -> sa.types.TypeEngine[Any]:
    return sa.Text() if isinstance(column.type, sa.String) else column.type


__all__ = ["RunStatements", "Statements"]
