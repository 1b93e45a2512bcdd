"""A stretch of network that loses, delays and refuses what it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum


class Mode(Enum):
    """What becomes of requests and of replies.

    ``DROP_REPLIES``: requests arrive, and nothing ever comes back.
    ``CUT_REPLIES``: requests arrive, and in place of a reply the connection breaks.
    ``SILENT``: nothing arrives before another mode is set, and then all of it.
    ``REFUSE``: all connections break, and no new one is taken.
    """

    PASS = "pass"
    DROP_REPLIES = "drop replies"
    CUT_REPLIES = "cut replies"
    SILENT = "silent"
    REFUSE = "refuse"


class Proxy:
    """Stands on ``port`` before a server's port, both on this machine.

    Its ``mode`` may be changed at any time, also amid a connection; ``server_port``
    too, which new connections then lead to. ``lose_replies`` cuts so many connections
    when an answer comes, and lets everything else through.
    """

    def __init__(self, server_port: int, port: int = 0) -> None:
        self.server_port = server_port
        self._state = threading.Condition()
        self._mode = Mode.PASS
        self._to_lose = 0
        self._sockets: set[socket.socket] = set()
        self.port = port
        self._listen()

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        with self._state:
            was, self._mode = self._mode, mode
            self._state.notify_all()
        if mode is Mode.REFUSE and was is not Mode.REFUSE:
            self._hang_up()
        elif was is Mode.REFUSE and mode is not Mode.REFUSE:
            self._listen()

    def lose_replies(self, count: int = 1) -> None:
        with self._state:
            self._to_lose = count

    @property
    def replies_to_lose(self) -> int:
        """How many of those that ``lose_replies`` ordered are still to come."""
        return self._to_lose

    # To its clients it is the server, which these methods end and bring back.

    def start(self) -> None:
        self.mode = Mode.PASS

    def kill(self) -> None:
        self.mode = Mode.REFUSE

    def freeze(self) -> None:
        self.mode = Mode.SILENT

    def thaw(self) -> None:
        self.mode = Mode.PASS

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def _hang_up(self) -> None:
        _cut(self._listener)
        with self._state:
            for end in self._sockets:
                _cut(end)
            self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # _hang_up has closed it
            while True:
                client, _ = listener.accept()
                try:
                    self._connect(client)
                except OSError:  # there is no server
                    _cut(client)

    def _connect(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.server_port))
        with self._state:
            self._sockets |= {client, server}
        self._run(self._requests, client, server)
        self._run(self._replies, server, client)
        if self.mode is Mode.REFUSE:  # since a moment
            self._close(client, server)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := client.recv(65536):
                self._wait_for_sound()
                server.sendall(chunk)
        self._close(client, server)

    def _replies(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while chunk := server.recv(65536):
                self._wait_for_sound()
                if self._is_cut():
                    break
                if self.mode is not Mode.DROP_REPLIES:
                    client.sendall(chunk)
        self._close(client, server)

    def _wait_for_sound(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._mode is not Mode.SILENT)

    def _is_cut(self) -> bool:
        with self._state:
            if self._to_lose:
                self._to_lose -= 1
                return True
            return self._mode is Mode.CUT_REPLIES

    def _close(self, *ends: socket.socket) -> None:
        with self._state:
            self._sockets.difference_update(ends)
        for end in ends:
            _cut(end)

    def _run(self, act: Callable[..., None], *ends: socket.socket) -> None:
        threading.Thread(target=act, args=ends, daemon=True).start()


def _cut(end: socket.socket) -> None:
    with suppress(OSError):  # it may be cut already
        end.shutdown(socket.SHUT_RDWR)
    end.close()
