"""The compiled reception: its table of addresses, its socket, and the bounds that Python keeps for it."""

from __future__ import annotations

import socket
from array import array
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe import twcc_receiver
from sfu.io.addresses import pack_address, unpack_address
from sfu.io.entrance import STUN_COOKIE
from sfu.io.srtp import BUFFER_SIZE
from sfu.native import new_way, reception
from sfu.native.numbers import InletNumbers, SourceNumbers
from sfu.native.reception import EMPTY, FIRST_PLACES, FULL, OTHER, RTCP, RTP, Door, Inlet, new_inlet, new_source
from sfu.rtp.layers import LAYERS
from sfu.streams import receive_stream
from tests.sfu import twin

pytestmark = pytest.mark.skipif(len(twin.KINDS) == 1, reason="this machine has no C compiler: there is no twin")


class Desk:
    """A door with a socket, and a socket that sends to it."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.here, self.there = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        for sock in (self.here, self.there):
            sock.bind((host, 0))
        self.buffer = bytearray(BUFFER_SIZE)
        self.door = Door(self.here.fileno(), self.buffer, seed=7)
        self.address = pack_address(self.there.getsockname())

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.there.sendto(datagram, self.here.getsockname())

    def close(self) -> None:
        self.here.close()
        self.there.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(request.param)
    yield made
    made.close()


MEDIA = bytes([0x80, 96]) + bytes(10)
REPORT = bytes([0x80, 200]) + bytes(10)
CHECK = bytes(4) + STUN_COOKIE + bytes(12)


def test_a_known_address_is_told_apart_by_its_first_bytes(desk: Desk) -> None:
    desk.door.add(desk.address, None)
    desk.send(MEDIA, REPORT, CHECK, bytes([22]) + bytes(30))
    for kind, length in ((RTP, 12), (RTCP, 12), (OTHER, 20), (OTHER, 31)):
        assert desk.door.drain(64, 5.0) == kind
        assert (desk.door.length, desk.door.handled) == (length, 1)
        assert 5.0 <= desk.door.now < 6.0
        assert unpack_address(desk.door.address) == desk.there.getsockname()[:2]
    assert desk.door.drain(64, 5.0) == EMPTY
    assert desk.door.take_dropped() == 0


def test_of_strangers_only_what_looks_like_stun_comes_through(desk: Desk) -> None:
    desk.send(MEDIA, REPORT, bytes([22]) + bytes(30), bytes(20), CHECK[:19], bytes(11), b"", bytes(1501), CHECK)
    assert desk.door.drain(64, 0.0) == OTHER
    assert desk.door.handled == 9
    assert desk.door.take_dropped() == 8
    assert desk.door.take_dropped() == 0


FEEDBACK = bytes([0x8F, 205]) + bytes(18)


def test_feedback_waits_for_whoever_takes_it(desk: Desk) -> None:
    desk.door.add(desk.address, None)
    desk.send(FEEDBACK)
    assert desk.door.drain(64, 5.0) == RTCP  # there is no room yet
    desk.door.set_aside(2)
    nack = bytes([0x81, 205]) + bytes(18)
    desk.send(FEEDBACK + b"1", nack, FEEDBACK + b"22", FEEDBACK + b"333")
    assert desk.door.drain(64, 5.0) == RTCP
    assert desk.buffer[:20] == nack
    assert desk.door.drain(64, 5.0) == FULL
    assert desk.door.handled == 1
    assert desk.door.drain(64, 5.0) == FULL
    assert desk.door.handled == 0
    for length in (21, 22):
        assert desk.door.take_aside()
        assert desk.door.length == length
        assert desk.buffer[:20] == FEEDBACK
        assert 5.0 <= desk.door.now < 6.0
        assert unpack_address(desk.door.address) == desk.there.getsockname()[:2]
    assert not desk.door.take_aside()
    assert desk.door.drain(64, 5.0) == EMPTY
    assert desk.door.take_aside()
    assert not desk.door.take_aside()


def test_feedback_of_strangers_or_out_of_size_does_not_wait(desk: Desk) -> None:
    desk.door.set_aside(4)
    desk.send(FEEDBACK)
    assert desk.door.drain(64, 0.0) == EMPTY
    desk.door.add(desk.address, None)
    desk.send(FEEDBACK + bytes(493), FEEDBACK[:12])
    assert desk.door.drain(64, 0.0) == RTCP
    assert desk.door.length == 513
    assert desk.door.drain(64, 0.0) == EMPTY
    assert desk.door.take_aside()
    assert desk.door.length == 12


def test_strangers_have_a_share_each_and_one_together(desk: Desk) -> None:
    desk.door.limit_strangers(10.0, 5.5, share_rate=1.0, share_burst=2.5)
    desk.send(*[CHECK] * 4)
    assert [desk.door.drain(64, 5.0) for _ in range(4)] == [OTHER, OTHER, OTHER, EMPTY], (
        "the first one too much is told"
    )
    assert desk.door.take_dropped() == 1
    desk.send(*[CHECK] * 2)
    assert [desk.door.drain(64, 6.5) for _ in range(2)] == [OTHER, EMPTY]
    desk.door.add(desk.address, None)
    desk.send(*[CHECK] * 9)
    assert [desk.door.drain(64, 6.5) for _ in range(9)] == [OTHER] * 9


def test_no_host_takes_what_another_may_have() -> None:
    """Each of many hosts of the loopback network is within its share until all together are too much."""
    desk = Desk("0.0.0.0")
    try:
        desk.door.limit_strangers(1.0, 20.5, share_rate=1.0, share_burst=2.5)
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(12)]
        for number, sender in enumerate(senders):
            with sender:
                sender.bind((f"127.0.0.{number + 2}", 0))
                for _ in range(3):
                    sender.sendto(CHECK, ("127.0.0.1", desk.here.getsockname()[1]))
        verdicts = [desk.door.drain(64, 5.0) for _ in range(30)]
        assert verdicts.count(OTHER) == 20 + 1
        assert desk.door.take_dropped() == 15
    finally:
        desk.close()


def test_it_reads_as_many_as_it_may(desk: Desk) -> None:
    desk.send(*[MEDIA] * 10)
    assert desk.door.drain(4, 0.0) == EMPTY
    assert desk.door.handled == 4
    assert desk.door.drain(64, 0.0) == EMPTY
    assert desk.door.handled == 6


ADDRESSES = (
    [pack_address((f"192.0.2.{n % 250}", 1000 + n)) for n in range(30)]
    + [pack_address((f"2001:db8::{n:x}", 9)) for n in range(30)]
    + [pack_address((f"fe80::1%{n}", 9)) for n in range(4)]
)


@given(
    st.integers(0, (1 << 64) - 1),
    st.lists(st.tuples(st.sampled_from(["add", "drop", "lead"]), st.integers(0, len(ADDRESSES) - 1)), max_size=150),
)
def test_the_table_is_a_dictionary(seed: int, steps: list[tuple[str, int]]) -> None:
    door, known = Door(-1, bytearray(BUFFER_SIZE), seed=seed), set[bytes]()
    door._make_room(128)  # so small that many fall into one place
    for name, number in steps:
        address = ADDRESSES[number]
        if name == "drop":
            door.drop(address)
            known.discard(address)
        elif name == "lead" or not door.add(address, None):
            door.lead(dict.fromkeys([*known, address]))
            known.add(address)
        else:
            known.add(address)
        for each in ADDRESSES:
            assert _knows(door, each) is (each in known)


def _knows(door: Door, address: bytes) -> bool:
    """Whether the address is found from where it belongs."""
    before = door._count
    door.drop(address)
    known = door._count < before
    assert not known or door.add(address, None)
    return known


def test_the_table_grows() -> None:
    door = Door(-1, bytearray(BUFFER_SIZE), seed=1)
    addresses = [pack_address(("192.0.2.1", port)) for port in range(1, FIRST_PLACES)]
    assert [door.add(address, None) for address in addresses].index(False) == FIRST_PLACES // 2
    door.lead(dict.fromkeys(addresses))
    assert all(_knows(door, address) for address in addresses[::50])
    with pytest.raises(ValueError, match="Internet address"):
        door.add(b"\1\0", None)
    with pytest.raises(ValueError, match="no room"):
        Door(-1, bytearray(1563), seed=1)


def test_only_rooms_of_the_right_shape_are_lent() -> None:
    way = new_way()
    source, inlet = new_source(way), new_inlet(way)
    seen, other = array("q", bytes(8 * 1024)), array("q", bytes(8 * 2000))
    windows: list[Any] = [other, array("d", bytes(8 * 1024))]
    for window in windows:
        with pytest.raises(ValueError, match="not a window"):
            reception.lend_seen(source, window)
    wrong: list[Any] = [(seen, other, seen), (other, other, other), (seen, array("d", bytes(16_000)), other)]
    for arrivals in wrong:
        with pytest.raises(ValueError, match="not arrivals"):
            reception.lend_arrivals(inlet, *arrivals)
    for slots in (0, 3, -8):
        with pytest.raises(ValueError, match="not a ring"):
            reception.lend_ring(source, slots)
    with pytest.raises(ValueError, match="too many"):
        Inlet(inlet, bytearray(BUFFER_SIZE)).serve([source] * 33)
    assert (receive_stream.WINDOW, twcc_receiver.HISTORY, twcc_receiver.MAX_PENDING) == (1024, 1024, 2000)
    assert LAYERS == 16


def test_without_it_the_same_numbers_are_pythons() -> None:
    with twin.using("python"):
        way = new_way()
        source, inlet = new_source(way), new_inlet(way)
        assert type(source) is SourceNumbers
        assert type(inlet) is InletNumbers
        assert reception.lend_seen(source, array("q")) is None
        assert reception.lend_ring(source, 3) is None
        assert reception.lend_arrivals(inlet, array("q"), array("q"), array("q")) is None
    compiled = new_way()
    for plain, shared in ((source, new_source(compiled)), (inlet, new_inlet(compiled))):
        for name in plain.__slots__:
            if name not in {"types", "layers", "octets"}:
                assert getattr(plain, name) == getattr(shared, name), name
