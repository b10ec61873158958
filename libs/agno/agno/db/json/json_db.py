"""Everything in JSON files of a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from typing_extensions import Unpack

from agno.db._documents import drop_old_runs, file_name, header_of, stored_header
from agno.db._json_tables import Documents, JsonTables, parsed, put_row, written
from agno.db._names import TableNames
from agno.db._port import CHECK_PLACE, DbError, DbUnavailableError, RunRow, StoredHeader
from agno.db._sessions import with_old_runs
from agno.db.json._files import Folder
from agno.db.json._run_log import RunLog, remove
from agno.db.tables import RUNS, SESSIONS, Row, Table

T = TypeVar("T")
_END = "runs_end"  # in a header: how many bytes of its file of runs count


class JsonDb(JsonTables):
    """Keeps everything in a folder: `JsonDb(db_path="data")`; without a path it is `./agno_json_db`.

    Each table is a file with a JSON array, and the runs of each session are a file of lines. Several threads and
    processes may use one folder at once. A write takes longer the more sessions there are, so this is for small data.
    """

    def __init__(
        self,
        db_path: str | Path | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        super().__init__(*tables, **more)
        self.db_path = Path(db_path) if db_path is not None else Path.cwd() / "agno_json_db"
        self._folder = Folder(self.db_path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DbUnavailableError(
                f"The JSON files in {str(self.db_path)!r} cannot be used: {error}. {CHECK_PLACE}"
            ) from error
        except msgspec.DecodeError as error:
            raise DbError(f"A file in {str(self.db_path)!r} holds no JSON: {error}.") from error

    # Tables ----------------------------------------------------------------------------------------------------------

    def _file(self, table: Table) -> str:
        return f"{self.table_name(table)}.json"

    def _read(self, table: Table) -> Documents:
        name = self._file(table)
        return parsed(self._folder.read(name), table, str(self.db_path / name))

    def _change(self, table: Table, change: Callable[[Documents], T]) -> T:
        with self._folder.writing():
            documents = self._read(table)
            before = written(documents)
            result = change(documents)
            if (after := written(documents)) != before:
                self._folder.replace(self._file(table), after)
        return result

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def _log(self, session_id: str) -> RunLog:
        return RunLog(self.db_path / self.table_name(RUNS) / f"{file_name(session_id)}.jsonl")

    def _runs_are_gone(self, session_ids: Sequence[str]) -> None:
        with self._folder.writing():
            there = self._read(SESSIONS)
            remove(self._log(session_id).path for session_id in session_ids if session_id not in there)

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._told(), self._folder.reading():
            document = self._read(SESSIONS).get(session_id)
            if document is None:
                return None
            return header_of(document), self._log(session_id).newest(document.get(_END) or 0, runs)

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        found: dict[str, list[RunRow]] = {}
        with self._told(), self._folder.reading():
            documents = self._read(SESSIONS)
            for session_id in session_ids:
                if (document := documents.get(session_id)) is not None:
                    runs = self._log(session_id).newest(document.get(_END) or 0, None)
                    found[session_id] = with_old_runs(document.get("runs"), runs)
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
        def changed(documents: Documents) -> None:
            found = documents.get(session_id)
            header = settle(stored_header(found and header_of(found)))
            document = documents[session_id] if header is None else put_row(documents, SESSIONS, header)
            if runs or dropped:
                end = document.get(_END) or 0
                document[_END] = self._log(session_id).write(end, runs, dropped, append=append)
            drop_old_runs(document, dropped)

        with self._told():
            self._change(SESSIONS, changed)


__all__ = ["JsonDb"]
