"""Runs as items of the session's partition, in an index by their place. A large one lies in parts beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agno.db._documents import SEQ, next_seq
from agno.db._parts import SMALL, in_parts, joined
from agno.db.dynamo._layout import PLACES, Item, number, plain, text
from agno.db.tables import Row
from agno.utils.ids import new_id

_LARGEST = 350_000  # bytes in an item; the product takes 400 KB with names and all
_PART = "\0part:"  # no run id begins like this, see `text`


class Runs:
    """The runs in one table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def newest(self, session_id: str, count: int | None) -> list[tuple[str, bytes]]:
        """The newest runs, oldest first."""
        asked = {
            "TableName": self._table,
            "IndexName": PLACES,
            "KeyConditionExpression": "session_id = :s",
            "ExpressionAttributeValues": {":s": text(session_id)},
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        found: list[Item] = []
        while count is None or len(found) < count:
            limit = {} if count is None else {"Limit": count - len(found)}
            page = self._client.query(**asked, **limit)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return [(plain(item["run_id"]), self._payload(item)) for item in reversed(found)]

    def _payload(self, item: Item) -> bytes:
        if "payload" in item:
            return str(item["payload"]["S"]).encode()
        if "packed" in item:
            return joined([item["packed"]["B"]])
        name, count = item["parts"]["S"].rsplit("/", 1)
        return joined(self._part(item["session_id"], name, number) for number in range(int(count)))

    def _part(self, session_id: Item, name: str, number: int) -> bytes:
        key = {"session_id": session_id, "run_id": {"S": f"{_PART}{name}/{number}"}}
        found: bytes = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]["packed"]["B"]
        return found

    def change(self, run: Row) -> dict[str, Any]:
        """What writes a run, in its old place if it has one. Parts are written here: nobody sees them before the run."""
        session_id, values = text(run["session_id"]), {"status": text(run["status"])}
        if run["parent_run_id"] is not None:
            values["parent_run_id"] = text(run["parent_run_id"])
        if run["created_at"] is not None:
            values["created_at"] = number(run["created_at"])
        values |= self._stored(session_id, run["payload"])
        kept = [f"#{name} = :{name}" for name in values]
        gone = [f"#{name}" for name in ("payload", "packed", "parts") if name not in values]
        names = {f"#{name}": name for name in (*values, "payload", "packed", "parts")}
        return {
            "TableName": self._table,
            "Key": {"session_id": session_id, "run_id": text(run["run_id"])},
            "UpdateExpression": f"SET #seq = if_not_exists(#seq, :seq), {', '.join(kept)} REMOVE {', '.join(gone)}",
            "ExpressionAttributeNames": {"#seq": SEQ, **names},
            "ExpressionAttributeValues": {":seq": number(next_seq()), **{f":{n}": v for n, v in values.items()}},
        }

    def _stored(self, session_id: Item, payload: bytes) -> Item:
        if len(payload) <= SMALL:
            return {"payload": {"S": payload.decode()}}
        parts = in_parts(payload, _LARGEST)
        if len(parts) == 1:
            return {"packed": {"B": parts[0]}}
        name = new_id()
        for place, part in enumerate(parts):
            item = {"session_id": session_id, "run_id": {"S": f"{_PART}{name}/{place}"}, "packed": {"B": part}}
            self._client.put_item(TableName=self._table, Item=item)
        return {"parts": {"S": f"{name}/{len(parts)}"}}

    def key(self, session_id: str, run_id: str) -> dict[str, Any]:
        """What names a run."""
        return {"TableName": self._table, "Key": {"session_id": text(session_id), "run_id": text(run_id)}}

    def clear(self, session_id: str) -> None:
        """Delete all runs of a session, and all their parts."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="session_id = :s",
            ExpressionAttributeValues={":s": text(session_id)},
            ProjectionExpression="session_id, run_id",
            ConsistentRead=True,
        )
        for page in pages:
            for key in page["Items"]:
                self._client.delete_item(TableName=self._table, Key=key)


def transactions(items: Sequence[dict[str, Any]], first: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Writes, the first ones in front, as few transactions as the product allows: 100 items and 4 MB each."""
    batch, size = list(first), 0
    for item in items:
        grown = size + sum(
            len(str(value)) for value in item.get("Update", {}).get("ExpressionAttributeValues", {}).values()
        )
        if batch and (len(batch) == 100 or grown > 3_000_000):
            yield batch
            batch, grown = [], grown - size
        batch, size = [*batch, item], grown
    if batch:
        yield batch


__all__ = ["Runs", "transactions"]
