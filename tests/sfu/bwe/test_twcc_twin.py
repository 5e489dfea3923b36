"""The compiled reading of feedback against Python's: the same numbers to the last bit, whatever a subscriber sends."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe import delay_based
from sfu.bwe.delay_based import Usage
from sfu.bwe.twcc_sender import HISTORY, TwccSender
from sfu.bwe.twcc_twin import CompiledTwccSender, new_sender
from sfu.native import feedback as native
from sfu.native import new_way
from sfu.rtp import rtcp
from sfu.rtp.errors import ParseError
from sfu.rtp.transport_feedback import TransportFeedback, UnreadFeedback, parse_body
from tests.sfu import twin

pytestmark = pytest.mark.skipif(not native.built, reason="this machine has no C compiler: there is no twin")


def body(base: int, count: int, reference: int, chunks: list[int], deltas: bytes) -> bytes:
    """What follows the RTCP header, of 24 bits of reference time and of chunks as they are."""
    head = struct.pack("!IIHHI", 1, 2, base & 0xFFFF, count, (reference & 0xFFFFFF) << 8)
    return head + b"".join(chunk.to_bytes(2, "big") for chunk in chunks) + deltas


def readable(data: bytes) -> bool:
    try:
        parse_body(data, 0, len(data))
    except ParseError:
        return False
    return True


class Pair:
    """Both, told the same."""

    def __init__(self) -> None:
        self.python, self.compiled = TwccSender(), CompiledTwccSender()

    def send(self, size: int, now: float, cluster: int = 0) -> None:
        assert self.python.send(size, now, cluster) == self.compiled.send(size, now, cluster)

    def read(self, data: bytes, now: float) -> int:
        """Return how many arrived."""
        ours, theirs = (twcc.receive(UnreadFeedback(data), now=now) for twcc in (self.python, self.compiled))
        assert (theirs.count, theirs.lost, theirs.recovered) == (ours.count, ours.lost, ours.recovered)
        assert theirs.usage is ours.usage
        assert theirs.received == ours.received
        self.agree()
        return ours.count

    def agree(self) -> None:
        for name in ("rtt", "queue_delay", "busy_rate", "acknowledged_rate"):
            assert getattr(self.compiled, name) == getattr(self.python, name), name
        path, groups, line = self.compiled._reader.path, self.python._detector._groups, self.python._detector._line
        for name in ("first_sent", "last_sent", "first_arrival", "last_arrival"):
            assert getattr(path, name) == getattr(groups, f"_{name}"), name
        for name in ("sum_xy", "last_slope", "overusing", "overuses"):
            assert getattr(path, name) == getattr(line, f"_{name}"), name
        assert path.threshold == line.threshold


CHUNKS = st.one_of(
    st.integers(0, 0xFFFF),
    st.builds(lambda symbol, run: symbol << 13 | run, st.integers(0, 2), st.integers(0, 60)),
    st.integers(0x8000, 0xBFFF),
    st.just(0xC000 | 0x1555),
)


@given(st.binary(max_size=16), st.integers(0, 0xFFFF) | st.integers(0, 200), st.lists(CHUNKS, max_size=12), st.data())
def test_both_refuse_the_same(start: bytes, count: int, chunks: list[int], data: st.DataObject) -> None:
    whole = start[:8].ljust(10, b"\1") + count.to_bytes(2, "big") + start[8:].ljust(4, b"\0")[:4]
    whole += b"".join(chunk.to_bytes(2, "big") for chunk in chunks)
    length = data.draw(st.integers(0, 14 * len(chunks)) | st.integers(0, 500))
    whole = (whole + bytes(length))[: data.draw(st.just(600) | st.integers(0, 40))]
    assert native.check(whole) is readable(whole)


@dataclass
class Round:
    """Packets that leave, and what is said of them then."""

    sizes: list[int]
    step: float
    cluster: int
    again: int
    back: int
    jump: int
    chunks: list[int]
    count: int
    pause: float
    seed: int
    large: bool
    rebase: bool


ROUNDS = st.builds(
    Round,
    sizes=st.lists(st.integers(1, 1500), max_size=80),
    step=st.sampled_from([0.0, 0.0005, 0.004, 0.006, 0.02]),
    cluster=st.sampled_from([0, 0, 0, 1, 2]),
    again=st.integers(-5, 30),
    back=st.integers(-3, 90),
    jump=st.sampled_from([0, 0, 0, 0, 0, 1, 8, 300, -300, 1 << 22]),
    chunks=st.lists(CHUNKS, min_size=1, max_size=9),
    count=st.integers(0, 120),
    pause=st.sampled_from([0.001, 0.05, 0.1, 0.6, 4.0, 12.0]),
    seed=st.integers(0, 1 << 16),
    large=st.booleans(),
    rebase=st.booleans(),
)


def play(rounds: list[Round]) -> int:
    """Return how many arrived."""
    pair = Pair()
    now, reference, arrived = 100.0, 5000, 0
    for each in rounds:
        chance = random.Random(each.seed)
        for size in each.sizes:
            now += each.step
            pair.send(size, now, each.cluster)
        following = pair.python._way.next
        if each.again > 0:
            for twcc in (pair.python, pair.compiled):
                twcc.sent_again(following - each.again & 0xFFFF)
        now += each.pause
        reference += each.jump + int(each.pause * 15)
        deltas = bytearray()
        for symbol in symbols(each.chunks, each.count):
            if symbol == 1:
                deltas.append(chance.choice([0, 0, 1, 2, 16, 24, 40, 255]))
            elif symbol == 2:
                deltas += chance.randrange(-3000 if each.large else -40, 3000).to_bytes(2, "big", signed=True)
        data = body(following - each.back, each.count, reference, each.chunks, bytes(deltas))
        assert native.check(data) is readable(data)
        if readable(data):
            arrived += pair.read(data, now)
        if each.rebase:
            pair.python.rebase()
            pair.compiled.rebase()
            pair.agree()
    return arrived


def symbols(chunks: list[int], count: int) -> list[int]:
    found: list[int] = []
    for chunk in chunks:
        if not chunk & 0x8000:
            found += [chunk >> 13] * min(chunk & 0x1FFF, count - len(found))
        elif chunk & 0x4000:
            found += [chunk >> 12 - 2 * place & 3 for place in range(7)]
        else:
            found += [chunk >> 13 - place & 1 for place in range(14)]
        if len(found) >= count:
            break
    return found[:count]


@given(st.lists(ROUNDS, max_size=12))
def test_both_say_the_same(rounds: list[Round]) -> None:
    play(rounds)


@pytest.mark.parametrize("seed", range(4))
def test_both_say_the_same_for_minutes(seed: int) -> None:
    """Over many windows and lines, with queues that grow and empty, loss, disorder and the history's end."""
    chance = random.Random(seed)
    pair = Pair()
    now, queue, said, arrived = 10.0, 0.0, set[Usage | None](), 0
    for turn in range(1500):
        waiting: list[tuple[int, int]] = []
        first = pair.python._way.next
        slope = (0.0, 0.002, -0.004, 0.0005)[turn // 25 % 4]
        for offset in range(chance.choice([1, 5, 40, 90])):
            now += chance.choice([0.0, 0.0008, 0.002, 0.007])
            queue = max(0.0, queue + slope)
            pair.send(chance.randrange(50, 1200), now, turn // 50 % 3 if turn % 50 < 3 else 0)
            if chance.random() < (0.3 if turn % 100 > 90 else 0.02):
                continue
            waiting.append((offset, int((now + 0.03 + queue + chance.random() * 0.003) * 4000)))
        if chance.random() < 0.03:
            continue  # that feedback was lost
        if not waiting:
            continue
        now += 0.04
        count = pair.python._way.next - first
        data = TransportFeedback(1, 2, first & 0xFFFF, count, 0, waiting).body
        arrived += pair.read(data, now)
        said.add(pair.python._detector.usage)
    assert said >= {Usage.NORMAL, Usage.OVERUSE, Usage.UNDERUSE}, "else it has not shown much"
    assert arrived > HISTORY


def test_a_clock_that_stands_still_makes_room_only_so_long() -> None:
    """All arrive in the same tick for ever: what is counted is bounded, in both at the same place."""
    pair = Pair()
    for turn in range(3 * HISTORY // 600):
        for index in range(600):
            pair.send(100 + index, 1.0 + turn * 0.001)
        data = body(turn * 600, 600, 300, [1 << 13 | 600], bytes(600))
        assert pair.read(data, 2.0) == 600
    assert pair.compiled._reader.path.window_mask + 1 <= 2 * HISTORY
    later = body(pair.python._way.next, 1, 300 + 7, [1 << 13 | 1], b"\0")
    pair.send(10, 3.0)
    assert pair.read(later, 3.5) == 1
    assert pair.read(later, 3.6) == 0


def test_what_was_held_up_and_let_go_is_grouped_alike() -> None:
    """Faster than it was sent, and for longer than one group may last."""
    pair = Pair()
    chance = random.Random(5)
    for turn in range(40):
        for index in range(60):
            pair.send(1000, 1.0 + turn + index * 0.007)
        deltas = bytes(chance.randrange(2, 20) for _ in range(60))
        assert pair.read(body(turn * 60, 60, 100 + int(turn * 15.625), [1 << 13 | 60], deltas), turn + 2.0) == 60


def test_times_in_disorder_are_the_same() -> None:
    pair = Pair()
    chance = random.Random(7)
    for turn in range(200):
        for _ in range(30):
            pair.send(chance.randrange(1, 1500), 1.0 + turn * 0.05)
        steps = [chance.randrange(-60, 65) for _ in range(30)]
        deltas = b"".join(step.to_bytes(2, "big", signed=True) for step in steps)
        assert pair.read(body(turn * 30, 30, 100 + turn * 3, [2 << 13 | 30], deltas), 1.0 + turn * 0.05 + 0.1) == 30


def test_it_is_used_where_it_was_built() -> None:
    with twin.using("python"):
        assert type(new_sender(new_way())) is TwccSender
        assert new_sender(new_way()).check is None
    with twin.using("compiled"):
        made = new_sender(new_way())
    assert type(made) is CompiledTwccSender
    packet = TransportFeedback(1, 2, 3, 1, 4, [(0, 5)])
    assert rtcp.parse(packet.to_bytes(), check=made.check) == [UnreadFeedback(packet.body)]
    assert packet.body == packet.to_bytes()[4:-1], "one byte of padding"
    with pytest.raises(ParseError):
        rtcp.parse(packet.to_bytes()[:-2] + bytes([0, 2]), check=made.check)
    with pytest.raises(ValueError, match="not feedback"):
        made.receive(UnreadFeedback(bytes(15)), now=1.0)


def test_what_it_shares_is_of_one_size() -> None:
    twcc = TwccSender()
    with pytest.raises(ValueError, match="not a history"):
        native.PathReader(twcc._sent_at, twcc._sizes, bytearray(4))
    assert len(CompiledTwccSender()._reader.path.x) == delay_based.WINDOW, "as feedback.h has it"
