"""Cassandra's native protocol, version 4, on the loopback: one node that knows the statements we send.

As strict as Cassandra 5: indexes answer `CONTAINS` and nothing else, the nearest 1,000 are the most there are, and a vector
without a direction has no cosine.
"""

from __future__ import annotations

import math
import re
import socketserver
import struct
import threading
import uuid
from typing import Any

_TEXT, _FLOAT, _INT, _UUID, _INET = (struct.pack(">H", kind) for kind in (0x0D, 0x08, 0x09, 0x0C, 0x10))
_SET_OF_TEXT = struct.pack(">H", 0x22) + _TEXT
_HOST = uuid.UUID(int=7).bytes
_SYSTEM: dict[str, tuple[bytes, Any]] = {
    "host_id": (_UUID, _HOST),
    "cluster_name": (_TEXT, b"test"),
    "data_center": (_TEXT, b"one"),
    "rack": (_TEXT, b"one"),
    "partitioner": (_TEXT, b"org.apache.cassandra.dht.Murmur3Partitioner"),
    "release_version": (_TEXT, b"5.0.2"),
    "schema_version": (_UUID, _HOST),
    "rpc_address": (_INET, bytes([127, 0, 0, 1])),
    "peer": (_INET, None),
}
_MEASURES = {
    "cosine": lambda a, b: (1 + _dot(a, b) / (math.hypot(*a) * math.hypot(*b) or 1)) / 2,
    "euclidean": lambda a, b: 1 / (1 + math.dist(a, b) ** 2),
    "dot_product": lambda a, b: (1 + _dot(a, b)) / 2,
}


class Refused(Exception):
    """A statement that Cassandra does not take."""


class CassandraServer:
    """Listens on `port` of the loopback; has the keyspace "ai". `hang` lets it answer nothing."""

    def __init__(self) -> None:
        self.hang = False
        self.tables: dict[str, dict[str, Any]] = {}
        self.prepared: dict[bytes, str] = {}
        self.lock = threading.RLock()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            wbufsize, disable_nagle_algorithm = 0, True

            def handle(self) -> None:
                while head := self.rfile.read(9):
                    version, _, stream, opcode, size = struct.unpack(">BBhBi", head)
                    body = _Reader(self.rfile.read(size))
                    if owner.hang:
                        continue
                    if version != 4:
                        kind, answer = 0, _int(0x0A) + _string("Invalid or unsupported protocol version (5); 4/v4")
                    else:
                        kind, answer = owner.answer(opcode, body)
                    self.wfile.write(struct.pack(">BBhBi", 0x84, 0, stream, kind, len(answer)) + answer)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # Messages --------------------------------------------------------------------------------------------------------

    def answer(self, opcode: int, body: _Reader) -> tuple[int, bytes]:
        if opcode == 0x01 or opcode == 0x0B:  # STARTUP, REGISTER
            return 0x02, b""
        if opcode == 0x05:  # OPTIONS
            return 0x06, _short(2) + _string("CQL_VERSION") + _strings("3.4.7") + _string("COMPRESSION") + _strings()
        try:
            with self.lock:
                if opcode == 0x07:
                    return 0x08, self._executed(body.long_string(), body)
                if opcode == 0x09:
                    return 0x08, self._prepare(body.long_string())
                assert opcode == 0x0A
                return 0x08, self._executed(self.prepared[body.short_bytes()], body)
        except Refused as error:
            return 0x00, _int(0x2200) + _string(str(error))

    def _prepare(self, text: str) -> bytes:
        id = uuid.uuid5(uuid.NAMESPACE_URL, text).bytes
        self.prepared[id] = text
        variables, columns = self._statement(text).kinds()
        told = _int(1) + _int(len(variables)) + _int(0) + _string("ai") + _string("t")
        told += b"".join(_string(name) + kind for name, kind in variables)
        return _int(4) + _short(len(id)) + id + told + _metadata(columns)

    def _executed(self, text: str, body: _Reader) -> bytes:
        values, size, state = body.parameters()
        if text.startswith("SELECT") and " FROM system." in text:
            return _system(text)
        for name, made in _SCHEMA.items():
            if found := re.fullmatch(name, text):
                return made(self.tables, *found.groups())
        return self._statement(text).result(values, size, state)

    def _statement(self, text: str) -> _Statement:
        if "FROM system_schema.tables" in text:
            return _Listed(self.tables)
        for kind in (_Insert, _Delete, _Select):
            if found := kind.form.fullmatch(text):
                table = found["table"]
                if table not in self.tables:
                    raise Refused(f"table {table} does not exist")
                return kind(self.tables[table], found)
        raise Refused(f"line 1:0 no viable alternative at input {text!r}")


# Statements ----------------------------------------------------------------------------------------------------------


def _create(tables: Any, table: str, columns: str) -> bytes:
    if not table.startswith('"ai".'):
        raise Refused(f"Keyspace {table.split('.')[0]} doesn't exist")
    names = re.split(r", (?=\w+ )", columns)
    kinds = dict(name.removesuffix(" PRIMARY KEY").split(" ", 1) for name in names)
    tables.setdefault(table, {"kinds": kinds, "rows": {}, "measure": None, "indexed": set()})
    return _int(1)


def _index(tables: Any, table: str, column: str, options: str | None) -> bytes:
    tables[table]["indexed"].add(column)
    if options:
        found = re.search(r"'similarity_function': '(\w+)'", options)
        assert found
        tables[table]["measure"] = found[1].lower()
    return _int(1)


def _drop(tables: Any, table: str) -> bytes:
    tables.pop(table, None)
    return _int(1)


def _truncate(tables: Any, table: str) -> bytes:
    tables[table]["rows"].clear()
    return _int(1)


_SCHEMA = {
    r"CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)": _create,
    r"CREATE CUSTOM INDEX IF NOT EXISTS \w+ ON (\S+) \((\w+)\) USING 'StorageAttachedIndex'( WITH OPTIONS = .*)?": _index,
    r"DROP TABLE IF EXISTS (\S+)": _drop,
    r"TRUNCATE (\S+)": _truncate,
}


class _Statement:
    form: re.Pattern[str]

    def __init__(self, table: dict[str, Any], found: re.Match[str]) -> None:
        self.table, self.found = table, found

    def kinds(self) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
        """The names and types of what it is given, and of what it gives."""
        raise NotImplementedError

    def result(self, values: list[Any], size: int, state: bytes | None) -> bytes:
        raise NotImplementedError

    def _kind(self, column: str) -> bytes:
        kind = self.table["kinds"][column]
        if kind == "text":
            return _TEXT
        if kind == "set<text>":
            return _SET_OF_TEXT
        marshal = "org.apache.cassandra.db.marshal"
        size = re.fullmatch(r"vector<float, (\d+)>", kind)
        assert size
        return _short(0) + _string(f"{marshal}.VectorType({marshal}.FloatType, {size[1]})")


class _Insert(_Statement):
    form = re.compile(r"INSERT INTO (?P<table>\S+) \((?P<columns>.*)\) VALUES \([?, ]+\)")

    def kinds(self) -> Any:
        return [(name, self._kind(name)) for name in self.found["columns"].split(", ")], []

    def result(self, values: list[Any], size: int, state: bytes | None) -> bytes:
        row = dict(zip(self.found["columns"].split(", "), values, strict=True))
        self.table["rows"][row["id"]] = {**row, "vector": _floats(row["embedding"]), "set": _set(row["terms"])}
        return _int(1)


class _Delete(_Statement):
    form = re.compile(r"DELETE FROM (?P<table>\S+) WHERE id = \?")

    def kinds(self) -> Any:
        return [("id", _TEXT)], []

    def result(self, values: list[Any], size: int, state: bytes | None) -> bytes:
        self.table["rows"].pop(values[0], None)
        return _int(1)


class _Listed(_Statement):
    def __init__(self, tables: dict[str, Any]) -> None:
        self.tables = tables

    def kinds(self) -> Any:
        return [("keyspace_name", _TEXT), ("table_name", _TEXT)], [("table_name", _TEXT)]

    def result(self, values: list[Any], size: int, state: bytes | None) -> bytes:
        keyspace, name = (value.decode() for value in values)
        rows = [[name.encode()]] if f'"{keyspace}"."{name}"' in self.tables else []
        return _rows([("table_name", _TEXT)], rows)


class _Select(_Statement):
    form = re.compile(
        r"SELECT (?P<columns>[\w, ]+?)(?:, similarity_(?P<measure>\w+)\(embedding, \?\) AS score)? FROM (?P<table>\S+)"
        r"(?: WHERE (?P<where>id = \?|terms CONTAINS \?(?: AND terms CONTAINS \?)*))?"
        r"(?P<near> ORDER BY embedding ANN OF \? LIMIT \?)?"
    )

    def kinds(self) -> Any:
        found, columns = self.found, self.found["columns"].split(", ")
        given = [("embedding", self._kind("embedding"))] if found["measure"] else []
        given += [("id" if part.startswith("id") else "value(terms)", _TEXT) for part in self._parts()]
        given += [("embedding", self._kind("embedding")), ("[limit]", _INT)] if found["near"] else []
        return given, self._shown(columns)

    def _shown(self, columns: list[str]) -> list[tuple[str, bytes]]:
        score = [("score", _FLOAT)] if self.found["measure"] else []
        return [*((name, self._kind(name)) for name in columns), *score]

    def _parts(self) -> list[str]:
        return self.found["where"].split(" AND ") if self.found["where"] else []

    def result(self, values: list[Any], size: int, state: bytes | None) -> bytes:
        given, columns = list(values), self.found["columns"].split(", ")
        query = _floats(given.pop(0)) if self.found["measure"] else None
        rows = self._fitting([given.pop(0) for _ in self._parts()])
        score = self._score(query) if query is not None else None
        more = None
        if self.found["near"]:
            rows = self._nearest(rows, _floats(given[0]), struct.unpack(">i", given[1])[0])
        else:
            rows = sorted((row for row in rows if state is None or row["id"] > state), key=lambda row: row["id"])
            more = rows[size - 1]["id"] if size and len(rows) > size else None
            rows = rows[:size] if size else rows
        made = [[*(row[name] for name in columns), *([struct.pack(">f", score(row))] if score else [])] for row in rows]
        return _rows(self._shown(columns), made, more)

    def _fitting(self, wanted: list[bytes]) -> list[Any]:
        rows = self.table["rows"]
        if self.found["where"] == "id = ?":
            return [rows[wanted[0]]] if wanted[0] in rows else []
        if wanted and "terms" not in self.table["indexed"]:
            raise Refused("Cannot execute this query as it might involve data filtering")
        return [row for row in rows.values() if set(wanted) <= row["set"]]

    def _score(self, query: tuple[float, ...]) -> Any:
        measure = _MEASURES[self.found["measure"]]
        return lambda row: measure(query, row["vector"])

    def _nearest(self, rows: list[Any], query: tuple[float, ...], limit: int) -> list[Any]:
        if limit > 1_000:
            raise Refused("Use of ANN OF in an ORDER BY clause requires a LIMIT that is not greater than 1000")
        measure = self.table["measure"]
        if measure == "cosine" and not any(query):
            raise Refused("Zero and near-zero vectors cannot be indexed or queried with cosine similarity")
        return sorted(rows, key=lambda row: -_MEASURES[measure](query, row["vector"]))[:limit]


# Bytes ---------------------------------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, form: str) -> int:
        found: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return found

    def long_string(self) -> str:
        return self.take(self.number(">i")).decode()

    def short_bytes(self) -> bytes:
        return self.take(self.number(">H"))

    def value(self) -> bytes | None:
        size = self.number(">i")
        return None if size < 0 else self.take(size)

    def parameters(self) -> tuple[list[Any], int, bytes | None]:
        """The values, the size of a page and where the last one ended."""
        _, flags = self.number(">H"), self.number(">B")
        values = [self.value() for _ in range(self.number(">H"))] if flags & 0x01 else []
        size = self.number(">i") if flags & 0x04 else 0
        return values, size, self.value() if flags & 0x08 else None


def _rows(columns: list[tuple[str, bytes]], rows: list[list[Any]], more: bytes | None = None) -> bytes:
    cells = b"".join(_int(-1) if value is None else _int(len(value)) + value for row in rows for value in row)
    return _int(2) + _metadata(columns, more) + _int(len(rows)) + cells


def _metadata(columns: list[tuple[str, bytes]], more: bytes | None = None) -> bytes:
    told = _int(1 | (2 if more is not None else 0)) + _int(len(columns))
    told += _int(len(more)) + more if more is not None else b""
    return told + _string("ai") + _string("t") + b"".join(_string(name) + kind for name, kind in columns)


def _system(text: str) -> bytes:
    """One node, and no others."""
    names = text.removeprefix("SELECT ").split(" FROM ")[0].split(", ")
    if names == ["*"]:
        names = list(_SYSTEM)
    columns = [(name, _SYSTEM.get(name, (_TEXT, None))[0]) for name in names]
    rows = [[_SYSTEM[name][1] for name in names]] if "system.local" in text else []
    return _rows(columns, rows)


def _set(value: bytes | None) -> set[bytes]:
    reader = _Reader(value or b"\0\0\0\0")
    return {reader.value() or b"" for _ in range(reader.number(">i"))}


def _floats(value: bytes) -> tuple[float, ...]:
    return struct.unpack(f">{len(value) // 4}f", value)


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _int(number: int) -> bytes:
    return struct.pack(">i", number)


def _short(number: int) -> bytes:
    return struct.pack(">H", number)


def _string(text: str) -> bytes:
    return _short(len(text.encode())) + text.encode()


def _strings(*texts: str) -> bytes:
    return _short(len(texts)) + b"".join(map(_string, texts))
