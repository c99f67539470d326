"""TLS in front of a server that has none, so that what is measured reaches it as it reaches AWS."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@contextmanager
def in_front_of(url: str, context: ssl.SSLContext) -> Iterator[int]:
    """Accept TLS on a port of loopback for the length of the block, and pass everything on.

    Args:
        url: of the server, for example `http://127.0.0.1:8000`.
        context: with the certificate to show.
    """
    place = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listener.accept()
                    threading.Thread(target=serve, args=(taken,), daemon=True).start()

        def serve(taken: socket.socket) -> None:
            with (
                suppress(OSError),
                closing(context.wrap_socket(taken, server_side=True)) as outer,
                closing(socket.create_connection((place.hostname or "", place.port or 80))) as inner,
            ):
                threading.Thread(target=pass_on, args=(inner, outer), daemon=True).start()
                pass_on(outer, inner)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until one side hangs up, and have the other do the same."""
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
