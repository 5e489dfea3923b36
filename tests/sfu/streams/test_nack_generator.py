import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sfu.rtp.rtcp import Nack
from sfu.streams import nack_generator
from sfu.streams.nack_generator import FIRST_DELAY, LIFETIME, MAX_MISSING, MAX_TRIES, NackGenerator


def fed(*sequences: int, now: float = 0.0) -> NackGenerator:
    generator = NackGenerator()
    for sequence in sequences:
        generator.receive(sequence, now=now)
    return generator


def test_nothing_missing() -> None:
    generator = fed(100, 101, 102)
    assert generator.due(rtt=0.0, now=1.0) == []
    assert generator.next_deadline() is None


def test_it_is_restless_while_anything_is_missing() -> None:
    generator = fed(100, 101)
    assert not generator.restless
    generator.receive(103, now=0.0)
    assert generator.restless
    generator.receive(102, now=0.0)
    assert not generator.restless
    generator.receive(104 + MAX_MISSING + 1, now=0.0)
    assert generator.restless, "a key frame is needed"
    assert generator.take_key_frame_request()
    assert not generator.restless


def test_a_gap_is_asked_for_after_a_moment() -> None:
    generator = fed(100, 103)
    assert generator.due(rtt=0.0, now=0.0) == []
    assert generator.next_deadline() == FIRST_DELAY
    assert generator.due(rtt=0.0, now=FIRST_DELAY) == [101, 102]


def test_or_after_two_later_packets() -> None:
    generator = fed(100, 102, 103)
    assert generator.next_deadline() == 0.0
    assert generator.due(rtt=0.0, now=0.001) == [101]
    assert generator.due(rtt=0.0, now=0.001) == []


def test_what_is_asked_for_at_once_fits_one_packet() -> None:
    """Every seventeenth packet lost is the costliest pattern: each takes an item of its own."""
    generator = fed(*(number for number in range(100, 100 + 17 * 450) if number % 17))
    asked = []
    for tick in range(3):
        lost = generator.due(rtt=0.5, now=0.1 + tick / 100)
        assert len(Nack(1, 2, lost).to_bytes()) <= 1200
        asked += lost
    assert asked == [number for number in range(100, 100 + 17 * 450 - 1) if not number % 17]


def test_a_packet_that_was_overtaken_is_not_asked_for() -> None:
    generator = fed(100, 102, 101, 103, 104)
    assert generator.due(rtt=0.0, now=1.0) == []


def test_numbers_go_out_with_sixteen_bits_oldest_first() -> None:
    generator = fed(0x1FFFD, 0x20002, 0x20003)
    assert generator.due(rtt=0.0, now=0.0) == [0xFFFE, 0xFFFF, 0, 1]


def test_repeats_wait_for_half_a_round_trip_and_end_with_a_key_frame() -> None:
    generator = fed(100, 102, 103)
    times = []
    for step in range(200):
        now = step / 128
        if generator.due(rtt=1 / 16, now=now):
            times.append(now)
    assert times == [index / 32 for index in range(MAX_TRIES)]
    assert generator.next_deadline() is None
    assert generator.take_key_frame_request(), "nothing else brings the picture back"
    assert not generator.take_key_frame_request()


def test_repeats_are_never_closer_than_the_minimum() -> None:
    generator = fed(100, 102, 103)
    asked = [step / 1000 for step in range(1000) if generator.due(rtt=0.001, now=step / 1000)]
    assert all(later - earlier >= 0.02 - 1e-9 for earlier, later in itertools.pairwise(asked))
    assert len(asked) == MAX_TRIES


def test_what_came_because_it_was_asked_for_is_counted() -> None:
    generator = fed(100, 102, 104, 106, 101)
    assert generator.repaired == 0, "overtaken"
    assert generator.due(rtt=0.1, now=FIRST_DELAY) == [103, 105]
    generator.receive(103, now=FIRST_DELAY + 0.05)
    assert generator.repaired == 0, "too soon for an answer"
    generator.receive(105, now=FIRST_DELAY + 0.1)
    generator.receive(107, now=FIRST_DELAY + 0.1)
    assert generator.repaired == 1


def test_an_old_gap_is_given_up() -> None:
    generator = fed(100, 102, 103)
    assert generator.due(rtt=0.4, now=0.0) == [101]
    assert generator.due(rtt=0.4, now=LIFETIME) == []
    assert generator.next_deadline() is None
    assert generator.take_key_frame_request()


def test_a_key_frame_makes_earlier_gaps_worthless() -> None:
    generator = fed(100, 102, 105)
    generator.key_frame(105)
    generator.receive(107, now=0.0)
    assert generator.due(rtt=0.0, now=1.0 - 1e-9) == [106]


def test_too_much_missing_asks_for_a_key_frame_once() -> None:
    generator = fed(1, 1 + MAX_MISSING + 1)
    assert not generator.take_key_frame_request(), "as much as is borne"
    generator.receive(1 + MAX_MISSING + 3, now=0.0)
    assert generator.take_key_frame_request()
    assert not generator.take_key_frame_request()
    assert generator.due(rtt=0.0, now=1.0) == []
    generator.receive(1 + MAX_MISSING + 5, now=1.0)
    assert generator.due(rtt=0.0, now=1.5) == [MAX_MISSING + 5], "new gaps are followed again"


def test_a_key_frame_that_came_by_itself_needs_no_request() -> None:
    generator = fed(1, 1000)
    generator.key_frame(1000)
    assert not generator.take_key_frame_request()


class Machine(RuleBasedStateMachine):
    """A lossy, reordering link in front of the generator."""

    @initialize()
    def start(self) -> None:
        self.now = 0.0
        self.generator = NackGenerator()
        self.next = 0xFFF0
        self.missing: dict[int, float] = {}
        self.asked: dict[int, int] = {}
        self.began = False

    @rule(lost=st.integers(0, 5))
    def send(self, lost: int) -> None:
        if self.began:
            for number in range(self.next, self.next + lost):
                self.missing[number] = self.now
        self.next += lost
        self.generator.receive(self.next, now=self.now)
        self.began = True
        self.next += 1

    @rule(data=st.data())
    def arrive_late(self, data: st.DataObject) -> None:
        if self.missing:
            number = data.draw(st.sampled_from(sorted(self.missing)))
            del self.missing[number]
            self.generator.receive(number, now=self.now)

    @rule(seconds=st.sampled_from([0.001, 0.02, 0.3]), rtt=st.sampled_from([0.0, 0.01, 0.2]))
    def wait(self, seconds: float, rtt: float) -> None:
        self.now += seconds
        wanted = self.generator.due(rtt=rtt, now=self.now)
        assert len(set(wanted)) == len(wanted)
        missing = {number & 0xFFFF: number for number in self.missing}
        for sequence in wanted:
            assert sequence in missing, "only what is missing is asked for"
            number = missing[sequence]
            self.asked[number] = self.asked.get(number, 0) + 1
            assert self.asked[number] <= MAX_TRIES
            assert self.now < self.missing[number] + LIFETIME
        assert self.generator.due(rtt=rtt, now=self.now) == [], "asked once at a time"
        deadline = self.generator.next_deadline()
        assert deadline is None or deadline > self.now

    @rule()
    def key_frame(self) -> None:
        if self.began:
            self.generator.key_frame(self.next - 1)
            self.missing.clear()

    @invariant()
    def no_more_is_repaired_than_was_asked_for(self) -> None:
        assert self.generator.repaired <= len(self.asked)

    @invariant()
    def every_young_gap_has_a_deadline(self) -> None:
        never_asked = [n for n, since in self.missing.items() if n not in self.asked and self.now < since + LIFETIME]
        if never_asked and not self.generator.take_key_frame_request():
            deadline = self.generator.next_deadline()
            assert deadline is not None
            assert deadline <= self.now + nack_generator.FIRST_DELAY


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestMachine = Machine.TestCase
