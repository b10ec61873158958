"""Counts the round trips to a PostgreSQL server, by standing between it and the client."""

from __future__ import annotations

import socket
import struct
import threading


class Wire:
    """A port that leads to another one."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.round_trips = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._there, args=(client, server), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        rest, greeted = b"", False
        while data := _received(client):
            rest += data
            while len(rest) >= 5:
                # the first messages have no type, and end with the one that asks for no encryption
                start = 1 if greeted else 0
                (length,) = struct.unpack("!I", rest[start : start + 4])
                if len(rest) < start + length:
                    break
                if greeted:
                    self.round_trips += rest[:1] in (b"Q", b"S")
                elif struct.unpack("!I", rest[4:8])[0] == 196608:  # protocol 3.0
                    greeted = True
                rest = rest[start + length :]
            # only now, when it is counted: the answer may be with the client before this thread goes on
            server.sendall(data)
        server.close()

    @staticmethod
    def _back(server: socket.socket, client: socket.socket) -> None:
        while data := _received(server):
            client.sendall(data)
        client.close()


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except OSError:
        return b""
