"""Servers on loopback that follow a script, which a test can break at any step."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from reprieve.smtp.auth import Password

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

#: the server's name, and a password that must not be seen anywhere
HOST = "mail.example.com"
SECRET = "canary-jWq7Zc-secret"
LOGIN = Password("relay@example.com", SECRET)
#: stands in all that a server says, and must not come out anywhere
SERVER_WORDS = b"words-of-the-server"

#: deadlines, in seconds: for servers that would never end, so that the suite does
SHORT_S = 0.4
#: for those that are through with us at once, however busy the machine is
LONG_S = 5.0
#: how late a deadline may be noticed where threads have to be scheduled
GRACE_S = 0.6
#: what a conversation may allocate at its peak, with the server's half of it and the TLS context, in bytes
MAX_MEMORY = 1_000_000

#: a conversation in its order: what the server says at each step, and whether the client speaks before it
STEPS = ("greeting", "ehlo", "starttls", "ehlo again", "auth", "mail", "rcpt", "data", "body")
REPLIES = {
    "greeting": b"220 mail.example.com %s\r\n" % SERVER_WORDS,
    "ehlo": b"250-mail.example.com\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n",
    "starttls": b"220 2.0.0 %s\r\n" % SERVER_WORDS,
    "ehlo again": b"250-mail.example.com\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 HELP\r\n",
    "auth": b"235 2.7.0 %s\r\n" % SERVER_WORDS,
    "mail": b"250 2.1.0 %s\r\n" % SERVER_WORDS,
    "rcpt": b"250 2.1.5 %s\r\n" % SERVER_WORDS,
    "data": b"354 %s\r\n" % SERVER_WORDS,
    "body": b"250 2.0.0 %s\r\n" % SERVER_WORDS,
}


class Talk:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self.server = server
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, pause_s: float) -> None:
        for byte in data:
            self.sock.sendall(bytes([byte]))
            self.wait(pause_s)

    def flood(self, data: bytes) -> None:
        while not self.server.stopped.is_set():
            self.sock.sendall(data)

    def wait(self, seconds: float) -> None:
        if self.server.stopped.wait(seconds):
            raise OSError

    def stay_silent(self) -> None:
        self.wait(60)

    def line(self) -> bytes:
        while b"\n" not in self.buffer:
            received = self.sock.recv(4096)
            if not received:
                raise OSError
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\n")
        self.server.heard.append(line.rstrip(b"\r"))
        return self.server.heard[-1]

    def mail(self) -> None:
        while self.line() != b".":
            pass

    def start_tls(self) -> None:
        assert self.server.tls is not None
        self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)

    def hang_up(self) -> None:
        raise OSError

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise OSError


class Server:
    """A server that runs `script` for each connection, in threads that end with the `with`."""

    def __init__(self, script: Callable[[Talk], None], tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.tls = tls
        self.heard: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                sock.settimeout(5)
                thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        talk = Talk(sock, self)
        try:
            with contextlib.suppress(OSError):
                self.script(talk)
        finally:
            talk.sock.close()
            sock.close()


def spoiled(step: str = "", how: Callable[[Talk], None] | bytes | None = None) -> Callable[[Talk], None]:
    """The script of a polite server with STARTTLS, except for one step (a function, or the bytes to send)."""

    def script(talk: Talk) -> None:
        for each in STEPS:
            if each == "body":
                talk.mail()
            elif each != "greeting":
                talk.line()
            if each != step:
                talk.send(REPLIES[each])
            elif isinstance(how, bytes):
                talk.send(how)
            else:
                assert how is not None
                how(talk)
            if each == "starttls":
                talk.start_tls()
        talk.line()

    return script


def answering(*replies: bytes, offers: bytes = b"250-AUTH PLAIN LOGIN\r\n") -> Callable[[Talk], None]:
    """The script of a server that gives these replies from AUTH on."""

    def script(talk: Talk) -> None:
        for step in ("greeting", "ehlo", "starttls"):
            if step != "greeting":
                talk.line()
            talk.send(REPLIES[step])
        talk.start_tls()
        talk.line()
        talk.send(b"250-x\r\n" + offers + b"250 HELP\r\n")
        for reply in replies:
            talk.line()
            talk.send(reply)
        talk.line()

    return script


@dataclass
class Stopwatch:
    """A duration in seconds."""

    seconds: float = 0.0


@contextlib.contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    watch = Stopwatch()
    start = time.monotonic()
    try:
        yield watch
    finally:
        watch.seconds = time.monotonic() - start
