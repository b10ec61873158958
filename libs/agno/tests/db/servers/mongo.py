"""A server of MongoDB's wire protocol: OP_MSG around mongomock, with transactions. The true pymongo client talks to it."""

from __future__ import annotations

import copy
import itertools
import socket
import socketserver
import struct
import threading
import time
from typing import Any

import bson
import mongomock
from mongomock import OperationFailure

_QUERY, _REPLY, _MSG = 2004, 1, 2013
_LARGEST = 16 * 2**20
_numbers = itertools.count(1)


class MongoServer:
    """Listens on the loopback. `replica_set=False`: a single server, which has no transactions."""

    def __init__(self, replica_set: bool = True) -> None:
        self.replica_set = replica_set
        self.client = mongomock.MongoClient()
        self.commands: list[dict[str, Any]] = []
        self.port = 0
        self._turn = threading.Condition()
        self._open: dict[str, Any] | None = None  # the transaction that is going on
        self.start()

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?serverSelectionTimeoutMS=2000" + (
            "&replicaSet=rs" if self.replica_set else ""
        )

    def start(self) -> None:
        self._connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            connection.close() if connection.fileno() < 0 else connection.shutdown(socket.SHUT_RDWR)

    def clear(self) -> None:
        """Forget everything."""
        with self._turn:
            self.client = mongomock.MongoClient()
            self._open = None
            self.commands.clear()

    # ------------------------------------------------------------------------------------------------------------------

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        self.commands.append(command)
        try:
            if name.lower() in ("hello", "ismaster"):
                return self._hello()
            if command.get("autocommit") is False and not self.replica_set:
                raise _failure(20, "Transaction numbers are only allowed on a replica set member or mongos")
            with self._turn:
                return {**self._in_turn(name, command), "ok": 1.0}
        except OperationFailure as error:
            details = error.details or {}
            return {"ok": 0.0, "errmsg": str(error), "code": error.code or 8000, **details}

    def _hello(self) -> dict[str, Any]:
        me = f"127.0.0.1:{self.port}"
        found = {
            "isWritablePrimary": True,
            "ismaster": True,
            "helloOk": True,
            "maxBsonObjectSize": _LARGEST,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "logicalSessionTimeoutMinutes": 30,
            "ok": 1.0,
        }
        return {**found, "setName": "rs", "hosts": [me], "me": me, "primary": me} if self.replica_set else found

    def _in_turn(self, name: str, command: dict[str, Any]) -> dict[str, Any]:
        transaction = (command["lsid"]["id"], command["txnNumber"]) if command.get("autocommit") is False else None
        if transaction is None:
            self._turn.wait_for(lambda: self._open is None or self._open["started"] < time.monotonic() - 3, 4)
        elif command.get("startTransaction"):
            if self._open is not None:
                raise _failure(112, "WriteConflict", ["TransientTransactionError"])
            self._open = {"id": transaction, "before": {}, "started": time.monotonic()}
        elif self._open is None or self._open["id"] != transaction:
            raise _failure(251, "NoSuchTransaction", ["TransientTransactionError"])
        if name in ("commitTransaction", "abortTransaction"):
            return self._end(name)
        database = self.client[command["$db"]]
        if transaction and name in ("insert", "update", "delete"):
            before = self._open["before"]
            before.setdefault(command[name], copy.deepcopy(list(database[command[name]].find())))
        try:
            return getattr(self, f"_{name}", self._unknown)(database, command)
        except OperationFailure:
            if transaction:
                self._end("abortTransaction", command["$db"])
            raise

    def _end(self, name: str, database: str | None = None) -> dict[str, Any]:
        transaction, self._open = self._open, None
        if name == "abortTransaction":
            for collection, documents in transaction["before"].items():
                kept = self.client[database or self._database][collection]
                kept.delete_many({})
                if documents:
                    kept.insert_many(documents)
        self._turn.notify_all()
        return {}

    _database = "agno"

    def _unknown(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        if next(iter(command)) in ("ping", "endSessions", "killCursors", "buildInfo"):
            return {}
        raise _failure(59, f"no such command: {next(iter(command))}")

    def _insert(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        collection = database[command["insert"]]
        for number, document in enumerate(command["documents"]):
            try:
                collection.insert_one(document)
            except mongomock.DuplicateKeyError as error:
                return {"n": number, "writeErrors": [_write_error(number, error)]}
        return {"n": len(command["documents"])}

    def _update(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        collection, matched, upserted = database[command["update"]], 0, []
        for number, one in enumerate(command["updates"]):
            if len(bson.encode(one["u"])) > _LARGEST:
                raise _failure(17419, f"Resulting document after update is larger than {_LARGEST}")
            replace = not any(key.startswith("$") for key in one["u"])
            some = collection.update_many if one.get("multi") else collection.update_one
            method = collection.replace_one if replace else some
            try:
                result = method(one["q"], one["u"], upsert=one.get("upsert", False))
            except mongomock.DuplicateKeyError as error:
                return {"n": matched, "nModified": matched, "writeErrors": [_write_error(number, error)]}
            matched += result.matched_count
            if result.upserted_id is not None:
                upserted.append({"index": number, "_id": result.upserted_id})
        answer = {"n": matched + len(upserted), "nModified": matched}
        return {**answer, "upserted": upserted} if upserted else answer

    def _findAndModify(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        """Agno 2.0 writes with it."""
        collection, change = database[command["findAndModify"]], command["update"]
        replace = not any(key.startswith("$") for key in change)
        method = collection.find_one_and_replace if replace else collection.find_one_and_update
        after = {"upsert": command.get("upsert", False), "return_document": command.get("new", False)}
        return {"value": method(command["query"], change, **after)}

    def _delete(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        gone = 0
        for one in command["deletes"]:
            delete = (
                database[command["delete"]].delete_many if one["limit"] == 0 else database[command["delete"]].delete_one
            )
            gone += delete(one["q"]).deleted_count
        return {"n": gone}

    def _find(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        cursor = database[command["find"]].find(command.get("filter", {}), command.get("projection"))
        if command.get("sort"):
            cursor = cursor.sort(list(command["sort"].items()))
        cursor = cursor.skip(command.get("skip", 0)).limit(command.get("limit", 0))
        return _batch(command, command["find"], list(cursor))

    def _aggregate(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        return _batch(
            command, command["aggregate"], list(database[command["aggregate"]].aggregate(command["pipeline"]))
        )

    def _listCollections(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        names = sorted(database.list_collection_names())
        return _batch(command, "$cmd.listCollections", [{"name": name, "type": "collection"} for name in names])

    def _renameCollection(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        name, _, old = command["renameCollection"].partition(".")
        self.client[name][old].rename(command["to"].partition(".")[2])
        return {}

    def _drop(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        database[command["drop"]].drop()
        return {}

    def _createIndexes(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        for index in command["indexes"]:
            keys = [(key, int(way)) for key, way in index["key"].items()]
            database[command["createIndexes"]].create_index(keys, unique=index.get("unique", False), name=index["name"])
        return {}


def _batch(command: dict[str, Any], name: str, documents: list[Any]) -> dict[str, Any]:
    return {"cursor": {"id": 0, "ns": f"{command['$db']}.{name}", "firstBatch": documents}}


def _failure(code: int, text: str, labels: list[str] | None = None) -> OperationFailure:
    return OperationFailure(text, code, {"errorLabels": labels or [], "code": code, "errmsg": text})


def _write_error(number: int, error: Exception) -> dict[str, Any]:
    return {"index": number, "code": 11000, "errmsg": str(error)}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    owner: MongoServer


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        owner = self.server.owner
        owner._connections.add(self.request)
        try:
            while (header := self._exactly(16)) is not None:
                length, request, _, opcode = struct.unpack("<iiii", header)
                body = self._exactly(length - 16)
                if body is None:
                    return
                if opcode == _QUERY:  # the first hello
                    start = body.index(b"\0", 4) + 9
                    text = bson.encode(owner.answer(_decoded(body[start:])))
                    self._send(request, _REPLY, struct.pack("<iqii", 8, 0, 0, 1) + text)
                elif opcode == _MSG:
                    text = bson.encode(owner.answer(_message(body)))
                    self._send(request, _MSG, struct.pack("<i", 0) + b"\0" + text)
        except OSError:
            pass  # the client left, or the server was stopped
        finally:
            owner._connections.discard(self.request)

    def _send(self, request: int, opcode: int, body: bytes) -> None:
        self.request.sendall(struct.pack("<iiii", 16 + len(body), next(_numbers), request, opcode) + body)

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            part = self.request.recv(min(count - len(data), 1 << 20))
            if not part:
                return None
            data += part
        return bytes(data)


def _decoded(data: bytes) -> dict[str, Any]:
    return bson.decode(data[: struct.unpack_from("<i", data)[0]])


def _message(body: bytes) -> dict[str, Any]:
    """The command of an OP_MSG: a document, and sequences of documents beside it."""
    flags, command, at = struct.unpack_from("<I", body)[0], {}, 4
    end = len(body) - (4 if flags & 1 else 0)
    sequences: dict[str, list[Any]] = {}
    while at < end:
        kind, at = body[at], at + 1
        size = struct.unpack_from("<i", body, at)[0]
        section = body[at : at + size]
        at += size
        if kind == 0:
            command = bson.decode(section)
            continue
        stop = section.index(b"\0", 4)
        found = sequences.setdefault(section[4:stop].decode(), [])
        rest = stop + 1
        while rest < size:
            length = struct.unpack_from("<i", section, rest)[0]
            found.append(bson.decode(section[rest : rest + length]))
            rest += length
    return {**command, **sequences}
