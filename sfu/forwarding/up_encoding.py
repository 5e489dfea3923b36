"""One encoding of a published track: received, repaired by retransmissions, kept, measured, and handed on."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from sfu import native
from sfu.control import EncodingParameters, PublishTrack
from sfu.forwarding.layer_rates import LayerRates
from sfu.native.numbers import PLAIN as PLAIN_TYPE
from sfu.native.numbers import VP8 as VP8_TYPE
from sfu.native.reception import lend_copies, new_source
from sfu.rtp import extensions
from sfu.rtp.dependency_descriptor import MANDATORY_LENGTH
from sfu.rtp.layers import PLAIN, LayerReader
from sfu.rtp.packet import MediaPacket, RtpHeader
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReportBlock
from sfu.streams.clock_map import ClockMap, RemoteClock
from sfu.streams.keyframe_requests import KeyframeRequests, Spacing
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

KINDS = {"opus": PLAIN_TYPE, "VP8": VP8_TYPE}
"""Of codecs whose packets the compiled twin can read where no Dependency Descriptor says what they are."""

MAX_UNHEARD = 5
"""Key-frame requests to an encoding that sends nothing at all. A publisher that comes back sends one by itself."""


def _nobody() -> None:
    """Nobody waits for a word."""


class UpEncoding:
    """One encoding of a track: an RTP stream and, for video, its retransmission stream."""

    __slots__ = (
        "_channel", "_descriptor_id", "_fan_out", "_nack", "_payload_types", "_reader", "_report_ssrc",
        "_requests", "_rtx_types", "_unheard", "alive", "cache", "clock", "down_tracks", "layer_rates",
        "number", "numbers", "parameters", "rates", "rtx_ssrc", "sound", "ssrc", "stream", "wake",
    )  # fmt: skip

    def __init__(
        self,
        request: PublishTrack,
        parameters: EncodingParameters,
        channel: Channel,
        clock: RemoteClock,
        spacing: Spacing,
        *,
        report_ssrc: int,
    ) -> None:
        """Prepare for packets; SSRCs that ``parameters`` leaves at 0 are bound later.

        ``spacing`` is shared by the track's encodings.
        """
        clock_rate = request.codecs[0].clock_rate
        self.parameters = parameters
        self.ssrc = parameters.ssrc
        self.rtx_ssrc = parameters.rtx_ssrc
        self.numbers = new_source(channel.way)
        """What the compiled twin reads and counts, which takes most packets."""
        self.numbers.ssrc = parameters.ssrc
        self.stream = ReceiveStream(parameters.ssrc, clock_rate, self.numbers)
        self.clock = ClockMap(clock_rate, clock)
        self.sound = request.kind == "audio"
        reader = LayerReader({codec.payload_type: codec.name for codec in request.codecs}, self.numbers.layers)
        self.cache = (
            RetransmissionCache(VIDEO_PACKETS, VIDEO_AGE, self.numbers, reader)
            if not self.sound
            else RetransmissionCache(AUDIO_PACKETS, AUDIO_AGE, self.numbers, reader)
        )
        self.down_tracks: list[DownTrack] = []
        """Who gets its packets, or waits for a key frame of it."""
        self.number = id(self)
        """By which copies know its packets in the compiled twin."""
        self._fan_out = native.FanOut(self.number) if native.compiled else None
        self.alive = False
        """It flows now, as of the last `handle_timer`."""
        self.wake: Callable[[], None] = _nobody
        """Called when `handle_timer` has something to do at once, whatever `next_deadline` said."""
        self.rates: dict[tuple[int, int], int] = {}
        """Bit/s measured for each (spatial, temporal) layer by itself; empty where not (yet) measured."""
        self.layer_rates = LayerRates(self.numbers)
        self._nack = NackGenerator(self.numbers)
        self._requests = KeyframeRequests(spacing)
        self._unheard = 0
        self._reader = reader
        self._channel = channel
        self._report_ssrc = report_ssrc
        self._descriptor_id = request.extensions.dependency_descriptor
        self._payload_types = {codec.payload_type for codec in request.codecs}
        self.numbers.sound = self.sound
        self.numbers.descriptor_id = 0 if self.sound else self._descriptor_id or 0
        for codec in request.codecs:
            if 0 <= codec.payload_type < 128:
                self.numbers.types[codec.payload_type] = KINDS.get(codec.name, 0)
        self._serve()
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
        self.ssrc = self.stream.ssrc = self.numbers.ssrc = ssrc

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
        numbers = self.numbers
        if sequence > numbers.newest:
            if sequence > numbers.newest + MAX_DROPOUT and numbers.newest:
                self._begin_anew()
            numbers.newest = sequence
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
            buffer[start:end],
            arrival=now,
            keyframe=layer.key_frame,
            descriptor=descriptor,
            layer=layer,
        )
        numbers.heard_at = now
        self.cache.put(packet)
        self.hand_on(packet)

    def hand_on(self, packet: MediaPacket) -> None:
        """Send a packet, which the cache has, to everybody who gets it."""
        down_tracks = self.down_tracks
        if self._fan_out is not None:
            down_tracks = [down_tracks[place] for place in self._fan_out.send(packet)]
        for down_track in down_tracks:
            down_track.forward(packet, self)

    def hand_left(self, sequence: int, places: list[int]) -> None:
        """Send a packet that the twin took to those who did not get it from there."""
        packet = self.cache.find(sequence)
        if packet is not None:
            for down_track in [self.down_tracks[place] for place in places]:
                down_track.forward(packet, self)

    def _begin_anew(self) -> None:
        """Its sequence numbers jumped: copies must not jump with them."""
        for down_track in self.down_tracks[:]:
            down_track.begin_anew(self)

    def request_key_frame(self, *, now: float) -> None:
        """Ask the publisher for a key frame, unless that was just done; the timer repeats it until one comes."""
        self._requests.want()
        self._ask(now)
        self.wake()

    def handle_timer(self, *, rtt: float, now: float) -> None:
        """Send what is due: repeated key-frame requests and NACKs. ``rtt`` in seconds, 0 where not known."""
        if not self.sound:
            self._follow(now)
            self._ask(now)
        deadline = self._nack.next_deadline()
        if deadline is not None and deadline <= now:
            lost = self._nack.due(rtt=rtt, now=now)
            if lost:
                self._channel.send_rtcp(Nack(self._report_ssrc, self.ssrc, lost).to_bytes())
        if self._nack.take_key_frame_request():
            for down_track in self.down_tracks:
                down_track.need_key_frame(self, now=now)

    @property
    def restless(self) -> bool:
        """Whether what has just come may be more than `next_deadline` knows of."""
        return self._nack.restless or not (self.alive or self.sound)

    def next_deadline(self) -> float:
        """When `handle_timer` has something to do, if nothing comes that makes it `restless`, and nobody wakes it."""
        if self._nack.restless:
            return -inf
        if self.sound:
            return inf
        at = inf
        if self.alive:
            at = min(self.numbers.heard_at + SILENCE, self.layer_rates.next_deadline())
        if self.ssrc and (self.alive or self._unheard < MAX_UNHEARD):
            asked = self._requests.next_deadline()
            at = at if asked is None else min(at, asked)
        return at

    def report_block(self, *, now: float) -> ReportBlock | None:
        """Return what the publisher is told of this encoding; None before its first packet.

        Of sound the fraction lost is that before repair: a browser sends sound again in the stream itself (RFC 4585
        without RFC 4588), so that a path that loses a fifth would look well.
        """
        return self.stream.report_block(now=now, repaired=self._nack.repaired if self.sound else 0)

    def _follow(self, now: float) -> None:
        """Notice whether it flows, and how much."""
        alive = now - self.numbers.heard_at <= SILENCE
        if alive and not self.alive:
            self.layer_rates.restart()
            self._unheard = 0
        self.alive = alive
        if alive and self.layer_rates.sample(now=now):
            self._reader.refill()
            self.rates = self.layer_rates.measured() or self.rates

    def _ask(self, now: float) -> None:
        """Send a request if one is due, and if somebody may be there to answer it."""
        if self.ssrc and (self.alive or self._unheard < MAX_UNHEARD) and self._requests.handle_timer(now=now):
            self._unheard += 1
            self._channel.send_rtcp(PictureLossIndication(self._report_ssrc, self.ssrc).to_bytes())

    def add(self, down_track: DownTrack) -> None:
        """Hand the encoding's packets to a down track from now on. Doing it again changes nothing."""
        if down_track not in self.down_tracks:
            self.down_tracks.append(down_track)
            self._serve()
            self.wake()

    def remove(self, down_track: DownTrack) -> None:
        """Hand it no more packets. When nobody is left, nobody needs a key frame either."""
        if down_track in self.down_tracks:
            self.down_tracks.remove(down_track)
            self._serve()
            self.wake()
        if not self.down_tracks:
            self._requests.cancel()

    def _serve(self) -> None:
        """Tell the compiled twin who its packets go to."""
        if self._fan_out is not None:
            self._fan_out.take([down_track.shared for down_track in self.down_tracks])
            lend_copies(self.numbers, self._fan_out)
