"""A person of a load test who sends: ready-made packets at a steady pace, and an answer to every PLI, FIR and NACK."""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Sequence

from sfu.rtp import rtcp
from sfu.streams.clock_map import ntp_time
from tests.load.adapters import OPUS_TYPE, VP8_TYPE, Encoding
from tests.load.layers import Layers
from tests.load.line import Line
from tests.load.scenarios import Format

_HEADER = struct.Struct("!BBHIIHHBHB")
"""RTP header and a transport-wide sequence number as one-byte extension, with one byte of padding."""
_LAYERED_HEADER = struct.Struct("!BBHIIHHBHBBHx")
"""The same with a Dependency Descriptor of three bytes behind the number: all but the first packets of key frames."""
_KEY_HEADER = struct.Struct("!BBHIIHHBBHBBBH")
"""The beginning of one with a structure, which needs elements of two bytes' header (RFC 8285 section 4.3)."""
_FIXED = 16
"""Bytes of them before the elements."""
SENT_AT = struct.Struct("!Q")
"""Nanoseconds of the Unix clock, which the kernel's stamps are of."""
DESCRIPTOR = struct.Struct("!BBHBB")
"""Of VP8 (RFC 7741 section 4.2), as Chromium writes it in simulcast: with picture id, TL0PICIDX and temporal layer."""
KEY = b"\x10\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02"
"""The clear header of a key frame of 1280 x 720."""
DELTA_START = b"\x11" + bytes(9)
DELTA_MORE = bytes(10)
STAMP = DESCRIPTOR.size + len(KEY)
"""Where the time of sending stands in a payload."""
_NO_DESCRIPTOR = bytes(STAMP)
"""What stands there in sound."""
FIRST_NUMBER = 1000
"""Not 0: mediasoup 3.8.4 takes that for a wrap, and the 65,536 before it for lost. Browsers draw it (RFC 3550 5.1)."""
KEPT = 512
"""Packets of a stream that can be sent again: 2.8 s of the fastest."""


class Stream:
    """One encoding's packets."""

    def __init__(self, publisher: Publisher, form: Format, ssrc: int) -> None:
        self.form = form
        self.publisher = publisher
        self.ssrc = ssrc
        self.interval = 1 / form.rate
        self.sequence = FIRST_NUMBER
        self.timestamp = 0
        self.key_frame = True
        self.audience = 0
        """How many should get it. What nobody gets is not sent, as a browser would not."""
        self.sent = 0
        self.expected = 0
        """Copies that should have reached somebody."""
        self.octets = 0
        self.kept: dict[int, bytes] = {}
        """As they went out, by sequence number, while packets are lost on purpose."""
        self.frames = 0
        self._beat = 0
        self._sound = form.kind == "audio"
        self._key = KEY[:-4] + struct.pack("<HH", form.height * 16 // 9, form.height)
        self._step = 960 if self._sound else 90_000 * form.per_frame // form.rate
        self._type = OPUS_TYPE if self._sound else VP8_TYPE
        self._filler = bytes(form.size - _HEADER.size - STAMP - SENT_AT.size)
        self._layers = Layers(form.height) if form.layers > 1 else None

    def send(self) -> None:
        """Send the next packet."""
        place = self._beat % self.form.per_frame
        self._beat += 1
        if place == 0:
            # All encodings of a camera have one clock, as a browser's: an SFU that changes layers compares them.
            self.timestamp += self._step
            self.frames += 1
        if not self.audience:
            return
        start = _NO_DESCRIPTOR
        marker = 0
        key_start = place == 0 and self.key_frame
        if not self._sound:
            first = 0x90 if place == 0 else 0x80
            base, layer = self.frames & 0xFF, 0
            if self._layers is not None:
                if place == 0:
                    self._layers.begin(key_frame=key_start)
                base, layer = self._layers.vp8
            start = DESCRIPTOR.pack(first, 0xE0, 0x8000 | self.frames & 0x7FFF, base, layer)
            if place:
                start += DELTA_MORE
            else:
                start += self._key if self.key_frame else DELTA_START
                self.key_frame = False
            if place == self.form.per_frame - 1:
                marker = 0x80
        publisher = self.publisher
        publisher.transport_sequence += 1
        sequence = self.sequence & 0xFFFF
        header = _HEADER.pack(
            0x90,
            marker | self._type,
            sequence,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
            0xBEDE,
            1,
            publisher.transport_cc << 4 | 1,
            publisher.transport_sequence & 0xFFFF,
            0,
        )
        self.sequence += 1
        filler = self._filler
        if self._layers is not None and publisher.dependency_descriptor:
            header = self._describe(header, self._layers, start=place == 0, end=marker != 0, key_start=key_start)
            filler = filler[len(header) - _HEADER.size :]
        packet = header + start + SENT_AT.pack(time.time_ns()) + filler
        if publisher.loss:
            self._send_over_a_bad_line(sequence, packet)
        else:
            publisher.client.send_rtp(packet)
        self.sent += 1
        self.expected += self.audience
        self.octets += len(self._filler)

    def _describe(self, header: bytes, layers: Layers, *, start: bool, end: bool, key_start: bool) -> bytes:
        """Return a header with what the Dependency Descriptor says of the packet."""
        *fixed, _, _, mark, number, _ = _HEADER.unpack(header)
        wanted = self.publisher.dependency_descriptor
        first, frame = layers.first_byte(start=start, end=end), self.frames & 0xFFFF
        if not key_start:
            return _LAYERED_HEADER.pack(*fixed, 0xBEDE, 2, mark, number, wanted << 4 | 2, first, frame)
        structure = layers.structure()
        size = _KEY_HEADER.size - _FIXED + len(structure)
        words = (size + 3) // 4
        mandatory = 3
        begin = _KEY_HEADER.pack(
            *fixed, 0x1000, words, mark >> 4, 2, number, wanted, mandatory + len(structure), first, frame
        )
        return begin + structure + bytes(4 * words - size)

    def _send_over_a_bad_line(self, sequence: int, packet: bytes) -> None:
        # What is sent again is the same packet once more (RFC 4585): libsrtp rightly seals no sequence number twice.
        sealed = self.publisher.client.protect(packet)
        self.kept[sequence] = sealed
        self.kept.pop(sequence - KEPT & 0xFFFF, None)
        if self.publisher.chance.random() >= self.publisher.loss:
            self.publisher.client.send_raw(sealed)


class Publisher:
    """A person who sends sound and picture."""

    def __init__(
        self,
        number: int,
        client: Line,
        formats: Sequence[Format],
        *,
        transport_cc: int,
        dependency_descriptor: int = 0,
        loss: float = 0.0,
    ) -> None:
        self.number = number
        self.client = client
        self.transport_cc = transport_cc
        self.dependency_descriptor = dependency_descriptor
        """0 where it is not negotiated."""
        self.transport_sequence = 0
        self.loss = loss
        """Share of the packets that get lost on the way, the first time."""
        self.chance = random.Random(number)
        self.streams = [Stream(self, form, 10_000 * (place + 1) + number) for place, form in enumerate(formats)]
        client.on_packet = self._on_packet

    @property
    def encodings(self) -> list[Encoding]:
        """What the server is told of the streams."""
        return [
            Encoding(stream.form.kind, stream.ssrc, stream.form.height, stream.form.layers) for stream in self.streams
        ]

    def report(self) -> None:
        """Send the sender reports of all streams that flow."""
        ntp = ntp_time(time.monotonic())
        for stream in self.streams:
            if stream.sent:
                report = rtcp.SenderReport(stream.ssrc, ntp, stream.timestamp & 0xFFFFFFFF, stream.sent, stream.octets)
                self.client.send_rtcp(report.to_bytes())

    def _on_packet(self, packet: memoryview) -> None:
        for part in rtcp.parse(packet):
            if isinstance(part, rtcp.PictureLossIndication):
                self._show([part.media_ssrc])
            elif isinstance(part, rtcp.FullIntraRequest):
                self._show([ssrc for ssrc, _ in part.entries])
            elif isinstance(part, rtcp.Nack):
                for stream in self.streams:
                    if stream.ssrc == part.media_ssrc:
                        for sequence in part.lost:
                            if sealed := stream.kept.get(sequence):
                                self.client.send_raw(sealed)

    def _show(self, ssrcs: list[int]) -> None:
        for stream in self.streams:
            stream.key_frame = stream.key_frame or stream.ssrc in ssrcs
