"""Junk is of every kind, goes out at its rate, and to nobody but this machine."""

import random
import socket

import pytest

from sfu.ice import stun
from tests.load.junk import HOSTS, SOURCES, flood, kinds, strangers


def test_it_begins_like_everything_that_a_media_port_is_sent() -> None:
    starts = {datagram[0] for datagram in kinds(random.Random(1)) if datagram}
    assert any(start <= 3 for start in starts), "STUN"
    assert any(20 <= start <= 63 for start in starts), "DTLS"
    assert any(64 <= start <= 79 for start in starts), "TURN channels"
    assert any(128 <= start <= 191 for start in starts), "RTP"
    assert any(start > 191 for start in starts), "nothing that is known"
    assert b"" in kinds(random.Random(1))


def test_it_comes_from_many_addresses() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        sent = flood("127.0.0.1", sock.getsockname()[1], 1000.0, 0.2)
        came = [sock.recvfrom(2000) for _ in range(sent)]
        with pytest.raises(BlockingIOError):
            sock.recv(1)
    assert 0 < sent <= 200
    assert len({address for _, address in came}) == min(SOURCES, sent)


def test_strangers_all_ask_as_browsers_do_and_come_from_many_hosts() -> None:
    asked = [stun.parse(datagram) for datagram in strangers(random.Random(1))]
    assert {message.message_type for message in asked} == {stun.BINDING_REQUEST}
    assert {message.ufrags is None for message in asked} == {True, False}
    assert len({message.transaction_id for message in asked}) == len(asked)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        sent = flood("127.0.0.1", sock.getsockname()[1], 1000.0, 0.2, "strangers")
        hosts = {sock.recvfrom(2000)[1][0] for _ in range(sent)}
    assert 0 < sent <= 200
    assert len(hosts) == min(HOSTS, sent)


def test_other_machines_are_spared() -> None:
    with pytest.raises(ValueError, match="only loopback"):
        flood("192.0.2.1", 9, 1.0, 0.1)
