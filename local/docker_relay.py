"""An address of the local AWS for Docker's containers, while one runs.

The local AWS listens on this machine's loopback, which no container reaches. On Linux, what a container sends to this
machine's address in Docker's network is passed on; Docker Desktop does the same by itself for `host.docker.internal`.
"""

import contextlib
import ipaddress
import json
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator

#: the name of this machine in a container, which `--add-host` of SAM's makes known
HOST = "host.docker.internal"
CHUNK = 65_536


class Relay(socketserver.ThreadingTCPServer):
    """Pass each connection on to a port of loopback."""

    daemon_threads = True

    def __init__(self, address: str, port: int) -> None:
        self.port = port
        super().__init__((address, 0), Connection)


class Connection(socketserver.BaseRequestHandler):
    """One connection, both ways."""

    server: Relay

    def handle(self) -> None:
        """Copy until both sides have ended."""
        with socket.create_connection(("127.0.0.1", self.server.port)) as onward:
            back = threading.Thread(target=copy, args=(onward, self.request), daemon=True)
            back.start()
            copy(self.request, onward)
            back.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copy what comes from one side to the other, and its end."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def address_for_containers(port: int) -> Iterator[str]:
    """The URL at which a container reaches a port of this machine's loopback, as long as it is in use."""
    try:
        server = Relay(bridge_address(), port)
    except OSError:  # Docker runs in a machine of its own
        yield f"http://{HOST}:{port}"
        return
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_address[1]}"
        server.shutdown()


def bridge_address() -> str:
    """This machine's address in the network that containers are in by default."""
    docker = shutil.which("docker") or "docker"
    asked = [docker, "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]
    config = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)[0]
    return str(config.get("Gateway") or ipaddress.ip_network(config["Subnet"])[1])
