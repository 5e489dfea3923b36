"""What one subscriber wants to see and hear, and what of it there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sfu.bwe.allocation import HEADROOM, Allocator, Layer, Priority, Request, wanted_layer, wanted_rate, worthwhile

if TYPE_CHECKING:
    from sfu.bwe.estimator import Estimator
    from sfu.control import TrackWish
    from sfu.forwarding.down_track import DownTrack

ASSUMED_SOUND = 45_000
"""Bit/s of a copy of sound that has not been measured yet: Opus at 32 kbit/s, SFrame and RTP. Less gives pictures what
sound is about to need, more holds them back in the first second."""

SOUND_INTERVAL = 1.0
"""Seconds over which the rate of sound is measured. Sound comes 50 times a second at a constant size."""

HEADER = 20
"""Bytes of RTP header with a transport-wide number: what a stream's octets do not count."""

TOO_MUCH, BEARABLE = 1.0, 0.75
"""Of the estimate: sound above the first is too much for the path, and no longer so below the second. Closer together,
somebody's voice would come and go with every wavering of the estimate. An estimate that nothing but sound feeds grows
to 1.5 times that sound, so that the second is reached."""

HELD_INTERVAL = 1.0
"""Seconds between two reports of what found no room. Shorter makes people read flicker."""


class Held(NamedTuple):
    """What there is no room for."""

    tracks: frozenset[str]
    sound_too_much: bool


class Watch:
    """The wishes of one subscriber, and the allocation that follows from them."""

    __slots__ = (
        "_afresh", "_allocator", "_dirty", "_held", "_max_rate", "_measured_at", "_octets", "_report_at", "_sound",
        "_wishes", "begun",
    )  # fmt: skip

    def __init__(self) -> None:
        self._wishes: dict[str, TrackWish] = {}
        self._max_rate: int | None = None
        self._allocator = Allocator()
        self._dirty = True
        self._held = Held(frozenset(), False)
        self._afresh = False
        """What was told last counts no longer."""
        self._report_at = float("-inf")
        self._octets: dict[int, int] = {}
        """By SSRC: bytes of sound sent at the last measurement."""
        self._sound: dict[int, int] = {}
        """By SSRC: bit/s."""
        self._measured_at = float("-inf")
        self.begun = False
        """The latest `update` let a picture begin."""

    def wish(self, wishes: Iterable[TrackWish], max_rate: int | None) -> None:
        """Take the place of all earlier wishes; of two for one track the last counts."""
        self._wishes = {wish.track: wish for wish in wishes}
        self._max_rate = max_rate
        self._dirty = True

    def changed(self) -> None:
        """Note that copies came or went: what is shared out is looked at anew."""
        self._dirty = True

    def ended(self, track: str) -> None:
        """Note that a copy ended: what was told of it is forgotten, and is told afresh if it comes again."""
        self._dirty = True
        self._afresh |= track in self._held.tracks

    def hears(self, track: str) -> bool:
        """Whether sound is to be sent: all that is not asked to pause."""
        wish = self._wishes.get(track)
        return wish is None or wish.height > 0

    def update(self, tracks: Mapping[str, DownTrack], estimator: Estimator, *, now: float) -> Held | None:
        """Share the estimate out if it is time to. Return what found no room, if that is to be reported."""
        self.begun = False
        allocator = self._allocator
        target = self._limited(estimator.target)
        allocator.note(estimator.estimate, now=now)
        if not self._dirty and not allocator.due(target, now=now):
            return None
        self._dirty = False
        self._measure(tracks, now)
        sound = self._sound_rate(tracks)
        requests = [
            request
            for name, down_track in tracks.items()
            if down_track.track.kind == "video" and down_track.started
            if (request := self._request(name, down_track, now)) is not None
        ]
        estimator.wanted = self._limited(wanted_rate(requests, sound))
        given = allocator.allocate(requests, estimate=target, audio=sound, now=now)
        for request in requests:
            index = given[request.track]
            down_track = tracks[request.track]
            if index is not None:
                self.begun |= not down_track.flowing
                down_track.select(request.layers[index], now=now)
            elif down_track.selected is not None:
                down_track.select(None, now=now)
        held = frozenset(
            request.track for request in requests if given[request.track] is None and wanted_layer(request) is not None
        )
        return self._report(held, self._too_much(sound, self._limited(estimator.estimate)), now)

    def next_deadline(self) -> float:
        """When `update` is due if neither wishes, copies nor the estimate change: past where they did."""
        return float("-inf") if self._dirty else self._allocator.next_deadline()

    def _limited(self, rate: int) -> int:
        """Return a rate no higher than what, less the headroom, the person wants to spend."""
        return rate if self._max_rate is None else min(rate, int(self._max_rate / HEADROOM))

    def _request(self, name: str, down_track: DownTrack, now: float) -> Request | None:
        """Return what is asked for of a picture; None where nothing is sent and nothing wanted."""
        wish = self._wishes.get(name)
        height = 0 if wish is None else wish.height
        selected = down_track.selected
        if not height and selected is None:
            return None
        layers = worthwhile(down_track.track.layers(now=now))
        first = wish is not None and wish.first
        priority = Priority.FIRST if first else Priority.NORMAL
        return Request(name, height, layers, _place(layers, selected), priority)

    def _measure(self, tracks: Mapping[str, DownTrack], now: float) -> None:
        elapsed = now - self._measured_at
        if elapsed < SOUND_INTERVAL:
            return
        # Of those that flow at the end and at the begin: what came back meanwhile would look like next to nothing, the
        # sound like less than it is, and another voice would come back that there is no room for.
        octets = {
            down_track.stream.ssrc: down_track.stream.octets + HEADER * down_track.stream.packets
            for down_track in tracks.values()
            if down_track.track.kind == "audio" and down_track.flowing
        }
        before = self._octets
        self._sound = {
            ssrc: int((sent - before[ssrc]) * 8 / elapsed) for ssrc, sent in octets.items() if ssrc in before
        }
        self._octets = octets
        self._measured_at = now

    def _sound_rate(self, tracks: Mapping[str, DownTrack]) -> int:
        return sum(
            self._sound.get(down_track.stream.ssrc, ASSUMED_SOUND)
            for down_track in tracks.values()
            if down_track.track.kind == "audio" and down_track.flowing
        )

    def _too_much(self, sound: int, estimate: int) -> bool:
        return sound > (BEARABLE if self._held.sound_too_much else TOO_MUCH) * estimate

    def _report(self, tracks: frozenset[str], too_much: bool, now: float) -> Held | None:
        held = Held(tracks, too_much)
        if (held == self._held and not self._afresh) or now < self._report_at:
            return None
        self._held = held
        self._afresh = False
        self._report_at = now + HELD_INTERVAL
        return held


def _place(layers: list[Layer], selected: Layer | None) -> int | None:
    """Return where what is being sent stands among the layers that there are now.

    A layer of which nothing came of late is not among them: then the best that it includes; None if there is none.
    """
    if selected is None:
        return None
    key = selected.encoding, selected.temporal
    return max((index for index, layer in enumerate(layers) if (layer.encoding, layer.temporal) <= key), default=None)
