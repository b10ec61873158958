"""The end of a run in one statement: two round trips instead of five, and no lock held while the client thinks.

What was read is compared by its version in the statement that writes; if somebody wrote in between, nothing is written.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from agno.db.sql._rows import RUN
from agno.db.sql._statements import RunStatements
from agno.db.tables import RUNS, SESSIONS


class AtOnce:
    """Statements that write a header, a run, or both. Each gives a row if it wrote."""

    def __init__(self, sql: RunStatements) -> None:
        self.sql = sql
        self._headers, self._runs = sql.headers.sql, sql.runs.sql
        # a run that is there is replaced and keeps its place
        self._changed = [name for name in RUNS.names if name not in ("session_id", "run_id")]

    @cached_property
    def inserted(self) -> Any:
        """A new header, unless there is one."""
        named: dict[str, Any] = {name: sa.bindparam(name) for name in SESSIONS.names}
        return insert(self._headers).values(named).on_conflict_do_nothing().returning(self._headers.c.session_id)

    @cached_property
    def changed(self) -> Any:
        """The header, unless somebody changed it."""
        named: dict[str, Any] = {name: sa.bindparam(name) for name in SESSIONS.names if name != "session_id"}
        return sa.update(self._headers).where(self._unchanged).values(named).returning(self._headers.c.session_id)

    @cached_property
    def kept(self) -> Any:
        """The header as it is, unless somebody changes or deletes it."""
        return sa.select(self._headers.c.session_id).where(self._unchanged).with_for_update(read=True)

    @property
    def _unchanged(self) -> sa.ColumnElement[bool]:
        version = self.sql.dialect.version
        assert version is not None
        key = self._headers.c.session_id == sa.bindparam("key", type_=sa.Text)
        return sa.and_(key, version == sa.bindparam("version", type_=sa.Text))

    @cached_property
    def with_run(self) -> dict[str, Any]:
        """By what happens to the header: that, and then the run."""
        return {name: self._run_after(getattr(self, name)) for name in ("inserted", "changed", "kept")}

    def _run_after(self, header: Any) -> Any:
        owner = header.cte("header")
        run = [sa.bindparam(f"{RUN}{name}", type_=self._runs.c[name].type) for name in RUNS.names[1:]]
        new = insert(self._runs).from_select(list(RUNS.names), sa.select(owner.c.session_id, *run))
        changes = {name: new.excluded[name] for name in self._changed}
        done = new.on_conflict_do_update(index_elements=["session_id", "run_id"], set_=changes)
        return done.returning(self._runs.c.run_id)


__all__ = ["AtOnce"]
