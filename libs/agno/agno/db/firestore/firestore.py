"""Everything in Firestore: a document for each row, and below a session one for each run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from typing_extensions import Unpack

from agno.db._documents import SEQ, drop_old_runs, header_of, next_seq, row_of, stored_header
from agno.db._names import CollectionNames, table_names
from agno.db._port import RunRow, StoredHeader
from agno.db._retrying import until_done
from agno.db.base import BaseDb
from agno.db.query import Query, chosen
from agno.db.tables import SESSIONS, Row, Table

try:
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type
    from google.cloud import firestore
except ImportError as _error:
    raise ImportError(
        "FirestoreDb needs `google-cloud-firestore`. Install it with: pip install google-cloud-firestore"
    ) from _error

from agno.db.firestore._errors import conflicts, told
from agno.db.firestore._native import document_id, fields_of, filters
from agno.db.firestore._runs import Change, Runs, batches

_PATIENCE = 20.0  # seconds to try again when the service is down
_LONGEST_PAUSE = 0.5  # seconds


class FirestoreDb(BaseDb):
    """Keeps everything in Firestore: `FirestoreDb(project_id="my-project")`, or with a client of your own.

    No composite indexes have to be made: what single-field indexes cannot answer is chosen from the rows they give.
    """

    def __init__(
        self,
        db_client: Any = None,
        project_id: str | None = None,
        *tables: str | None,
        **more: Unpack[CollectionNames],
    ) -> None:
        super().__init__(*tables, **table_names(more))
        if db_client is None and project_id is None:
            raise ValueError("FirestoreDb needs a project: give project_id=, or db_client=.")
        self.project_id = project_id
        self.db_client: Any = db_client if db_client is not None else firestore.Client(project=project_id)
        again = if_exception_type(exceptions.ServiceUnavailable, exceptions.InternalServerError)
        self._options: dict[str, Any] = {
            "retry": Retry(again, initial=0.1, maximum=2.0, timeout=_PATIENCE),
            "timeout": _PATIENCE,
        }

    # Documents -------------------------------------------------------------------------------------------------------

    def _document(self, table: Table, key: str) -> Any:
        return self.db_client.collection(self.table_name(table)).document(document_id(key))

    def _one(self, table: Table, key: str) -> Any:
        """The document as it is now, with the time of its last write; None if it is not there."""
        found = self._document(table, key).get(**self._options)
        return found if found.exists else None

    def _put(self, batch: Any, table: Table, old: Any, new: Row) -> Row:
        """Write a row over the document that was read, and over no other."""
        fields = fields_of(table, new)
        document = self._document(table, new[table.key])
        if old is None:
            batch.create(document, {**fields, SEQ: next_seq()})
        else:
            batch.update(document, fields, self.db_client.write_option(last_update_time=old.update_time))
        return row_of(table, fields)

    def _commit(self, batch: Any) -> None:
        with conflicts():
            batch.commit(**self._options)

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        with told():
            found = self._one(table, key)
        return None if found is None else row_of(table, found.to_dict())

    def put(self, table: Table, row: Row) -> None:
        self.update(table, row[table.key], lambda _: row)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        def attempt() -> Row | None:
            old = self._one(table, key)
            new = change(None if old is None else row_of(table, old.to_dict()))
            if new is None:
                return None
            batch = self.db_client.batch()
            written = self._put(batch, table, old, new)
            self._commit(batch)
            return written

        with told():
            return until_done(attempt, _LONGEST_PAUSE)

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        with told():
            collection = self.db_client.collection(self.table_name(table))
            if keys is None:
                there = [document.reference for document in collection.select([]).stream(**self._options)]
            else:
                wanted = [self._document(table, key) for key in dict.fromkeys(keys)]
                found = self.db_client.get_all(wanted, field_paths=[table.key], **self._options) if wanted else ()
                there = [document.reference for document in found if document.exists]
            changes: list[Change] = []
            if table is SESSIONS:  # runs first, so that whatever dies here leaves none for a new session of that name
                changes += [one for document in there for one in Runs(document, self._options).removals()]
            self._write_all([*changes, *((document, None) for document in there)])
        return len(there)

    def _write_all(self, changes: Sequence[Change]) -> None:
        for some in batches(changes):
            batch = self.db_client.batch()
            _add(batch, some)
            batch.commit(**self._options)

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        asked = self.db_client.collection(self.table_name(table))
        with told():
            for one in filters(query.where):
                asked = asked.where(filter=one)
        if query.columns is not None:
            conditions = [name for where in query.where for name in where.columns]
            asked = asked.select(sorted({*query.columns, *conditions, query.sort_column(table) or SEQ, SEQ}))
        with told():
            documents = [document.to_dict() for document in asked.stream(**self._options)]
        documents.sort(key=lambda document: (document.get(SEQ) or 0, document.get("created_at") or 0))
        return chosen((row_of(table, document) for document in documents), query, table)

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def _runs(self, session_id: str) -> Runs:
        return Runs(self._document(SESSIONS, session_id), self._options)

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with told():
            header = self._one(SESSIONS, session_id)
            if header is None:
                return None
            return header_of(header.to_dict()), self._runs(session_id).newest(runs)

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        below, changes = self._runs(session_id), list[Change]()

        def attempt() -> None:
            old = self._one(SESSIONS, session_id)
            found = None if old is None else old.to_dict()
            header = settle(stored_header(found and header_of(found)))
            if not changes:  # the parts of large runs are written once
                changes.extend(below.change(run) for run in runs)
                changes.extend(below.removal(run_id) for run_id in dropped)
            first, *rest = [*batches(changes)] or [[]]
            batch = self.db_client.batch()
            if header is not None:
                self._put(batch, SESSIONS, old, header)
            if found and dropped and found.get("runs"):
                drop_old_runs(found, dropped)
                batch.update(self._document(SESSIONS, session_id), {"runs": found["runs"]})
            _add(batch, first)
            self._commit(batch)
            for some in rest:
                self._write_all(some)

        with told():
            until_done(attempt, _LONGEST_PAUSE)


def _add(batch: Any, changes: Sequence[Change]) -> None:
    for document, fields in changes:
        if fields is None:
            batch.delete(document)
        else:
            batch.set(document, fields, merge=True)


__all__ = ["FirestoreDb"]
