"""A camera in three encodings of three temporal layers, and a receiver that decodes as strictly as a browser.

Frames come as the wire has them, with a Dependency Descriptor or VP8's payload descriptor. A frame's payload says which
frame it is and what it needs, so that the receiver can tell whether a decoder could show it.
"""

import struct
from dataclasses import dataclass, replace
from typing import Protocol

from sfu.bwe.allocation import Layer
from sfu.control import Codec, EncodingParameters, Extensions
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.paced_sender import PacedSender
from sfu.forwarding.up_track import UpTrack
from sfu.rtp import extensions
from sfu.rtp.packet import RtpHeader
from sfu.rtp.payload_descriptor import parse_vp8
from sfu.rtp.rtcp import PictureLossIndication
from sfu.rtp.sequence import unwrap16, unwrap32
from sfu.streams.clock_map import RemoteClock, ntp_time
from tests.sfu.fakes import VP8, VP8_DOWN, FakeChannel, publish, rtp
from tests.sfu.rtp.test_dependency_descriptor import L1T3_OFFSET, l1t3

FRAME = 1 / 30
TEMPORAL = (0, 2, 1, 2)
NEEDS = (4, 1, 2, 1)
"""How many frames back the one lies that a frame of this place in the pattern is predicted from."""
TEMPLATE = (1, 3, 2, 4)
HEIGHTS = (180, 360, 720)
FILLER = (300, 500, 900)
"""Bytes in each packet."""
PACKETS = (1, 2, 3)
"""Packets of a frame."""
STARTS = (65_500, 300, 40_000), (0xFFFF_F000, 77, 0x8000_0000), (32_760, 4, 900)
"""Where sequence numbers, RTP timestamps and picture ids begin: at other places, and about to wrap."""


@dataclass
class Sent:
    """One frame of one encoding as it left the camera."""

    encoding: int
    number: int
    key: bool
    packets: list[bytes]


class Camera:
    """An up track on a virtual clock, and what it needs to run."""

    def __init__(self, *, descriptors: str = "vp8", clocks: bool = True) -> None:
        self.described = descriptors == "dd"
        self.clocks = clocks
        self.channel = FakeChannel()
        self.clock = RemoteClock()
        self.now = 0.0
        self.number = 0
        self.active = [True, True, True]
        """Which encodings it sends."""
        self.obeys = True
        """Whether it does as `UpTrack.handle_timer` says."""
        self.told: list[list[bool]] = []
        self.asked = [0, 0, 0]
        """Key frames asked for, by encoding."""
        self.sent: list[Sent] = []
        extensions = Extensions(dependency_descriptor=4 if self.described else None)
        encodings = [EncodingParameters(1000 + index, rid=rid) for index, rid in enumerate("qhf")]
        request = publish(encodings=encodings, extensions=extensions)
        self.track = UpTrack(request, "ada", self.channel, self.clock, report_ssrc=9)
        self._sequence = list(STARTS[0])
        self._key_at = [0, 0, 0]
        self._tl0 = [0, 100, 250]
        self._due: set[int] = {0, 1, 2}

    def subscribe(self, *, codec: Codec = VP8_DOWN) -> "Viewer":
        """Return somebody who will watch."""
        return Viewer(self, codec)

    def timestamp(self, encoding: int, time: float) -> int:
        """The RTP timestamp of an encoding at a time."""
        return STARTS[1][encoding] + round(time * 90_000) & 0xFFFF_FFFF

    def frame(self, encoding: int) -> Sent:
        """Build the frame that is due."""
        key = encoding in self._due
        if key:
            self._due.discard(encoding)
            self._key_at[encoding] = self.number
        place = (self.number - self._key_at[encoding]) % 4
        temporal, needs = TEMPORAL[place], 0 if key else NEEDS[place]
        if temporal == 0:
            self._tl0[encoding] = self._tl0[encoding] + 1 & 0xFF
        packets = []
        for index in range(PACKETS[encoding]):
            first, last = index == 0, index == PACKETS[encoding] - 1
            extension = b""
            start = b"\x10" if first else b"\x00"
            if self.described:
                extension = self._descriptor(key, place, first=first, last=last)
            else:
                picture = STARTS[2][encoding] + self.number & 0x7FFF
                sync = 0x20 if place in (1, 2) else 0
                start = bytes([start[0] | 0x80, 0xE0, 0x80 | picture >> 8, picture & 0xFF])
                start += bytes([self._tl0[encoding], temporal << 6 | sync])
            header = b""
            if first:
                header = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 16, HEIGHTS[encoding]) if key else b"\x11"
            mark = struct.pack("!BIBBB", encoding, self.number, needs, temporal, index)
            body = start + header.ljust(10, b"\0") + mark + bytes(FILLER[encoding])
            timestamp = self.timestamp(encoding, self.now)
            sequence = self._sequence[encoding]
            self._sequence[encoding] = sequence + 1
            packets.append(rtp(1000 + encoding, sequence, body, timestamp=timestamp, marker=last, extension=extension))
        frame = Sent(encoding, self.number, key, packets)
        self.sent.append(frame)
        return frame

    def _descriptor(self, key: bool, place: int, *, first: bool, last: bool) -> bytes:
        number = L1T3_OFFSET if key else (L1T3_OFFSET + TEMPLATE[place]) % 64
        flags = (0x80 if first else 0) | (0x40 if last else 0)
        data = bytes([flags | number]) + struct.pack("!H", self.number & 0xFFFF)
        if key and first:
            data = bytes([data[0]]) + l1t3(self.number & 0xFFFF, resolutions=False)[1:]
        block = bytes([4, len(data)]) + data
        block += bytes(-len(block) % 4)
        return struct.pack("!HH", 0x1000, len(block) // 4) + block

    def receive(self, encoding: int, packet: bytes) -> None:
        """Let one packet arrive at the SFU."""
        header = RtpHeader()
        header.parse(self.channel.incoming, self.channel.put(packet))
        self.track.encodings[encoding].receive(self.channel.incoming, header, now=self.now)

    def tick(self, *, deliver: bool = True) -> list[Sent]:
        """Let one frame's time pass: send what is on, and do what is due."""
        self.now = self.number * FRAME
        if self.clocks and self.number % 30 == 1:
            for index, encoding in enumerate(self.track.encodings):
                if self.active[index]:
                    ntp = ntp_time(1000 + self.now)
                    encoding.clock.sender_report(ntp, self.timestamp(index, self.now), now=self.now)
        frames = [self.frame(index) for index in range(3) if self.active[index]]
        if deliver:
            for frame in frames:
                for packet in frame.packets:
                    self.receive(frame.encoding, packet)
        active = self.track.handle_timer(rtt=0.05, now=self.now)
        if active is not None:
            self.told.append(active)
            if self.obeys:
                self._due |= {index for index in range(3) if active[index] and not self.active[index]}
                self.active = active
        self.answer()
        self.number += 1
        return frames

    def answer(self) -> None:
        """Take key-frame requests: the next frame will be one."""
        for packet in self.channel.take_rtcp():
            if isinstance(packet, PictureLossIndication):
                index = packet.media_ssrc - 1000
                self.asked[index] += 1
                if self.active[index]:
                    self._due.add(index)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / FRAME)):
            self.tick()


def offered(camera: "Source", encoding: int, temporal: int = 2) -> Layer:
    """Return the layer of that name, which the track must offer."""
    (found,) = [
        layer
        for layer in camera.track.layers(now=camera.now)
        if (layer.encoding, layer.temporal) == (encoding, temporal)
    ]
    return found


@dataclass
class Shown:
    """One frame as it reached the viewer."""

    encoding: int
    number: int
    needs: int
    temporal: int
    packets: int
    timestamp: int
    picture: int
    """VP8's picture id or the descriptor's frame number."""
    tl0: int


class Unpaced(PacedSender):
    """A sender that lets video go at once: the pace is not what is tried here."""

    def send_video(self, length: int, numbered: bool, stream: int, now: float) -> None:
        self.send(length, numbered, now=now)

    def send_repair(self, length: int, numbered: bool, *, stream: int, now: float) -> None:
        self.send(length, numbered, now=now)


class Source(Protocol):
    """A publisher on a virtual clock."""

    described: bool
    now: float
    track: UpTrack


class Viewer:
    """A down track and what came out of it."""

    def __init__(self, camera: "Source", codec: Codec, *, theirs: Codec = VP8) -> None:
        self.camera = camera
        self.channel = FakeChannel()
        self.copy = DownTrack(
            camera.track,
            Unpaced(self.channel, now=0.0),
            [(theirs, codec)],
            on_ended=lambda ended: None,
            descriptor_id=5 if camera.described else None,
            transport_id=3,
            ssrc=50,
            rtx_ssrc=51,
            first_sequence=0x7FF0,
            first_rtx_sequence=200,
        )
        camera.track.down_tracks.append(self.copy)

    def select(self, encoding: int | None, temporal: int = 2) -> None:
        """Choose a layer, or nothing."""
        layer = None if encoding is None else offered(self.camera, encoding, temporal)
        self.copy.select(layer, now=self.camera.now)

    def packets(self) -> dict[int, bytes]:
        """Return all that was sent, by unwrapped number; nothing else may ever be sent under a number."""
        found: dict[int, bytes] = {}
        reference = 0x7FF0
        for packet in self.channel.sent:
            reference = unwrap16(struct.unpack_from("!H", packet, 2)[0], reference)
            plain = packet[:18] + bytes(2) + packet[20:]
            assert found.setdefault(reference, plain) == plain, "two packets under one number"
        return dict(sorted(found.items()))

    def frames(self) -> list[Shown]:
        """Return what came of each frame, in order."""
        shown: list[Shown] = []
        for packet in self.packets().values():
            header = RtpHeader()
            header.parse(packet, len(packet))
            assert header.ssrc == 50
            start = header.payload_start
            if self.camera.described:
                picture, tl0 = _frame_number(packet, header), 0
                body = start + 1
            else:
                descriptor = parse_vp8(packet, start, len(packet))
                picture, tl0 = descriptor.picture_id, descriptor.tl0_pic_idx
                body = start + descriptor.length
            encoding, number, needs, temporal, _ = struct.unpack_from("!BIBBB", packet, body + 10)
            timestamp = header.timestamp if not shown else unwrap32(header.timestamp, shown[-1].timestamp)
            frame = Shown(encoding, number, needs, temporal, 1, timestamp, picture, tl0)
            if shown and (shown[-1].encoding, shown[-1].number) == (encoding, number):
                frame.packets += shown[-1].packets
                assert shown.pop() == replace(frame, packets=frame.packets - 1), "one frame, one set of numbers"
            shown.append(frame)
        return shown

    def decoded(self) -> list[Shown]:
        """Return the frames that a decoder can show: whole ones, whose references it could show.

        With a Dependency Descriptor references are looked up by the numbers that the receiver sees, as browsers do:
        finding another frame there than the one that is meant fails the test.
        """
        good: list[Shown] = []
        known: dict[int, Shown] = {}
        for frame in self.frames():
            if frame.packets < PACKETS[frame.encoding]:
                continue
            if frame.needs:
                meant = (frame.encoding, frame.number - frame.needs)
                if self.camera.described:
                    reference = known.get(frame.picture - frame.needs & 0xFFFF)
                    assert reference is None or (reference.encoding, reference.number) == meant
                else:
                    found = [other for other in good[-8:] if (other.encoding, other.number) == meant]
                    reference = found[0] if found else None
                if reference is None:
                    continue
            known[frame.picture] = frame
            good.append(frame)
        return good


def _frame_number(packet: bytes, header: RtpHeader) -> int:
    offset, size = extensions.find(packet, header.extension_start, header.extension_end, header.extension_profile, 5)
    assert size >= 3
    return packet[offset + 1] << 8 | packet[offset + 2]
