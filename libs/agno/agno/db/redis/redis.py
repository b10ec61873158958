"""Everything in Redis: a row is a JSON text, what lists ask for is in sets, and a session's runs are a hash with an order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from typing_extensions import Unpack

from agno.db._codec import from_json, plain_to_json
from agno.db._documents import SEQ, document_of, drop_old_runs, header_of, next_seq, row_of, stored_header
from agno.db._names import MoreTables, by_name
from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError, NoTextError, RunRow, StoredHeader
from agno.db._sessions import with_old_runs
from agno.db.base import BaseDb
from agno.db.query import Query, Where, chosen
from agno.db.redis._keys import INDEXED, RANGED, Keys, RunKeys
from agno.db.redis._scripts import FORGET, LOAD, WRITE
from agno.db.tables import RUNS, SESSIONS, TABLES, Row, Table

try:
    import redis
except ImportError as _error:
    raise ImportError("RedisDb needs `redis`. Install it with: pip install redis") from _error

_AT_ONCE = 500  # rows in one command
_SESSIONS_AT_ONCE = 50  # sessions with all their runs
_NO_WRITES = {"OOM", "READONLY", "MISCONF", "NOREPLICAS"}  # in messages, also of scripts
_DEFAULTS = {"agno_sessions": "sessions", "agno_memories": "memories", "agno_metrics": "metrics"}
_DEFAULTS |= {"agno_eval_runs": "evals", "agno_knowledge": "knowledge", "agno_sessions_runs": "runs"}


class RedisDb(BaseDb):
    """Keeps everything in Redis: `RedisDb(db_url="redis://localhost:6379")`, or with a client of your own.

    All keys begin with `db_prefix`; on a cluster write it in braces, so that they lie together. With `expire` a row and
    the runs of a session are forgotten that many seconds after their last write.
    """

    def __init__(
        self,
        id: str | None = None,
        redis_client: Any = None,
        db_url: str | None = None,
        db_prefix: str = "agno",
        expire: int | None = None,
        *tables: str | None,
        **more: Unpack[MoreTables],
    ) -> None:
        super().__init__(**by_name(tables, {**more, "id": id}))
        if redis_client is None and db_url is None:
            raise ValueError("RedisDb needs a server: give db_url='redis://host:6379', or redis_client=.")
        self.db_url, self.db_prefix, self.expire = db_url, db_prefix, expire
        self.redis_client = redis_client or _client(str(db_url))
        self._keys = {table.kind: Keys(table, self._space(table)) for table in TABLES if table is not RUNS}
        self._runs = RunKeys(self._space(RUNS))
        self._writing, self._loading, self._forgetting = map(self.redis_client.register_script, (WRITE, LOAD, FORGET))

    def _space(self, table: Table) -> str:
        name = self.table_name(table)
        if ":" in name or not name:
            raise ValueError(f"{name!r} is no table name in Redis: it becomes part of a key. Leave out colons.")
        return f"{self.db_prefix}:{_DEFAULTS.get(name, name)}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise DbUnavailableError(
                f"Redis at {self._address()} cannot be reached: {str(error).rstrip('.')}. {CHECK_SERVER}"
            ) from error
        except redis.RedisError as error:
            if _NO_WRITES & set(str(error).replace("-", " ").split()):
                raise DbUnavailableError(
                    f"Redis at {self._address()} takes no writes: {error}. Give the address of the primary, or make room."
                ) from error
            raise DbError(f"Redis at {self._address()} failed: {error}.") from error
        except UnicodeEncodeError as error:
            raise NoTextError("Redis", error) from error

    def _address(self) -> str:
        pool = getattr(self.redis_client, "connection_pool", None)
        options = getattr(pool, "connection_kwargs", {})  # never the URL: there may be a password in it
        return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.redis_client.close()

    # Rows ------------------------------------------------------------------------------------------------------------

    def _document(self, table: Table, key: str) -> Row | None:
        text = self.redis_client.get(self._keys[table.kind].record(key))
        return None if text is None else from_json(text)

    def get(self, table: Table, key: str) -> Row | None:
        with self._told():
            document = self._document(table, key)
        return None if document is None else row_of(table, document)

    def put(self, table: Table, row: Row) -> None:
        self.update(table, row[table.key], lambda _: row)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        result: Row | None = None

        def changed(document: Row | None) -> Row | None:
            nonlocal result
            result = change(None if document is None else row_of(table, document))
            return result

        self._change(table, key, changed)
        return None if result is None else row_of(table, document_of(result))

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        with self._told():
            wanted = dict.fromkeys(self._ids(table, ())[0] if keys is None else keys)
        return sum(self._change(table, key, None) for key in wanted)

    def _change(
        self,
        table: Table,
        key: str,
        change: Callable[[Row | None], Row | None] | None,
        runs: Sequence[Row] = (),
        dropped: Collection[str] = (),
    ) -> bool:
        """Write the row that `change` makes of a document, and runs; None from it leaves the row, None for it deletes it.

        True if anything was written.
        """
        with self._told():
            seen = self.redis_client.get(self._keys[table.kind].record(key))
            while True:  # whenever this goes round again somebody else has succeeded
                before = from_json(seen) if seen else None
                if change is None and before is None:
                    return False
                new = change(before) if change is not None else None
                if new is None and change is not None and not runs and not dropped:
                    return False
                what = "delete" if change is None else "keep" if new is None else "set"
                keys, values = self._row_arguments(table, key, before, new)
                parts = [part for run in runs for part in (run["run_id"], run["payload"])]
                done, *seen_now = self._writing(keys, [seen or "", what, *values, len(runs), *parts, *dropped])
                if done:
                    return True
                seen = seen_now[0]

    def _row_arguments(
        self, table: Table, key: str, before: Row | None, new: Row | None
    ) -> tuple[list[str], list[Any]]:
        keys = self._keys[table.kind]
        leave = keys.indexes(before) - keys.indexes(new) if new is not None or not before else keys.indexes(before)
        text: bytes = b""
        if new is not None:
            unknown = {name: value for name, value in (before or {}).items() if name not in table.names}
            text = plain_to_json({**document_of(new), SEQ: next_seq(), **unknown})
        ranged = (new or {}).get(RANGED.get(table.kind, ""), "")
        fixed = [keys.record(key), keys.everything, keys.ranged, self._runs.order(key), self._runs.payloads(key)]
        names = [*fixed, *sorted(leave), *sorted(keys.indexes(new))]
        return names, [text, key, ranged, self.expire or 0, len(leave)]

    # Lists -----------------------------------------------------------------------------------------------------------

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        with self._told():
            documents = self._documents(table, *self._ids(table, query.where))
        # rows of Agno 2.0 have no number, and were there before
        documents.sort(key=lambda document: (document.get(SEQ) or 0, document.get("created_at") or 0))
        return chosen((row_of(table, document) for document in documents), query, table)

    def _ids(self, table: Table, conditions: Sequence[Where]) -> tuple[list[str], list[str]]:
        """The ids that the sets give: those of the rows asked for, and maybe more. And the sets that were asked."""
        keys, found, asked = self._keys[table.kind], None, []
        sets = [
            [keys.index(column, one) for column in columns for one in (value if op == "in" else [value])]
            for op, columns, value, _ in conditions
            if op in ("is", "in") and set(columns) <= set(INDEXED[table.kind])
        ]
        if single := [some[0] for some in sets if len(some) == 1]:
            found, asked = set(self.redis_client.sinter(single)), single
        for some in sets:
            if len(some) > 1:
                union = set(self.redis_client.sunion(some))
                found, asked = union if found is None else found & union, [*asked, *some]
        ids = self._ranged_ids(keys, conditions) if found is None else found
        return [_text(one) for one in ids], asked

    def _ranged_ids(self, keys: Keys, conditions: Sequence[Where]) -> Any:
        bounds = {"from": "-inf", "to": "+inf"}
        for op, columns, value, _ in conditions:
            if op in bounds and columns[0] == RANGED.get(keys.table.kind):
                bounds[op] = value
        if (bounds["from"], bounds["to"]) == ("-inf", "+inf"):
            return self.redis_client.smembers(keys.everything)
        return self.redis_client.zrangebyscore(keys.ranged, bounds["from"], bounds["to"])

    def _documents(self, table: Table, ids: Sequence[str], asked: Sequence[str]) -> list[Row]:
        keys, documents = self._keys[table.kind], []
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            for key, text in zip(some, self.redis_client.mget([keys.record(key) for key in some]), strict=True):
                if text is not None:
                    documents.append(from_json(text))
                else:  # it has expired
                    self._forgetting([keys.record(key), keys.ranged, keys.everything, *asked], [key])
        return documents

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._told():
            found = self._loading(*self._load_arguments(session_id, runs))
        return _loaded(found)

    def _load_arguments(self, session_id: str, runs: int | None) -> tuple[list[str], list[Any]]:
        keys = [
            self._keys["sessions"].record(session_id),
            self._runs.order(session_id),
            self._runs.payloads(session_id),
        ]
        return keys, ["none" if runs is not None and runs <= 0 else -1 if runs is None else runs - 1]

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        found: dict[str, list[RunRow]] = {}
        for start in range(0, len(session_ids), _SESSIONS_AT_ONCE):
            some = session_ids[start : start + _SESSIONS_AT_ONCE]
            with self._told(), self.redis_client.pipeline(transaction=False) as pipeline:
                for session_id in some:
                    self._loading(*self._load_arguments(session_id, None), client=pipeline)
                answers = pipeline.execute()
            for session_id, answer in zip(some, answers, strict=True):
                if (loaded := _loaded(answer)) is not None:
                    found[session_id] = with_old_runs(loaded[0]["runs"], loaded[1])
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
        def changed(document: Row | None) -> Row | None:
            header = settle(stored_header(document and header_of(document)))
            drop_old_runs(document or {}, dropped)
            return header

        self._change(SESSIONS, session_id, changed, runs, dropped)


def _client(url: str) -> Any:
    try:
        return redis.Redis.from_url(url, decode_responses=True)
    except ValueError as error:  # the URL is not shown: there may be a password in it
        raise ValueError("db_url of RedisDb is no Redis address. Write it like 'redis://localhost:6379'.") from error


def _loaded(found: Sequence[Any]) -> tuple[Row, list[RunRow]] | None:
    if not found:
        return None
    runs = [(_text(found[n]), _bytes(found[n + 1])) for n in range(1, len(found), 2)]
    return header_of(from_json(found[0])), runs[::-1]


def _text(value: Any) -> str:
    """What a client gives that decodes responses, and what one gives that does not."""
    return value if isinstance(value, str) else value.decode()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


__all__ = ["RedisDb"]
