import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.streams.keyframe_requests import INTERVAL, SPACING, KeyframeRequests, Spacing


def one() -> KeyframeRequests:
    return KeyframeRequests(Spacing())


def ask(requests: KeyframeRequests, *, now: float) -> bool:
    """Whether asking now makes a PLI leave now."""
    requests.want()
    return requests.handle_timer(now=now)


def test_the_first_request_goes_out_at_once() -> None:
    requests = one()
    assert requests.next_deadline() is None
    assert ask(requests, now=1.0)
    assert not ask(requests, now=1.1), "one is on its way"


def test_an_unanswered_request_is_repeated() -> None:
    requests = one()
    ask(requests, now=0.0)
    assert requests.next_deadline() == INTERVAL
    assert not requests.handle_timer(now=0.4)
    assert requests.handle_timer(now=0.5)
    assert requests.handle_timer(now=1.0)


def test_a_key_frame_answers_everybody() -> None:
    requests = one()
    ask(requests, now=0.0)
    ask(requests, now=0.1)
    requests.key_frame()
    assert requests.next_deadline() is None
    assert not requests.handle_timer(now=10.0)


def test_a_request_after_the_key_frame_waits_for_its_turn() -> None:
    requests = one()
    ask(requests, now=0.0)
    requests.key_frame()
    assert not ask(requests, now=0.2)
    assert requests.next_deadline() == SPACING
    assert not requests.handle_timer(now=0.9)
    assert requests.handle_timer(now=1.0)


def test_encodings_of_one_track_ask_together_or_wait_for_each_other() -> None:
    spacing = Spacing()
    small, tall = KeyframeRequests(spacing), KeyframeRequests(spacing)
    assert ask(small, now=0.0)
    assert ask(tall, now=0.0), "in the same moment: the publisher takes both for one"
    small.key_frame()
    tall.key_frame()
    assert not ask(tall, now=0.3)
    assert not ask(small, now=0.4)
    assert tall.handle_timer(now=1.0)
    assert small.handle_timer(now=1.0)


def test_a_key_frame_for_one_encoding_comes_for_the_other_too() -> None:
    spacing = Spacing()
    small, tall = KeyframeRequests(spacing), KeyframeRequests(spacing)
    ask(small, now=0.0)
    assert not ask(tall, now=0.1), "one is on its way"
    small.key_frame()
    tall.key_frame()
    assert not tall.handle_timer(now=2.0)


def test_where_it_does_not_come_for_the_other_it_is_asked_for() -> None:
    spacing = Spacing()
    small, tall = KeyframeRequests(spacing), KeyframeRequests(spacing)
    ask(small, now=0.0)
    ask(tall, now=0.1)
    small.key_frame()
    assert not tall.handle_timer(now=0.9)
    assert tall.handle_timer(now=SPACING)


def test_nobody_wants_one_any_more() -> None:
    requests = one()
    ask(requests, now=0.0)
    requests.cancel()
    assert not requests.handle_timer(now=1.0)
    assert ask(requests, now=1.0)


@pytest.mark.parametrize("answered_within", [0.04, 0.14, 0.44])
def test_ten_joins_in_a_second_cost_two(answered_within: float) -> None:
    """For whichever encodings they come, and however soon the key frames arrive."""
    spacing = Spacing()
    encodings = [KeyframeRequests(spacing) for _ in range(3)]
    rounds: list[float] = []
    answered_at = float("inf")
    for step in range(300):
        now = step / 100
        sent = False
        if step < 100 and step % 10 == 5:
            sent = ask(encodings[step // 10 % 3], now=now)
        for encoding in encodings:
            sent = encoding.handle_timer(now=now) or sent
        if sent:
            rounds.append(now)
            answered_at = now + answered_within
        if answered_at <= now:
            answered_at = float("inf")
            for encoding in encodings:
                encoding.key_frame()
    assert len(rounds) == 2


@given(
    st.lists(st.tuples(st.sampled_from(["request", "key frame", "cancel", "timer"]), st.floats(0, 0.7)), max_size=60)
)
def test_never_closer_than_the_interval_and_never_forgotten(steps: list[tuple[str, float]]) -> None:
    requests = one()
    now, sent, wanted = 0.0, [], False
    for action, pause in steps:
        now += pause
        if action == "request":
            wanted = True
            if ask(requests, now=now):
                sent.append(now)
        elif action == "timer":
            if requests.handle_timer(now=now):
                assert wanted
                sent.append(now)
        else:
            wanted = False
            requests.key_frame() if action == "key frame" else requests.cancel()
        assert (requests.next_deadline() is not None) == wanted
    assert all(later - earlier >= INTERVAL - 1e-9 for earlier, later in itertools.pairwise(sent))
