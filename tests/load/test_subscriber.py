"""What came is counted once, whatever the network does, and what is missing is asked for until it is too old."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.rtcp import PictureLossIndication
from tests.load.adapters import Copy
from tests.load.subscriber import AGAIN, ROUND_TRIP, TOO_OLD, Arrivals, Subscriber, find, find_in_two_byte_form

COPY = Copy(1, "video", 42, 43)


def arrivals(first: int = 65_530) -> Arrivals:
    one = Arrivals(COPY)
    one.take(first, now=0.0, repair=True)
    return one


@given(st.integers(0, 0xFFFF), st.lists(st.booleans(), min_size=1, max_size=200), st.randoms())
def test_all_that_came_counts_once_in_whatever_order_repairs_come(first: int, kept: list[bool], chance: object) -> None:
    one = Arrivals(COPY)
    numbers = [first + place & 0xFFFF for place in range(len(kept) + 1)]
    sent = [numbers[0], *(number for number, keep in zip(numbers[1:], kept, strict=True) if keep), numbers[-1]]
    for number in dict.fromkeys(sent):
        one.take(number, now=0.0, repair=True)
    missing = [number for number in numbers if number not in sent]
    assert list(one.missing) == missing
    assert one.received == len(numbers) - len(missing)
    chance.shuffle(missing)  # type: ignore[attr-defined]
    for number in [*missing, *missing]:
        one.restore(number)
    assert one.received == len(numbers)
    assert one.restored == one.lost == len(missing)


def test_what_comes_late_or_twice() -> None:
    one = arrivals()
    one.take(65_533, now=0.0, repair=True)
    assert list(one.missing) == [65_531, 65_532]
    one.take(65_532, now=0.0, repair=True)
    one.take(65_532, now=0.0, repair=True)
    assert (one.received, list(one.missing)) == (3, [65_531])


def test_a_leap_is_a_new_beginning() -> None:
    one = arrivals(10)
    one.take(30_000, now=0.0, repair=True)
    assert (one.received, one.lost, one.missing) == (2, 0, {})


def test_it_is_asked_for_again_until_it_is_too_old() -> None:
    one = arrivals(1)
    one.take(3, now=0.0, repair=True)
    assert one.wanted(now=0.0) == [2]
    assert one.wanted(now=AGAIN / 2) == []
    assert one.wanted(now=AGAIN) == [2]
    assert one.wanted(now=TOO_OLD + 0.1) == []
    assert not one.missing


def test_reports_tell_of_the_time_since_the_one_before() -> None:
    one = arrivals(65_535)
    one.take(1, now=0.0, repair=False)
    block = one.report(now=1.0)
    assert (block.ssrc, block.cumulative_lost, block.fraction_lost) == (42, 1, 256 // 3)
    assert block.highest_sequence == 0x10001
    one.take(2, now=0.0, repair=False)
    assert one.report(now=1.0).fraction_lost == 0


def test_reports_let_the_way_take_as_long_as_is_said() -> None:
    one = arrivals()
    assert one.report(now=5.0).last_sr == 0
    one.told = 0x1234_5678, 5.0
    block = one.report(now=5.5)
    assert block.last_sr == 0x1234_5678
    assert block.delay_since_last_sr == int((0.5 - ROUND_TRIP) * 65_536)
    assert one.report(now=5.0).delay_since_last_sr == 0, "it came just now"


async def test_key_frames_are_asked_for_of_pictures_that_are_wished_for() -> None:
    sent: list[bytes] = []
    client: Any = SimpleNamespace(send_rtcp=sent.append)
    subscriber = Subscriber(1, client, [], transport_cc=3)
    subscriber.not_shown = {8}
    subscriber.expect([Copy(7, "audio", 70), Copy(7, "video", 71), Copy(8, "video", 81)])
    subscriber.report()
    assert sent == [PictureLossIndication(1, 71).to_bytes()]


def test_an_extension_is_found_among_others() -> None:
    elements = bytes([0x42, 1, 2, 3, 0, 0x31, 7, 8])
    assert find(bytearray(elements), 0, len(elements), 0x31) == 5
    assert find(bytearray(elements), 0, len(elements), 0x51) == 0


def test_an_extension_is_found_among_others_of_the_two_byte_form() -> None:
    elements = bytes([4, 3, 3, 2, 9, 0, 5, 0, 3, 2, 7, 8])
    assert find_in_two_byte_form(bytearray(elements), 0, len(elements), 0x31) == 9
    assert find_in_two_byte_form(bytearray(elements), 0, len(elements), 0x61) == 0
