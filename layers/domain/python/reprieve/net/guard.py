"""The guard: which hosts and ports may be connected to when a user chose them.

A user of this service can name a server, and the service will connect to it. Without a guard that user could reach
what only the service can reach: instance metadata, the runtime API of the function, databases inside the network. The
guard resolves a name once, judges every answer and returns addresses, and the connection goes to one of these: a name
that resolves differently a moment later gains nothing.

The networks are listed here by hand, after IANA's special-purpose registries (RFC 6890 and its updates), because
`ipaddress.is_global` changes its mind between versions of Python.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from reprieve.https_url import is_plain_http, is_plain_https
from reprieve.net.errors import NetError, Trouble

#: `socket.getaddrinfo`, or a substitute for it
Resolver = Callable[..., Sequence[tuple[Any, ...]]]

#: submission (RFC 6409, RFC 8314) and the ports that providers offer besides; 25 is for mail between servers
MAIL_PORTS = (465, 587, 2465, 2525, 2587)
#: the ports on which TLS begins with the first byte (RFC 8314 section 3.3)
IMPLICIT_TLS_PORTS = (465, 2465)

#: refused unless allowed by name; those of `_NEVER` are refused before
_SPECIAL_V4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers, and by some clouds' metadata
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

#: all that is assigned for the public internet; loopback, unique local, link-local and multicast are outside of it
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments, including Teredo (an IPv4 address in disguise)
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",
    )
)

#: IPv4 behind a translator (RFC 6052): on a network with DNS64 every IPv4-only server looks like this
_NAT64 = ip_network("64:ff9b::/96")

#: refused even if an allow-list is so wide that it covers them: no mail server is there, and credentials are
_NEVER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/32",
        "169.254.0.0/16",  # link-local: instance and container credentials
        "224.0.0.0/4",  # multicast
        "::/128",
        "fd00:ec2::/32",  # instance credentials
        "fe80::/10",
        "ff00::/8",
    )
)

#: characters (RFC 1035 section 2.3.4)
MAX_NAME = 253
#: RFC 1123 section 2.1, and the underscore that is met in practice. A name ends in a label that is not a number:
#: otherwise the resolver would take `127.1`, `0x7f000001` and `0` for addresses.
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"(?![0-9]+\.?$|0x[0-9a-f]*\.?$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPolicy:
    """The hosts and ports that a deployment allows its users to choose.

    Args:
        ports: the ports that may be connected to.
        implicit_tls_ports: those among them where TLS begins at once; STARTTLS is required on the others.
        private_networks: networks that are allowed besides the public internet, such as `("10.1.0.0/16",)`.

    Raises:
        ValueError: one of `private_networks` is not a network.
    """

    ports: tuple[int, ...] = MAIL_PORTS
    implicit_tls_ports: tuple[int, ...] = IMPLICIT_TLS_PORTS
    private_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for network in self.private_networks:
            ip_network(network)


@dataclass(frozen=True, slots=True)
class Target:
    """The destination of a connection: this address and nothing else.

    Args:
        ip: the address in its usual notation.
        port: the TCP port.
        family: AF_INET or AF_INET6.
    """

    ip: str
    port: int
    family: socket.AddressFamily


def may_call(url: str, policy: HostPolicy) -> bool:
    """Whether a URL is plain https, or plain http of an address in a private network that is allowed.

    Which hosts and ports may be connected to is decided at each connection.
    """
    if not is_plain_http(url):
        return is_plain_https(url)
    try:
        address = ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(address in ip_network(network) for network in policy.private_networks)


def is_public(ip: str, allowed: Iterable[str] = ()) -> bool:
    """Whether an address belongs to the public internet, or to a network that was allowed.

    Args:
        ip: an IPv4 or IPv6 address. IPv4 inside IPv6 is judged as the IPv4 address that it leads to, or refused.
        allowed: networks that are accepted although they are not public.

    Returns:
        False for every address that is private, special or deceptive, and for what is not an address.
    """
    try:
        address = _unwrapped(ip_address(ip))
    except ValueError:
        return False
    if any(address in network for network in _NEVER):
        return False
    return _is_global(address) or any(address in ip_network(network) for network in allowed)


def lookup(host: str, port: int, *, getaddrinfo: Resolver = socket.getaddrinfo) -> tuple[Target, ...]:
    """Look a host up, once.

    Args:
        host: a DNS name in ASCII, or an address.
        port: the TCP port.
        getaddrinfo: the resolver. It is called once; a NetError that it raises is raised here.

    Returns:
        One or more targets, in the resolver's order, without repetitions.

    Raises:
        NetError: the name has no address (UNREACHABLE).
    """
    try:
        answers = getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # ValueError: what the idna codec raises for odd names
        answers = ()
    if not answers:
        raise NetError(Trouble.UNREACHABLE)
    targets = (Target(ip, at, socket.AddressFamily(family)) for family, _, _, _, (ip, at, *_) in answers)
    return tuple(dict.fromkeys(targets))


def resolve(
    host: str, port: int, *, getaddrinfo: Resolver = socket.getaddrinfo, policy: HostPolicy
) -> tuple[Target, ...]:
    """Look a host up, once, and judge every address that it has.

    Args:
        host: a DNS name in ASCII (IDNs as A-labels), or an address in one of the policy's private networks: a public
            server has a name, and its certificate is for that name.
        port: the TCP port.
        getaddrinfo: see `lookup`.
        policy: what is allowed.

    Returns:
        One or more targets, in the resolver's order, without repetitions.

    Raises:
        NetError: the name has no address; or the port, the name, or ANY of its addresses is not allowed
            (HOST_REFUSED): an answer that mixes public and private addresses is an attack or a mistake.
    """
    if port not in policy.ports or not _may_be_asked(host, policy):
        raise NetError(Trouble.HOST_REFUSED)
    targets = lookup(host, port, getaddrinfo=getaddrinfo)
    if not all(is_public(target.ip, policy.private_networks) for target in targets):
        raise NetError(Trouble.HOST_REFUSED)
    return targets


def _may_be_asked(host: str, policy: HostPolicy) -> bool:
    """Whether a host is a name, or an address from an allowed network."""
    try:
        address = ip_address(host)
    except ValueError:
        return len(host) <= MAX_NAME and _NAME.fullmatch(host) is not None
    return any(address in ip_network(network) for network in policy.private_networks)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that a mapped or translated IPv6 address leads to; every other address as it is."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
    return address


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)
