"""The row verbs on a SQL server, written once for all of them, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any, ClassVar

import sqlalchemy as sa
from typing_extensions import Unpack

from agno.db._codec import plain_to_json
from agno.db._names import TableNames
from agno.db._old_tables import OldTables
from agno.db._port import RunRow, StoredHeader
from agno.db._sessions import old_runs, with_old_runs
from agno.db.base import BaseDb
from agno.db.query import Query
from agno.db.sql import _rows as rows
from agno.db.sql._dialect import Dialect
from agno.db.sql._engines import Engines, sync_engines
from agno.db.sql._old_tables import SqlOldTables
from agno.db.sql._statements import RunStatements
from agno.db.sql._tables import Tables
from agno.db.sql._text import escaped_json, plain_json
from agno.db.sql._work import Talk, Worker
from agno.db.tables import RUNS, SESSIONS, TABLES, Row, Table

_AT_ONCE = 500  # values in one list

Settle = Callable[[StoredHeader | None], Row | None]


class SqlDb(BaseDb):
    """A database on a SQL server. The products subclass it with their dialect and their constructor."""

    dialect: ClassVar[Dialect]
    default_schema: ClassVar[str | None] = None

    def __init__(
        self,
        db_url: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        super().__init__(*tables, **more)
        self._engines: Engines = sync_engines(db_url, db_engine, type(self).__name__, self.dialect)
        self.db_url = str(db_url) if db_url is not None else self._engines.place
        self.db_schema = db_schema or self.default_schema
        self._worker = Worker(self._engines, self.dialect)
        names = {table.kind: self.table_name(table) for table in TABLES}
        self._tables = Tables(names, self.db_schema, self.dialect, self._worker)

    @property
    def db_engine(self) -> Any:
        """The SQLAlchemy engine: the one that was given, or the one made for `db_url`."""
        return self._engines.given()

    @property
    def metadata(self) -> sa.MetaData:
        """The tables, as SQLAlchemy knows them."""
        return self._tables.metadata

    @cached_property
    def Session(self) -> Any:  # the name Agno 2.0 gave it
        """A factory of SQLAlchemy sessions for queries of your own."""
        from sqlalchemy.orm import scoped_session, sessionmaker

        return scoped_session(sessionmaker(bind=self.db_engine))

    def old_tables(self) -> OldTables:
        """What older versions wrote."""
        return SqlOldTables(self._worker, self._tables, self.db_schema)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engines.close()

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        def work(talk: Talk) -> Row | None:
            sql = self._tables.found(talk, table)
            return None if sql is None else self._one(talk, table, sql.select, key)

        return self._worker.at_once(work)

    def _one(self, talk: Talk, table: Table, select: sa.Select[Any], key: str) -> Row | None:
        found = talk.execute(select, {"key": rows.key(key, self.dialect)}).first()
        return None if found is None else rows.row_of(table, table.names, found)

    def put(self, table: Table, row: Row) -> None:
        values = rows.values(table, row, self.dialect)
        self._worker.at_once(lambda talk: talk.execute(self._tables.needed(talk, table).upsert, values), writes=True)

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        # the header first: then no run can be added behind the back of the second statement
        parts = [(table, table.key), (RUNS, "session_id")] if table is SESSIONS else [(table, table.key)]
        # in one order, so that two who delete the same rows do not wait for each other
        wanted = None if keys is None else sorted({rows.key(key, self.dialect) for key in keys})

        def work(talk: Talk) -> int:
            gone = [self._deleted(talk, part, column, wanted) for part, column in parts]
            return gone[0]

        return self._worker.together(work)

    def _deleted(self, talk: Talk, table: Table, column: str, keys: list[str] | None) -> int:
        sql = self._tables.found(talk, table)
        if sql is None:
            return 0
        lists = [None] if keys is None else _lists(keys)
        return sum(talk.execute(sql.delete(column, some)).rowcount for some in lists)

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        def work(talk: Talk) -> tuple[list[Row], int]:
            sql = self._tables.found(talk, table)
            if sql is None:
                return [], 0
            select, count = sql.find(query)
            names = query.columns or table.names
            found = [rows.row_of(table, names, values) for values in talk.execute(select)]
            limit, offset = query.window or (len(found) + 1, 0)
            if not query.counted or (len(found) < limit and (found or not offset)):
                return found, offset + len(found)  # the last page: no need to count
            return found, talk.execute(count).scalar_one()

        return self._worker.at_once(work)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        def work(talk: Talk) -> Row | None:
            sql = self._tables.needed(talk, table)
            before = self._one(talk, table, sql.select_locked, key)
            new = change(before)
            if new is None:
                return None
            values = rows.values(table, new, self.dialect)
            if before is None:  # whoever makes the same row now comes second, and is told so
                talk.execute(sql.insert, values)
            else:
                talk.execute(sql.change, _keyed(values, table))
            return {name: new.get(name) for name in table.names}

        return self._worker.together(work)

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        def work(talk: Talk) -> tuple[Row, list[RunRow]] | None:
            sql = self._tables.found_runs(talk)
            if sql is None:
                return self._only_header(talk, session_id)
            names, key = (*SESSIONS.names, "runs"), {"key": rows.key(session_id, self.dialect)}
            if runs == 0:
                found = talk.execute(sql.load_header, key).all()
                return (_header(names, found[0]), []) if found else None
            found = talk.execute(sql.load, {**key, "window": sql.window(runs)}).all()
            newest = sorted((row for row in found if row[0] is not None), key=lambda row: row[0])
            header = next((row for row in found if row[0] is None), None)
            if header is None:
                return None
            return _header(names, header[3:]), [rows.run_of(row[1], row[2]) for row in newest]

        return self._worker.at_once(work)

    def _only_header(self, talk: Talk, session_id: str) -> tuple[Row, list[RunRow]] | None:
        """Of a database that Agno 2.0 wrote, and nobody since."""
        sql = self._tables.found(talk, SESSIONS)
        if sql is None:
            return None
        names = (*SESSIONS.names, "runs")
        key = rows.key(session_id, self.dialect)
        found = talk.execute(sa.select(*sql.read(names)).where(sql.sql.c.session_id == key)).first()
        return None if found is None else (_header(names, found), [])

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        return self._load_runs(session_ids, first=False)

    def load_first_runs(self, session_ids: Sequence[str]) -> dict[str, RunRow]:
        return {key: runs[0] for key, runs in self._load_runs(session_ids, first=True).items()}

    def _load_runs(self, session_ids: Sequence[str], first: bool) -> dict[str, list[RunRow]]:
        wanted = [rows.key(session_id, self.dialect) for session_id in session_ids]
        names = dict(zip(wanted, session_ids, strict=True))

        def work(talk: Talk) -> dict[str, list[RunRow]]:
            found: dict[str, list[RunRow]] = {}
            headers, runs = self._tables.found(talk, SESSIONS), self._tables.found(talk, RUNS)
            for some in _lists(wanted) if headers is not None else ():
                assert headers is not None
                if runs is not None:
                    for session_id, run_id, payload in talk.execute(runs.of_sessions(some, first)):
                        found.setdefault(names[session_id], []).append(rows.run_of(run_id, payload))
                for session_id, old in talk.execute(headers.old_runs(some)):
                    name = names[session_id]
                    found[name] = with_old_runs(plain_json(old), found.get(name, ()))
            return found

        return self._worker.at_once(work)

    def write_session(
        self,
        session_id: str,
        settle: Settle,
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        key = rows.key(session_id, self.dialect)
        run_values = [rows.run_values(run, self.dialect) for run in runs]

        def work(talk: Talk) -> None:
            sql = self._tables.needed_runs(talk)
            self._write_header(talk, sql, key, settle)
            if run_values:
                talk.execute(sql.runs.upsert, run_values)
            if dropped:
                self._drop(talk, sql, key, dropped)

        self._worker.together(work)

    def _write_header(self, talk: Talk, sql: RunStatements, key: str, settle: Settle) -> None:
        stored = self._stored(talk.execute(sql.stored, {"key": key}).first())
        header = settle(stored)
        if header is None:
            return
        values = rows.values(SESSIONS, header, self.dialect)
        if stored is None:
            talk.execute(sql.headers.insert, values)
        else:
            talk.execute(sql.headers.change, _keyed(values, SESSIONS))

    @staticmethod
    def _stored(found: Any) -> StoredHeader | None:
        if found is None:
            return None
        kind, user_id, created_at, data, *_ = found
        owner = None if user_id is None else rows.plain(user_id)
        return StoredHeader(kind, owner, created_at, None if data is None else plain_json(data))

    def _drop(self, talk: Talk, sql: RunStatements, key: str, dropped: Collection[str]) -> None:
        for some in _lists([rows.key(run_id, self.dialect) for run_id in dropped]):
            talk.execute(sql.drop, {"key": key, "run_ids": some})
        old = talk.execute(sql.headers.old_runs([key])).first()
        if old is not None:
            kept = [run for run in old_runs(plain_json(old[1])) if run.get("run_id") not in dropped]
            text = escaped_json(plain_to_json(kept)) if kept else None
            talk.execute(sql.set_old_runs, {"key": key, "old": text})


def _header(names: Sequence[str], found: Sequence[Any]) -> Row:
    *values, old = found
    header = rows.row_of(SESSIONS, names[:-1], values)
    header["runs"] = None if old is None else old_runs(plain_json(old))
    return header


def _keyed(values: dict[str, Any], table: Table) -> dict[str, Any]:
    """The key is what to look for, and not set."""
    return {"key" if name == table.key else name: value for name, value in values.items()}


def _lists(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]


__all__ = ["Settle", "SqlDb"]
