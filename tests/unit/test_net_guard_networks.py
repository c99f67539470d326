"""Each network that the guard refuses is refused from its first to its last address, and not its neighbours.

The second half breaks the guard's lists, one network at a time, and requires the first half to notice.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.net import guard
from reprieve.net.guard import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator

    Network = IPv4Network | IPv6Network
    Address = IPv4Address | IPv6Address

#: IANA's special-purpose registries for IPv4, multicast and the reserved block
SPECIAL_V4 = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
]
#: the same for IPv6, inside the only block that is assigned for the public internet
SPECIAL_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20"]
GLOBAL_V6 = "2000::/3"
#: refused under every allow-list
NEVER = ["0.0.0.0/32", "169.254.0.0/16", "224.0.0.0/4", "::/128", "fd00:ec2::/32", "fe80::/10", "ff00::/8"]
EVERYTHING = ("0.0.0.0/0", "::/0")
#: an IPv4 address behind a translator, one in each half of the prefix and one beyond it
TRANSLATED = {"64:ff9b::808:808": True, "64:ff9b::c100:101": True, "64:ff9b::1:808:808": False}


def around(network: Network) -> Iterator[str]:
    """Its first and its last address, those beside them, and the ends of the network that is twice as large."""
    first, last = int(network[0]), int(network[-1])
    twice = network.supernet()
    kind = type(network[0])
    for number in (first, last, first - 1, last + 1, int(twice[0]), int(twice[-1])):
        if 0 <= number < 2**network.max_prefixlen:
            yield str(kind(number))


def is_in(address: Address, networks: list[str]) -> bool:
    return any(address in ip_network(network) for network in networks)


def expected(ip: str) -> bool:
    address = ip_address(ip)
    return not is_in(address, SPECIAL_V4 if address.version == 4 else SPECIAL_V6) and (
        address.version == 4 or address in ip_network(GLOBAL_V6)
    )


def cases(network: str) -> list[tuple[str, tuple[str, ...], bool]]:
    """Addresses around a network, the allow-list, and whether they may be connected to."""
    found: list[tuple[str, tuple[str, ...], bool]] = []
    for ip in around(ip_network(network)):
        found.append((ip, (), expected(ip)))
        if network in NEVER:
            found.append((ip, EVERYTHING, not is_in(ip_address(ip), NEVER)))
    return found


ALL = dict.fromkeys([*SPECIAL_V4, *SPECIAL_V6, GLOBAL_V6, *NEVER])
CASES = [case for network in ALL for case in cases(network)] + [(ip, (), good) for ip, good in TRANSLATED.items()]


def mistakes() -> list[str]:
    return [ip for ip, allowed, good in CASES if is_public(ip, allowed) is not good]


@pytest.mark.parametrize("network", ALL)
def test_a_network_is_judged_from_its_first_to_its_last_address(network: str) -> None:
    judged = [(ip, allowed, is_public(ip, allowed)) for ip, allowed, _ in cases(network)]
    assert judged == cases(network)


@pytest.mark.parametrize("ip", TRANSLATED)
def test_a_translated_address_is_the_address_that_it_leads_to(ip: str) -> None:
    assert is_public(ip) is TRANSLATED[ip]


# ---- the lists themselves, broken


def broken(networks: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The lists with one network left out, cut to either half, or grown to twice its size."""
    for place, network in enumerate(networks):
        others = networks[:place] + networks[place + 1 :]
        yield f"without {network}", others
        if network.prefixlen < network.max_prefixlen:
            for half in network.subnets():
                yield f"{half} for {network}", (*others, half)
        twice = network.supernet()
        (beside,) = set(twice.subnets()) - {network}
        known = (*others, *guard._NEVER)
        if not any(beside.version == other.version and beside.subnet_of(other) for other in known):
            yield f"{twice} for {network}", (*others, twice)


BROKEN = [
    *(
        pytest.param(name, networks, id=f"{name}: {how}")
        for name in ("_SPECIAL_V4", "_SPECIAL_V6", "_NEVER")
        for how, networks in broken(getattr(guard, name))
    ),
    *(
        pytest.param(name, network, id=f"{name}: {network}")
        for name in ("_GLOBAL_V6", "_NAT64")
        for network in (*getattr(guard, name).subnets(), getattr(guard, name).supernet())
    ),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_no_network_can_be_lost_or_changed_unnoticed(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, name, value)
    assert mistakes() != []
