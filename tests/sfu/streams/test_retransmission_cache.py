from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.packet import MediaPacket
from sfu.streams.retransmission_cache import RetransmissionCache


def packet(sequence: int, arrival: float = 0.0) -> MediaPacket:
    return MediaPacket(sequence, 0, 0, 96, b"x", arrival=arrival)


def test_finds_what_was_put() -> None:
    cache = RetransmissionCache(8, 1.0)
    kept = packet(70000)
    cache.put(kept)
    assert cache.get(70000, now=0.5) is kept
    assert cache.get(70000 - 8, now=0.5) is None
    assert cache.get(70001, now=0.5) is None


def test_gives_nothing_that_is_too_old() -> None:
    cache = RetransmissionCache(8, 1.0)
    cache.put(packet(5, arrival=10.0))
    assert cache.get(5, now=11.0) is not None
    assert cache.get(5, now=11.01) is None


@given(st.lists(st.integers(0, 100), max_size=50))
def test_keeps_the_newest_of_each_place_and_never_more(sequences: list[int]) -> None:
    cache = RetransmissionCache(16, 1.0)
    for sequence in sequences:
        cache.put(packet(sequence))
    newest = {sequence % 16: sequence for sequence in sorted(sequences)}
    found = {sequence for sequence in range(101) if cache.get(sequence, now=0.0) is not None}
    assert found == set(newest.values())
