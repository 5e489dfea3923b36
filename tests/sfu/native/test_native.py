"""The compiled twin on real sockets and libsrtp, and the bounds that Python keeps for it."""

from __future__ import annotations

import os
import socket
from array import array
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from sfu import native
from sfu.io.link import SecureChannel
from sfu.io.srtp import Buffers, SrtpSession
from sfu.native.numbers import CopyNumbers, WayNumbers
from sfu.rtp.packet import MAX_DATAGRAM, MediaPacket
from tests.sfu import twin

pytestmark = pytest.mark.skipif(len(twin.KINDS) == 1, reason="this machine has no C compiler: there is no twin")

KEY = bytes(range(30))


def packet(sequence: int = 1, payload: bytes = b"payload", *, payload_type: int = 96) -> MediaPacket:
    return MediaPacket(sequence, 7, 0x80, payload_type, payload, arrival=1.0)


def plain(channel: SecureChannel) -> CopyNumbers:
    """A copy of source 1 that needs nothing special: payload type 100 at SSRC 50, numbers from 1001."""
    copy = native.new_copy(channel.way)
    copy.source, copy.ssrc, copy.sequence_offset = 1, 50, 1000
    copy.types[96] = 0x80 | 100
    return copy


class End:
    """A channel that points at a socket of its own."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.here, self.there = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        for sock in (self.here, self.there):
            sock.bind((host, 0))
            sock.setblocking(False)
        self.buffers = Buffers()
        self.channel = SecureChannel(self.buffers)
        self.copy = plain(self.channel)
        self.secure()
        self.point(self.here.fileno())
        self.fan_out = native.FanOut(1)
        self.fan_out.take([self.copy])

    def secure(self) -> None:
        receive, send = (
            Session(Policy(key=KEY, ssrc_type=kind)) for kind in (Policy.SSRC_ANY_INBOUND, Policy.SSRC_ANY_OUTBOUND)
        )
        self.channel.secure(SrtpSession(receive, send, self.buffers, Policy(key=KEY)))
        self.channel.share(self.copy)

    def point(self, fd: int) -> None:
        self.channel.point_at(self.here.sendto, self.there.getsockname(), fd)

    def opened(self) -> bytes:
        return Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND)).unprotect(self.there.recv(2000))

    def close(self) -> None:
        self.here.close()
        self.there.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def end(request: pytest.FixtureRequest) -> Iterator[End]:
    made = End(request.param)
    yield made
    made.close()


def test_it_sends_through_the_socket_and_never_in_clear(end: End) -> None:
    assert end.fan_out.send(packet(1)) == []
    sealed = end.there.recv(2000, socket.MSG_PEEK)
    assert b"payload" not in sealed
    header = bytes([0x80, 0x80 | 100, 1001 >> 8, 1001 & 0xFF, 0, 0, 0, 7, 0, 0, 0, 50])
    assert end.opened() == header + b"payload"
    assert (end.copy.highest, end.copy.packets, end.copy.octets, end.channel.unsent) == (1001, 1, 7, 0)
    assert end.channel.way.unnumbered_bytes == 19


def test_python_and_the_twin_share_one_packet_index(end: End) -> None:
    """A nonce must not come twice: libsrtp, which counts for both, refuses what was sent already."""
    assert end.fan_out.send(packet(1)) == []
    again = bytes([0x80, 100, 1001 >> 8, 1001 & 0xFF]) + bytes([0, 0, 0, 7, 0, 0, 0, 50]) + b"another"
    end.channel.outgoing[: len(again)] = again
    end.there.recv(2000)
    end.channel.send(len(again))
    assert end.channel.unsent == 1
    with pytest.raises(BlockingIOError):
        end.there.recv(2000)


def test_without_keys_or_socket_everything_is_pythons(end: End) -> None:
    end.channel.forget_sent(50)
    assert end.fan_out.send(packet(1)) == [0]
    end.channel.share(end.copy)
    end.channel.secure(None)
    assert end.fan_out.send(packet(1)) == [0]
    end.secure()
    end.point(-1)
    assert end.fan_out.send(packet(1)) == [0]
    end.point(end.here.fileno())
    assert end.fan_out.send(packet(1)) == []


def test_on_an_unknown_link_nothing_goes_where_it_went_before(end: End) -> None:
    with pytest.raises(OSError, match="no interface"):
        end.channel.point_at(end.here.sendto, ("fe80::1%no-such-link", 9), end.here.fileno())
    assert end.fan_out.send(packet(1)) == [0]


def test_what_the_kernel_does_not_take_is_counted_and_forgotten(end: End) -> None:
    reading, writing = os.pipe()
    end.point(writing)
    assert end.fan_out.send(packet(1)) == []
    os.close(reading)
    os.close(writing)
    assert end.channel.unsent == 1


def test_any_packet_is_left_to_python_or_sent_whole(end: End) -> None:
    for payload_type in (0, 95, 97, 127):
        assert end.fan_out.send(packet(1, payload_type=payload_type)) == [0]
    for size in (0, 1, MAX_DATAGRAM - 1, MAX_DATAGRAM):
        assert end.fan_out.send(packet(size, bytes(size))) == []
        assert len(end.there.recv(2000)) == 12 + size + 10
    assert end.fan_out.send(packet(2000, bytes(MAX_DATAGRAM + 1))) == [0]
    end.fan_out.take([])
    assert end.fan_out.send(packet(2001)) == []


@given(
    size=st.integers(0, 1 << 12),
    kind=st.integers(0, 255),
    descriptor=st.binary(max_size=5),
    sequence=st.integers(-(1 << 40), 1 << 40),
    numbers=st.tuples(*[st.integers(0, 0xFFFF_FFFF)] * 4),
    sound=st.booleans(),
)
def test_nothing_that_copies_hold_does_harm(
    size: int, kind: int, descriptor: bytes, sequence: int, numbers: tuple[int, ...], sound: bool
) -> None:
    """Random numbers where the core would put sensible ones: for the address sanitizer."""
    end = End("127.0.0.1")
    copy, way = end.copy, end.channel.way
    history = native.lend_history(way, array("d", bytes(8 * 16)), array("I", bytes(4 * 16)))
    headers = native.lend_headers(copy, bytearray(native.HEADER_ROOM * 4)) if sound else None
    copy.room, copy.short_descriptor, copy.timestamp_offset, copy.frame_offset = numbers
    copy.described, copy.first, copy.paced = True, -(1 << 40), not sound
    way.rate, way.next = 1e6, numbers[0]
    for place in range(128):
        copy.types[place] = 0x80 | place
    given_ = MediaPacket(sequence, 0, 0, kind & 0x7F, bytes(size), arrival=1.0, descriptor=descriptor)
    assert end.fan_out.send(given_) in ([], [0])
    del history, headers
    end.close()


def test_a_packet_is_laid_out_as_the_compiler_does() -> None:
    fan_out = native.FanOut(1)
    way = native.new_way()
    copy = native.new_copy(way)
    fan_out.take([copy])
    left = MediaPacket(1 << 40, 0x89ABCDEF, 0x80, 111, bytes(1001), arrival=1.5, descriptor=b"\x01\x02\x03")
    assert fan_out.send(left) == [0]
    plain = fan_out._packet
    assert (plain.sequence, plain.arrival, plain.timestamp, plain.marker) == (1 << 40, 1.5, 0x89ABCDEF, 0x80)
    assert (plain.payload_type, plain.size, plain.descriptor_length, bytes(plain.descriptor)) == (
        111,
        1001,
        3,
        b"\1\2\3",
    )
    left.descriptor = b"longer"
    fan_out.send(left)
    assert (plain.descriptor_length, bytes(plain.descriptor)) == (6, bytes(3))


def test_only_rooms_of_the_right_shape_are_lent() -> None:
    way = native.new_way()
    copy = native.new_copy(way)
    for places in (0, 3, 512):
        with pytest.raises(ValueError, match="no room"):
            native.lend_headers(copy, bytearray(native.HEADER_ROOM * places))
    with pytest.raises(ValueError, match="no room"):
        native.lend_headers(copy, bytearray(63))
    for sent_at, sizes in ((8, 16), (24, 24), (0, 0)):
        with pytest.raises(ValueError, match="not a history"):
            native.lend_history(way, array("d", bytes(8 * sent_at)), array("I", bytes(4 * sizes)))
    with pytest.raises(ValueError, match="not a history"):
        native.lend_history(way, array("f", bytes(64)), array("I", bytes(64)))
    with pytest.raises(ValueError, match="Internet address"):
        native.aim(way, 1, bytes(29))


def test_without_it_the_same_numbers_are_pythons() -> None:
    with twin.using("python"):
        way = native.new_way()
        copy = native.new_copy(way)
        assert isinstance(way, WayNumbers)
        assert isinstance(copy, CopyNumbers)
        assert native.lend_headers(copy, bytearray(1)) is None
        assert native.lend_history(way, array("d"), array("I")) is None
        native.seal_with(way, 1, 1)
        native.aim(way, 1, b"")
        assert way.fd == -1
    compiled, with_it = native.new_way(), native.new_copy(native.new_way())
    for plain_numbers, shared in ((way, compiled), (copy, with_it)):
        for name in plain_numbers.__slots__:
            if name != "types":
                assert getattr(plain_numbers, name) == getattr(shared, name), name
