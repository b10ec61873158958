"""Everything in DynamoDB: an item for each row and for each run."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from typing_extensions import Unpack

from agno.db._documents import SEQ, drop_old_runs, header_of, next_seq, row_of, stored_header
from agno.db._names import TableNames
from agno.db._port import RunRow, StoredHeader
from agno.db._retrying import until_done
from agno.db.base import BaseDb
from agno.db.query import Query, chosen
from agno.db.tables import RUNS, SESSIONS, Row, Table

try:
    import boto3
    from botocore.exceptions import ClientError, NoRegionError
except ImportError as _error:
    raise ImportError("DynamoDb needs `boto3`. Install it with: pip install boto3") from _error

from agno.db.dynamo._errors import code_of, conflicts, told
from agno.db.dynamo._layout import REVISION, Item, definition, document, item_of, number, paths, text
from agno.db.dynamo._runs import Runs, transactions

_AT_ONCE = 100  # keys in one request
_LONGEST_PAUSE = 0.2  # seconds


class DynamoDb(BaseDb):
    """Keeps everything in DynamoDB: `DynamoDb(region_name="eu-west-1")`, or with a boto3 client of your own.

    Without keys the SDK looks for them where it always does: the environment, its files, the role of the machine.
    Tables are made at the first write, with a capacity of 5; make them before for more. Lists may lag behind a write
    by a moment, as the product's indexes do; a session and its runs never do.
    """

    def __init__(
        self,
        db_client: Any = None,
        region_name: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        super().__init__(*tables, **more)
        try:
            self.db_client = db_client or boto3.client(
                "dynamodb",
                region_name=region_name or os.environ.get("AWS_REGION"),  # which the SDK does not read
                aws_access_key_id=aws_access_key_id,
                aws_secret_access_key=aws_secret_access_key,
            )
        except NoRegionError as error:
            raise ValueError(
                "DynamoDb needs a region: give region_name=, set AWS_REGION, or give db_client=."
            ) from error
        self._runs = Runs(self.db_client, self.table_name(RUNS))
        self._indexes: dict[str, set[str]] = {}  # by table that is there

    # Tables ----------------------------------------------------------------------------------------------------------

    def _is_there(self, table: Table) -> bool:
        if table.kind not in self._indexes:
            try:
                found = self.db_client.describe_table(TableName=self.table_name(table))["Table"]
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                return False
            if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
                return False
            self._indexes[table.kind] = {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", ())}
        return True

    def _make(self, table: Table) -> None:
        if self._is_there(table):
            return
        name = self.table_name(table)
        try:
            self.db_client.create_table(**definition(table, name))
        except ClientError as error:
            if code_of(error) != "ResourceInUseException":  # somebody else makes it right now
                raise
        self.db_client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        self._is_there(table)

    # Rows ------------------------------------------------------------------------------------------------------------

    def _one(self, table: Table, key: str) -> Row | None:
        if not self._is_there(table):
            return None
        name = self.table_name(table)
        found = self.db_client.get_item(TableName=name, Key={table.key: text(key)}, ConsistentRead=True)
        return document(found["Item"]) if "Item" in found else None

    def _put(self, table: Table, old: Row | None, new: Row) -> dict[str, Any]:
        """What writes an item over the one that was read, and over no other."""
        kept = {name: value for name, value in (old or {SEQ: next_seq()}).items() if name not in table.names}
        revision = kept.get(REVISION, 0)
        item = {**item_of(table, new), **item_of(table, {**kept, REVISION: revision + 1})}
        put = {"TableName": self.table_name(table), "Item": item}
        if old is None:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(#k)"}
            return {**put, **condition, "ExpressionAttributeNames": {"#k": table.key}}
        names = {"#k": table.key, "#r": REVISION}
        if not revision:  # a row of Agno 2.0
            condition = {"ConditionExpression": "attribute_exists(#k) AND attribute_not_exists(#r)"}
        else:
            condition = {"ConditionExpression": "attribute_exists(#k) AND #r = :r"}
            condition["ExpressionAttributeValues"] = {":r": number(revision)}
        return {**put, **condition, "ExpressionAttributeNames": names}

    def get(self, table: Table, key: str) -> Row | None:
        with told():
            found = self._one(table, key)
        return None if found is None else row_of(table, found)

    def put(self, table: Table, row: Row) -> None:
        self.update(table, row[table.key], lambda _: row)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        def attempt() -> Row | None:
            old = self._one(table, key)
            new = change(None if old is None else row_of(table, old))
            if new is None:
                return None
            self._make(table)
            put = self._put(table, old, new)
            with conflicts():
                self.db_client.put_item(**put)
            return row_of(table, document(put["Item"]))

        with told():
            return until_done(attempt, _LONGEST_PAUSE)

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        with told():
            if not self._is_there(table):
                return 0
            wanted = self._scanned(table, {table.key}) if keys is None else self._existing(table, keys)
            gone = 0
            for row in wanted:
                if table is SESSIONS and self._is_there(RUNS):
                    self._runs.clear(row[table.key])
                key = {table.key: text(row[table.key])}
                done = self.db_client.delete_item(TableName=self.table_name(table), Key=key, ReturnValues="ALL_OLD")
                gone += "Attributes" in done
        return gone

    def _existing(self, table: Table, keys: Iterable[str]) -> list[Row]:
        """The keys of those that are there."""
        name, found, rest = self.table_name(table), [], list(dict.fromkeys(keys))
        for start in range(0, len(rest), _AT_ONCE):
            wanted = [{table.key: text(key)} for key in rest[start : start + _AT_ONCE]]
            names = {"ProjectionExpression": "#k", "ExpressionAttributeNames": {"#k": table.key}}
            asked = {name: {"Keys": wanted, "ConsistentRead": True, **names}}
            while asked:
                answer = self.db_client.batch_get_item(RequestItems=asked)
                found += [document(item) for item in answer["Responses"].get(name, ())]
                asked = answer.get("UnprocessedKeys")
        return found

    # Lists -----------------------------------------------------------------------------------------------------------

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        with told():
            if not self._is_there(table):
                return [], 0
            ways, columns = paths(table, query.where, self._indexes[table.kind]), _columns(table, query)
            if ways is None:
                documents = self._scanned(table, columns)
            else:
                documents = [row for way in ways for row in self._paged("query", table, way.arguments(), columns)]
        unique = {row[table.key]: row for row in documents}  # a row may be on several ways
        rows = sorted(unique.values(), key=lambda row: (row.get(SEQ) or 0, row.get("created_at") or 0))
        return chosen((row_of(table, row) for row in rows), query, table)

    def _scanned(self, table: Table, columns: Collection[str]) -> list[Row]:
        return self._paged("scan", table, {"ConsistentRead": True, "ExpressionAttributeNames": {}}, columns)

    def _paged(self, verb: str, table: Table, asked: dict[str, Any], columns: Collection[str]) -> list[Row]:
        names = {f"#c{place}": name for place, name in enumerate(sorted(columns))}
        asked["ExpressionAttributeNames"] |= names
        if names:
            asked["ProjectionExpression"] = ", ".join(names)
        elif not asked["ExpressionAttributeNames"]:
            del asked["ExpressionAttributeNames"]
        pages = self.db_client.get_paginator(verb).paginate(TableName=self.table_name(table), **asked)
        return [document(item) for page in pages for item in page["Items"]]

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with told():
            header = self._one(SESSIONS, session_id)
            if header is None:
                return None
            return header_of(header), self._runs.newest(session_id, runs) if self._is_there(RUNS) else []

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        changes: list[Item] = []

        def attempt() -> None:
            old = self._one(SESSIONS, session_id)
            header = settle(stored_header(old and header_of(old)))
            drop_old_runs(old or {}, dropped)
            self._make(SESSIONS)
            self._make(RUNS)
            if not changes:  # the parts of large runs are written once
                changes.extend({"Update": self._runs.change(run)} for run in runs)
                changes.extend({"Delete": self._runs.key(session_id, run_id)} for run_id in dropped)
            first = [] if header is None else [{"Put": self._put(SESSIONS, old, header)}]
            for batch in transactions(changes, first):
                self._write_batch(batch)

        with told():
            until_done(attempt, _LONGEST_PAUSE)

    def _write_batch(self, batch: list[Item]) -> None:
        with conflicts():
            if len(batch) > 1:
                self.db_client.transact_write_items(TransactItems=batch)
                return
            ((verb, arguments),) = batch[0].items()  # alone it costs half
            verbs = {"Put": self.db_client.put_item, "Update": self.db_client.update_item}
            verbs.get(verb, self.db_client.delete_item)(**arguments)


def _columns(table: Table, query: Query) -> set[str]:
    """The columns a question needs, of which none means all."""
    if query.columns is None:
        return set()
    asked = {name for where in query.where for name in where.columns}
    names = {*query.columns, *asked, query.sort_column(table), table.key, SEQ}
    return {name for name in names if name}


__all__ = ["DynamoDb"]
