"""Token buckets and the address book, on a clock of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import rate_limit
from signaling.rate_limit import AddressBook, Allowance, Limits, TokenBucket


def test_a_bucket_gives_its_capacity_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(Allowance(3, 0.5), now=10)
    assert [bucket.take(now=10) for _ in range(4)] == [0, 0, 0, 2]
    assert bucket.take(now=11) == 1
    assert bucket.take(now=12) == 0
    assert not bucket.full(now=12)
    assert bucket.full(now=100)


def test_what_was_refused_is_not_taken() -> None:
    bucket = TokenBucket(Allowance(10, 1), now=0)
    assert bucket.take(11, now=0) == 1
    assert bucket.take(10, now=0) == 0


def test_a_clock_that_stands_still_or_steps_back_gives_nothing() -> None:
    bucket = TokenBucket(Allowance(1, 1), now=10)
    assert bucket.take(now=10) == 0
    assert bucket.take(now=5) > 0
    assert bucket.take(now=10) > 0


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 5)), max_size=60))
def test_never_more_than_capacity_and_rate_allow(takes: list[tuple[float, float]]) -> None:
    bucket = TokenBucket(Allowance(5, 2), now=0)
    now = given_out = 0.0
    for wait, amount in takes:
        now += wait
        if bucket.take(amount, now=now) == 0:
            given_out += amount
        assert given_out <= 5 + 2 * now + 1e-6


@given(st.floats(0, 20))
def test_after_the_told_time_it_is_there(amount: float) -> None:
    bucket = TokenBucket(Allowance(20, 3), now=0)
    bucket.take(20, now=0)
    wait = bucket.take(amount, now=0)
    assert bucket.take(amount, now=wait + 1e-6) == 0


def test_one_address_cannot_take_all_places() -> None:
    book = AddressBook(Limits(connections_per_address=2))
    assert book.arrive("a", now=0) is None
    assert book.arrive("a", now=0) is None
    assert book.arrive("a", now=0) is not None
    assert book.arrive("b", now=0) is None
    book.leave("a")
    assert book.arrive("a", now=0) is None


def test_arrivals_of_one_address_are_bounded_over_time() -> None:
    book = AddressBook(Limits(arrivals=Allowance(2, 1)))
    for _ in range(2):
        assert book.arrive("a", now=0) is None
        book.leave("a")
    assert book.arrive("a", now=0) == 1
    assert book.arrive("a", now=1) is None


def test_idle_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    book = AddressBook(Limits(arrivals=Allowance(2, 1)))
    book.arrive("a", now=0)
    book.leave("a")
    book.forget_idle(now=0)
    assert len(book._arrivals) == 1
    book.forget_idle(now=1)
    assert len(book._arrivals) == 0
    monkeypatch.setattr(rate_limit, "MAX_ADDRESSES", 10)
    for i in range(50):
        book.arrive(str(i), now=2)
    assert len(book._arrivals) == 10
