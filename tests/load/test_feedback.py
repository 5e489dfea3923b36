"""The quick writer says what the SFU's own would, and what it cannot say the other says."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.rtcp import parse
from sfu.rtp.transport_feedback import TransportFeedback
from tests.load.feedback import Feedback

MILLISECOND = 1_000_000
EPOCH = 1_700_000_000_000_000_000


def read(packets: list[bytes]) -> dict[int, int]:
    """Arrival in ticks, modulo the reference time's range, by number."""
    found: dict[int, int] = {}
    for packet in packets:
        assert len(packet) % 4 == 0
        (feedback,) = parse(packet)
        assert isinstance(feedback, TransportFeedback)
        assert (feedback.sender_ssrc, feedback.media_ssrc) == (1, 42)
        for offset, ticks in feedback.arrivals:
            found[feedback.base_sequence + offset & 0xFFFF] = ticks & 0xFFFFFFFF
    return found


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.lists(st.integers(0, 200 * MILLISECOND), min_size=1, max_size=80), min_size=1, max_size=4),
)
def test_all_arrivals_are_told_as_they_were(first: int, rounds: list[list[int]]) -> None:
    feedback, number, now = Feedback(), first, EPOCH
    for steps in rounds:
        told = {}
        for step in steps:
            now += step
            feedback.receive(number, now)
            told[number] = now // 250_000 & 0xFFFFFFFF
            number = number + 1 & 0xFFFF
        assert read(feedback.take(42)) == told


@given(st.lists(st.booleans(), min_size=2, max_size=100))
def test_what_is_missing_is_missing(kept: list[bool]) -> None:
    feedback, numbers = Feedback(), []
    feedback.receive(65_500, EPOCH)
    feedback.take(42)
    for place, keep in enumerate(kept):
        if keep:
            numbers.append(65_501 + place & 0xFFFF)
            feedback.receive(numbers[-1], EPOCH + place * MILLISECOND)
    if numbers:
        assert list(read(feedback.take(42))) == numbers


def test_it_is_due_after_a_while_or_when_much_waits() -> None:
    feedback = Feedback()
    assert not feedback.is_due(EPOCH)
    feedback.receive(1, EPOCH)
    assert not feedback.is_due(EPOCH + 79 * MILLISECOND)
    assert feedback.is_due(EPOCH + 80 * MILLISECOND)
    for number in range(2, 200):
        feedback.receive(number, EPOCH)
    assert feedback.is_due(EPOCH)
