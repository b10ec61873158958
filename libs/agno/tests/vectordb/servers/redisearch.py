"""The search of Redis in front of a true redis-server, which has none: it passes on whatever is not `FT.…`.

Hashes are known from the commands that the server has carried out. As strict as Redis is where it matters: a
field that the index does not have cannot be asked, and no query may hold what Redis' own language would read otherwise.
"""

from __future__ import annotations

import itertools
import math
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

_TOKENS = re.compile(r"=>|@\w+:|\{[\w|]*\}|\[[^\]]*\]|[()|*-]|\w+")
_WRITES = {b"HSET", b"DEL", b"HDEL", b"UNLINK"}


class Failed(Exception):
    """What the search refuses."""


@dataclass
class Index:
    prefix: bytes
    fields: dict[str, list[str]]
    rows: dict[bytes, dict[str, Any]] = field(default_factory=dict)


class RediSearchServer:
    """Listens on the loopback; `socket_path` is where the true server does."""

    def __init__(self, socket_path: str) -> None:
        self.socket_path = socket_path
        self.indexes: dict[str, Index] = {}
        self._backend = redis.Redis(unix_socket_path=socket_path)
        self._lock = threading.RLock()
        self._dirty: set[bytes] = set()
        self._hashes: dict[bytes, dict[str, bytes]] = {}
        self._cursors: dict[int, list[bytes]] = {}
        self._numbers = itertools.count(1)
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _Connection(owner, self.request).serve()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"redis://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._backend.close()

    def changed(self, commands: list[list[bytes]]) -> None:
        """What the server was told to write, in this order."""
        with self._lock:
            for name, key, *rest in commands:
                hash_ = self._hashes.setdefault(key, {})
                if name.upper() == b"HSET":
                    hash_.update(zip((one.decode() for one in rest[::2]), rest[1::2], strict=True))
                elif name.upper() == b"HDEL":
                    for one in rest:
                        hash_.pop(one.decode(), None)
                else:
                    for one in (key, *rest):
                        self._hashes.pop(one, None)
                        self._dirty.add(one)
                self._dirty.add(key)
            self._refresh()

    def search(self, command: str, arguments: list[bytes]) -> Any:
        with self._lock:
            return getattr(self, f"_{command.lower()}")(arguments[0].decode("utf-8", "surrogateescape"), arguments[1:])

    def _refresh(self) -> None:
        for key in self._dirty:
            for index in self.indexes.values():
                if key.startswith(index.prefix):
                    index.rows.pop(key, None)
                    if hash_ := self._hashes.get(key):
                        index.rows[key] = _parsed(dict(hash_), index.fields)
        self._dirty.clear()

    def _index(self, name: str) -> Index:
        if name not in self.indexes:
            raise Failed(f"{name}: no such index")
        return self.indexes[name]

    # Commands --------------------------------------------------------------------------------------------------------

    def _create(self, name: str, arguments: list[bytes]) -> Any:
        if name in self.indexes:
            raise Failed("Index already exists")
        words = [word.decode() for word in arguments]
        assert words[:4] == ["ON", "HASH", "PREFIX", "1"] and words[5:8] == ["STOPWORDS", "0", "SCHEMA"]
        self.indexes[name] = Index(words[4].encode(), _schema(words[8:]))
        return "OK"

    def _alter(self, name: str, arguments: list[bytes]) -> Any:
        words = [word.decode() for word in arguments]
        assert words[:2] == ["SCHEMA", "ADD"]
        index, new = self._index(name), _schema(words[2:])
        if set(new) & set(index.fields):
            raise Failed("Duplicate field in schema - " + next(iter(new)))
        index.fields.update(new)  # old rows are read in the background, which here never ends
        return "OK"

    def _info(self, name: str, arguments: list[bytes]) -> Any:
        index = self._index(name)
        listed = [["identifier", one, "attribute", one, "type", kind[0]] for one, kind in index.fields.items()]
        return ["index_name", name, "attributes", listed, "num_docs", len(index.rows)]

    def _dropindex(self, name: str, arguments: list[bytes]) -> Any:
        index = self._index(name)
        assert arguments == [b"DD"]
        if index.rows:
            self._backend.delete(*index.rows)
            for key in index.rows:
                del self._hashes[key]
        del self.indexes[name]
        return "OK"

    def _aggregate(self, name: str, arguments: list[bytes]) -> Any:
        assert arguments[1:6] == [b"LOAD", b"1", b"@__key", b"WITHCURSOR", b"COUNT"] and arguments[-1] == b"2"
        index = self._index(name)
        fits = _Query(arguments[0].decode(), index.fields).condition()
        number = next(self._numbers)
        self._cursors[number] = [key for key, row in index.rows.items() if fits(row)]
        return self._page(number, int(arguments[6]))

    def read(self, arguments: list[bytes]) -> Any:
        with self._lock:
            return self._page(int(arguments[2]), int(arguments[4]))

    def _page(self, number: int, count: int) -> Any:
        keys = self._cursors[number]
        self._cursors[number], some = keys[count:], keys[:count]
        return [[len(keys), *(["__key", key] for key in some)], number if len(keys) > count else 0]

    def _search(self, name: str, arguments: list[bytes]) -> Any:
        index, options = self._index(name), _options(arguments[1:])
        assert options["DIALECT"] == b"2"
        query = _Query(arguments[0].decode(), index.fields)
        fits = query.condition()
        rows = [(key, row) for key, row in index.rows.items() if fits(row)]
        scores: dict[bytes, float] = {}
        if query.nearest:
            vector = options["PARAMS"][options["PARAMS"].index(b"vector") + 1]
            scores = {key: _measured(index.fields, row, vector) for key, row in rows}
            rows = sorted(rows, key=lambda pair: scores[pair[0]])[: query.nearest]
            assert options["SORTBY"] == b"score"
        elif query.words:
            scores = {key: float(sum(row["content"].count(word) for word in query.words)) for key, row in rows}
            rows.sort(key=lambda pair: -scores[pair[0]])
        start, count = options["LIMIT"]
        answer: list[Any] = [len(rows)]
        for key, row in rows[start : start + count]:
            raw = {**row["raw"], **({"score": repr(scores[key]).encode()} if query.nearest else {})}
            shown = [part for one in options["RETURN"] if one in raw for part in (one, raw[one])]
            answer += [key, *([repr(scores[key])] if "WITHSCORES" in options else []), shown]
        return answer


# Queries -------------------------------------------------------------------------------------------------------------


class _Query:
    """`(...)=>[KNN 5 @embedding $vector AS score]`, with tags, numbers, words, `|`, `-` and spaces for "and"."""

    def __init__(self, text: str, fields: dict[str, list[str]]) -> None:
        left = _TOKENS.sub("", text).strip()
        if left:
            raise Failed(f"Syntax error near {left}")
        self.tokens, self.fields = _TOKENS.findall(text), fields
        self.nearest, self.words = 0, set()

    def condition(self) -> Any:
        fits = self._either()
        if self._next() == "=>":
            self.tokens.pop(0)
            found = re.fullmatch(r"\[KNN (\d+) @embedding \$vector AS score\]", self.tokens.pop(0))
            assert found
            self.nearest = int(found[1])
        if self.tokens:
            raise Failed(f"Syntax error near {self.tokens[0]}")
        return fits

    def _next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def _either(self) -> Any:
        parts = [self._every()]
        while self._next() == "|":
            self.tokens.pop(0)
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _every(self) -> Any:
        parts = [self._one()]
        while self._next() not in ("", ")", "|", "=>"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Any:
        token = self.tokens.pop(0)
        if token == "*":
            if self.tokens and self.tokens[0] != "=>":
                raise Failed("Syntax error: * stands alone")
            return lambda row: True
        if token == "-":
            inner = self._one()
            return lambda row: not inner(row)
        if token == "(":
            inner = self._either()
            if self.tokens.pop(0) != ")":
                raise Failed("Syntax error: ) is missing")
            return inner
        if token[0] == "@":
            return self._field(token[1:-1])
        raise Failed(f"Syntax error near {token}")

    def _field(self, name: str) -> Any:
        if name not in self.fields:
            raise Failed(f"Unknown field `{name}`")
        kind, value = self.fields[name][0], self.tokens.pop(0)
        if kind == "TAG":
            wanted = set(value.removeprefix("{").removesuffix("}").split("|"))
            assert value[0] == "{" and "" not in wanted
            return lambda row: bool(wanted & row[name])
        if kind == "NUMERIC":
            low, high = value[1:-1].split()
            return lambda row: name in row and _above(low, row[name]) and _below(high, row[name])
        assert kind == "TEXT" and value == "("
        words = set()
        while (token := self.tokens.pop(0)) != ")":
            words |= {token} - {"|"}
        self.words |= words
        return lambda row: bool(words.intersection(row["content"]))


def _above(text: str, number: float) -> bool:
    return number > float(text[1:]) if text[0] == "(" else number >= float(text)


def _below(text: str, number: float) -> bool:
    return number < float(text[1:]) if text[0] == "(" else number <= float(text)


def _schema(words: list[str]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    while words:
        name, kind = words[:2]
        size = {"TEXT": 2, "NUMERIC": 2, "TAG": 4}.get(kind) or 4 + int(words[3])
        fields[name], words = words[1:size], words[size:]
    if len(fields) > 1024:
        raise Failed("Schema is currently limited to 1024 fields")
    return fields


def _parsed(raw: dict[str, bytes], fields: dict[str, list[str]]) -> dict[str, Any]:
    row: dict[str, Any] = {"raw": raw}
    for name, kind in fields.items():
        value = raw.get(name)
        if kind[0] == "TAG":
            row[name] = set((value or b"").decode().split(","))
        elif kind[0] == "TEXT":
            row[name] = re.findall(r"\w+", (value or b"").decode().lower())
        elif kind[0] == "NUMERIC" and value is not None:
            row[name] = float(value)
    row["vector"] = _floats(raw["embedding"])
    return row


def _floats(value: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(value) // 4}f", value)


def _measured(fields: dict[str, list[str]], row: dict[str, Any], vector: bytes) -> float:
    wanted, own = _floats(vector), row["vector"]
    settings = fields["embedding"]
    assert len(wanted) == len(own) == int(settings[settings.index("DIM") + 1])
    metric = settings[settings.index("DISTANCE_METRIC") + 1]
    if metric == "L2":
        return sum((a - b) ** 2 for a, b in zip(wanted, own, strict=True))
    product = sum(a * b for a, b in zip(wanted, own, strict=True))
    return 1 - (product if metric == "IP" else product / (math.hypot(*wanted) * math.hypot(*own) or 1))


def _options(arguments: list[bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        name = rest.pop(0).decode()
        if name == "WITHSCORES":
            found[name] = True
        elif name == "LIMIT":
            found[name] = (int(rest.pop(0)), int(rest.pop(0)))
        elif name in ("RETURN", "PARAMS"):
            count = int(rest.pop(0))
            found[name], rest = rest[:count], rest[count:]
        else:
            found[name] = rest.pop(0)
    found["RETURN"] = [one.decode() for one in found["RETURN"]]
    return found


# The protocol --------------------------------------------------------------------------------------------------------


class _Connection:
    """One client: each of its commands is answered here or by the server behind."""

    def __init__(self, owner: RediSearchServer, client: socket.socket) -> None:
        self.owner, self.client, self.buffer = owner, client, b""
        self.backend = socket.socket(socket.AF_UNIX)
        self.backend.connect(owner.socket_path)
        self.answers = self.backend.makefile("rb")
        self.is_third, self.in_transaction = False, False
        self.pending: list[list[bytes]] = []

    def serve(self) -> None:
        try:
            while commands := self._commands():
                self.client.sendall(b"".join(self._answers(commands)))
        except OSError:
            pass  # the client went away
        finally:
            for one in (self.answers, self.backend):
                one.close()

    def _commands(self) -> list[tuple[list[bytes], bytes]]:
        """All that came together; nothing if the client went away."""
        found, at = [], 0
        while not found or at < len(self.buffer):
            command = _command_at(self.buffer, at)
            if command is None:
                data = self.client.recv(1 << 20)
                if not data:
                    return []
                self.buffer += data
            else:
                found.append(command)
                at += len(command[1])
        self.buffer = b""
        return found

    def _answers(self, commands: list[tuple[list[bytes], bytes]]) -> Iterator[bytes]:
        """Those for the server are passed on together."""
        for ours, some in itertools.groupby(commands, lambda command: command[0][0].upper().startswith(b"FT.")):
            if ours:
                yield from (self._searched(parts) for parts, _ in some)
                continue
            passed = list(some)
            self.backend.sendall(b"".join(raw for _, raw in passed))
            for parts, _ in passed:
                reply = self._reply()
                self._seen(parts[0].upper(), parts, reply)
                yield reply

    def _searched(self, parts: list[bytes]) -> bytes:
        command = parts[0][3:].decode().upper()
        try:
            if command == "CURSOR":
                return _encoded(self._shaped("AGGREGATE", self.owner.read(parts[1:])))
            return _encoded(self._shaped(command, self.owner.search(command, parts[1:])))
        except Failed as error:
            return f"-{error}\r\n".encode()

    def _seen(self, name: bytes, parts: list[bytes], reply: bytes) -> None:
        if name == b"HELLO":
            self.is_third = parts[1] == b"3" and reply[:1] == b"%"
        elif name == b"MULTI":
            self.in_transaction = True
        elif name in _WRITES:
            self.pending.append(parts)
        elif name in (b"EXEC", b"DISCARD"):
            self.in_transaction = False
            self.pending = self.pending if name == b"EXEC" else []
        if not self.in_transaction and self.pending:
            self.owner.changed(self.pending)
            self.pending = []

    def _reply(self) -> bytes:
        line = self.answers.readline()
        kind, rest = line[:1], line[1:-2]
        if kind in b"$=" and int(rest) >= 0:
            return line + self.answers.read(int(rest) + 2)
        if kind in b"*%~>":
            count = max(int(rest), 0) * (2 if kind == b"%" else 1)
            return line + b"".join(self._reply() for _ in range(count))
        return line

    def _shaped(self, command: str, answer: Any) -> Any:
        """The third version of the protocol has maps."""
        if not self.is_third:
            return answer
        if command == "SEARCH":
            step = 3 if len(answer) > 2 and not isinstance(answer[2], list) else 2
            rows = [answer[at : at + step] for at in range(1, len(answer), step)]
            results = [
                {"id": row[0], "extra_attributes": _map(row[-1]), **({"score": float(row[1])} if step == 3 else {})}
                for row in rows
            ]
            return {"total_results": answer[0], "results": results}
        if command == "AGGREGATE":
            results = [{"extra_attributes": _map(row), "values": []} for row in answer[0][1:]]
            return [{"total_results": answer[0][0], "results": results}, answer[1]]
        if command == "INFO":
            return {**_map(answer), "attributes": [_map(one) for one in answer[3]]}
        return answer


def _command_at(data: bytes, at: int) -> tuple[list[bytes], bytes] | None:
    """A command and its bytes; None if it is not complete."""
    parts, end = [], data.find(b"\r\n", at)
    if end < 0:
        return None
    here = end + 2
    for _ in range(int(data[at + 1 : end])):
        end = data.find(b"\r\n", here)
        size = int(data[here + 1 : end]) if end >= 0 else 0
        if end < 0 or len(data) < end + 4 + size:
            return None
        parts.append(data[end + 2 : end + 2 + size])
        here = end + 4 + size
    return parts, data[at:here]


def _map(items: list[Any]) -> dict[str, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


def _encoded(value: Any) -> bytes:
    if isinstance(value, str) and value == "OK":
        return b"+OK\r\n"
    if isinstance(value, (bytes, str)):
        data = value.encode() if isinstance(value, str) else value
        return b"$%d\r\n%s\r\n" % (len(data), data)
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, float):
        return f",{value!r}\r\n".encode()
    if isinstance(value, dict):
        return b"%%%d\r\n" % len(value) + b"".join(_encoded(part) for pair in value.items() for part in pair)
    return b"*%d\r\n" % len(value) + b"".join(map(_encoded, value))
