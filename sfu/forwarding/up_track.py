"""A published track: its encodings, each received, repaired by retransmissions, kept, and handed to its down tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.bwe.allocation import Layer
from sfu.bwe.estimator import SentRate
from sfu.control import EncodingParameters, PublishTrack
from sfu.rtp import dependency_descriptor, extensions
from sfu.rtp.packet import MediaPacket, RtpHeader
from sfu.rtp.payload_descriptor import vp8_key_frame, vp9_key_frame
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReportBlock
from sfu.streams.clock_map import ClockMap, RemoteClock
from sfu.streams.keyframe_requests import KeyframeRequests
from sfu.streams.nack_generator import NackGenerator
from sfu.streams.receive_stream import ReceiveStream
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

KeyFrameTest = Callable[[bytes | bytearray | memoryview, int, int], bool]

KEY_FRAME_TESTS: dict[str, KeyFrameTest | None] = {"opus": None, "VP8": vp8_key_frame, "VP9": vp9_key_frame}
"""How to tell a key frame from an RTP payload, where no Dependency Descriptor does."""

ASSUMED_HEIGHT, ASSUMED_RATE = 180, 150_000
"""Lines and bit/s of an encoding of which nothing is known yet (Signal assumes as much of its base layer)."""

MAX_REPORTED_LOSS = 51
"""In 1/256: the loss told to a publisher of sound, at most 20 %. Opus spends more of its rate on repair the more
loss it is told of; one listener on a very bad line must not spoil the sound for all."""


class UpEncoding:
    """One encoding of a track: an RTP stream and, for video, its retransmission stream."""

    __slots__ = (
        "_channel", "_descriptor_id", "_key_frame_tests", "_nack", "_report_ssrc", "_requests", "_rtx_types", "cache",
        "clock", "down_tracks", "parameters", "rate", "rtx_ssrc", "ssrc", "stream",
    )  # fmt: skip

    def __init__(
        self,
        request: PublishTrack,
        parameters: EncodingParameters,
        channel: Channel,
        clock: RemoteClock,
        *,
        report_ssrc: int,
    ) -> None:
        """Prepare for packets; SSRCs that ``parameters`` leaves at 0 are bound later."""
        clock_rate = request.codecs[0].clock_rate
        self.parameters = parameters
        self.ssrc = parameters.ssrc
        self.rtx_ssrc = parameters.rtx_ssrc
        self.stream = ReceiveStream(parameters.ssrc, clock_rate)
        self.clock = ClockMap(clock_rate, clock)
        self.cache = (
            RetransmissionCache(VIDEO_PACKETS, VIDEO_AGE)
            if request.kind == "video"
            else RetransmissionCache(AUDIO_PACKETS, AUDIO_AGE)
        )
        self.down_tracks: list[DownTrack] = []
        self._nack = NackGenerator()
        self._requests = KeyframeRequests()
        self.rate = SentRate()
        """Of what comes in, RTP headers left out."""
        self._channel = channel
        self._report_ssrc = report_ssrc
        self._descriptor_id = request.extensions.dependency_descriptor
        self._key_frame_tests = {codec.payload_type: KEY_FRAME_TESTS[codec.name] for codec in request.codecs}
        self._rtx_types = {
            codec.rtx_payload_type: codec.payload_type for codec in request.codecs if codec.rtx_payload_type is not None
        }

    def bind(self, ssrc: int) -> None:
        """Learn the SSRC of an encoding that was announced without one."""
        self.ssrc = self.stream.ssrc = ssrc

    def is_repair(self, payload_type: int) -> bool:
        """Whether packets of that format are retransmissions."""
        return payload_type in self._rtx_types

    def receive(self, buffer: bytearray, header: RtpHeader, *, now: float) -> None:
        """Take an authentic packet of the media SSRC."""
        if header.payload_type in self._key_frame_tests:
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
        start, end = header.payload_start, header.payload_end
        descriptor = b""
        key_frame = False
        key_frame_test = self._key_frame_tests[header.payload_type]
        if key_frame_test is not None:
            if self._descriptor_id is not None:
                offset, size = extensions.find(
                    buffer, header.extension_start, header.extension_end, header.extension_profile, self._descriptor_id
                )
                if size:
                    descriptor = bytes(buffer[offset : offset + size])
            if descriptor:
                key_frame = dependency_descriptor.has_structure(descriptor, 0, len(descriptor))
            else:
                key_frame = key_frame_test(buffer, start, end)
            if key_frame:
                self._nack.key_frame(sequence)
                self._requests.key_frame()
        packet = MediaPacket(
            sequence,
            header.timestamp,
            header.marker,
            header.payload_type,
            bytes(buffer[start:end]),
            arrival=now,
            keyframe=key_frame,
            descriptor=descriptor,
        )
        self.cache.put(packet)
        self.rate.bytes += end - start
        for down_track in self.down_tracks:
            down_track.forward(packet, self)

    def request_key_frame(self, *, now: float) -> None:
        """Ask the publisher for a key frame, unless that was just done; the timer repeats it until one comes."""
        if self._requests.request(now=now):
            self._send_pli()

    def handle_timer(self, *, rtt: float, now: float) -> None:
        """Send what is due: repeated key-frame requests and NACKs. ``rtt`` in seconds, 0 where not known."""
        self.rate.sample(now=now)
        if self._requests.handle_timer(now=now):
            self._send_pli()
        deadline = self._nack.next_deadline()
        if deadline is not None and deadline <= now:
            lost = self._nack.due(rtt=rtt, now=now)
            if lost:
                self._channel.send_rtcp(Nack(self._report_ssrc, self.ssrc, lost).to_bytes())
        if self._nack.take_key_frame_request():
            for down_track in self.down_tracks:
                down_track.request_key_frame(now=now)

    def _send_pli(self) -> None:
        if self.ssrc:
            self._channel.send_rtcp(PictureLossIndication(self._report_ssrc, self.ssrc).to_bytes())

    def add(self, down_track: DownTrack) -> None:
        """Hand the encoding's packets to a down track from now on."""
        self.down_tracks.append(down_track)

    def remove(self, down_track: DownTrack) -> None:
        """Hand it no more packets. When nobody is left, nobody needs a key frame either."""
        if down_track in self.down_tracks:
            self.down_tracks.remove(down_track)
        if not self.down_tracks:
            self._requests.cancel()


class UpTrack:
    """A track that one member publishes in one room."""

    __slots__ = ("cname", "encodings", "kind", "request")

    def __init__(
        self, request: PublishTrack, cname: str, channel: Channel, clock: RemoteClock, *, report_ssrc: int
    ) -> None:
        """Prepare the track. Our RTCP to the publisher comes from ``report_ssrc``; ``clock`` is the publisher's."""
        self.request = request
        self.kind = request.kind
        self.cname = cname
        self.encodings = [
            UpEncoding(request, parameters, channel, clock, report_ssrc=report_ssrc) for parameters in request.encodings
        ]

    def layers(self, *, now: float) -> list[Layer]:
        """Return what there is to choose from, by rising height, then rate."""
        return [
            Layer(ASSUMED_HEIGHT, encoding.rate.value or ASSUMED_RATE, index)
            for index, encoding in enumerate(self.encodings)
        ]

    @property
    def down_tracks(self) -> list[DownTrack]:
        """Every subscriber's copy."""
        return [down_track for encoding in self.encodings for down_track in encoding.down_tracks]

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
