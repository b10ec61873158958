"""Everything in JSON objects of a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import msgspec

from agno.db._documents import drop_old_runs, file_name, header_of, next_seq, stored_header
from agno.db._json_tables import Documents, JsonTables, parsed, put_row, written
from agno.db._port import RunRow, StoredHeader
from agno.db._retrying import until_done
from agno.db._sessions import with_old_runs
from agno.db.tables import RUNS, SESSIONS, Row, Table

try:
    import google.cloud.storage as storage
except ImportError as _error:
    raise ImportError(
        "GcsJsonDb needs `google-cloud-storage`. Install it with: pip install google-cloud-storage"
    ) from _error

from agno.db.gcs_json._bucket import Bucket

T = TypeVar("T")
_BIRTH = "runs_in"  # in a header: so that a session never finds the runs of one that had its id before
_LAST = 10**19 - 1  # names count down from here, so that the newest run comes first
_LONGEST_PAUSE = 2.0  # seconds; the product takes one write of an object per second


class _Named(msgspec.Struct):
    run_id: str = ""
    row: str = ""  # instead of it, in what a run has done so far


_decode = msgspec.json.Decoder(_Named).decode


def _name_in(text: bytes) -> str:
    """The id of a row of runs."""
    named = _decode(text)
    return named.run_id or named.row


class GcsJsonDb(JsonTables):
    """Keeps everything in a bucket: `GcsJsonDb("my-bucket")`. The bucket must be there.

    Each table is an object with a JSON array, and each run is an object. Several programs may use one bucket at once: a
    write that another one came before is made again. The product takes about one write of a table per second, so this is
    for small data. A program that dies in the middle of a write may leave the state of a session without the run.
    """

    def __init__(
        self,
        bucket_name: str,
        prefix: str | None = None,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
        project: str | None = None,
        credentials: Any = None,
        id: str | None = None,
        **more_tables: str | None,
    ) -> None:
        super().__init__(session_table, memory_table, metrics_table, eval_table, knowledge_table, id, **more_tables)
        prefix = "agno/" if prefix is None else prefix
        self.prefix = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
        self.bucket_name = bucket_name
        self.client = storage.Client(project=project, credentials=credentials)
        self._objects = Bucket(self.client, bucket_name)
        self.bucket = self._objects.bucket

    # Tables ----------------------------------------------------------------------------------------------------------

    def _told(self) -> AbstractContextManager[None]:
        return self._objects.told()

    def _name(self, table: Table) -> str:
        return f"{self.prefix}{self.table_name(table)}.json"

    def _read(self, table: Table) -> Documents:
        name = self._name(table)
        return parsed(self._objects.read(name), table, name)

    def _change(self, table: Table, change: Callable[[Documents], T]) -> T:
        name = self._name(table)

        def attempt() -> T:
            found = self._objects.read_version(name)
            documents = parsed(found.data, table, name)
            before = written(documents)
            result = change(documents)
            if (after := written(documents)) != before:
                self._objects.write(name, after, found.generation)
            return result

        return until_done(attempt, _LONGEST_PAUSE, 0.02)

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def _folder(self, session_id: str, header: Row) -> str:
        return f"{self._all_runs(session_id)}{header.get(_BIRTH, '')}/"

    def _all_runs(self, session_id: str) -> str:
        return f"{self.prefix}{self.table_name(RUNS)}/{file_name(session_id)}/"

    def _runs_are_gone(self, session_ids: Sequence[str]) -> None:
        for session_id in session_ids:
            for name in self._objects.names(self._all_runs(session_id)):
                self._objects.delete(name)

    def _newest(self, session_id: str, header: Row, count: int | None) -> list[RunRow]:
        if count is not None and count <= 0:
            return []
        texts = [self._objects.read(name) for name in self._objects.names(self._folder(session_id, header), count)]
        return [(_name_in(text), text) for text in reversed(texts) if text is not None]

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._told():
            document = self._read(SESSIONS).get(session_id)
            return None if document is None else (header_of(document), self._newest(session_id, document, runs))

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        found: dict[str, list[RunRow]] = {}
        with self._told():
            documents = self._read(SESSIONS)
            for session_id in session_ids:
                if (document := documents.get(session_id)) is not None:
                    found[session_id] = with_old_runs(document.get("runs"), self._newest(session_id, document, None))
        return found

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        def changed(documents: Documents) -> Row:
            found = documents.get(session_id)
            header = settle(stored_header(found and header_of(found)))
            document = documents[session_id] if header is None else put_row(documents, SESSIONS, header)
            drop_old_runs(document, dropped)
            document.setdefault(_BIRTH, str(next_seq()))
            return document

        with self._told():
            folder = self._folder(session_id, self._change(SESSIONS, changed))
            there = {} if append else self._present(folder, {*(run["run_id"] for run in runs), *dropped})
            for run in runs:
                new = f"{folder}{_LAST - next_seq():019}-{_mark(run['run_id'])}.json"
                self._objects.write(there.get(run["run_id"], new), run["payload"])
            for run_id in there.keys() & set(dropped):
                self._objects.delete(there[run_id])

    def _present(self, folder: str, run_ids: set[str]) -> dict[str, str]:
        """The names of the runs that are there. The newest come first, so one page is mostly enough."""
        marks, found = {_mark(run_id): run_id for run_id in run_ids}, {}
        for name in self._objects.names(folder) if run_ids else ():
            run_id = marks.get(name.rpartition("-")[2].removesuffix(".json"))
            if run_id is not None:
                found[run_id] = name
                if len(found) == len(run_ids):
                    break
        return found


def _mark(run_id: str) -> str:
    return hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


GCSJsonDb = GcsJsonDb  # as the changelog of 2.0 spells it

__all__ = ["GCSJsonDb", "GcsJsonDb"]
