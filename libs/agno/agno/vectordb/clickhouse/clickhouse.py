"""Vectors in ClickHouse."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from agno._io import IO
from agno.vectordb._conditions import EVERYTHING, Node
from agno.vectordb._flat import COLUMNS
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.clickhouse._sql import SELECTED, Conditions, columns, record_of, rows_of
from agno.vectordb.clickhouse.index import HNSW
from agno.vectordb.distance import Distance, similarity

_MEASURES = {
    Distance.cosine: ("cosineDistance", "ASC"),
    Distance.l2: ("L2Distance", "ASC"),
    Distance.max_inner_product: ("dotProduct", "DESC"),
}
_PAGE = 2_000  # rows that one statement deletes


class Clickhouse(VectorStore):
    """Keeps vectors in ClickHouse: `Clickhouse(table_name="docs", host="localhost", username="default")`.

    The table is a ReplacingMergeTree, of which the newest row of an id counts. A search compares with every row that the
    filters leave; after `optimize()` one without filters uses the `index`. `client` is a client of
    `clickhouse_connect.get_client`, `asyncclient` one of `get_async_client`; without one, asynchronous methods use the
    other in a worker thread.
    """

    blocking = True  # the methods wait for a network

    def __init__(
        self,
        table_name: str,
        host: str | None = None,
        username: str | None = None,
        password: str = "",
        port: int = 0,
        database_name: str = "ai",
        dsn: str | None = None,
        compress: str | bool = "lz4",
        client: Any = None,
        asyncclient: Any = None,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        index: HNSW | None = None,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder, distance=distance, reranker=reranker, similarity_threshold=similarity_threshold
        )
        _connect()
        if not table_name:
            raise ValueError("Clickhouse needs a table_name=.")
        if client is None and asyncclient is None and host is None and dsn is None:
            raise ValueError("Clickhouse needs host= (or dsn=, or client=).")
        self.table_name, self.database_name = table_name, database_name
        self.host, self.username, self.password, self.port, self.dsn = host, username, password, port, dsn
        self.compress = compress
        self.index = index if index is not None else HNSW()
        self._client, self.asyncclient = client, asyncclient
        self._is_ours = client is None
        self._lock = threading.RLock()

    @property
    def client(self) -> Any:
        """The client: the given one, or our own, made at its first use."""
        with self._lock:
            if self._client is None:
                self._client = _connect().get_client(
                    host=self.host, username=self.username, password=self.password, port=self.port, dsn=self.dsn,
                    compress=self.compress, autogenerate_session_id=False,  # a session would be one thread's
                )  # fmt: skip
            return self._client

    def close(self) -> None:
        """Close our own client."""
        if self._is_ours and self._client is not None:
            self._client.close()
            self._client = None

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        text = "SELECT 1 FROM system.tables WHERE database = {d:String} AND name = {t:String}"
        return bool(await self._query(io, text, {"d": self.database_name, "t": self.table_name}))

    async def _make(self, io: IO) -> None:
        await self._command(io, f"CREATE DATABASE IF NOT EXISTS {_quoted(self.database_name)}")
        kind = "ENGINE = ReplacingMergeTree ORDER BY id"
        await self._command(io, f"CREATE TABLE IF NOT EXISTS {self._table} ({columns()}) {kind}")

    async def _remove(self, io: IO) -> None:
        await self._command(io, f"DROP TABLE IF EXISTS {self._table} SYNC")

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._call(io, "insert", self._table, rows_of(records), column_names=list(COLUMNS))

    async def _erase(self, io: IO, where: Node) -> None:
        """By their ids: to remove only the newest row of an id would bring back the one before it."""
        if where == EVERYTHING:
            return await self._command(io, f"TRUNCATE TABLE {self._table}")
        ids = sorted(await self._ids(io, where))
        for start in range(0, len(ids), _PAGE):
            some = ", ".join(map(_text, ids[start : start + _PAGE]))
            await self._command(io, f"DELETE FROM {self._table} WHERE id IN ({some})")

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        most = "" if limit is None else f"LIMIT {int(limit)}"
        return [record_of(row) for row in await self._selected(io, SELECTED, where, most)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {id for (id,) in await self._selected(io, "id", where, "")}

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        measure, order = _MEASURES[self.distance]
        score = f"{measure}(embedding, {[float(x) for x in embedding]!r})"
        what, end, rows = f"{SELECTED}, {score} AS score", f"LIMIT {int(limit)}", []
        if where == EVERYTHING and self.distance is not Distance.max_inner_product:
            rows = await self._selected(io, what, where, f"ORDER BY score {order} {end}")
        if len(rows) < limit:  # the index chooses before filters and old rows are taken out; `identity` keeps it away
            rows = await self._selected(io, what, where, f"ORDER BY identity(score) {order}, id {end}")
        return [Hit(record_of(row), self._similarity(row[-1])) for row in rows]

    async def _tune(self, io: IO) -> None:
        """Make the vector index, unless it is there, and bring it up to date."""
        index, name = self.index, f"{self.distance.value}_index"
        measure, _ = _MEASURES[self.distance]
        if self.distance is Distance.max_inner_product:
            return  # ClickHouse has no index for it
        kind = (
            f"vector_similarity('hnsw', '{measure}', {self.dimensions}, {_text(index.quantization)}, "
            f"{int(index.hnsw_max_connections_per_layer)}, {int(index.hnsw_candidate_list_size_for_construction)})"
        )
        await self._command(io, f"ALTER TABLE {self._table} ADD INDEX IF NOT EXISTS {name} embedding TYPE {kind}")
        await self._command(io, f"ALTER TABLE {self._table} MATERIALIZE INDEX {name} SETTINGS mutations_sync = 1")

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> str:
        return f"{_quoted(self.database_name)}.{_quoted(self.table_name)}"

    async def _selected(self, io: IO, what: str, where: Node, end: str) -> list[Any]:
        condition = Conditions()
        text = f"SELECT {what} FROM {self._table} FINAL WHERE {condition.said(where)} {end}"
        return await self._query(io, text, condition.given)

    async def _query(self, io: IO, text: str, given: dict[str, Any]) -> list[Any]:
        rows: list[Any] = (await self._call(io, "query", text, parameters=given)).result_rows
        return rows

    async def _command(self, io: IO, text: str) -> None:
        await self._call(io, "command", text)

    async def _call(self, io: IO, method: str, *args: Any, **kwargs: Any) -> Any:
        """A method of the client, in the caller's colour."""
        try:
            if io.is_async and self.asyncclient is not None:
                return await getattr(self.asyncclient, method)(*args, **kwargs)
            return await io.call(self._alone, method, args, kwargs)
        except (_connect().driver.exceptions.Error, OSError) as error:
            raise self._explained(error) from error

    def _alone(self, method: str, args: Any, kwargs: Any) -> Any:
        """One call at a time on a client of the user's, which may have a session."""
        if self._client is None and self.host is None and self.dsn is None:
            raise ValueError("Clickhouse got only asyncclient=: its other methods need client= or host=.")
        if self._is_ours:
            return getattr(self.client, method)(*args, **kwargs)
        with self._lock:
            return getattr(self.client, method)(*args, **kwargs)

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, OSError) or type(error).__name__ == "OperationalError":
            return VectorDbUnavailableError(f"ClickHouse at {self.host or 'its client'} cannot be reached: {error}")
        return VectorDbError(f"ClickHouse, table {self.table_name!r}: {error}")

    def _similarity(self, score: float) -> float:
        return score if self.distance is Distance.max_inner_product else similarity(score, self.distance)


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _connect() -> Any:
    try:
        import clickhouse_connect
        import clickhouse_connect.driver.exceptions
    except ImportError as error:
        raise ImportError(
            "Clickhouse needs the package `clickhouse-connect`: pip install 'agno[clickhouse]'"
        ) from error
    return clickhouse_connect


__all__ = ["Clickhouse"]
