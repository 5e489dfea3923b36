import itertools

from hypothesis import given
from hypothesis import strategies as st

from sfu.streams.keyframe_requests import INTERVAL, SMALL_INTERVAL, KeyframeRequests


def test_the_first_request_goes_out_at_once() -> None:
    requests = KeyframeRequests()
    assert requests.next_deadline() is None
    assert requests.request(now=1.0)
    assert not requests.request(now=1.1), "one is on its way"


def test_an_unanswered_request_is_repeated() -> None:
    requests = KeyframeRequests(interval=SMALL_INTERVAL)
    requests.request(now=0.0)
    assert requests.next_deadline() == SMALL_INTERVAL
    assert not requests.handle_timer(now=0.1)
    assert requests.handle_timer(now=0.2)
    assert requests.next_deadline() == 1.0, "two within any second"
    assert not requests.handle_timer(now=0.9)
    assert requests.handle_timer(now=1.0)
    assert requests.handle_timer(now=1.2)


def test_a_key_frame_answers_everybody() -> None:
    requests = KeyframeRequests()
    requests.request(now=0.0)
    requests.request(now=0.1)
    requests.key_frame()
    assert requests.next_deadline() is None
    assert not requests.handle_timer(now=10.0)


def test_a_request_after_the_key_frame_waits_for_its_turn() -> None:
    requests = KeyframeRequests()
    requests.request(now=0.0)
    requests.key_frame()
    assert not requests.request(now=0.2)
    assert requests.next_deadline() == INTERVAL
    assert requests.handle_timer(now=0.5)


def test_nobody_wants_one_any_more() -> None:
    requests = KeyframeRequests()
    requests.request(now=0.0)
    requests.cancel()
    assert not requests.handle_timer(now=1.0)
    assert requests.request(now=1.0)


def test_ten_joins_in_a_second_cost_two() -> None:
    """Whether or not the key frames arrive in between."""
    for answered, interval in itertools.product((False, True), (INTERVAL, SMALL_INTERVAL)):
        requests = KeyframeRequests(interval=interval)
        sent = 0
        for step in range(100):
            now = step / 100
            if step % 10 == 5:
                sent += requests.request(now=now)
            sent += requests.handle_timer(now=now)
            if answered and step % 10 == 9:
                requests.key_frame()
        assert sent == 2


@given(
    st.lists(st.tuples(st.sampled_from(["request", "key frame", "cancel", "timer"]), st.floats(0, 0.7)), max_size=60)
)
def test_never_closer_than_the_interval_and_never_forgotten(steps: list[tuple[str, float]]) -> None:
    requests = KeyframeRequests()
    now, sent, wanted = 0.0, [], False
    for action, pause in steps:
        now += pause
        if action == "request":
            wanted = True
            if requests.request(now=now):
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
