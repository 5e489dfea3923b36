"""Allocation as tables: what is asked for and sent, the budget, what comes out.

A request reads `name height[!] [=current] : layers`, `!` for a pin or a screen, layers as lines@kbit/s.
The outcome lists the index of each track's layer, `-` for nothing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.allocation import (
    FALL,
    HEADROOM,
    INTERVAL,
    WINDOW,
    Allocator,
    Layer,
    Priority,
    Request,
    allocate,
    wanted_layer,
    wanted_rate,
    worthwhile,
)

SIMULCAST = "180@150 360@500 720@1500"


def request(text: str) -> Request:
    head, _, tail = text.partition(":")
    name, height, *current = head.split()
    layers = [
        Layer(int(a), int(b) * 1000) for a, b in (part.split("@") for part in (tail.strip() or SIMULCAST).split())
    ]
    return Request(
        name,
        int(height.rstrip("!")),
        layers,
        int(current[0][1:]) if current else None,
        Priority.FIRST if height.endswith("!") else Priority.NORMAL,
    )


def outcome(requests: list[str], estimate: int, least: int | None = None, audio: int = 0) -> str:
    """Budgets are in kbit/s and net of headroom."""
    given_rate = round(estimate * 1000 / HEADROOM) + 1
    least_rate = given_rate if least is None else round(least * 1000 / HEADROOM) + 1
    made = allocate([request(text) for text in requests], estimate=given_rate, least=least_rate, audio=audio * 1000)
    return " ".join("-" if index is None else str(index) for index in made.values())


@pytest.mark.parametrize(
    ("requests", "estimate", "expected"),
    [
        ([], 1000, ""),
        (["a 720"], 149, "-"),
        (["a 720"], 150, "0"),
        (["a 720"], 499, "0"),
        (["a 720"], 500, "1"),
        (["a 720"], 1500, "2"),
        (["a 180"], 9999, "0"),  # no more than the tile shows
        (["a 200"], 9999, "1"),  # the lowest that fills it
        (["a 1080"], 9999, "2"),
        (["a 0"], 9999, "-"),  # not seen, not sent
        (["a 0", "b 180"], 9999, "- 0"),
        (["a 720:"], 9999, "2"),
        # the lowest layer for everybody before more for anybody
        (["a 720", "b 180", "c 180"], 450, "0 0 0"),
        (["a 720", "b 180", "c 180"], 799, "0 0 0"),
        (["a 720", "b 180", "c 180"], 800, "1 0 0"),
        (["a 720", "b 180", "c 180"], 1800, "2 0 0"),
        # too little for all: the tallest tiles, then the order given
        (["a 180", "b 360", "c 180"], 300, "0 0 -"),
        (["a 180", "b 360", "c 180"], 150, "- 0 -"),
        # equal tiles rise together
        (["a 720", "b 720"], 1000, "1 1"),
        (["a 720", "b 720"], 1999, "1 1"),
        (["a 720", "b 720"], 2000, "2 1"),
        (["a 720", "b 720"], 3000, "2 2"),
        # a pin or a screen rises first, after everybody's lowest
        (["a 720", "s 360!"], 800, "0 1"),
        (["a 720", "s 720!"], 1650, "0 2"),
        (["a 720", "s 720!"], 300, "0 0"),
        (["a 720", "s 720!"], 150, "- 0"),
        (["a 720", "s 720!"], 1000, "1 1"),  # what the screen cannot use is not wasted
        # one layer only, as a screen has
        (["s 1080! : 1080@2500", "a 180"], 2500, "0 -"),
        (["s 1080! : 1080@2500", "a 180"], 2499, "- 0"),
        # temporal layers are steps between; a rate that falls with height is stepped over when only the next fits
        (["a 720 : 180@75 180@150 360@500"], 120, "0"),
        (["a 180 : 180@75 180@150 360@500"], 900, "1"),
        (["a 360 : 180@75 180@400 360@300"], 300, "2"),
        (["a 180 : "], 0, "-"),
        # whose least is a flood gets what all others leave; an only encoding within its share is none
        (["f 720 : 720@4500", "a 720"], 4700, "- 2"),
        (["f 720 : 720@4500", "a 720"], 6000, "0 2"),
        (["f 720 : 720@501", "a 720"], 999, "- 1"),
        (["f 720 : 720@600", "a 720"], 1300, "0 1"),
    ],
)
def test_new_layers(requests: list[str], estimate: int, expected: str) -> None:
    assert outcome(requests, estimate) == expected


@pytest.mark.parametrize(
    ("requests", "estimate", "least", "expected"),
    [
        (["a 720"], 1500, 500, "1"),  # more only if the worst of late allows
        (["a 720 =2"], 1500, 500, "2"),  # what is sent stays while it fits now
        (["a 720 =2"], 1499, 500, "1"),
        (["a 720 =1"], 1500, 500, "1"),
        (["a 720 =0"], 1500, 499, "0"),
        (["a 720", "b 720 =0"], 1000, 100, "- 0"),
        (["a 720", "b 720 =0"], 1000, 300, "0 0"),
        (["a 720 =2", "b 720"], 2000, 900, "2 0"),  # b's next step has to wait, and does not hurt a
        (["a 720"], 500, 1500, "1"),  # the least is never more than the present
        (["a 0 =2", "b 180 =0"], 9999, 100, "- 0"),
    ],
)
def test_hysteresis(requests: list[str], estimate: int, least: int, expected: str) -> None:
    assert outcome(requests, estimate, least) == expected


def test_sound_is_taken_off_first() -> None:
    assert outcome(["a 720"], 600, audio=100) == "1"
    assert outcome(["a 720"], 599, audio=100) == "0"
    assert outcome(["a 720 =2"], 100, audio=200) == "-"


def test_what_everybody_would_need() -> None:
    requests = [request("a 720"), request("b 180"), request("c 0"), Request("d", 720, [])]
    assert [wanted_layer(one) for one in requests] == [2, 0, None, None]
    assert wanted_rate(requests, 150_000) == 2_000_000
    made = allocate(requests, estimate=2_000_000, least=2_000_000, audio=150_000)
    assert list(made.values()) == [2, 0, None, None]


def test_the_least_of_the_last_two_windows_counts() -> None:
    allocator = Allocator()
    one = [request("a 720")]

    def got(now: float) -> int | None:
        return allocator.allocate(one, estimate=2_000_000, audio=0, now=now)["a"]

    allocator.note(400_000, now=0.0)
    assert got(0.0) == 0
    allocator.note(2_000_000, now=1.0)
    assert got(1.0) == 0
    allocator.note(2_000_000, now=WINDOW)
    assert got(WINDOW) == 0  # the window before still holds it
    allocator.note(2_000_000, now=2 * WINDOW)
    assert got(2 * WINDOW) == 2
    allocator.note(700_000, now=2 * WINDOW + 0.1)
    assert got(2 * WINDOW + 0.1) == 1


def test_it_says_when_time_alone_changes_something() -> None:
    allocator = Allocator()
    assert allocator.next_deadline() < 0
    allocator.note(400_000, now=0.0)
    allocator.allocate([], estimate=400_000, audio=0, now=0.0)
    assert allocator.next_deadline() == INTERVAL
    allocator.allocate([], estimate=400_000, audio=0, now=WINDOW - INTERVAL / 2)
    assert allocator.next_deadline() == WINDOW


def test_silence_is_not_held_against_the_path() -> None:
    allocator = Allocator()
    allocator.note(400_000, now=0.0)
    allocator.note(2_000_000, now=3 * WINDOW)
    assert allocator.allocate([request("a 720")], estimate=2_000_000, audio=0, now=3 * WINDOW)["a"] == 2


def test_it_is_time_every_second_or_at_once_on_a_fall() -> None:
    allocator = Allocator()
    assert allocator.due(1_000_000, now=0.0)
    allocator.note(1_000_000, now=0.0)
    allocator.allocate([], estimate=1_000_000, audio=0, now=0.0)
    assert not allocator.due(1_000_000, now=INTERVAL - 0.01)
    assert not allocator.due(int(FALL * 1_000_000), now=0.01)
    assert allocator.due(int(FALL * 1_000_000) - 1, now=0.01)
    assert allocator.due(1_000_000, now=INTERVAL)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 90, 180, 360, 720, 1080]),
            st.lists(st.tuples(st.sampled_from([180, 360, 720]), st.integers(1, 3_000_000)), max_size=5),
            st.sampled_from(list(Priority)),
            st.integers(0, 4),
        ),
        max_size=12,
    ),
    st.integers(0, 10_000_000),
    st.integers(0, 10_000_000),
    st.integers(0, 500_000),
)
def test_no_budget_is_overdrawn(
    tracks: list[tuple[int, list[tuple[int, int]], Priority, int]], estimate: int, least: int, audio: int
) -> None:
    requests = [
        Request(str(index), height, [Layer(*layer) for layer in sorted(layers)], current, priority)
        for index, (height, layers, priority, current) in enumerate(tracks)
    ]
    made = allocate(requests, estimate=estimate, least=least, audio=audio)
    assert list(made) == [one.track for one in requests]
    given_away = [(one, made[one.track]) for one in requests]
    total = sum(one.layers[index].rate for one, index in given_away if index is not None)
    assert total == 0 or total <= HEADROOM * estimate - audio
    assert all(index is None or one.height > 0 for one, index in given_away)


def test_a_taller_picture_is_offered_with_all_its_frames_or_not_at_all() -> None:
    layers = [
        Layer(180 << index, 100 * index + temporal, index, temporal) for index in range(3) for temporal in (0, 1, 2)
    ]
    assert [(layer.encoding, layer.temporal) for layer in worthwhile(layers)] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 2),
        (2, 2),
    ]
    assert worthwhile(layers[:3]) == layers[:3]
    assert worthwhile([]) == []
