"""Which pictures a subscriber gets, with copies and estimates that only hold what is looked at."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sfu.bwe.allocation import HEADROOM, Layer
from sfu.bwe.estimator import Estimator
from sfu.control import TrackWish
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.watch import ASSUMED_SOUND, BEARABLE, HEADER, HELD_INTERVAL, Held, Watch

LAYERS = [Layer(180, 100_000, 0, 0), Layer(180, 150_000, 0, 1), Layer(360, 500_000, 1, 0)]


class Copy:
    def __init__(self, kind: str, ssrc: int) -> None:
        self.track = SimpleNamespace(kind=kind, layers=lambda now: LAYERS)
        self.stream = SimpleNamespace(ssrc=ssrc, octets=0, packets=0)
        self.selected: Layer | None = None
        self.started = True
        self.flowing = kind == "audio"

    def select(self, layer: Layer | None, *, now: float) -> None:
        self.selected = layer
        self.flowing = layer is not None


class Room:
    def __init__(self, pictures: int = 2, sounds: int = 0) -> None:
        self.copies = {f"p{n}": Copy("video", n) for n in range(pictures)}
        self.copies |= {f"s{n}": Copy("audio", 100 + n) for n in range(sounds)}
        self.watch = Watch()
        self.estimate = SimpleNamespace(estimate=10_000_000, target=10_000_000, wanted=0)

    def wish(self, max_rate: int | None = None, **heights: int) -> None:
        self.watch.wish([TrackWish(track, height) for track, height in heights.items()], max_rate)

    def update(self, now: float, estimate: int | None = None) -> Held | None:
        if estimate is not None:
            self.estimate.estimate = self.estimate.target = estimate
        copies = cast(dict[str, DownTrack], self.copies)
        return self.watch.update(copies, cast(Estimator, self.estimate), now=now)

    def selected(self) -> list[Any]:
        return [copy.selected for copy in self.copies.values() if copy.track.kind == "video"]


def test_nothing_before_a_wish_and_nothing_that_is_not_wished() -> None:
    room = Room()
    assert room.update(0.0) is None
    assert room.selected() == [None, None]
    room.wish(p0=360, p1=0)
    room.update(0.1)
    assert room.selected() == [LAYERS[2], None]
    room.wish()
    room.update(0.2)
    assert room.selected() == [None, None]


def test_the_height_of_the_tile_is_enough() -> None:
    room = Room()
    room.wish(p0=120, p1=200)
    room.update(0.0)
    assert room.selected() == [LAYERS[1], LAYERS[2]]
    assert room.estimate.wanted == int(650_000 / HEADROOM)


def test_sound_that_came_back_counts_whole_before_it_was_measured() -> None:
    """Four voices, of which one rested until shortly before the measurement."""
    room = Room(pictures=0, sounds=4)
    voices = list(room.copies.values())
    for voice in voices:
        voice.flowing = True
    for second in range(3):
        voices[3].flowing = second > 1
        for voice in voices[:3]:
            voice.stream.octets += 10_000
        room.update(float(second + 1), 10_000_000)
    rates = room.watch._sound_rate(cast(dict[str, DownTrack], room.copies))
    assert rates == 3 * 80_000 + ASSUMED_SOUND


def test_what_finds_no_room_is_told_once_a_second_at_most() -> None:
    room = Room()
    room.wish(p0=180, p1=180)
    assert room.update(0.0, 130_000) == Held(frozenset({"p1"}), False)
    assert room.update(0.1, 30_000) is None
    assert room.update(HELD_INTERVAL + 0.1) == Held(frozenset({"p0", "p1"}), False)
    assert room.update(2 * HELD_INTERVAL + 0.2) is None


def test_what_is_held_is_told_afresh_when_it_comes_again() -> None:
    """Whoever ends a copy forgets what was told of it."""
    room = Room()
    room.wish(p0=180, p1=180)
    told = Held(frozenset({"p1"}), False)
    assert room.update(0.0, 130_000) == told
    room.watch.changed()
    assert room.update(2.0) is None
    copy = room.copies.pop("p1")
    room.watch.ended("p1")
    room.copies["p1"] = copy
    assert room.update(2.1, 130_000) == told
    room.watch.ended("p0")
    assert room.update(4.0) is None, "nothing was told of it"


def test_a_fall_takes_pictures_at_once_and_they_come_back_later() -> None:
    room = Room()
    room.wish(p0=360, p1=360)
    room.update(0.0, 2_000_000)
    room.update(0.01, 250_000)
    assert room.selected() == [LAYERS[0], LAYERS[0]]
    room.update(0.02, 2_000_000)
    assert room.selected() == [LAYERS[0], LAYERS[0]]
    for step in range(1, 9):
        room.update(float(step))
    assert room.selected() == [LAYERS[2], LAYERS[2]]


@pytest.mark.parametrize(
    ("before", "after", "estimate"),
    [
        ([Layer(180, 60_000, 0, 0), Layer(180, 100_000, 0, 1)], [Layer(180, 100_000, 0, 0)], 115_000),
        ([*LAYERS[:2], Layer(360, 500_000, 1, 2)], LAYERS, 600_000),
        ([*LAYERS, Layer(720, 900_000, 2, 0)], LAYERS, 600_000),
    ],
)
def test_a_picture_goes_on_when_the_layer_that_was_sent_is_there_no_more(
    before: list[Layer], after: list[Layer], estimate: int
) -> None:
    """A screen that stands still sends nothing of its higher layers: what is left of it is nothing new."""
    room = Room(pictures=1)
    room.copies["p0"].track.layers = lambda now: before
    room.wish(p0=720)
    room.update(0.0, max(estimate, int(before[-1].rate / HEADROOM) + 1))
    assert room.selected() == [before[-1]]
    room.copies["p0"].track.layers = lambda now: after
    room.watch._allocator.note(int(0.9 * estimate), now=0.5)  # too little to fit in anew, too much to take anything
    room.update(1.0, estimate)
    assert room.selected() == [after[-1]]


def test_what_the_person_wants_to_spend_bounds_all_together_and_leaves_no_trace() -> None:
    room = Room(sounds=1)
    room.wish(max_rate=160_000 + ASSUMED_SOUND, p0=360, p1=360)
    room.update(0.0)
    assert room.selected() == [LAYERS[1], None]
    assert room.estimate.wanted == int((160_000 + ASSUMED_SOUND) / HEADROOM)
    room.wish(p0=360, p1=360)
    room.update(0.1)
    assert room.selected() == [LAYERS[2], LAYERS[2]]


def test_sound_is_measured_and_too_much_of_it_told_with_hysteresis() -> None:
    room = Room(pictures=0, sounds=2)
    assert room.update(0.0, 200_000) is None
    sound = 2 * (50 * HEADER + 5000) * 8

    def second(now: float, estimate: int) -> Held | None:
        for copy in room.copies.values():
            copy.stream.packets += 50
            copy.stream.octets += 5000
        return room.update(now, estimate)

    assert second(1.0, sound + 1000) is None
    assert second(2.0, sound - 1000) == Held(frozenset(), True)
    assert second(3.0, int(sound / BEARABLE) - 1000) is None
    assert second(4.0, int(sound / BEARABLE) + 1000) == Held(frozenset(), False)


def test_sound_flows_unless_it_is_asked_to_pause() -> None:
    watch = Watch()
    assert watch.hears("s0")
    watch.wish([TrackWish("s0", 0), TrackWish("s1", 1)], None)
    assert not watch.hears("s0")
    assert watch.hears("s1")
