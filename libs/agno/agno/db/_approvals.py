"""Records of approvals: which tool call waits for whom, and what was decided."""

from __future__ import annotations

from typing import Any

from agno.db._port import DbError, RowVerbs
from agno.db.query import Place, Query, equal
from agno.db.tables import APPROVALS, Row
from agno.utils.dttm import now_epoch

PENDING, APPROVED, REJECTED = "pending", "approved", "rejected"
STATUSES = (PENDING, APPROVED, REJECTED, "expired", "cancelled")


class Approvals(RowVerbs):
    """Approvals of tool calls."""

    def create_approval(self, approval: Row) -> Row:
        """Store a new record; `id`, `approval_type`, `status` and `run_id` must be there."""
        return self._insert_row(APPROVALS, approval)

    def get_approval(self, approval_id: str) -> Row | None:
        """A record, or None."""
        return self.get(APPROVALS, approval_id)

    def get_approvals(
        self,
        status: str | None = None,
        *,
        approval_type: str | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[list[Row], int | None]:
        """The records that fit, newest first, and how many there are before paging (None with `after`)."""
        where = equal(
            status=status, approval_type=approval_type, run_id=run_id, session_id=session_id, user_id=user_id,
            agent_id=agent_id, team_id=team_id, workflow_id=workflow_id,
        )  # fmt: skip
        return self._page_behind(APPROVALS, Query(where, "created_at", "desc", limit, page, after=after))

    def resolve_approval(
        self,
        approval_id: str,
        approved: bool,
        *,
        resolved_by: str | None = None,
        resolution_data: dict[str, Any] | None = None,
    ) -> Row:
        """Decide. Only the first decision counts; raises DbError for a record that is not pending, or not there.

        `resolution_data` may hold a `note` for the model, `values` for a tool that waits for input, and the `result` of
        one that is executed outside.
        """
        row = self.update_approval(
            approval_id,
            expected_status=PENDING,
            status=APPROVED if approved else REJECTED,
            resolved_by=resolved_by,
            resolved_at=now_epoch(),
            resolution_data=resolution_data,
        )
        if row is None:
            known = self.get_approval(approval_id)
            state = "is not there" if known is None else f"is {known['status']} already"
            raise DbError(f"Approval {approval_id!r} {state}.", 404 if known is None else 409)
        return row

    def update_approval(self, /, approval_id: str, expected_status: str | None = None, **changes: Any) -> Row | None:
        """Change a record, if its status is the expected one; gives the record, or None if nothing was changed."""
        expected = None if expected_status is None else {"status": expected_status}
        return self._change_row(APPROVALS, approval_id, changes, expected=expected)

    def count_pending_approvals(self, user_id: str | None = None) -> int:
        """How many wait for a decision."""
        return self.get_approvals(PENDING, user_id=user_id, limit=0)[1] or 0

    def delete_approval(self, approval_id: str) -> bool:
        """Delete a record. False if it is not there."""
        return bool(self.delete(APPROVALS, [approval_id]))


__all__ = ["APPROVED", "PENDING", "REJECTED", "STATUSES", "Approvals"]
