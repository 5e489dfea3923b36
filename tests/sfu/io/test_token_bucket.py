from hypothesis import given
from hypothesis import strategies as st

from sfu.io.token_bucket import TokenBucket


def test_burst_then_rate() -> None:
    bucket = TokenBucket(10.0, 3.0)
    assert [bucket.take(5.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(5.09)
    assert bucket.take(5.11)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0.0, 0.5), max_size=200))
def test_never_more_than_burst_plus_rate(pauses: list[float]) -> None:
    bucket = TokenBucket(10.0, 3.0)
    now, taken = 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
    assert taken <= 3 + 10 * now + 1e-6
