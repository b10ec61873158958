"""Runs as documents below their session's, where the index of one field gives the newest. A large one lies in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.cloud import firestore

from agno.db._documents import SEQ, next_seq
from agno.db._parts import SMALL, in_parts, joined
from agno.db._port import RunRow
from agno.db.firestore._native import document_id, text_size
from agno.db.tables import Row
from agno.utils.ids import new_id

_LARGEST = 900_000  # bytes in a document; the product takes 1 MiB with names and all
_MOST_WRITES, _MOST_BYTES = 400, 6_000_000  # in one batch; the product takes 500 and 10 MiB

Change = tuple[Any, Row | None]  # a document, and its new fields; None deletes it


class Runs:
    """The runs of one session. `options` are those of every request."""

    def __init__(self, session: Any, options: dict[str, Any]) -> None:
        self._runs, self._parts, self._options = session.collection("runs"), session.collection("parts"), options

    def newest(self, count: int | None) -> list[RunRow]:
        """The newest runs, oldest first."""
        if count is not None and count <= 0:
            return []
        query = self._runs.order_by(SEQ, direction=firestore.Query.DESCENDING)
        query = query if count is None else query.limit(count)
        found = [document.to_dict() for document in query.stream(**self._options)]
        return [(run["run_id"], self._payload(run)) for run in reversed(found)]

    def _payload(self, run: Row) -> bytes:
        if run.get("payload") is not None:
            return str(run["payload"]).encode()
        if run.get("packed") is not None:
            return joined([run["packed"]])
        name, count = run["parts"].rsplit("-", 1)
        parts = (self._parts.document(f"{name}-{place}").get(**self._options) for place in range(int(count)))
        return joined(part.get("packed") for part in parts)

    def change(self, run: Row) -> Change:
        """What writes a run, in its old place if it has one. Parts are written here: nobody sees them before the run."""
        fields = {name: run[name] for name in ("run_id", "parent_run_id", "status", "created_at")}
        fields |= {"payload": None, "packed": None, "parts": None, **self._stored(run["payload"])}
        # the smaller of two numbers stays, so a run keeps its place
        return self._runs.document(document_id(run["run_id"])), {**fields, SEQ: firestore.Minimum(next_seq())}

    def _stored(self, payload: bytes) -> Row:
        if len(payload) <= SMALL:
            return {"payload": payload.decode()}
        parts = in_parts(payload, _LARGEST)
        if len(parts) == 1:
            return {"packed": parts[0]}
        name = new_id()
        for place, part in enumerate(parts):
            self._parts.document(f"{name}-{place}").set({"packed": part}, **self._options)
        return {"parts": f"{name}-{len(parts)}"}

    def removal(self, run_id: str) -> Change:
        """What deletes a run."""
        return self._runs.document(document_id(run_id)), None

    def removals(self) -> Iterator[Change]:
        """What deletes all runs, and all parts."""
        for collection in (self._runs, self._parts):
            for document in collection.select([]).stream(**self._options):
                yield document.reference, None


def batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """As few as the product allows."""
    batch: list[Change] = []
    size = 0
    for change in changes:
        grown = text_size(change[1] or {})
        if batch and (len(batch) >= _MOST_WRITES or size + grown > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += grown
    if batch:
        yield batch


__all__ = ["Change", "Runs", "batches"]
