"""Whose address counts for the limits. Addresses are looked at here and forgotten; none is stored or logged."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from itertools import islice

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 16
"""Proxies that are looked through at most. Nobody has as many; the header's length is the sender's choice."""


def client_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The address that a socket counts for.

    `peer` is who is connected; `forwarded` are the ``X-Forwarded-For`` headers. They count only as far as trusted
    proxies wrote them: each appends whom it was called by, so that the last entry that is no trusted proxy is the one.
    """
    address = peer or ""
    entries = reversed([entry.strip() for header in forwarded for entry in header.split(",")])
    for entry in islice(entries, MAX_HOPS):
        if not _within(address, trusted) or _parse(entry) is None:
            break
        address = entry
    return _counted(address)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed


def _within(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _counted(address: str) -> str:
    """An IPv4 address, or the /64 that a network is given as one piece (RFC 6177, section 2)."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed) if parsed is not None else address
