"""Messages from outside that wait to be dealt with, so that none is lost and none is dealt with twice.

The row of a message has the id that its sender gave it. Whoever deals with it has a lease; a worker that dies leaves a row
whose lease ends, and the next one takes it.
"""

from __future__ import annotations

from agno.db._port import RowVerbs
from agno.db.query import Query, Where, equal
from agno.db.tables import INBOX, Row
from agno.utils.dttm import now_epoch

WAITING, DONE = "waiting", "done"


class Inbox(RowVerbs):
    """Messages that came in. Times are epoch seconds."""

    def put_message(
        self, message_id: str, channel: str, conversation: str, payload: Row, *, worker: str, lease_until: int
    ) -> bool:
        """Store a message, which `worker` deals with. False if there is one with its id: it came before."""
        now = now_epoch()
        row = {
            "id": message_id, "channel": channel, "conversation": conversation, "payload": payload, "phase": WAITING,
            "worker": worker, "lease_until": lease_until, "takeovers": 0, "created_at": now, "updated_at": now,
        }  # fmt: skip
        is_new = False

        def inserted(present: Row | None) -> Row | None:
            nonlocal is_new
            is_new = present is None
            return row if is_new else None

        self.update(INBOX, message_id, inserted)
        return is_new

    def abandoned_messages(self, channel: str, now: int, limit: int | None = None) -> list[Row]:
        """Messages that nobody deals with any more, oldest first."""
        where = (*equal(channel=channel, phase=WAITING), Where("to", ("lease_until",), now))
        return self.find(INBOX, Query(where, "created_at", "asc", limit, counted=False))[0]

    def take_message(self, message: Row, worker: str, lease_until: int) -> Row | None:
        """Take an abandoned message as it was read; None if somebody else was faster."""
        taken: list[Row] = []

        def changed(row: Row | None) -> Row | None:
            taken.clear()
            if row is None or any(row[name] != message[name] for name in ("phase", "worker", "lease_until")):
                return None
            taken.append(
                {**row, "worker": worker, "lease_until": lease_until, "takeovers": row["takeovers"] + 1,
                 "updated_at": now_epoch()}
            )  # fmt: skip
            return taken[0]

        self.update(INBOX, message["id"], changed)
        return taken[0] if taken else None

    def keep_message(self, message_id: str, worker: str, lease_until: int) -> bool:
        """Have a message for longer. False if this worker lost it."""
        return self._change_message(message_id, worker, {"lease_until": lease_until})

    def finish_message(self, message_id: str, worker: str) -> bool:
        """The message is dealt with; what it said is deleted, its id stays. False if this worker lost it."""
        return self._change_message(message_id, worker, {"phase": DONE, "payload": None})

    def forget_messages(self, channel: str, before: int) -> int:
        """Delete what was dealt with before a time; how many there were."""
        where = (*equal(channel=channel, phase=DONE), Where("to", ("updated_at",), before))
        rows, _ = self.find(INBOX, Query(where, columns=("id",), counted=False))
        return self.delete(INBOX, [row["id"] for row in rows]) if rows else 0

    def _change_message(self, message_id: str, worker: str, changes: Row) -> bool:
        changed = False

        def change(row: Row | None) -> Row | None:
            nonlocal changed
            changed = row is not None and row["phase"] == WAITING and row["worker"] == worker
            return {**(row or {}), **changes, "updated_at": now_epoch()} if changed else None

        self.update(INBOX, message_id, change)
        return changed


__all__ = ["DONE", "WAITING", "Inbox"]
