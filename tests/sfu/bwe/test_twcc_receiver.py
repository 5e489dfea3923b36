import random

from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe import twcc_receiver
from sfu.bwe.twcc_receiver import HISTORY, INTERVAL, MAX_ARRIVALS, MAX_PENDING, MAX_SPAN, TwccReceiver
from sfu.rtp import rtcp
from sfu.rtp.transport_feedback import TICKS_PER_SECOND, TransportFeedback

MAX_BYTES = 1200
"""What a feedback packet may measure, so that it passes every path."""


def reported(receiver: TwccReceiver) -> list[TransportFeedback]:
    """Return the feedback as it is read at the other end of the wire."""
    packets: list[TransportFeedback] = []
    for packet in receiver.feedback(sender_ssrc=1, media_ssrc=2):
        wire = packet.to_bytes()
        assert len(wire) <= MAX_BYTES
        assert rtcp.parse(wire) == [packet]
        packets.append(packet)
    return packets


def numbers(packet: TransportFeedback) -> list[int]:
    return [packet.base_sequence + offset & 0xFFFF for offset, _ in packet.arrivals]


def test_feedback_is_due_an_interval_after_the_first_packet() -> None:
    receiver = TwccReceiver()
    assert receiver.next_deadline() is None
    receiver.receive(7, now=1.0)
    receiver.receive(8, now=1.05)
    assert receiver.next_deadline() == 1.0 + INTERVAL
    assert 0.05 <= INTERVAL <= 0.1
    (packet,) = reported(receiver)
    assert (packet.base_sequence, packet.status_count, packet.feedback_count) == (7, 2, 0)
    assert packet.arrivals == [(0, 4000), (1, 4200)]
    assert receiver.next_deadline() is None
    assert reported(receiver) == []


def test_losses_between_and_within_feedbacks_are_told() -> None:
    receiver = TwccReceiver()
    receiver.receive(0xFFFE, now=1.0)
    reported(receiver)
    receiver.receive(1, now=1.1)
    receiver.receive(3, now=1.1)
    (packet,) = reported(receiver)
    assert (packet.base_sequence, packet.status_count, packet.feedback_count) == (0xFFFF, 5, 1)
    assert numbers(packet) == [1, 3]


def test_reordered_packets_keep_their_times() -> None:
    receiver = TwccReceiver()
    for sequence, now in ((10, 1.0), (12, 1.002), (11, 1.004)):
        receiver.receive(sequence, now=now)
    (packet,) = reported(receiver)
    assert packet.arrivals == [(0, 4000), (1, 4016), (2, 4008)]


def test_late_packets_are_reported_apart() -> None:
    receiver = TwccReceiver()
    for sequence in (10, 11, 20):
        receiver.receive(sequence, now=1.0)
    reported(receiver)
    for sequence in (15, 16, 18, 22):
        receiver.receive(sequence, now=1.1)
    packets = reported(receiver)
    assert [(p.base_sequence, p.status_count, numbers(p)) for p in packets] == [
        (15, 2, [15, 16]),
        (18, 1, [18]),
        (21, 2, [22]),
    ]


def test_duplicates_are_counted_once() -> None:
    receiver = TwccReceiver()
    receiver.receive(10, now=1.0)
    receiver.receive(10, now=1.1)
    reported(receiver)
    receiver.receive(10, now=1.2)
    assert receiver.next_deadline() is None
    assert reported(receiver) == []


def test_a_gap_of_thousands_is_one_packet() -> None:
    receiver = TwccReceiver()
    receiver.receive(10, now=1.0)
    receiver.receive(10 + MAX_SPAN - 1, now=1.0)
    (packet,) = reported(receiver)
    assert (packet.status_count, numbers(packet)) == (MAX_SPAN, [10, 10 + MAX_SPAN - 1])


def test_a_wider_gap_begins_another() -> None:
    receiver = TwccReceiver()
    receiver.receive(10, now=1.0)
    receiver.receive(10 + MAX_SPAN, now=1.0)
    receiver.receive(40000, now=1.0)
    packets = reported(receiver)
    assert [(p.base_sequence, p.status_count) for p in packets] == [(10, 1), (11, MAX_SPAN), (40000, 1)]


def test_a_long_silence_begins_another() -> None:
    receiver = TwccReceiver()
    receiver.receive(10, now=1.0)
    receiver.receive(11, now=10.0)
    assert [p.arrivals for p in reported(receiver)] == [[(0, 4000)], [(0, 40000)]]


def test_many_packets_are_due_at_once_and_split() -> None:
    receiver = TwccReceiver()
    for sequence in range(MAX_ARRIVALS):
        receiver.receive(sequence, now=1.0)
    assert receiver.next_deadline() == 1.0
    for sequence in range(MAX_ARRIVALS, 2 * MAX_ARRIVALS + 1):
        receiver.receive(sequence, now=1.0)
    assert [p.status_count for p in reported(receiver)] == [MAX_ARRIVALS, MAX_ARRIVALS, 1]


def test_what_waits_is_bounded() -> None:
    receiver = TwccReceiver()
    for sequence in range(2 * MAX_PENDING):
        receiver.receive(sequence, now=1.0)
    assert sum(len(p.arrivals) for p in reported(receiver)) == MAX_PENDING


def test_far_behind_is_far_ahead() -> None:
    receiver = TwccReceiver()
    receiver.receive(20000, now=1.0)
    receiver.receive(20000 - HISTORY, now=1.0)
    receiver.receive(20001 - HISTORY, now=1.0)
    assert [numbers(p) for p in reported(receiver)] == [[20000], [20000 - HISTORY, 20001 - HISTORY]]


def test_hours_of_uptime_fit() -> None:
    receiver = TwccReceiver()
    receiver.receive(1, now=6e5)
    receiver.receive(2, now=6e5 + 0.001)
    (packet,) = receiver.feedback(sender_ssrc=1, media_ssrc=2)
    parsed = rtcp.parse(packet.to_bytes())[0]
    assert isinstance(parsed, TransportFeedback)
    assert parsed.arrivals[1][1] - parsed.arrivals[0][1] == 4


def test_a_lossy_reordering_link_is_reported_whole() -> None:
    """Ten seconds at 1000 packets/s: every arrival is reported exactly once, with its time, and every loss is told."""
    rng = random.Random(3)
    events = [(index / 1000 + rng.random() * 0.02, index) for index in range(10000) if rng.random() > 0.1]
    receiver = TwccReceiver()
    times: dict[int, int] = {}
    covered: set[int] = set()
    for now, index in sorted(events):
        deadline = receiver.next_deadline()
        if deadline is not None and deadline <= now:
            for packet in reported(receiver):
                for offset, ticks in packet.arrivals:
                    assert times.setdefault(packet.base_sequence + offset, ticks) is ticks
                covered.update(range(packet.base_sequence, packet.base_sequence + packet.status_count))
        receiver.receive(index, now=now)
    for packet in reported(receiver):
        times.update({packet.base_sequence + offset: ticks for offset, ticks in packet.arrivals})
        covered.update(range(packet.base_sequence, packet.base_sequence + packet.status_count))
    assert times == {index: int(now * TICKS_PER_SECOND) for now, index in events}
    assert covered == set(range(min(times), max(times) + 1))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 0xFFFF), st.integers(-5, 40)),
            st.sampled_from([0.0, 0.0002, 0.001, 0.05, 0.1, 9.0]),
            st.booleans(),
        ),
        max_size=400,
    )
)
def test_any_numbers_give_sound_feedback(packets: list[tuple[int, float, bool]]) -> None:
    receiver = TwccReceiver()
    now, sequence, received, told = 0.0, 0, 0, 0
    for step, pause, drain in packets:
        now += pause
        sequence = sequence + step & 0xFFFF
        receiver.receive(sequence, now=now)
        received += 1
        if drain:
            told += sum(len(p.arrivals) for p in reported(receiver))
            assert receiver.next_deadline() is None
        else:
            deadline = receiver.next_deadline()
            assert deadline is None or deadline <= now + twcc_receiver.INTERVAL
    told += sum(len(p.arrivals) for p in reported(receiver))
    assert told <= received


@given(st.integers(0, 2**32))
def test_no_pattern_of_loss_makes_feedback_too_large(seed: int) -> None:
    rng = random.Random(seed)
    receiver = TwccReceiver()
    sequence, now = 0, 0.0
    for _ in range(2 * MAX_ARRIVALS):
        sequence += rng.choice([1, 2, 3, 7, 8, 14, 15, 16, 28])
        now += rng.choice([0.0, 0.01, 0.07, 0.1])
        receiver.receive(sequence & 0xFFFF, now=now)
    reported(receiver)
