"""Rows in dicts, for tests and for programs that need not remember."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from agno.db.base import COMPONENT_COLUMNS, BaseDb, Query, Row


class InMemoryDb(BaseDb):
    """Keeps sessions as long as the process lives. Reads give copies."""

    blocking = False

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._lock = threading.RLock()
        self._headers: dict[str, Row] = {}
        self._runs: dict[str, dict[str, bytes]] = {}

    def read_rows(self, session_id: str, runs: int | None) -> tuple[Row, list[bytes]] | None:
        with self._lock:
            header = self._headers.get(session_id)
            if header is None:
                return None
            if runs == 0:
                return dict(header), []
            payloads = list(self._runs.get(session_id, {}).values())
            return dict(header), payloads if runs is None else payloads[-runs:]

    def write_rows(self, header: Row | None, runs: list[Row], *, new_header: bool) -> None:
        with self._lock:
            if header is not None:
                known = self._headers.get(header["session_id"])
                if known is None:
                    self._headers[header["session_id"]] = {k: v for k, v in header.items() if v is not None}
                elif not new_header:
                    kept = {key: known.get(key) for key in ("session_type", "created_at")}
                    self._headers[header["session_id"]] = {k: v for k, v in {**header, **kept}.items() if v is not None}
            for run in runs:
                self._runs.setdefault(run["session_id"], {})[run["run_id"]] = run["payload"]

    def find_headers(self, query: Query) -> tuple[list[Row], int]:
        with self._lock:
            rows = [dict(row) for row in self._headers.values() if _fits(row, query)]
        if query.sort_by is not None and any(query.sort_by in row for row in rows):
            key = query.sort_by
            rows.sort(key=lambda row: (row.get(key) is not None, row.get(key)), reverse=query.sort_order != "asc")
        total = len(rows)
        if query.limit is not None:
            start = (max(1, query.page or 1) - 1) * query.limit
            rows = rows[start : start + query.limit]
        return rows, total

    def delete_headers(self, session_ids: list[str]) -> int:
        with self._lock:
            for session_id in session_ids:
                self._runs.pop(session_id, None)
            return sum(self._headers.pop(session_id, None) is not None for session_id in session_ids)


def _fits(row: Row, query: Query) -> bool:
    if query.session_type is not None and row.get("session_type") != query.session_type:
        return False
    if query.user_id is not None and row.get("user_id") != query.user_id:
        return False
    if query.component_id is not None:
        columns = [COMPONENT_COLUMNS[query.session_type]] if query.session_type else COMPONENT_COLUMNS.values()
        if query.component_id not in [row.get(column) for column in columns]:
            return False
    if query.session_name is not None:
        name = msgspec.json.decode(row.get("session_data") or "{}").get("session_name") or ""
        if query.session_name.lower() not in name.lower():
            return False
    created = row.get("created_at") or 0
    if query.start_timestamp is not None and created < query.start_timestamp:
        return False
    return query.end_timestamp is None or created <= query.end_timestamp


__all__ = ["InMemoryDb"]
