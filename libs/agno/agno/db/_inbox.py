"""Messages from outside that wait to be dealt with, so that none is lost and none is dealt with twice.

The row of a message has the id that its sender gave it. Whoever deals with it has a lease; a worker that dies leaves a row
whose lease ends, and the next one takes it.
"""

from __future__ import annotations

from agno.db._port import RowVerbs, new_row
from agno.db.query import Query, Where, equal
from agno.db.tables import INBOX, Row

WAITING, DONE = "waiting", "done"


class Inbox(RowVerbs):
    """Messages that came in. Times are epoch seconds."""

    def put_message(
        self, message_id: str, channel: str, conversation: str, payload: Row, *, worker: str, lease_until: int
    ) -> bool:
        """Store a message, which `worker` deals with. False if there is one with its id: it came before."""
        row = new_row(
            INBOX,
            {"id": message_id, "channel": channel, "conversation": conversation, "payload": payload, "phase": WAITING,
             "worker": worker, "lease_until": lease_until, "takeovers": 0},
        )  # fmt: skip
        return self.update(INBOX, message_id, lambda there: row if there is None else None) is not None

    def abandoned_messages(self, channel: str, now: int, limit: int | None = None) -> list[Row]:
        """Messages that nobody deals with any more, oldest first."""
        where = (*equal(channel=channel, phase=WAITING), Where("to", ("lease_until",), now))
        return self.find(INBOX, Query(where, "created_at", "asc", limit, counted=False))[0]

    def take_message(self, message: Row, worker: str, lease_until: int) -> Row | None:
        """Take an abandoned message as it was read; None if somebody else was faster."""
        expected = {name: message[name] for name in ("phase", "worker", "lease_until")}
        changes = {"worker": worker, "lease_until": lease_until, "takeovers": message["takeovers"] + 1}
        return self._change_row(INBOX, message["id"], changes, expected=expected)

    def keep_message(self, message_id: str, worker: str, lease_until: int) -> bool:
        """Have a message for longer. False if this worker lost it."""
        return self._change_message(message_id, worker, {"lease_until": lease_until})

    def finish_message(self, message_id: str, worker: str) -> bool:
        """The message is dealt with; what it said is deleted, its id stays. False if this worker lost it."""
        return self._change_message(message_id, worker, {"phase": DONE, "payload": None})

    def forget_messages(self, channel: str, before: int) -> int:
        """Delete what was dealt with before a time; how many there were."""
        return self._delete_where(INBOX, (*equal(channel=channel, phase=DONE), Where("to", ("updated_at",), before)))

    def _change_message(self, message_id: str, worker: str, changes: Row) -> bool:
        expected = {"phase": WAITING, "worker": worker}
        return self._change_row(INBOX, message_id, changes, expected=expected) is not None


__all__ = ["DONE", "WAITING", "Inbox"]
