"""What older versions wrote into MongoDB. A schema is the name of a database there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pymongo

from agno.db._codec import from_json, to_json
from agno.db._documents import SEQ, next_seq, row_of
from agno.db._old_tables import OldTables, all_runs
from agno.db._schema import V2, VERSIONS
from agno.db._sessions import with_progress
from agno.db.mongo._calls import Calls
from agno.db.tables import RUNS, SESSIONS, Row, Table
from agno.utils.dttm import now_epoch

_SEEN = 20  # documents that say what a collection holds
_FULL = {"runs": {"$ne": None}}
_EMPTIED = {"runs": None}

Together = Callable[[Callable[[Any], None]], None]


class MongoOldTables(OldTables):
    """`told()` explains errors, `written(table)` is a collection with its indexes, `together(write)` a transaction where there are some."""

    def __init__(
        self,
        calls: Calls,
        db_name: str,
        told: Callable[[], AbstractContextManager[None]],
        name: Callable[[Table], str],
        written: Callable[[Table], Any],
        together: Together,
    ) -> None:
        self._calls, self._db_name = calls, db_name
        self._told, self._name, self._written, self._together = told, name, written, together

    def _database(self, schema: str | None) -> Any:
        return self._calls.client[schema or self._db_name]

    # Tables of Agno 1 ------------------------------------------------------------------------------------------------

    def columns(self, schema: str | None) -> dict[str, set[str]]:
        database = self._database(schema)
        with self._told():
            names = self._calls.do(database.list_collection_names())
            seen = {name: self._calls.rows(database[name].find({}).limit(_SEEN)) for name in names}
        return {name: {key for document in found for key in document if key != "_id"} for name, found in seen.items()}

    def count(self, schema: str | None, name: str) -> int:
        with self._told():
            found: int = self._calls.do(self._database(schema)[name].count_documents({}))
        return found

    def keys(self, schema: str | None, name: str, key: str, after: Any, limit: int) -> list[Any]:
        which = {key: {"$ne": None} if after is None else {"$gt": after}}
        with self._told():
            cursor = self._database(schema)[name].find(which, {key: 1}).sort([(key, 1)]).limit(limit)
            return [document[key] for document in self._calls.rows(cursor)]

    def rows(self, schema: str | None, name: str, key: str, keys: Sequence[Any]) -> list[Row]:
        with self._told():
            found: list[Row] = self._calls.rows(self._database(schema)[name].find({key: {"$in": list(keys)}}))
        return [{name: value for name, value in document.items() if name != "_id"} for document in found]

    def rename(self, schema: str | None, name: str, new: str) -> None:
        with self._told():
            self._calls.do(self._database(schema)[name].rename(new))

    def drop(self, schema: str | None, name: str) -> None:
        with self._told():
            self._calls.do(self._database(schema)[name].drop())

    # Runs in sessions ------------------------------------------------------------------------------------------------

    def _sessions(self) -> Any:
        return self._database(None)[self._name(SESSIONS)]

    def full_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids(_FULL, after, limit)

    def emptied_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids(_EMPTIED, after, limit)

    def _ids(self, which: Row, after: str | None, limit: int) -> list[str]:
        behind = {} if after is None else {"session_id": {"$gt": after}}
        with self._told():
            cursor = (
                self._sessions().find({**which, **behind}, {"session_id": 1}).sort([("session_id", 1)]).limit(limit)
            )
            return [document["session_id"] for document in self._calls.rows(cursor)]

    def count_full(self) -> int:
        with self._told():
            found: int = self._calls.do(self._sessions().count_documents(_FULL))
        return found

    def take_out(self, session_id: str, *, keep: bool) -> int:
        """The runs go first: who dies in between finds them as they were, and does the same again."""
        with self._told():
            sessions, runs = self._written(SESSIONS), self._written(RUNS)
            header = self._calls.do(sessions.find_one({"session_id": {"$eq": session_id}}))
            if header is None or header.get("runs") is None:
                return 0
            there = self._calls.rows(runs.find({"session_id": {"$eq": session_id}}).sort(SEQ, 1))
            rows = all_runs(session_id, header["runs"], [(run["run_id"], run["payload"].encode()) for run in there])
            changes = self._in_order(rows, there)

            def write(session: Any) -> None:
                if keep:
                    kept = self._database(None)[self.kept_name()]
                    same = {"session_id": {"$eq": session_id}}
                    self._calls.do(kept.replace_one(same, header, upsert=True, session=session))
                if changes:
                    self._calls.do(runs.bulk_write(changes, session=session))
                # whoever read the session before this writes on the revision that it had
                changed = {"$set": {"runs": None, "rev": (header.get("rev") or 0) + 1}}
                self._calls.do(sessions.update_one({"_id": header["_id"]}, changed, session=session))

            self._together(write)
        return len(rows)

    @staticmethod
    def _in_order(rows: Sequence[Row], there: Sequence[Row]) -> list[Any]:
        """Runs that were in the session come before those that are rows already."""
        known = {run["run_id"]: run[SEQ] for run in there}
        first = min([*known.values(), next_seq()]) - len(rows)
        changes: list[Any] = []
        for number, row in enumerate(rows):
            which = {"session_id": {"$eq": row["session_id"]}, "run_id": {"$eq": row["run_id"]}}
            values = {name: row[name] for name in ("parent_run_id", "status", "created_at")}
            values |= {"payload": row["payload"].decode(), SEQ: first + number}
            new = {"session_id": row["session_id"], "run_id": row["run_id"]}
            changes.append(pymongo.UpdateOne(which, {"$set": values, "$setOnInsert": new}, upsert=True))
        return changes

    def put_back(self, session_id: str, trimmed: Callable[[Row], Row]) -> int:
        with self._told():
            sessions, runs = self._written(SESSIONS), self._written(RUNS)
            mine = {"session_id": {"$eq": session_id}}
            header = self._calls.do(sessions.find_one(mine))
            if header is None:
                return 0
            there = self._calls.rows(runs.find(mine).sort(SEQ, 1))
            found = with_progress([(run["run_id"], run["payload"].encode()) for run in there])
            rows = all_runs(session_id, header.get("runs"), found)
            # Agno 2.0 kept JSON as text, and takes nothing else
            texts = {name: _text(row_of(SESSIONS, header)[name]) for name in SESSIONS.json_names}
            texts["runs"] = _text([trimmed(from_json(row["payload"])) for row in rows])

            def write(session: Any) -> None:
                changed = {"$set": {**texts, "rev": (header.get("rev") or 0) + 1}}
                self._calls.do(sessions.update_one({"_id": header["_id"]}, changed, session=session))
                self._calls.do(runs.delete_many(mine, session=session))

            self._together(write)
        return len(rows)

    def kept_name(self) -> str:
        return f"{self._name(SESSIONS)}_2_0"

    # Versions --------------------------------------------------------------------------------------------------------

    def version(self, table: Table) -> str | None:
        name = self._name(table)
        with self._told():
            if self._calls.do(self._database(None)[name].find_one({}, {"_id": 1})) is None:
                return None
            noted = self._calls.do(self._database(None)[VERSIONS].find_one({"table_name": name}))
        return str(noted["version"]) if noted else V2

    def note(self, table: Table, version: str) -> None:
        name, now = self._name(table), now_epoch()
        changed = {"$set": {"version": version, "updated_at": now}, "$setOnInsert": {"created_at": now}}
        with self._told():
            self._calls.do(self._database(None)[VERSIONS].update_one({"table_name": name}, changed, upsert=True))

    def add_indexes(self, table: Table) -> None:
        """They are made with the first write."""


def _text(value: Any) -> str | None:
    return None if value is None else to_json(value).decode()


__all__ = ["MongoOldTables"]
