"""Addresses as the kernel has them."""

import socket

import pytest

from sfu.io.addresses import pack_address, unpack_address


def test_addresses_are_packed_as_the_kernel_has_them() -> None:
    assert pack_address(("127.0.0.1", 0x1234)) == b"\x02\0\x12\x34\x7f\0\0\x01" + bytes(8)
    assert pack_address(("::1", 0x1234)) == b"\x0a\0\x12\x34" + bytes(4 + 15) + b"\x01" + bytes(4)


def test_an_address_of_one_link_is_another_on_another_link() -> None:
    host = ("fe80::1%7", 9)
    assert unpack_address(pack_address(host)) == host
    (number, name), *_ = socket.if_nameindex()
    assert unpack_address(pack_address((f"fe80::1%{name}", 9))) == (f"fe80::1%{number}", 9)
    with pytest.raises(OSError, match="no interface"):
        pack_address(("fe80::1%no-such-link", 9))
