from hypothesis import given
from hypothesis import strategies as st

from sfu.streams.inflow import BURST, PACKET_COST, RATE, RESERVE, SOUND_BURST, SOUND_RATE, Inflow


def taken(inflow: Inflow, rate: int, size: int, *, seconds: float, start: float = 0.0, sound: bool = False) -> int:
    """Offer packets of one size at a steady rate (bytes a second); return how many were taken."""
    count = int(rate * seconds / size)
    return sum(inflow.take(size, now=start + index * size / rate, sound=sound) for index in range(count))


def test_what_honest_people_send_passes() -> None:
    assert taken(Inflow(), RATE * 9 // 10, 1100, seconds=60) == RATE * 9 // 10 * 60 // 1100


def test_ten_megabits_a_second_are_cut_to_eight() -> None:
    seconds = 60
    used = taken(Inflow(), 1_250_000, 1000, seconds=seconds) * 1000
    assert RATE * seconds <= used + RESERVE <= RATE * seconds + BURST


def test_small_packets_count_as_more_than_their_size() -> None:
    used = taken(Inflow(), 1_000_000, 50, seconds=10)
    assert used <= (RATE * 10 + BURST) // PACKET_COST


def test_sound_passes_where_pictures_took_all_they_may() -> None:
    inflow = Inflow()
    taken(inflow, 100 * RATE, 1000, seconds=1)
    assert not inflow.take(1000, now=1.0 - 0.00001, sound=False)
    assert all(inflow.take(100, now=1.0 - 0.00001, sound=True) for _ in range(RESERVE // PACKET_COST))


def test_sound_has_bounds_of_its_own() -> None:
    """Nobody's network paces it: eight megabits a second of "sound" left no room for pictures."""
    used = taken(Inflow(), RATE, 1000, seconds=10, sound=True) * 1000
    assert 9 * SOUND_RATE <= used <= 10 * SOUND_RATE + SOUND_BURST


def test_two_voices_sent_twice_after_three_seconds_of_silence_pass() -> None:
    """170 bytes are what a padded Opus frame of 32 kbit/s takes, with its headers."""
    inflow = Inflow()
    assert all(inflow.take(170, now=0.0, sound=True) for _ in range(3 * 2 * 50))
    assert taken(inflow, 2 * 2 * 50 * 170, 170, seconds=20, start=0.02, sound=True) == 20 * 2 * 2 * 50


def test_too_much_sound_takes_nothing_from_pictures() -> None:
    inflow = Inflow()
    while inflow.take(1000, now=0.0, sound=True):
        pass
    assert sum(inflow.take(1000, now=0.0, sound=False) for _ in range(BURST // 1000)) == (
        (BURST - RESERVE - SOUND_BURST) // 1000
    )


@given(st.lists(st.tuples(st.floats(-0.5, 2), st.integers(12, 1500), st.booleans()), max_size=100))
def test_never_more_than_rate_and_burst(packets: list[tuple[float, int, bool]]) -> None:
    inflow = Inflow()
    now, latest, used, heard = 0.0, 0.0, 0, 0
    for pause, size, sound in packets:
        now += pause
        latest = max(latest, now)
        took = size * inflow.take(size, now=now, sound=sound)
        used += took
        heard += took * sound
        assert used <= BURST + RATE * latest + 1
        assert heard <= SOUND_BURST + SOUND_RATE * latest + 1
