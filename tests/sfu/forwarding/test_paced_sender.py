import struct

from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.estimator import FIRST_ESTIMATE, PACE
from sfu.bwe.pacer import BURST, MAX_REPAIR_WAIT, MAX_WAIT
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


def test_what_is_sent_again_keeps_its_number() -> None:
    way = Way()
    way.put(8, 50, 100)
    way.sender.send(100, True, now=1.0)
    way.sender.send_again(100, True)
    way.video(1, now=1.0)
    assert way.numbers() == [0, 0, 1]
    assert way.channel.sent[0] == way.channel.sent[1]


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


class Plainly:
    """What is to leave, and when, in as many words: everything queues, and what may leave is asked of the queue."""

    def __init__(self) -> None:
        self.free_at = float("-inf")
        self.repairs: list[tuple[int, int, int, float, bool]] = []
        """Mark, SSRC, bytes, since when, numbered."""
        self.video: list[tuple[int, int, int, float, bool]] = []
        self.turns: list[int] = []
        """SSRCs, the next first."""
        self.left: list[tuple[int, int, bool]] = []
        """Mark, bytes, numbered."""

    def leave(self, mark: int, size: int, numbered: bool) -> None:
        self.left.append((mark, size, numbered))

    def pace(self, size: int, now: float) -> None:
        self.free_at = max(self.free_at, now - BURST) + size * 8 / int(PACE * FIRST_ESTIMATE)

    def come(self, queue: list[tuple[int, int, int, float, bool]], mark: int, ssrc: int, size: int, now: float) -> None:
        waits = bool(self.repairs or self.video)
        if queue is self.video and not any(each[1] == ssrc for each in queue):  # whoever had nothing left comes last
            self.turns = [other for other in self.turns if other != ssrc] + [ssrc]
        queue.append((mark, ssrc, size, now, mark % 3 > 0))
        if not waits:
            self.let_go(now)

    def let_go(self, now: float) -> None:
        while (self.repairs or self.video) and self.free_at <= now + BURST:
            mark, _, size, _, numbered = self.repairs.pop(0) if self.repairs else self.next_video()
            self.pace(size, now)
            self.leave(mark, size, numbered)

    def next_video(self) -> tuple[int, int, int, float, bool]:
        """Take the oldest packet of the stream that has had no turn for longest."""
        waiting = {each[1] for each in self.video}
        self.turns = [ssrc for ssrc in self.turns if ssrc in waiting]
        ssrc = self.turns.pop(0)
        place = next(place for place, each in enumerate(self.video) if each[1] == ssrc)
        self.turns.append(ssrc)
        return self.video.pop(place)

    def forget(self, ssrc: int) -> None:
        self.repairs = [each for each in self.repairs if each[1] != ssrc]
        self.video = [each for each in self.video if each[1] != ssrc]

    def flush(self, now: float) -> set[int]:
        self.repairs = [each for each in self.repairs if now - each[3] <= MAX_REPAIR_WAIT]
        dropped = {each[1] for each in self.video if now - each[3] > MAX_WAIT}
        for ssrc in dropped:
            self.forget(ssrc)
        self.let_go(now)
        return dropped


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["video", "video", "video", "sound", "repair", "padding", "forget", "flush", "flush"]),
            st.integers(1, 3),
            st.sampled_from([60, 1000, 1400]),
            st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.004, 0.01, 0.02, 0.3]),
        ),
        max_size=80,
    )
)
def test_what_leaves_is_what_leaves_a_plain_queue(steps: list[tuple[str, int, int, float]]) -> None:
    way, plain = Way(), Plainly()
    now = 1.0
    for _ in range(254):  # so that the upper byte of a number changes on the way
        way.sender.estimator.send(20, now)
    for mark, (kind, ssrc, size, step) in enumerate(steps):
        now += step
        numbered = mark % 3 > 0
        way.put(ssrc, mark, size)
        if kind == "video":
            way.sender.send_video(size, numbered, ssrc, now)
            plain.come(plain.video, mark, ssrc, size, now)
        elif kind == "repair":
            way.sender.send_repair(size, numbered, stream=ssrc, now=now)
            plain.come(plain.repairs, mark, ssrc, size, now)
        elif kind == "sound":
            way.sender.send(size, numbered, now)
            plain.leave(mark, size, numbered)
        elif kind == "padding":
            way.sender.send_padding(size, numbered, now=now)
            plain.pace(size, now)
            plain.leave(mark, size, numbered)
        elif kind == "forget":
            way.sender.forget(ssrc)
            plain.forget(ssrc)
        else:
            assert way.sender.flush(now=now) == plain.flush(now)
        assert way.sender.waiting == sum(each[2] for each in plain.repairs + plain.video)
    numbers = iter(range(254, 254 + len(steps)))
    expected = [(mark, size, next(numbers) if numbered else 0) for mark, size, numbered in plain.left]
    assert list(zip(way.marks(), map(len, way.channel.sent), way.numbers(), strict=True)) == expected
