"""What is refused is counted whole, and told once."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.refusals import STRAYS, Refusal, Refusals


def test_a_limit_is_told_when_it_is_first_met() -> None:
    refusals = Refusals(lambda: None)
    refusals.add(Refusal.TOO_MUCH_RTCP)
    assert refusals.untold == [Refusal.TOO_MUCH_RTCP]


def test_whoever_is_to_tell_hears_of_it_once() -> None:
    heard = list[int]()
    refusals = Refusals(lambda: heard.append(1))
    for _ in range(3):
        refusals.add(Refusal.TOO_MUCH_RTCP)
    assert heard == [1]


def test_what_honest_networks_cause_too_is_told_from_a_hundred_on() -> None:
    refusals = Refusals(lambda: None)
    for _ in range(STRAYS - 1):
        refusals.add(Refusal.UNAUTHENTIC)
    assert refusals.untold == []
    refusals.add(Refusal.UNAUTHENTIC)
    assert refusals.untold == [Refusal.UNAUTHENTIC]


@given(st.lists(st.tuples(st.sampled_from(Refusal), st.integers(0, 250), st.booleans()), max_size=30))
def test_each_kind_is_told_once_however_often_the_log_asks(steps: list[tuple[Refusal, int, bool]]) -> None:
    refusals, told, counts = Refusals(lambda: None), list[Refusal](), dict.fromkeys(Refusal, 0)
    for refusal, times, asks in steps:
        for _ in range(times):
            refusals.add(refusal)
        counts[refusal] += times
        if asks:
            told += refusals.untold
            refusals.untold.clear()
    told += refusals.untold
    assert sorted(told, key=str) == sorted((kind for kind in Refusal if counts[kind] >= kind.told_from), key=str)
    assert refusals.total == sum(counts.values())
