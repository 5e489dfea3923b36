"""A published track: its encodings, each received, repaired by retransmissions, kept, and handed to its down tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.bwe.allocation import Layer
from sfu.control import EncodingParameters, PublishTrack
from sfu.forwarding.dynacast import Dynacast
from sfu.forwarding.layer_rates import LayerRates
from sfu.rtp import extensions
from sfu.rtp.dependency_descriptor import MANDATORY_LENGTH
from sfu.rtp.layers import MAX_SPATIAL, MAX_TEMPORAL, PLAIN, LayerReader
from sfu.rtp.packet import MediaPacket, RtpHeader
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReportBlock
from sfu.streams.clock_map import ClockMap, RemoteClock
from sfu.streams.keyframe_requests import INTERVAL, SMALL_INTERVAL, KeyframeRequests
from sfu.streams.nack_generator import NackGenerator
from sfu.streams.receive_stream import MAX_DROPOUT, ReceiveStream
from sfu.streams.retransmission_cache import (
    AUDIO_AGE,
    AUDIO_PACKETS,
    VIDEO_AGE,
    VIDEO_PACKETS,
    RetransmissionCache,
)
from sfu.streams.rtx import OSN_LENGTH, original_sequence

if TYPE_CHECKING:
    from sfu.forwarding.channel import Channel
    from sfu.forwarding.down_track import DownTrack

SILENCE = 0.5
"""Seconds without a packet after which an encoding counts as not flowing, where another one does. Cameras in the dark
send 10 frames a second or fewer: shorter takes them for dead, longer freezes the picture of those who got what the
publisher stopped."""

START_WITHIN = 2.0
"""Seconds in which an encoding that is asked for begins to flow, if it does at all: the message to the publisher, a new
encoder, a key frame. What is still silent then is taken for something that the publisher cannot send now."""

MAX_UNHEARD = 5
"""Key-frame requests to an encoding that sends nothing at all. A publisher that comes back sends one by itself."""

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


class UpEncoding:
    """One encoding of a track: an RTP stream and, for video, its retransmission stream."""

    __slots__ = (
        "_channel", "_descriptor_id", "_nack", "_newest", "_payload_types", "_reader", "_report_ssrc", "_requests",
        "_rtx_types", "_unheard", "alive", "cache", "clock", "down_tracks", "heard_at", "layer_rates",
        "parameters", "rates", "rtx_ssrc", "sound", "ssrc", "stream",
    )  # fmt: skip

    def __init__(
        self,
        request: PublishTrack,
        parameters: EncodingParameters,
        channel: Channel,
        clock: RemoteClock,
        *,
        small: bool,
        report_ssrc: int,
    ) -> None:
        """Prepare for packets; SSRCs that ``parameters`` leaves at 0 are bound later.

        ``small`` says that it is the smallest of several.
        """
        clock_rate = request.codecs[0].clock_rate
        self.parameters = parameters
        self.ssrc = parameters.ssrc
        self.rtx_ssrc = parameters.rtx_ssrc
        self.stream = ReceiveStream(parameters.ssrc, clock_rate)
        self.clock = ClockMap(clock_rate, clock)
        self.sound = request.kind == "audio"
        self.cache = (
            RetransmissionCache(VIDEO_PACKETS, VIDEO_AGE)
            if not self.sound
            else RetransmissionCache(AUDIO_PACKETS, AUDIO_AGE)
        )
        self.down_tracks: list[DownTrack] = []
        """Who gets its packets, or waits for a key frame of it."""
        self.alive = False
        """It flows now, as of the last `handle_timer`."""
        self.heard_at = float("-inf")
        """When its last packet came, in seconds."""
        self.rates: dict[tuple[int, int], int] = {}
        """Bit/s measured for each (spatial, temporal) layer by itself; empty where not (yet) measured."""
        self.layer_rates = LayerRates()
        self._nack = NackGenerator()
        self._newest = 0
        self._requests = KeyframeRequests(interval=SMALL_INTERVAL if small else INTERVAL)
        self._unheard = 0
        self._reader = LayerReader({codec.payload_type: codec.name for codec in request.codecs})
        self._channel = channel
        self._report_ssrc = report_ssrc
        self._descriptor_id = request.extensions.dependency_descriptor
        self._payload_types = {codec.payload_type for codec in request.codecs}
        self._rtx_types = {
            codec.rtx_payload_type: codec.payload_type for codec in request.codecs if codec.rtx_payload_type is not None
        }

    @property
    def heights(self) -> list[int]:
        """Lines of the picture for each spatial layer; empty where not known."""
        return self._reader.heights

    @property
    def awaits_key_frame(self) -> bool:
        """Whether one was asked for and has not come yet."""
        return self._requests.next_deadline() is not None

    def bind(self, ssrc: int) -> None:
        """Learn the SSRC of an encoding that was announced without one."""
        self.ssrc = self.stream.ssrc = ssrc

    def is_repair(self, payload_type: int) -> bool:
        """Whether packets of that format are retransmissions."""
        return payload_type in self._rtx_types

    def receive(self, buffer: bytearray, header: RtpHeader, *, now: float) -> None:
        """Take an authentic packet of the media SSRC."""
        if header.payload_type in self._payload_types:
            sequence = self.stream.receive(header.sequence, header.timestamp, now=now)
            if sequence >= 0:
                self._accept(buffer, header, sequence, now)

    def receive_rtx(self, buffer: bytearray, header: RtpHeader, *, now: float) -> None:
        """Take an authentic packet of the retransmission SSRC: it fills a gap, or it is a probe and is dropped."""
        payload_type = self._rtx_types.get(header.payload_type)
        original = original_sequence(buffer, header.payload_start, header.payload_end)
        if payload_type is None or original < 0:
            return
        sequence = self.stream.recover(original)
        if sequence >= 0:
            header.payload_type = payload_type
            header.payload_start += OSN_LENGTH
            self._accept(buffer, header, sequence, now)

    def _accept(self, buffer: bytearray, header: RtpHeader, sequence: int, now: float) -> None:
        self._nack.receive(sequence, now=now)
        if sequence > self._newest:
            if sequence > self._newest + MAX_DROPOUT and self._newest:
                self._begin_anew()
            self._newest = sequence
        start, end = header.payload_start, header.payload_end
        descriptor = b""
        layer = PLAIN
        if not self.sound:
            if self._descriptor_id is not None:
                offset, size = extensions.find(
                    buffer, header.extension_start, header.extension_end, header.extension_profile, self._descriptor_id
                )
                if size >= MANDATORY_LENGTH:
                    descriptor = bytes(buffer[offset : offset + size])
            layer = self._reader.read(header.payload_type, descriptor, buffer, start, end)
            if layer.key_frame:
                self._nack.key_frame(sequence)
                self._requests.key_frame()
            self.layer_rates.octets[layer.index] += end - start
        packet = MediaPacket(
            sequence,
            header.timestamp,
            header.marker,
            header.payload_type,
            bytes(buffer[start:end]),
            arrival=now,
            keyframe=layer.key_frame,
            descriptor=descriptor,
            layer=layer,
        )
        self.heard_at = now
        self.cache.put(packet)
        for down_track in self.down_tracks:
            down_track.forward(packet, self)

    def _begin_anew(self) -> None:
        """Its sequence numbers jumped: copies must not jump with them."""
        for down_track in self.down_tracks[:]:
            down_track.begin_anew(self)

    def request_key_frame(self, *, now: float) -> None:
        """Ask the publisher for a key frame, unless that was just done; the timer repeats it until one comes."""
        if self._requests.request(now=now):
            self._send_pli()

    def handle_timer(self, *, rtt: float, now: float) -> None:
        """Send what is due: repeated key-frame requests and NACKs. ``rtt`` in seconds, 0 where not known."""
        if not self.sound:
            self._follow(now)
        if self._requests.handle_timer(now=now):
            self._send_pli()
        deadline = self._nack.next_deadline()
        if deadline is not None and deadline <= now:
            lost = self._nack.due(rtt=rtt, now=now)
            if lost:
                self._channel.send_rtcp(Nack(self._report_ssrc, self.ssrc, lost).to_bytes())
        if self._nack.take_key_frame_request():
            for down_track in self.down_tracks:
                down_track.need_key_frame(self, now=now)

    def _follow(self, now: float) -> None:
        """Notice whether it flows, and how much."""
        alive = now - self.heard_at <= SILENCE
        if alive and not self.alive:
            self.layer_rates.restart()
            self._unheard = 0
        self.alive = alive
        if alive and self.layer_rates.sample(now=now):
            self._reader.refill()
            self.rates = self.layer_rates.measured() or self.rates

    def _send_pli(self) -> None:
        if self.ssrc and (self.alive or self._unheard < MAX_UNHEARD):
            self._unheard += 1
            self._channel.send_rtcp(PictureLossIndication(self._report_ssrc, self.ssrc).to_bytes())

    def add(self, down_track: DownTrack) -> None:
        """Hand the encoding's packets to a down track from now on. Doing it again changes nothing."""
        if down_track not in self.down_tracks:
            self.down_tracks.append(down_track)

    def remove(self, down_track: DownTrack) -> None:
        """Hand it no more packets. When nobody is left, nobody needs a key frame either."""
        if down_track in self.down_tracks:
            self.down_tracks.remove(down_track)
        if not self.down_tracks:
            self._requests.cancel()


class UpTrack:
    """A track that one member publishes in one room."""

    __slots__ = ("_dynacast", "_needed_since", "cname", "down_tracks", "encodings", "kind", "request")

    def __init__(
        self, request: PublishTrack, cname: str, channel: Channel, clock: RemoteClock, *, report_ssrc: int
    ) -> None:
        """Prepare the track. Our RTCP to the publisher comes from ``report_ssrc``; ``clock`` is the publisher's."""
        self.request = request
        self.kind = request.kind
        self.cname = cname
        several = len(request.encodings) > 1
        self.encodings = [
            UpEncoding(request, parameters, channel, clock, small=several and not index, report_ssrc=report_ssrc)
            for index, parameters in enumerate(request.encodings)
        ]
        self.down_tracks: list[DownTrack] = []
        """Every subscriber's copy."""
        self._dynacast = Dynacast(len(self.encodings))
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
        before = [encoding.alive for encoding in encodings]
        for encoding in encodings:
            encoding.handle_timer(rtt=rtt, now=now)
        if self.kind == "audio":
            return None
        if len(encodings) > 1 and before != [encoding.alive for encoding in encodings]:
            for down_track in self.down_tracks:
                down_track.follow(now=now)
        needed = [bool(encoding.down_tracks) for encoding in encodings]
        for index, need in enumerate(needed):
            if not need:
                self._needed_since[index] = None
            elif self._needed_since[index] is None:
                self._needed_since[index] = now
        if self._stuck(now):
            needed = [True] * len(encodings)
        return self._dynacast.active[:] if self._dynacast.update(needed, now=now) else None

    def _stuck(self, now: float) -> bool:
        """Whether something was asked for, and nothing flows at all: then any encoding will do."""
        return not any(encoding.alive for encoding in self.encodings) and any(
            since is not None and now - since > START_WITHIN for since in self._needed_since
        )

    def report_blocks(self, *, now: float) -> list[ReportBlock]:
        """Return what the publisher is told of its encodings.

        For sound the loss is the worst that any listener has, on the way up or down: Opus adds repair data (in-band
        FEC) only when reports show loss.
        """
        blocks = [block for encoding in self.encodings if (block := encoding.stream.report_block(now=now)) is not None]
        if self.kind == "audio":
            worst = max((down_track.fraction_lost(now=now) for down_track in self.down_tracks), default=0)
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
