import struct

from sfu.bwe.pacer import MAX_WAIT
from sfu.forwarding.header_rewriter import NUMBER_AT
from sfu.forwarding.paced_sender import PacedSender
from tests.sfu.fakes import FakeChannel

SIZE = 1000
"""Bytes; at the first pace of 880 kbit/s one takes 9 ms."""


class Way:
    def __init__(self) -> None:
        self.channel = FakeChannel()
        self.sender = PacedSender(self.channel, now=0.0)

    def put(self, ssrc: int, mark: int, size: int = SIZE) -> None:
        """Lay a packet into the outgoing buffer."""
        packet = struct.pack("!BBHII", 0x90, 96, mark, 0, ssrc) + bytes(size - 12)
        self.channel.outgoing[:size] = packet

    def video(self, mark: int, *, now: float, ssrc: int = 7) -> None:
        self.put(ssrc, mark)
        self.sender.send_video(SIZE, True, stream=ssrc, now=now)

    def marks(self) -> list[int]:
        return [int.from_bytes(packet[2:4], "big") for packet in self.channel.sent]

    def numbers(self) -> list[int]:
        return [int.from_bytes(packet[NUMBER_AT : NUMBER_AT + 2], "big") for packet in self.channel.sent]


def test_what_the_pace_allows_leaves_at_once_and_the_rest_in_order_later() -> None:
    way = Way()
    for mark in range(6):
        way.video(mark, now=1.0)
    assert way.marks() == [0, 1, 2]
    assert way.sender.waiting == 3 * SIZE
    way.put(9, 99)  # the buffer is somebody else's by then
    for tick in range(1, 6):
        assert way.sender.flush(now=1.0 + tick / 100) == set()
    assert way.marks() == [0, 1, 2, 3, 4, 5]
    assert way.numbers() == [0, 1, 2, 3, 4, 5]
    assert way.sender.waiting == 0


def test_sound_overtakes_and_numbers_are_in_the_order_of_leaving() -> None:
    way = Way()
    for mark in range(4):
        way.video(mark, now=1.0)
    way.put(8, 50, 100)
    way.sender.send(100, True, now=1.0)
    way.sender.flush(now=1.05)
    assert way.marks() == [0, 1, 2, 50, 3]
    assert way.numbers() == [0, 1, 2, 3, 4]


def test_nothing_overtakes_video_that_waits_but_repairs() -> None:
    way = Way()
    for mark in range(4):
        way.video(mark, now=1.0)
    way.put(7, 60)
    way.sender.send_repair(SIZE, True, stream=7, now=1.0)
    way.video(4, now=1.01)
    for tick in range(1, 6):
        way.sender.flush(now=1.01 + tick / 100)
    assert way.marks() == [0, 1, 2, 60, 3, 4]


def test_what_has_no_room_for_a_number_gets_none() -> None:
    way = Way()
    way.put(8, 1, 100)
    way.sender.send(100, False, now=1.0)
    assert way.numbers() == [0]
    assert bytes(way.channel.sent[0]) == bytes(way.channel.outgoing[:100])
    way.video(2, now=1.0)
    assert way.numbers() == [0, 0]


def test_what_waited_too_long_is_dropped_and_named() -> None:
    way = Way()
    for mark in range(10):
        way.video(mark, now=1.0)
    assert way.sender.flush(now=1.01 + MAX_WAIT) == {7}
    assert way.sender.waiting == 0
    assert len(way.channel.sent) == 3


def test_a_copy_that_ended_is_not_sent_any_more() -> None:
    way = Way()
    for mark in range(6):
        way.video(mark, now=1.0, ssrc=mark % 2)
    way.sender.forget(1)
    way.sender.flush(now=2.0 + MAX_WAIT - 1.1)
    assert way.marks() == [0, 1, 2, 4]


def test_nothing_is_repaired_of_a_copy_that_ended() -> None:
    """SRTP had forgotten the SSRC by then, and would have begun it anew with nonces that were used already."""
    way = Way()
    for mark in range(4):
        way.video(mark, now=1.0)
    way.put(8, 60)
    way.sender.send_repair(SIZE, True, stream=7, now=1.0)
    way.put(9, 70)
    way.sender.send_repair(SIZE, True, stream=3, now=1.0)
    way.sender.forget(7)
    way.sender.flush(now=1.1)
    assert way.marks() == [0, 1, 2, 70]
    assert way.sender.waiting == 0


def test_padding_takes_from_the_pace() -> None:
    way = Way()
    way.put(7, 1)
    way.sender.send_padding(SIZE, True, now=1.0)
    way.sender.send_padding(SIZE, True, now=1.0)
    way.sender.send_padding(SIZE, True, now=1.0)
    way.video(2, now=1.0)
    assert len(way.channel.sent) == 3
    assert way.sender.waiting == SIZE
