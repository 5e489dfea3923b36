from math import inf

from hypothesis import given
from hypothesis import strategies as st

from sfu.forwarding.dynacast import OFF_AFTER, Dynacast


def test_on_at_once_and_off_after_a_while() -> None:
    dynacast = Dynacast(2)
    assert dynacast.active == [True, True]
    assert not dynacast.update([True, False], now=0.0)
    assert not dynacast.update([True, False], now=OFF_AFTER - 0.01)
    assert dynacast.update([True, False], now=OFF_AFTER)
    assert dynacast.active == [True, False]
    assert not dynacast.update([True, False], now=OFF_AFTER + 0.01)
    assert dynacast.update([True, True], now=OFF_AFTER + 0.02)
    assert dynacast.active == [True, True]


def test_it_says_when_something_goes_off() -> None:
    dynacast = Dynacast(2)
    assert dynacast.next_deadline() == inf
    dynacast.update([True, False], now=3.0)
    assert dynacast.next_deadline() == 3.0 + OFF_AFTER
    dynacast.update([True, False], now=dynacast.next_deadline())
    assert (dynacast.active, dynacast.next_deadline()) == ([True, False], inf)


def test_a_moment_without_need_changes_nothing() -> None:
    dynacast = Dynacast(1)
    for step in range(100):
        assert not dynacast.update([step % 2 == 0], now=step * 0.9 * OFF_AFTER)


@given(st.lists(st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.floats(0, 3)), max_size=60))
def test_what_is_needed_is_on_and_what_went_off_was_idle_long_enough(steps: list[tuple[list[bool], float]]) -> None:
    dynacast = Dynacast(3)
    now, needed_at, before = 0.0, [0.0] * 3, [True] * 3
    for needed, pause in steps:
        now += pause
        needed_at = [now if need else at for need, at in zip(needed, needed_at, strict=True)]
        assert dynacast.update(needed, now=now) == (dynacast.active != before)
        for need, was, active, at in zip(needed, before, dynacast.active, needed_at, strict=True):
            assert active or not need
            assert need or active <= was, "nothing is switched on for nobody"
            if was and not active:
                assert now - at >= OFF_AFTER
        before = dynacast.active[:]
