"""Whose address counts: forwarded ones only from trusted proxies."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.addresses import MAX_HOPS, client_address

TRUSTED = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("198.51.100.1", [], "198.51.100.1"),
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["192.0.2.66, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["192.0.2.66", "203.0.113.9,10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, junk"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", [], "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", [], "198.51.100.1"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["203.0.113.9"], ""),
    ],
)
def test_forwarded_addresses_count_only_from_trusted_proxies(peer: str, forwarded: list[str], counted: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == counted


def test_an_endless_header_is_not_followed() -> None:
    header = ", ".join(["203.0.113.9", *["10.0.0.1"] * MAX_HOPS])
    assert client_address("10.0.0.1", [header], TRUSTED) == "10.0.0.1"


@given(st.text(), st.lists(st.text()))
def test_any_header_is_read_without_a_fault(peer: str, forwarded: list[str]) -> None:
    client_address(peer, forwarded, TRUSTED)
