import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.streams.receive_stream import MAX_DROPOUT, REFUSED, WINDOW, ReceiveStream


def stream(clock_rate: int = 90000) -> ReceiveStream:
    return ReceiveStream(0xABCD, clock_rate)


def feed(receiver: ReceiveStream, *sequences: int) -> list[int]:
    return [receiver.receive(sequence & 0xFFFF, 0, now=0.0) for sequence in sequences]


def test_numbers_are_unwrapped() -> None:
    assert feed(stream(), 0xFFFE, 0xFFFF, 0, 1) == [0x1FFFE, 0x1FFFF, 0x20000, 0x20001]


def test_reordering_around_the_begin_and_the_wrap() -> None:
    receiver = stream()
    assert feed(receiver, 0, 0xFFFF, 1, 0xFFFE) == [0x10000, 0xFFFF, 0x10001, 0xFFFE]
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert (block.cumulative_lost, block.highest_sequence) == (0, 1)


def test_duplicates_and_stragglers_are_refused() -> None:
    receiver = stream()
    feed(receiver, 100, 101, 103)
    assert feed(receiver, 103, 101, 102, 102) == [REFUSED, REFUSED, 0x10000 + 102, REFUSED]
    feed(receiver, 103 + WINDOW)
    assert feed(receiver, 103, 104) == [REFUSED, 0x10000 + 104], "the window's edge"
    assert receiver.received == 6


def test_a_jump_is_refused_until_the_next_packet_confirms_it() -> None:
    receiver = stream()
    feed(receiver, 100)
    assert feed(receiver, 100 + MAX_DROPOUT) == [REFUSED]
    assert feed(receiver, 101) == [0x10000 + 101], "one stray packet changes nothing"
    assert feed(receiver, 50000, 50001, 50002) == [REFUSED, 0x30000 + 50001, 0x30000 + 50002]
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert (block.cumulative_lost, block.fraction_lost, block.highest_sequence & 0xFFFF) == (0, 0, 50002)


def test_a_jump_backward_is_a_new_stream_with_higher_numbers() -> None:
    receiver = stream()
    (before,) = feed(receiver, 30000)
    refused, after = feed(receiver, 5, 6)
    assert refused == REFUSED
    assert after & 0xFFFF == 6
    assert after > before + 0xFFFF


def test_largest_loss_that_is_still_loss() -> None:
    receiver = stream()
    feed(receiver, 0)
    assert feed(receiver, MAX_DROPOUT - 1) == [0x10000 + MAX_DROPOUT - 1]


def test_report_blocks_count_by_interval() -> None:
    """RFC 3550 A.3: of ten expected five came, so half is lost; then nothing more is."""
    receiver = stream()
    assert receiver.report_block(now=0.0) is None
    feed(receiver, *range(10, 20, 2), 19)
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert (block.ssrc, block.fraction_lost, block.cumulative_lost, block.highest_sequence) == (0xABCD, 102, 4, 19)
    feed(receiver, 20, 21)
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost) == (0, 4)
    feed(receiver, 11)  # late, so that the interval has more than was expected
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost) == (0, 3)


def test_what_was_repaired_in_the_stream_itself_is_lost_once() -> None:
    """Of ten expected three were lost; two came again at once, one in the next interval, where nothing is lost."""
    receiver = stream()
    feed(receiver, 10, 11, 15, 16, 17, 18, 19, 12, 13)
    block = receiver.report_block(now=0.0, repaired=2)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost) == (256 * 3 // 10, 1)
    feed(receiver, 14, *range(20, 30))
    block = receiver.report_block(now=1.0, repaired=3)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost) == (0, 0)


def test_recovered_packets_are_used_once_and_leave_loss_as_it_was() -> None:
    receiver = stream()
    assert receiver.recover(100) == REFUSED, "before the stream began"
    feed(receiver, 100, 103)
    assert [receiver.recover(n) for n in (101, 101, 103, 104, 99)] == [0x10000 + 101, *[REFUSED] * 4]
    assert feed(receiver, 101) == [REFUSED]
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert block.cumulative_lost == 2


def test_cycles_are_counted() -> None:
    receiver = stream()
    for sequence in range(0, 0x30001, 1000):
        feed(receiver, sequence)
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert block.highest_sequence == 0x30001 // 1000 * 1000


def test_the_last_sr_is_referred_to() -> None:
    receiver = stream()
    feed(receiver, 1)
    receiver.sender_report(0x1111222233334444, now=10.0)
    block = receiver.report_block(now=11.5)
    assert block is not None
    assert (block.last_sr, block.delay_since_last_sr) == (0x22223333, 0x18000)


def test_jitter_of_a_steady_stream_is_nothing() -> None:
    receiver = stream(48000)
    for index in range(200):
        receiver.receive(index, index * 960 + 0xFFFF0000 & 0xFFFFFFFF, now=1.0 + index * 0.02)
    assert receiver.jitter < 1


def test_jitter_follows_the_formula_of_rfc_3550() -> None:
    rng = random.Random(1)
    receiver = stream(48000)
    expected, previous = 0.0, None
    for index in range(300):
        now = 1.0 + index * 0.02 + rng.random() * 0.01
        receiver.receive(index, index * 960, now=now)
        transit = int(now * 48000) - index * 960
        if previous is not None:
            expected += (abs(transit - previous) - expected) / 16
        previous = transit
    assert receiver.jitter == pytest.approx(expected)
    assert 50 < receiver.jitter < 400


def test_packets_of_one_frame_and_a_new_clock_are_no_jitter() -> None:
    receiver = stream()
    for index in range(50):
        receiver.receive(index, index // 10 * 3000, now=index // 10 / 30 + index % 10 * 0.003)
    assert receiver.jitter < 1
    receiver.receive(50, 0x80000000, now=0.2)
    assert receiver.jitter < 1


@given(st.lists(st.integers(-40, 60), max_size=300), st.integers(0, 0xFFFF))
def test_unwrapping_agrees_with_the_true_numbers(steps: list[int], first: int) -> None:
    """Whatever is lost, doubled or overtaken within the window: each number comes out once, and is the right one."""
    receiver, true = stream(), 0x10000 + first
    seen: set[int] = set()
    highest = 0
    for step in [0, *steps]:
        true = max(true + step, 0x10000 + first - 200)
        result = receiver.receive(true & 0xFFFF, 0, now=0.0)
        if true in seen or true <= highest - WINDOW:
            assert result == REFUSED
        else:
            assert result == true
            seen.add(true)
            highest = max(highest, true)
    assert receiver.received == len(seen)
    block = receiver.report_block(now=0.0)
    assert block is not None
    assert block.cumulative_lost == highest - min(seen) + 1 - len(seen)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.booleans()), max_size=200))
def test_any_numbers_keep_the_state_sound(packets: list[tuple[int, int, bool]]) -> None:
    receiver = stream()
    used: set[int] = set()
    for index, (sequence, timestamp, by_retransmission) in enumerate(packets):
        if by_retransmission:
            result = receiver.recover(sequence)
        else:
            result = receiver.receive(sequence, timestamp, now=index * 0.01)
        if result != REFUSED:
            assert result > 0
            assert result & 0xFFFF == sequence
            assert result not in used
            used.add(result)
        block = receiver.report_block(now=index * 0.01)
        if block is not None:
            assert 0 <= block.fraction_lost <= 255
            assert -0x800000 <= block.cumulative_lost <= 0x7FFFFF
            assert 0 <= block.jitter <= 0xFFFFFFFF
            assert 0 <= block.highest_sequence <= 0xFFFFFFFF
