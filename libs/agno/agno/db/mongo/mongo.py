"""Everything in MongoDB: a document for each row and for each run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from typing_extensions import Unpack

from agno.db._documents import SEQ, drop_old_runs, header_of, next_seq, row_of, stored_header
from agno.db._names import CollectionNames, table_names
from agno.db._old_tables import OldTables
from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError, NoTextError, RunRow, StoredHeader
from agno.db._retrying import Conflict
from agno.db._sessions import with_old_runs
from agno.db.base import BaseDb
from agno.db.query import Query, chosen
from agno.db.tables import RUNS, SESSIONS, Row, Table

try:
    import pymongo
    from bson.errors import BSONError
    from pymongo import errors
except ImportError as _error:
    raise ImportError("MongoDb needs `pymongo`. Install it with: pip install pymongo") from _error

from agno.db.mongo._calls import Calls, transaction
from agno.db.mongo._native import INDEXED, UNIQUE, behind, condition, native
from agno.db.mongo._old_tables import MongoOldTables

_REVISION = "rev"  # a number that each write of a document raises
_TIMEOUT = 5000  # milliseconds to look for a server, unless the URL says otherwise
_AT_ONCE = 1000


class MongoVerbs(BaseDb):
    """The verbs, above a client of either colour."""

    def __init__(self, calls: Calls, db_name: str | None, *names: str | None, **more: str | None) -> None:
        super().__init__(*names, **more)
        self.db_name = db_name or "agno"
        self._calls = calls
        self._ready: set[str] = set()  # collections that have their indexes
        self._has_transactions: bool | None = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (errors.ConnectionFailure, errors.ExecutionTimeout, errors.WaitQueueTimeoutError) as error:
            reason = str(error).partition(", Timeout: ")[0]
            raise DbUnavailableError(f"MongoDB cannot be reached: {reason}. {CHECK_SERVER}") from error
        except (errors.PyMongoError, BSONError) as error:
            raise DbError(f"MongoDB failed: {error}.") from error
        except UnicodeEncodeError as error:
            raise NoTextError("MongoDB", error) from error

    @property
    def db_client(self) -> Any:
        """The client."""
        return self._calls.client

    def old_tables(self) -> OldTables:
        """What older versions wrote."""
        return MongoOldTables(self._calls, self.db_name, self._told, self.table_name, self._written, self._together)

    # Collections -----------------------------------------------------------------------------------------------------

    def _collection(self, table: Table) -> Any:
        return self.db_client[self.db_name][self.table_name(table)]

    def _written(self, table: Table) -> Any:
        """A collection that has its indexes, without which two writers could make one row twice."""
        collection = self._collection(table)
        if table.kind not in self._ready:
            for columns in UNIQUE[table.kind]:
                self._calls.do(collection.create_index([(column, 1) for column in columns], unique=True))
            for column in INDEXED[table.kind]:
                self._calls.do(collection.create_index([(column, 1)]))
            self._ready.add(table.kind)
        return collection

    def _one(self, table: Table, key: str, session: Any = None) -> Row | None:
        found: Row | None = self._calls.do(self._collection(table).find_one({table.key: {"$eq": key}}, session=session))
        return found

    def _replace(self, table: Table, old: Row | None, new: Row, session: Any = None) -> Row:
        """Write a document over the one that was read; a `Conflict` if it is another one by now."""
        kept = {name: value for name, value in (old or {SEQ: next_seq()}).items() if name not in table.names}
        document = {**native(table, new), **kept, _REVISION: kept.get(_REVISION, 0) + 1}
        collection = self._written(table)
        try:
            if old is None:
                self._calls.do(collection.insert_one(document, session=session))
            else:
                same = {"_id": old["_id"], _REVISION: {"$eq": old.get(_REVISION)}}
                if not self._calls.do(collection.replace_one(same, document, session=session)).matched_count:
                    raise Conflict
        except errors.DuplicateKeyError as error:
            raise Conflict from error
        return document

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        with self._told():
            found = self._one(table, key)
        return None if found is None else row_of(table, found)

    def put(self, table: Table, row: Row) -> None:
        self.update(table, row[table.key], lambda _: row)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        with self._told():
            while True:  # whenever this goes round again somebody else has succeeded
                found = self._one(table, key)
                new = change(None if found is None else row_of(table, found))
                if new is None:
                    return None
                try:
                    return row_of(table, self._replace(table, found, new))
                except Conflict:
                    continue

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        rows = {} if keys is None else {table.key: {"$in": list(keys)}}
        collection, runs, gone = self._collection(table), self._collection(RUNS), 0

        def write(session: Any) -> None:
            nonlocal gone
            if table is SESSIONS:  # first, so that whatever dies here leaves no runs for a new session of that name
                self._calls.do(runs.delete_many(rows, session=session))
            gone = self._calls.do(collection.delete_many(rows, session=session)).deleted_count

        with self._told():
            self._together(write) if table is SESSIONS else write(None)
        return gone

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        filters = [condition(where) for where in query.where]
        pushed = [one for one in filters if one is not None]
        if query.after is not None and query.after.key is not None:
            pushed.append(behind(query, table))
        which = {"$and": pushed} if pushed else {}
        if None in filters or query.window is None:
            with self._told():
                cursor = self._collection(table).find(which, self._columns(table, query)).sort(SEQ, 1)
                documents = self._calls.rows(cursor)
            return chosen((row_of(table, document) for document in documents), query, table)
        return self._page(table, query, which)

    def _columns(self, table: Table, query: Query) -> Row | None:
        if query.columns is None:
            return {"runs": 0} if table is SESSIONS else None
        names = {
            *query.columns,
            table.key,
            query.sort_column(table),
            *(name for where in query.where for name in where.columns),
        }
        return {name: 1 for name in names if name}

    def _page(self, table: Table, query: Query, which: Row) -> tuple[list[Row], int]:
        limit, offset = query.window or (0, 0)
        column, way = query.sort_column(table), -1 if query.descending else 1
        order = [(SEQ, 1)] if column is None else [(column, way), (SEQ, way)]
        if query.after is not None:
            order = [(column, way), (table.key, way)] if column is not None else [(table.key, way)]
        collection = self._collection(table)
        with self._told():
            total: int = self._calls.do(collection.count_documents(which)) if query.counted else 0
            if limit == 0:  # which means "all" to the server
                return [], total
            cursor = collection.find(which, self._columns(table, query)).sort(order).skip(offset).limit(limit)
            return [row_of(table, document) for document in self._calls.rows(cursor)], total

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._told():
            header = self._one(SESSIONS, session_id)
            if header is None:
                return None
            found = []
            if runs is None or runs > 0:
                cursor = self._collection(RUNS).find({"session_id": {"$eq": session_id}}).sort(SEQ, -1)
                found = self._calls.rows(cursor if runs is None else cursor.limit(runs))
        return header_of(header), [(run["run_id"], run["payload"].encode()) for run in reversed(found)]

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        return self._load_runs(session_ids, first=False)

    def load_first_runs(self, session_ids: Sequence[str]) -> dict[str, RunRow]:
        return {key: runs[0] for key, runs in self._load_runs(session_ids, first=True).items()}

    def _load_runs(self, session_ids: Sequence[str], first: bool) -> dict[str, list[RunRow]]:
        found: dict[str, list[RunRow]] = {}
        for start in range(0, len(session_ids), _AT_ONCE):
            some = list(session_ids[start : start + _AT_ONCE])
            wanted = {"session_id": {"$in": some}}
            old = {**wanted, "runs": {"$ne": None}}
            with self._told():
                runs = (
                    self._first_of_each(some)
                    if first
                    else self._calls.rows(self._collection(RUNS).find(wanted).sort([("session_id", 1), (SEQ, 1)]))
                )
                headers = self._calls.rows(self._collection(SESSIONS).find(old, {"session_id": 1, "runs": 1}))
            for run in runs:
                found.setdefault(run["session_id"], []).append((run["run_id"], run["payload"].encode()))
            for header in headers:
                found[header["session_id"]] = with_old_runs(header["runs"], found.get(header["session_id"], ()))
        return found

    def _first_of_each(self, session_ids: Sequence[str]) -> list[Any]:
        runs = self._collection(RUNS)
        cursors = (runs.find({"session_id": {"$eq": key}}).sort(SEQ, 1).limit(1) for key in session_ids)
        return [run for cursor in cursors for run in self._calls.rows(cursor)]

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        changes = _run_changes(session_id, runs, dropped)
        with self._told():
            self._written(SESSIONS)  # here, since collections are not made in transactions
            collection = self._written(RUNS)

            def write(session: Any) -> None:
                if header is not None:
                    self._replace(SESSIONS, old, header, session)
                if changes:
                    self._calls.do(collection.bulk_write(changes, session=session))

            while True:  # whenever this goes round again somebody else has succeeded
                old = self._one(SESSIONS, session_id)
                header = settle(stored_header(old and header_of(old)))
                drop_old_runs(old or {}, dropped)
                try:
                    return self._together(write) if header is not None and changes else write(None)
                except Conflict:
                    continue

    def _together(self, write: Callable[[Any], None]) -> None:
        """In a transaction where the server has them. A single server has none: there the header is written first."""
        if self._transactional():
            transaction(self._calls, write)
        else:
            write(None)

    def _transactional(self) -> bool:
        if self._has_transactions is None:
            hello = self._calls.do(self.db_client.admin.command("hello"))
            self._has_transactions = "setName" in hello or hello.get("msg") == "isdbgrid"
        return self._has_transactions


def _run_changes(session_id: str, runs: Sequence[Row], dropped: Collection[str]) -> list[Any]:
    changes: list[Any] = []
    for run in runs:
        which = {"session_id": {"$eq": session_id}, "run_id": {"$eq": run["run_id"]}}
        values = {name: run.get(name) for name in ("parent_run_id", "status", "created_at")}
        values["payload"] = run["payload"].decode()
        # written out, since the server does not take the values of a new document from `$eq` in all versions
        new = {"session_id": session_id, "run_id": run["run_id"], SEQ: next_seq()}
        changes.append(pymongo.UpdateOne(which, {"$set": values, "$setOnInsert": new}, upsert=True))
    if dropped:
        which = {"session_id": {"$eq": session_id}, "run_id": {"$in": list(dropped)}}
        changes.append(pymongo.DeleteMany(which))
    return changes


class MongoDb(MongoVerbs):
    """Keeps everything in MongoDB: `MongoDb(db_url="mongodb://localhost:27017")`, or with a client of your own.

    A write is one transaction on a replica set. A single server has no transactions: there a program that dies in the
    middle of a write may leave the session's state without the run it came from.
    """

    def __init__(
        self,
        db_client: Any = None,
        db_name: str | None = None,
        db_url: str | None = None,
        *tables: str | None,
        **more: Unpack[CollectionNames],
    ) -> None:
        if db_client is None and db_url is None:
            raise ValueError("MongoDb needs a server: give db_url='mongodb://host:27017', or db_client=.")
        self.db_url = db_url
        calls = Calls(db_client, lambda: pymongo.MongoClient(db_url, **timeout(db_url)))
        super().__init__(calls, db_name, *tables, **table_names(more))

    def close(self) -> None:
        """Close the client that was made here; the next call makes another. One of your own is yours to close."""
        self._calls.close()


def timeout(db_url: str | None) -> dict[str, Any]:
    """How long to look for a server; what the URL says goes first."""
    return {} if "serverselectiontimeoutms" in str(db_url).lower() else {"serverSelectionTimeoutMS": _TIMEOUT}


__all__ = ["MongoDb", "MongoVerbs", "timeout"]
