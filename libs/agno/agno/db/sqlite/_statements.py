"""The SQL text for one table, written once. Values are always bound, names always quoted."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from agno.db._codec import to_json
from agno.db.query import Query, Where
from agno.db.tables import RUNS, SESSIONS, Column, Table

_TYPES = {"text": "TEXT", "int": "INTEGER", "json": "TEXT", "date": "TEXT", "bool": "INTEGER"}

# columns of a header that have an index and hardly ever change, and those that change with every run
OWNERS = tuple(
    column for column in SESSIONS.columns if column.name in ("agent_id", "team_id", "workflow_id", "user_id")
)
CONTENTS = tuple(column for column in SESSIONS.columns if column.kind == "json" or column.name == "updated_at")


def quoted(name: str) -> str:
    """A name of a table, column or index."""
    if not name or "\0" in name:
        raise ValueError(f"{name!r} is no table name.")
    return '"' + name.replace('"', '""') + '"'


def marks(values: Collection[object]) -> str:
    """A mark for each value. (`json_each` of a list would be one mark, but cuts texts at a NUL.)"""
    return ", ".join("?" for _ in values)


class Statements:
    """The statements of a table."""

    def __init__(self, table: Table, name: str) -> None:
        self.table = table
        self.plain_name = name
        self.name = quoted(name)
        self.columns = ", ".join(quoted(column) for column in table.names)
        self._common = frozenset(column.name for column in table.columns if column.common)

    @cached_property
    def create(self) -> list[str]:
        """The table with its indexes."""
        definitions = [
            f"{quoted(column.name)} {_TYPES[column.kind]}"
            + (" PRIMARY KEY" if column.name == self.table.key and self.table is not RUNS else "")
            + (" NOT NULL" if column.required else "")
            for column in (*self.table.columns, *self.table.unread)
        ]
        if self.table is RUNS:
            # the order of the runs; appending touches the last page only, and rows of the index end with it
            definitions.insert(0, '"seq" INTEGER PRIMARY KEY')
        if self.table.unique:
            names = ", ".join(quoted(column) for column in self.table.unique)
            constraint = quoted(f"{self.plain_name}_uq_metrics_date_period")
            definitions.append(f"CONSTRAINT {constraint} UNIQUE ({names})")
        made = f"CREATE TABLE IF NOT EXISTS {self.name} ({', '.join(definitions)})"
        return [made, *(self._index(column.name) for column in self.table.columns if column.indexed)]

    def add_column(self, column: Column) -> str:
        """Adds a column to a table of an older version."""
        return f"ALTER TABLE {self.name} ADD COLUMN {quoted(column.name)} {_TYPES[column.kind]}"

    def _index(self, column: str) -> str:
        name = quoted(f"idx_{self.plain_name}_{column}")
        return f"CREATE INDEX IF NOT EXISTS {name} ON {self.name} ({quoted(column)})"

    @cached_property
    def select(self) -> str:
        return f"SELECT {self.columns} FROM {self.name} WHERE {quoted(self.table.key)} = ?"

    @cached_property
    def upsert(self) -> str:
        key = quoted(self.table.key)
        changes = ", ".join(f"{q} = excluded.{q}" for q in map(quoted, self.table.names) if q != key)
        insert = f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks(self.table.names)})"
        return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {changes}"

    def delete(self, column: str | None) -> str:
        """Deletes the rows with a value in a column, or all."""
        return f"DELETE FROM {self.name}" + (f" WHERE {quoted(column)} = ?" if column else "")

    # Queries ---------------------------------------------------------------------------------------------------------

    def find(self, query: Query) -> tuple[str, str, list[object]]:
        """The query, the count before paging, and the values of both; the window comes after them."""
        # SQLite takes the index of a column that must be equal, however many rows that leaves, and sorts them all for
        # every page; a walk goes along the keys
        walks = any(where.op == "behind" for where in query.where)
        parts = [_condition(where, indexed=not (walks or self._common & {*where.columns})) for where in query.where]
        if query.after is not None and query.after.key is not None:
            parts.append(self._behind(query, query.after.value, query.after.key))
        where = " WHERE " + " AND ".join(text for text, _ in parts) if parts else ""
        values = [value for _, some in parts for value in some]
        page = "" if query.window is None else " LIMIT ? OFFSET ?"
        names = ", ".join(quoted(column) for column in query.columns or self.table.names)
        count = f"SELECT count(*) FROM {self.name}{where}"
        return f"SELECT {names} FROM {self.name}{where}{self._order(query)}{page}", count, values

    def _order(self, query: Query) -> str:
        column, way = query.sort_column(self.table), "DESC" if query.descending else "ASC"
        if query.after is not None:
            first = "" if column is None else f"{quoted(column)} {way}, "
            return f" ORDER BY {first}{quoted(self.table.key)} {way}"
        if column is None:
            return " ORDER BY rowid"
        return f" ORDER BY {quoted(column)} {way}, rowid {way}"

    def _behind(self, query: Query, value: object, key: str) -> tuple[str, list[object]]:
        """What comes after a place. Null is smaller than anything. A bound by itself is what an index can begin at."""
        name, own, sign = query.sort_column(self.table), quoted(self.table.key), "<" if query.descending else ">"
        if name is None:
            return f"{own} {sign} ?", [key]
        column = quoted(name)
        if value is None:
            tie = f"({column} IS NULL AND {own} {sign} ?)"
            return (tie if query.descending else f"({tie} OR {column} IS NOT NULL)"), [key]
        if query.descending and name not in self.table.filled:
            return f"({column} < ? OR {column} IS NULL OR ({column} = ? AND {own} < ?))", [value, value, key]
        return f"{column} {sign}= ? AND ({column} {sign} ? OR {own} {sign} ?)", [value, value, key]


_WAYS = {"from": ">=", "to": "<=", "behind": ">"}


def _condition(where: Where, indexed: bool) -> tuple[str, list[object]]:
    op, columns, value, key = where
    column = quoted(columns[0])
    if op == "is":
        no_index = "" if indexed else "+"  # https://sqlite.org/optoverview.html, "Disqualifying WHERE clause terms"
        return "(" + " OR ".join(f"{no_index}{quoted(name)} = ?" for name in columns) + ")", [value] * len(columns)
    if op == "in":
        return f"{column} IN ({marks(value)})", list(value)
    if op == "set":
        return f"{column} IS NOT NULL", []
    if op == "contains":
        return f"instr(agno_text({column}, ?), ?) > 0", [key, str(value).casefold()]
    if op == "all":
        return f"agno_has_all({column}, ?)", [to_json(value).decode()]
    return f"{column} {_WAYS[op]} ?", [value]


class RunStatements:
    """The statements for headers with their runs."""

    def __init__(self, sessions: Statements, runs: Statements) -> None:
        self._sessions, self._runs = sessions.name, runs.name
        header = ", ".join(map(quoted, (*SESSIONS.names, "runs")))
        filler = ", NULL" * (len(SESSIONS.names) - 1)
        # one statement gives the header, in its first row, and then the runs, newest first
        self.load = (
            f"SELECT NULL AS seq, {header} FROM {sessions.name} WHERE session_id = ?1 "
            f"UNION ALL SELECT * FROM (SELECT seq, run_id, CAST(payload AS BLOB){filler} FROM {runs.name} "
            "WHERE session_id = ?1 ORDER BY seq DESC LIMIT ?2)"
        )
        self.load_header = f"SELECT NULL AS seq, {header} FROM {sessions.name} WHERE session_id = ?1"
        owners = ", ".join(column.name for column in OWNERS)
        self.stored = f"SELECT session_type, user_id, created_at, session_data, {owners} FROM {sessions.name} WHERE session_id = ?"
        # SQLite writes the indexes of all columns it is told to set, also when the value stays
        changes = ", ".join(f"{column.name} = ?" for column in CONTENTS)
        self.change = f"UPDATE {sessions.name} SET {changes} WHERE session_id = ?"
        self.append = f"INSERT INTO {runs.name} ({runs.columns}) VALUES ({marks(RUNS.names)})"
        # the run that ends is nearly always the newest: found by walking the session's index from its end
        self.replace = (
            f"UPDATE {runs.name} SET parent_run_id = ?, status = ?, created_at = ?, payload = ? WHERE seq = "
            f"(SELECT seq FROM {runs.name} WHERE session_id = ? AND run_id = ? ORDER BY seq DESC LIMIT 1)"
        )
        self.drop = f"DELETE FROM {runs.name} WHERE session_id = ? AND run_id = ?"
        self.old_runs = f"SELECT runs FROM {sessions.name} WHERE session_id = ?"
        self.set_old_runs = f"UPDATE {sessions.name} SET runs = ? WHERE session_id = ?"

    def load_runs(self, session_ids: Collection[str], first: bool = False) -> str:
        """The runs of some sessions, or the first of each; the index gives them in this order."""
        wanted = f"FROM {self._runs} WHERE session_id IN ({marks(session_ids)})"
        if first:
            wanted = f"FROM {self._runs} WHERE seq IN (SELECT MIN(seq) {wanted} GROUP BY session_id)"
        return f"SELECT session_id, run_id, CAST(payload AS BLOB) {wanted} ORDER BY session_id, seq"

    def load_old_runs(self, session_ids: Collection[str]) -> str:
        """The runs that an older version wrote into the headers."""
        wanted = f"runs IS NOT NULL AND session_id IN ({marks(session_ids)})"
        return f"SELECT session_id, runs FROM {self._sessions} WHERE {wanted}"


__all__ = ["CONTENTS", "OWNERS", "RunStatements", "Statements", "marks", "quoted"]
