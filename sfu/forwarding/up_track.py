"""A published track: what there is to choose from, what its publisher has to send, and what it is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.bwe.allocation import Layer
from sfu.control import PublishTrack
from sfu.forwarding.dynacast import Dynacast
from sfu.forwarding.up_encoding import UpEncoding
from sfu.rtp.layers import MAX_SPATIAL, MAX_TEMPORAL
from sfu.rtp.rtcp import ReportBlock
from sfu.streams.clock_map import RemoteClock
from sfu.streams.keyframe_requests import Spacing

if TYPE_CHECKING:
    from sfu.forwarding.channel import Channel
    from sfu.forwarding.down_track import DownTrack

START_WITHIN = 2.0
"""Seconds in which an encoding that is asked for begins to flow, if it does at all: the message to the publisher, a new
encoder, a key frame. What is still silent then is taken for something that the publisher cannot send now."""

ASSUMED_HEIGHTS = {1: (720,), 2: (180, 360), 3: (180, 360, 720)}
"""Lines of the pictures of one, two and three encodings, until they say themselves."""

ASSUMED_RATES = ((180, 150_000), (360, 500_000), (1 << 16, 1_500_000))
"""(Lines at most, bit/s) of what was not measured yet: Signal's assumption for the smallest, which an only encoding
counts as, and what Chromium sends for the others. Too low brings a queue when it begins to flow, too high leaves it
out where it would fit."""

ASSUMED_SHARES = (0.4, 0.6, 1.0)
"""Of its rate that an encoding takes up to each of three temporal layers (libwebrtc, simulcast_rate_allocator.cc)."""

MAX_REPORTED_LOSS = 51
"""In 1/256: the loss told to a publisher of sound, at most 20 %. Opus spends more of its rate on repair the more
loss it is told of; one listener on a very bad line must not spoil the sound for all."""


class UpTrack:
    """A track that one member publishes in one room."""

    __slots__ = ("_dynacast", "_in_vain", "_needed_since", "cname", "down_tracks", "encodings", "kind", "request")

    def __init__(
        self, request: PublishTrack, cname: str, channel: Channel, clock: RemoteClock, *, report_ssrc: int
    ) -> None:
        """Prepare the track. Our RTCP to the publisher comes from ``report_ssrc``; ``clock`` is the publisher's."""
        self.request = request
        self.kind = request.kind
        self.cname = cname
        spacing = Spacing()
        self.encodings = [
            UpEncoding(request, parameters, channel, clock, spacing, report_ssrc=report_ssrc)
            for parameters in request.encodings
        ]
        self.down_tracks: list[DownTrack] = []
        """Every subscriber's copy."""
        self._dynacast = Dynacast(len(self.encodings))
        self._in_vain = False
        """Nothing flows, for so long that any encoding will do."""
        self._needed_since: list[float | None] = [None] * len(self.encodings)

    # -- What there is to choose from ------------------------------------------------------------------------------

    @property
    def scalable(self) -> bool:
        """Whether the layers of the picture's size are in one encoding (SVC): packets of several were seen in it."""
        return len(self.encodings) == 1 and any(spatial for spatial, _ in self.encodings[0].rates)

    def layers(self, *, now: float) -> list[Layer]:
        """Return what there is to choose from, by rising height, then rate.

        A layer's ``encoding`` is the index of the encoding, or of the spatial layer where one encoding has several.
        """
        if self.scalable:
            (encoding,) = self.encodings
            found = [
                Layer(_height(encoding, spatial), rate, spatial, temporal)
                for spatial in range(max(spatial for spatial, _ in encoding.rates) + 1)
                for temporal, rate in enumerate(_rates(encoding, spatial))
            ]
        else:
            found = [
                Layer(self._height(index), rate, index, temporal)
                for index in range(len(self.encodings))
                for temporal, rate in enumerate(self._rates(index, now))
            ]
        return sorted(found, key=lambda layer: (layer.height, layer.rate))

    def _height(self, index: int) -> int:
        heights = self.encodings[index].heights
        return heights[-1] if heights else ASSUMED_HEIGHTS[len(self.encodings)][index]

    def _rates(self, index: int, now: float) -> list[int]:
        """Return the bit/s up to each temporal layer, measured or assumed."""
        encoding = self.encodings[index]
        if encoding.rates and (encoding.alive or len(self.encodings) == 1):
            return _rates(encoding, 0)
        since = self._needed_since[index]
        below = [other for other in self.encodings[:index] if other.alive and other.rates]
        if since is not None and now - since > START_WITHIN and below:
            rate = _rates(below[-1], 0)[-1]  # which is what its subscribers get meanwhile
        else:
            height = self._height(index) if index else 0
            rate = next(rate for limit, rate in ASSUMED_RATES if height <= limit)
        shares = ASSUMED_SHARES[: self._highest_temporal(encoding)] + ASSUMED_SHARES[-1:]
        return [int(rate * share) for share in shares]

    def _highest_temporal(self, encoding: UpEncoding) -> int:
        """Return the highest temporal layer that was measured; simulcast is taken to have three until then."""
        return max((temporal for _, temporal in encoding.rates), default=2 if len(self.encodings) > 1 else 0)

    def choose(self, layer: Layer | None) -> tuple[UpEncoding, UpEncoding]:
        """Return the encoding that a layer names, and the one to get until it flows: itself, or the best below it."""
        encodings = self.encodings
        if len(encodings) == 1:
            return encodings[0], encodings[0]
        index = 0 if layer is None else min(layer.encoding, len(encodings) - 1)
        wanted = encodings[index]
        if wanted.alive:
            return wanted, wanted
        flowing = [encoding for encoding in encodings if encoding.alive]
        below = [encoding for encoding in encodings[:index] if encoding.alive]
        return wanted, (below[-1] if below else flowing[0] if flowing else wanted)

    def limits(self, layer: Layer | None) -> tuple[int, int]:
        """Return the highest spatial and temporal layers that a choice lets pass; all where it names the highest."""
        if layer is None:
            return MAX_SPATIAL, MAX_TEMPORAL
        spatial = MAX_SPATIAL
        if self.scalable:
            (encoding,) = self.encodings
            if layer.encoding < max(spatial for spatial, _ in encoding.rates):
                spatial = layer.encoding
        else:
            encoding = self.encodings[min(layer.encoding, len(self.encodings) - 1)]
        return spatial, layer.temporal if layer.temporal < self._highest_temporal(encoding) else MAX_TEMPORAL

    # -- Time ------------------------------------------------------------------------------------------------------

    def handle_timer(self, *, rtt: float, now: float) -> list[bool] | None:
        """Send what is due to the publisher. Return which encodings it is to send, where that changed.

        ``rtt`` in seconds, 0 where not known.
        """
        encodings = self.encodings
        flows = changed = False
        for encoding in encodings:
            before = encoding.alive
            encoding.handle_timer(rtt=rtt, now=now)
            flows |= encoding.alive
            changed |= encoding.alive is not before
        if self.kind == "audio":
            return None
        if changed and len(encodings) > 1:
            for down_track in self.down_tracks:
                down_track.follow(now=now)
        needed = [bool(encoding.down_tracks) for encoding in encodings]
        for index, need in enumerate(needed):
            if not need:
                self._needed_since[index] = None
            elif self._needed_since[index] is None:
                self._needed_since[index] = now
        self._in_vain = not flows and self._stuck(now)
        if self._in_vain:
            needed = [True] * len(encodings)
        return self._dynacast.active[:] if self._dynacast.update(needed, now=now) else None

    def next_deadline(self) -> float:
        """When `handle_timer` has something to do, if no encoding is `restless` or wakes it before."""
        at = min(encoding.next_deadline() for encoding in self.encodings)
        if self.kind == "audio":
            return at
        if not self._in_vain and not any(encoding.alive for encoding in self.encodings):
            at = min([at, *(since + START_WITHIN for since in self._needed_since if since is not None)])
        return min(at, self._dynacast.next_deadline())

    def _stuck(self, now: float) -> bool:
        """Whether something was asked for long ago: if nothing flows at all, any encoding will do."""
        return any(since is not None and now - since > START_WITHIN for since in self._needed_since)

    def report_blocks(self, *, now: float) -> list[ReportBlock]:
        """Return what the publisher is told of its encodings.

        For sound the loss is the worst of the way up and of each listener's way down, before repair, and never their
        sum: Opus adds data by which a lost frame is mended (in-band FEC) only when reports show loss, and asking again
        mends what FEC cannot only where the round trip is short.
        """
        blocks = [block for encoding in self.encodings if (block := encoding.report_block(now=now)) is not None]
        if self.kind == "audio":
            worst = max((down_track.loss.fraction(now=now) for down_track in self.down_tracks), default=0)
            for block in blocks:
                block.fraction_lost = min(max(block.fraction_lost, worst), MAX_REPORTED_LOSS)
        return blocks


def _height(encoding: UpEncoding, spatial: int) -> int:
    heights = encoding.heights
    return heights[min(spatial, len(heights) - 1)] if heights else ASSUMED_HEIGHTS[3][min(spatial, 2)]


def _rates(encoding: UpEncoding, spatial: int) -> list[int]:
    """Return the measured bit/s up to each temporal layer, with all spatial layers up to that one."""
    highest = max(temporal for _, temporal in encoding.rates)
    return [
        sum(rate for layer, rate in encoding.rates.items() if layer[0] <= spatial and layer[1] <= temporal)
        for temporal in range(highest + 1)
    ]
